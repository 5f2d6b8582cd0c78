ALTER TABLE `generation_units` ADD `prepared` text;--> statement-breakpoint
ALTER TABLE `generation_units` ADD `fallback` text;--> statement-breakpoint
ALTER TABLE `generation_units` ADD `credits` real;