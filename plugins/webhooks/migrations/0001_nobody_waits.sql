DROP INDEX `webhooks_deliveries_waiting`;--> statement-breakpoint
UPDATE `webhooks_deliveries` SET `state` = 'given_up', `last_error` = 'An earlier version was asked for this before the job had ended. Fetch the job.', `ended_at` = `created_at` WHERE `state` = 'waiting';
