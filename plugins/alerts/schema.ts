/** Tables of this plugin. Times are epoch milliseconds; null where there is none. */
import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { ChannelName, RuleName } from './rule-names.ts'

/** What is wrong, or was. */
export const alerts = sqliteTable(
  'alerts_alerts',
  {
    rule: text('rule').$type<RuleName>().notNull(),
    /** What of: an account's id, a provider, a kind of media, a directory; empty for the gateway. */
    subject: text('subject').notNull(),
    /** `pending`: not for long enough to be told. `firing`: told. `over`: told that it is well again. */
    state: text('state', { enum: ['pending', 'firing', 'over'] }).notNull(),
    since: integer('since').notNull(),
    firedAt: integer('fired_at'),
    /** While it fires: since when it has been well. */
    wellSince: integer('well_since'),
    overAt: integer('over_at'),
    title: text('title').notNull(),
    text: text('text').notNull(),
  },
  table => [primaryKey({ columns: [table.rule, table.subject] })],
)

/** One message on its way over one channel. */
export const deliveries = sqliteTable(
  'alerts_deliveries',
  {
    /** Rising. */
    id: text('id').primaryKey(),
    channel: text('channel').$type<ChannelName>().notNull(),
    event: text('event', { enum: ['fired', 'recovered', 'test'] }).notNull(),
    /** Null for a test. */
    rule: text('rule').$type<RuleName>(),
    subject: text('subject').notNull(),
    title: text('title').notNull(),
    text: text('text').notNull(),
    /** Since when it is as the message says. */
    since: integer('since').notNull(),
    /** `held`: until the quiet hours end. `dropped`: over before they did. */
    state: text('state', { enum: ['held', 'pending', 'delivered', 'given_up', 'dropped'] }).notNull(),
    attempts: integer('attempts').notNull().default(0),
    lastError: text('last_error'),
    createdAt: integer('created_at').notNull(),
    /** Since when it is to be sent: the time to give up counts from here. */
    dueAt: integer('due_at').notNull(),
    nextAt: integer('next_at').notNull(),
    endedAt: integer('ended_at'),
  },
  table => [index('alerts_deliveries_open').on(table.channel, table.id).where(sql`${table.endedAt} is null`)],
)

/** What credits there were, for the pace. */
export const credits = sqliteTable(
  'alerts_credits',
  {
    provider: text('provider').notNull(),
    at: integer('at').notNull(),
    credits: real('credits').notNull(),
    /** How many accounts: one that comes or goes takes its credits with it, and that is no use. */
    accounts: integer('accounts').notNull(),
  },
  table => [primaryKey({ columns: [table.provider, table.at] })],
)
