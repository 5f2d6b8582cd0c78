CREATE TABLE `generation_keys` (
	`seq` integer PRIMARY KEY NOT NULL,
	`job_id` text NOT NULL,
	`caller_id` text NOT NULL,
	`key` text,
	`fingerprint` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `generation_keys_key` ON `generation_keys` (`key`) WHERE "generation_keys"."key" is not null;--> statement-breakpoint
CREATE INDEX `generation_keys_fingerprint` ON `generation_keys` (`fingerprint`);