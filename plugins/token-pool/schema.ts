/** The table of this plugin. Times are epoch milliseconds. */
import { sql } from 'drizzle-orm'
import { integer, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** Why an account does not serve one model for now. */
export interface HeldModel {
  readonly state: 'quota_spent' | 'not_entitled'
  readonly reason: string
  readonly since: number
  readonly until: number
}

export const accounts = sqliteTable('token_pool_accounts', {
  /** Never used twice: jobs remember accounts by it. */
  id: integer('id').primaryKey({ autoIncrement: true }),
  /** Id of the provider plugin. */
  provider: text('provider').notNull(),
  email: text('email').notNull().default(''),
  name: text('name').notNull().default(''),
  remark: text('remark').notNull().default(''),
  /** What the operator supplied. Sealed. */
  secret: text('secret').notNull(),
  /** What the provider made of it. Sealed. */
  access: text('access'),
  accessExpiresAt: integer('access_expires_at'),
  /** What the provider keeps about the account, such as its project: an object of strings. */
  attributes: text('attributes', { mode: 'json' }).$type<Record<string, string>>().notNull().default(sql`'{}'`),
  tier: text('tier').notNull().default(''),
  credits: real('credits'),
  creditsAt: integer('credits_at'),
  imageEnabled: integer('image_enabled', { mode: 'boolean' }).notNull().default(true),
  videoEnabled: integer('video_enabled', { mode: 'boolean' }).notNull().default(true),
  /** -1 unlimited, 0 none. */
  imageConcurrency: integer('image_concurrency').notNull().default(-1),
  videoConcurrency: integer('video_concurrency').notNull().default(-1),
  /** The account's own proxy, which may carry a password. Sealed. */
  proxyUrl: text('proxy_url'),
  state: text('state', { enum: ['ready', 'cooling', 'quota_spent', 'needs_session', 'migrated', 'disabled'] })
    .notNull()
    .default('ready'),
  stateReason: text('state_reason').notNull().default(''),
  stateSince: integer('state_since').notNull(),
  stateUntil: integer('state_until'),
  /** By model id. */
  heldModels: text('held_models', { mode: 'json' }).$type<Record<string, HeldModel>>().notNull().default(sql`'{}'`),
  /** Units that ended well, by kind, and faults that were the account's. */
  images: integer('images').notNull().default(0),
  videos: integer('videos').notNull().default(0),
  errors: integer('errors').notNull().default(0),
  consecutiveErrors: integer('consecutive_errors').notNull().default(0),
  /** How often in a row the upstream asked to slow down: grades the wait. */
  consecutiveThrottles: integer('consecutive_throttles').notNull().default(0),
  lastUsedAt: integer('last_used_at'),
  createdAt: integer('created_at').notNull(),
})

/**
 * Upstreams replace session tokens while they are used; this is how an import finds the account again that it made of
 * the old one.
 */
export const supplied = sqliteTable('token_pool_supplied', {
  accountId: integer('account_id').primaryKey(),
  /** SHA-256 of the session token that was imported last, base64url. */
  digest: text('digest').notNull(),
})
