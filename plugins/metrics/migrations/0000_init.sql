CREATE TABLE `metrics_cursor` (
	`id` integer PRIMARY KEY NOT NULL,
	`until` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `metrics_samples` (
	`at` integer PRIMARY KEY NOT NULL,
	`requests` integer NOT NULL,
	`requests_failed` integer NOT NULL,
	`requests_ms` real NOT NULL,
	`up_to_10` integer NOT NULL,
	`up_to_50` integer NOT NULL,
	`up_to_100` integer NOT NULL,
	`up_to_250` integer NOT NULL,
	`up_to_500` integer NOT NULL,
	`up_to_1000` integer NOT NULL,
	`up_to_2500` integer NOT NULL,
	`up_to_5000` integer NOT NULL,
	`up_to_15000` integer NOT NULL,
	`up_to_60000` integer NOT NULL,
	`up_to_300000` integer NOT NULL,
	`longer` integer NOT NULL,
	`cache_hits` integer NOT NULL,
	`cache_misses` integer NOT NULL,
	`queued` integer NOT NULL,
	`running` integer NOT NULL,
	`accounts_ready` integer NOT NULL,
	`credits` real
);
--> statement-breakpoint
CREATE TABLE `metrics_totals` (
	`key` text PRIMARY KEY NOT NULL,
	`count` integer NOT NULL
);
