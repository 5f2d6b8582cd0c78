/** Tables of this plugin. Times are epoch milliseconds. */
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** What was generated or set through the API; a value in the configuration comes before it. */
export const credentials = sqliteTable('auth_credentials', {
  /** `api_key` (sealed), `admin_password` (argon2id), `sessions_for` (sealed digest of the login that sessions belong to). */
  name: text('name').primaryKey(),
  value: text('value').notNull(),
  createdAt: integer('created_at').notNull(),
  /** When a generated value was shown to the operator; null until then. */
  announcedAt: integer('announced_at'),
})

export const sessions = sqliteTable(
  'auth_sessions',
  {
    /** SHA-256 of the token, hex. The token itself is nowhere kept. */
    tokenHash: text('token_hash').primaryKey(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    ip: text('ip').notNull(),
    userAgent: text('user_agent').notNull(),
  },
  table => [index('auth_sessions_expires_at').on(table.expiresAt)],
)
