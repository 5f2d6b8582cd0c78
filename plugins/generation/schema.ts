/** Tables of this plugin. Times are epoch milliseconds; objects are compact JSON; null where there is none. */

import { sql } from 'drizzle-orm'
import { index, integer, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { JobStatus, MediaKind } from 'flow2api/contracts'

/**
 * One admitted request. Written once, and once more when it is final: what happens in between is in its units. Every
 * table and index but the short list of unfinished jobs grows at its end only, so that a transaction touches few pages.
 */
export const jobs = sqliteTable(
  'generation_jobs',
  {
    /** Order of admission. */
    seq: integer('seq').primaryKey(),
    /** Begins with its time, so that ids rise as well. */
    id: text('id').notNull().unique(),
    /** `queued` until the job is final; the state in between follows from the units. */
    status: text('status').$type<JobStatus>().notNull(),
    kind: text('kind').$type<MediaKind>().notNull(),
    surface: text('surface').notNull(),
    callerId: text('caller_id').notNull(),
    /** Whom of its users the caller works for, as it says. */
    user: text('user'),
    /** Where its end is to be reported. */
    callbackUrl: text('callback_url'),
    /** What one unit is expected to cost, in credits of its account. */
    cost: real('cost'),
    /** As the caller wrote it. */
    model: text('model').notNull(),
    resolvedModel: text('resolved_model').notNull(),
    /** Id of the provider's plugin. */
    provider: text('provider').notNull(),
    tier: text('tier'),
    prompt: text('prompt').notNull(),
    parameters: text('parameters').notNull(),
    /** What is asked of the upstream, echoed to the caller. */
    requested: text('requested').notNull(),
    /**
     * `[{role, mime, …}]`; the bytes are the files `inputs/<id>/<n>` of the data directory, except of those that name the
     * finished media of an earlier job.
     */
    inputs: text('inputs').notNull(),
    /** How many units it has. */
    count: integer('count').notNull(),
    createdAt: integer('created_at').notNull(),
    startedAt: integer('started_at'),
    finishedAt: integer('finished_at'),
    fault: text('fault'),
  },
  table => [
    index('generation_jobs_unfinished').on(table.seq).where(sql`${table.finishedAt} is null`),
    index('generation_jobs_callbacks').on(table.seq).where(sql`${table.callbackUrl} is not null`),
  ],
)

/** One piece of paid work of a job. */
export const units = sqliteTable('generation_units', {
  /** `unitKey(seq of the job, index)`: found without an index. */
  key: integer('key').primaryKey(),
  /** For people who read the table. */
  jobId: text('job_id').notNull(),
  state: text('state').$type<JobStatus>().notNull(),
  accountId: integer('account_id'),
  /**
   * Set before every paid call and cleared when it is known that nothing was taken. `starting` with an intent and no
   * answer, after a crash, means that the outcome is not known.
   */
  intentAt: integer('intent_at'),
  /** The further paid step that is due or under way. */
  step: text('step'),
  /** What runs upstream. */
  operation: text('operation'),
  /** Where the finished media can be fetched: addresses, and names of files in `inputs/<job id>`. */
  sources: text('sources'),
  media: text('media'),
  /** While it is `delivering`: why a further step could not be had, so that this is less than was asked for. */
  fault: text('fault'),
  /** Paid calls begun. */
  attempts: integer('attempts').notNull(),
  /** Answered rounds of polling. */
  polls: integer('polls').notNull(),
  startedAt: integer('started_at'),
  deadlineAt: integer('deadline_at'),
  progress: integer('progress').notNull(),
  /** What the free work before the first paid call brought, on `account_id`. */
  prepared: text('prepared'),
  /** As `sources`: what earlier steps finished, for the case that a further one fails. */
  fallback: text('fallback'),
  /** What the account had left, as the last step that said so had it. */
  credits: real('credits'),
  /** `[{account, why, at, refused?}]`: the accounts that it was given, the present one last. */
  choices: text('choices'),
})

/** Which job a request became, so that its repetition finds that one. Written together with the job. */
export const keys = sqliteTable(
  'generation_keys',
  {
    /** Of the job. */
    seq: integer('seq').primaryKey(),
    jobId: text('job_id').notNull(),
    callerId: text('caller_id').notNull(),
    /** The caller's `Idempotency-Key`. */
    key: text('key'),
    /** Hash over endpoint and body. */
    fingerprint: text('fingerprint').notNull(),
    createdAt: integer('created_at').notNull(),
  },
  table => [
    index('generation_keys_key').on(table.key).where(sql`${table.key} is not null`),
    index('generation_keys_fingerprint').on(table.fingerprint),
  ],
)
