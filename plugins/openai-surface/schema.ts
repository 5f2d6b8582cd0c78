/** Table of this plugin. */
import { sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** Which video was made of which, by the ids of their jobs. */
export const remixes = sqliteTable('openai_surface_remixes', {
  jobId: text('job_id').primaryKey(),
  sourceId: text('source_id').notNull(),
})
