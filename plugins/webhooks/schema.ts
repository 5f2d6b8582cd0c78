/** Tables of this plugin. Times are epoch milliseconds; null where there is none. */
import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/** One event on its way to one address. */
export const deliveries = sqliteTable(
  'webhooks_deliveries',
  {
    /** `evt_<hex>`: id of the event too, and the same at every attempt. Rising. */
    id: text('id').primaryKey(),
    /** Null for a test. */
    jobId: text('job_id'),
    url: text('url').notNull(),
    /** Of `url`: so that one receiver does not take all places. */
    origin: text('origin').notNull(),
    /** `callback`: a request asked for it. `global`: the settings did. */
    source: text('source', { enum: ['callback', 'global', 'test'] }).notNull(),
    /** `pending`: to be delivered at `nextAt`. The others are final. */
    state: text('state', { enum: ['pending', 'delivered', 'given_up'] }).notNull(),
    type: text('type'),
    /** Exactly what is sent. Null where nothing ever was. */
    body: text('body'),
    attempts: integer('attempts').notNull().default(0),
    createdAt: integer('created_at').notNull(),
    /** Since when it is to be delivered: the time to give up counts from here. */
    dueAt: integer('due_at'),
    nextAt: integer('next_at'),
    lastAt: integer('last_at'),
    /** HTTP status of the last attempt. */
    lastStatus: integer('last_status'),
    lastError: text('last_error'),
    /** When it was delivered or given up. */
    endedAt: integer('ended_at'),
  },
  table => [
    uniqueIndex('webhooks_deliveries_target').on(table.jobId, table.url),
    index('webhooks_deliveries_pending').on(table.nextAt).where(sql`${table.state} = 'pending'`),
    index('webhooks_deliveries_ended').on(table.endedAt).where(sql`${table.endedAt} is not null`),
  ],
)

export const state = sqliteTable('webhooks_state', {
  /** `secret`: the generated one, sealed. `global_url`: the address that `since` counts for. `callbacks`: just `since`. */
  name: text('name').primaryKey(),
  value: text('value').notNull(),
  since: integer('since').notNull(),
  /** When the secret was shown to the operator. */
  announcedAt: integer('announced_at'),
})
