/** The table of minutes: what the job ledger does not know, kept for charts. */
import { and, gte, lt, type SQL, sql } from 'drizzle-orm'
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core'
import type { Database } from 'flow2api/plugin'
import type { Counted } from './minute.ts'
import { samples } from './schema.ts'
import { endOf, type Span } from './span.ts'

const MINUTE_MS = 60_000

/** As it is at the end of a minute. */
export interface StateNow {
  readonly queued: number
  readonly running: number
  readonly accountsReady: number
  readonly credits: number | null
}

/** Sums over the minutes of a bucket, means of the queue, and the last state of the accounts. */
export interface Bucket extends Counted, StateNow {}

const STEPS = [
  'upTo10',
  'upTo50',
  'upTo100',
  'upTo250',
  'upTo500',
  'upTo1000',
  'upTo2500',
  'upTo5000',
  'upTo15000',
  'upTo60000',
  'upTo300000',
  'longer',
] as const
const COUNTS = ['requests', 'requestsFailed', 'requestsMs', 'cacheHits', 'cacheMisses', ...STEPS] as const

export class Samples {
  constructor(private readonly db: Database) {}

  /** To the minute that is under way; what was counted comes on top of what it has already. */
  add(now: number, counted: Counted, state: StateNow): void {
    const { steps, ...counts } = counted
    const row = {
      at: Math.floor(now / MINUTE_MS) * MINUTE_MS,
      ...counts,
      ...record(STEPS, (_, index) => steps[index] ?? 0),
      ...state,
    }
    const added = record(COUNTS, name => sql`${samples[name]} + ${row[name]}`)
    this.db
      .insert(samples)
      .values(row)
      .onConflictDoUpdate({ target: samples.at, set: { ...added, ...state } })
      .run()
  }

  /** By number of the bucket; those in which nothing was written are not there. */
  read(span: Span): ReadonlyMap<number, Bucket> {
    const { at, queued, running, accountsReady, credits } = samples
    const bucket = sql<number>`cast((${at} - ${span.from}) / ${span.bucketMs} as integer)`
    const sums = record(COUNTS, name => total(samples[name]))
    const rows = this.db
      .select({
        bucket,
        ...sums,
        queued: sql<number>`avg(${queued})`,
        running: sql<number>`avg(${running})`,
        // SQLite takes the bare columns beside a single max() from the row that has it.
        last: sql<number>`max(${at})`,
        accountsReady,
        credits,
      })
      .from(samples)
      .where(and(gte(at, span.from), lt(at, endOf(span))))
      .groupBy(bucket)
      .all()
    return new Map(
      rows.map(row => [
        row.bucket,
        {
          requests: row.requests,
          requestsFailed: row.requestsFailed,
          requestsMs: row.requestsMs,
          steps: STEPS.map(name => row[name]),
          cacheHits: row.cacheHits,
          cacheMisses: row.cacheMisses,
          queued: row.queued,
          running: row.running,
          accountsReady: row.accountsReady,
          credits: row.credits,
        },
      ]),
    )
  }

  prune(before: number): void {
    this.db.delete(samples).where(lt(samples.at, before)).run()
  }
}

const total = (column: SQLiteColumn): SQL<number> => sql<number>`total(${column})`

function record<K extends string, V>(names: readonly K[], of: (name: K, index: number) => V): Record<K, V> {
  // Every name gets its value.
  return Object.fromEntries(names.map((name, index) => [name, of(name, index)])) as Record<K, V>
}
