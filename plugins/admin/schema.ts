/** The table of this plugin: who changed what. */
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const audit = sqliteTable('admin_audit', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  /** Epoch milliseconds. */
  at: integer('at').notNull(),
  actor: text('actor').notNull(),
  ip: text('ip').notNull(),
  action: text('action').notNull(),
  target: text('target').notNull(),
  detail: text('detail').notNull(),
})
