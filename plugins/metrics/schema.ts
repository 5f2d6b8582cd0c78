/** Tables of this plugin. Times are epoch milliseconds. */
import { integer, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** One minute. What counts is of that minute alone; what is a state is as it was at its end. */
export const samples = sqliteTable('metrics_samples', {
  /** Begin of the minute. */
  at: integer('at').primaryKey(),
  requests: integer('requests').notNull(),
  requestsFailed: integer('requests_failed').notNull(),
  requestsMs: real('requests_ms').notNull(),
  /** Answers that took at most so many milliseconds, and more than the column before says. */
  upTo10: integer('up_to_10').notNull(),
  upTo50: integer('up_to_50').notNull(),
  upTo100: integer('up_to_100').notNull(),
  upTo250: integer('up_to_250').notNull(),
  upTo500: integer('up_to_500').notNull(),
  upTo1000: integer('up_to_1000').notNull(),
  upTo2500: integer('up_to_2500').notNull(),
  upTo5000: integer('up_to_5000').notNull(),
  upTo15000: integer('up_to_15000').notNull(),
  upTo60000: integer('up_to_60000').notNull(),
  upTo300000: integer('up_to_300000').notNull(),
  longer: integer('longer').notNull(),
  cacheHits: integer('cache_hits').notNull(),
  cacheMisses: integer('cache_misses').notNull(),
  queued: integer('queued').notNull(),
  running: integer('running').notNull(),
  accountsReady: integer('accounts_ready').notNull(),
  /** Of all accounts together; null where no account's credits are known. */
  credits: real('credits'),
})

/** Jobs that have ended, ever since the plugin was first on: what a counter shows after a restart. */
export const totals = sqliteTable('metrics_totals', {
  /** The labels, as a JSON array. */
  key: text('key').primaryKey(),
  count: integer('count').notNull(),
})

export const cursor = sqliteTable('metrics_cursor', {
  /** There is one row. */
  id: integer('id').primaryKey(),
  /** Jobs that ended before are in `totals`. */
  until: integer('until').notNull(),
})
