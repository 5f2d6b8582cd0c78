ALTER TABLE `generation_jobs` ADD `user` text;--> statement-breakpoint
ALTER TABLE `generation_jobs` ADD `callback_url` text;--> statement-breakpoint
ALTER TABLE `generation_jobs` ADD `cost` real;--> statement-breakpoint
CREATE INDEX `generation_jobs_callbacks` ON `generation_jobs` (`seq`) WHERE "generation_jobs"."callback_url" is not null;--> statement-breakpoint
ALTER TABLE `generation_units` ADD `choices` text;