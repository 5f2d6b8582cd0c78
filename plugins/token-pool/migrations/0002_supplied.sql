CREATE TABLE `token_pool_supplied` (
	`account_id` integer PRIMARY KEY NOT NULL,
	`digest` text NOT NULL
);
