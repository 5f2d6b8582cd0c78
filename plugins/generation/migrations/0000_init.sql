CREATE TABLE `generation_jobs` (
	`seq` integer PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	`status` text NOT NULL,
	`kind` text NOT NULL,
	`surface` text NOT NULL,
	`caller_id` text NOT NULL,
	`model` text NOT NULL,
	`resolved_model` text NOT NULL,
	`provider` text NOT NULL,
	`tier` text,
	`prompt` text NOT NULL,
	`parameters` text NOT NULL,
	`requested` text NOT NULL,
	`inputs` text NOT NULL,
	`count` integer NOT NULL,
	`created_at` integer NOT NULL,
	`started_at` integer,
	`finished_at` integer,
	`fault` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `generation_jobs_id_unique` ON `generation_jobs` (`id`);--> statement-breakpoint
CREATE INDEX `generation_jobs_unfinished` ON `generation_jobs` (`seq`) WHERE "generation_jobs"."finished_at" is null;--> statement-breakpoint
CREATE TABLE `generation_units` (
	`key` integer PRIMARY KEY NOT NULL,
	`job_id` text NOT NULL,
	`state` text NOT NULL,
	`account_id` integer,
	`intent_at` integer,
	`step` text,
	`operation` text,
	`sources` text,
	`media` text,
	`fault` text,
	`attempts` integer NOT NULL,
	`polls` integer NOT NULL,
	`started_at` integer,
	`deadline_at` integer,
	`progress` integer NOT NULL
);
