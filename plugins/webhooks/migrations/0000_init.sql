CREATE TABLE `webhooks_deliveries` (
	`id` text PRIMARY KEY NOT NULL,
	`job_id` text,
	`url` text NOT NULL,
	`origin` text NOT NULL,
	`source` text NOT NULL,
	`state` text NOT NULL,
	`type` text,
	`body` text,
	`attempts` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`due_at` integer,
	`next_at` integer,
	`last_at` integer,
	`last_status` integer,
	`last_error` text,
	`ended_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `webhooks_deliveries_target` ON `webhooks_deliveries` (`job_id`,`url`);--> statement-breakpoint
CREATE INDEX `webhooks_deliveries_pending` ON `webhooks_deliveries` (`next_at`) WHERE "webhooks_deliveries"."state" = 'pending';--> statement-breakpoint
CREATE INDEX `webhooks_deliveries_waiting` ON `webhooks_deliveries` (`job_id`) WHERE "webhooks_deliveries"."state" = 'waiting';--> statement-breakpoint
CREATE INDEX `webhooks_deliveries_ended` ON `webhooks_deliveries` (`ended_at`) WHERE "webhooks_deliveries"."ended_at" is not null;--> statement-breakpoint
CREATE TABLE `webhooks_state` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL,
	`since` integer NOT NULL,
	`announced_at` integer
);
