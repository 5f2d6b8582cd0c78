CREATE TABLE `openai_surface_remixes` (
	`job_id` text PRIMARY KEY NOT NULL,
	`source_id` text NOT NULL
);
