CREATE TABLE `alerts_alerts` (
	`rule` text NOT NULL,
	`subject` text NOT NULL,
	`state` text NOT NULL,
	`since` integer NOT NULL,
	`fired_at` integer,
	`well_since` integer,
	`over_at` integer,
	`title` text NOT NULL,
	`text` text NOT NULL,
	PRIMARY KEY(`rule`, `subject`)
);
--> statement-breakpoint
CREATE TABLE `alerts_credits` (
	`provider` text NOT NULL,
	`at` integer NOT NULL,
	`credits` real NOT NULL,
	`accounts` integer NOT NULL,
	PRIMARY KEY(`provider`, `at`)
);
--> statement-breakpoint
CREATE TABLE `alerts_deliveries` (
	`id` text PRIMARY KEY NOT NULL,
	`channel` text NOT NULL,
	`event` text NOT NULL,
	`rule` text,
	`subject` text NOT NULL,
	`title` text NOT NULL,
	`text` text NOT NULL,
	`since` integer NOT NULL,
	`state` text NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`last_error` text,
	`created_at` integer NOT NULL,
	`due_at` integer NOT NULL,
	`next_at` integer NOT NULL,
	`ended_at` integer
);
--> statement-breakpoint
CREATE INDEX `alerts_deliveries_open` ON `alerts_deliveries` (`channel`,`id`) WHERE "alerts_deliveries"."ended_at" is null;