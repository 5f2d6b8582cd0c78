/**
 * What the tables tell about many jobs. SQLite answers in this thread, so a long search goes through them a part at a
 * time, and everybody else has a turn in between.
 */
import { and, asc, between, count, desc, eq, gte, lt, max, min, type SQL, sql } from 'drizzle-orm'
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core'
import type { JobFilter, JobTally } from 'flow2api/contracts'
import type { Database, Fault } from 'flow2api/plugin'
import type { StoredJob } from './records.ts'
import { jobs } from './schema.ts'
import { withUnits } from './with-units.ts'

/** Jobs that are looked through before others have a turn: some milliseconds. */
const AT_ONCE = 10_000

/** Nothing is queued and under way for longer: what was admitted before did not end after. */
const LONGEST_JOB_MS = 30 * 86_400_000

export class History {
  constructor(
    private readonly db: Database,
    private readonly atOnce = AT_ONCE,
  ) {}

  /** In the order asked for; `undefined` where the job to go on behind does not exist. */
  async list(filter: JobFilter, limit: number): Promise<readonly StoredJob[] | undefined> {
    const ascending = filter.order === 'asc'
    const since = filter.finishedSince === undefined ? undefined : filter.finishedSince - LONGEST_JOB_MS
    let [low, high] = [this.#firstSeq(since), this.#lastSeq()]
    if (filter.after !== undefined) {
      const behind = this.db.select({ seq: jobs.seq }).from(jobs).where(eq(jobs.id, filter.after)).get()
      if (behind === undefined) return undefined
      if (ascending) low = Math.max(low, behind.seq + 1)
      else high = Math.min(high, behind.seq - 1)
    }
    const conditions = conditionsOf(filter)
    const rows: (typeof jobs.$inferSelect)[] = []
    for await (const part of this.#parts(low, high, ascending)) {
      const found = this.db
        .select()
        .from(jobs)
        .where(and(between(jobs.seq, ...part), ...conditions))
        .orderBy((ascending ? asc : desc)(jobs.seq))
        .limit(limit - rows.length)
        .all()
      rows.push(...found)
      if (rows.length >= limit) break
    }
    return withUnits(this.db, rows)
  }

  /** Ended jobs, counted by span and by what they have in common. */
  async tally(from: number, to: number, spanMs: number): Promise<readonly JobTally[]> {
    const { kind, resolvedModel: model, provider, status, createdAt, startedAt, finishedAt } = jobs
    const span = sql<number>`cast((${finishedAt} - ${from}) / ${spanMs} as integer)`
    const code = sql<string | null>`${jobs.fault} ->> '$.code'`
    const blame = sql<Fault['blame'] | null>`${jobs.fault} ->> '$.blame'`
    const waitedMs = sql<number>`total(coalesce(${startedAt}, ${finishedAt}) - ${createdAt})`
    const tookMs = sql<number>`total(${finishedAt} - ${startedAt})`
    const alike = new Map<string, JobTally>()
    for await (const part of this.#parts(this.#firstSeq(from - LONGEST_JOB_MS), this.#lastSeq(), true)) {
      const found = this.db
        .select({ span, kind, model, provider, status, code, blame, count: count(), waitedMs, tookMs })
        .from(jobs)
        .where(and(between(jobs.seq, ...part), gte(finishedAt, from), lt(finishedAt, to)))
        .groupBy(span, kind, model, provider, status, code, blame)
        .all()
      for (const { span: index, ...row } of found) {
        const key = JSON.stringify([index, row.kind, row.model, row.provider, row.status, row.code, row.blame])
        const before = alike.get(key)
        alike.set(key, {
          ...row,
          from: from + index * spanMs,
          count: row.count + (before?.count ?? 0),
          waitedMs: row.waitedMs + (before?.waitedMs ?? 0),
          tookMs: row.tookMs + (before?.tookMs ?? 0),
        })
      }
    }
    return [...alike.values()]
  }

  /** Ranges of `seq`, both ends included, with a turn for others between them. */
  async *#parts(low: number, high: number, ascending: boolean): AsyncGenerator<[number, number]> {
    for (let gone = 0; gone <= high - low; gone += this.atOnce) {
      if (gone > 0) await new Promise(resolve => setImmediate(resolve))
      yield ascending
        ? [low + gone, Math.min(high, low + gone + this.atOnce - 1)]
        : [Math.max(low, high - gone - this.atOnce + 1), high - gone]
    }
  }

  /** Of the first job that was admitted then or later; of the first of all. */
  #firstSeq(since: number | undefined): number {
    const first =
      since === undefined
        ? this.db
            .select({ seq: min(jobs.seq) })
            .from(jobs)
            .get()
        : this.db
            .select({ seq: jobs.seq })
            .from(jobs)
            .where(gte(jobs.id, earliestId(since)))
            .orderBy(asc(jobs.id))
            .limit(1)
            .get()
    return first?.seq ?? this.#lastSeq() + 1
  }

  #lastSeq(): number {
    return (
      this.db
        .select({ seq: max(jobs.seq) })
        .from(jobs)
        .get()?.seq ?? 0
    )
  }
}

function conditionsOf(filter: JobFilter): readonly SQL[] {
  const conditions: SQL[] = []
  if (filter.surface !== undefined) conditions.push(eq(jobs.surface, filter.surface))
  if (filter.kind !== undefined) conditions.push(eq(jobs.kind, filter.kind))
  if (filter.status !== undefined) conditions.push(eq(jobs.status, filter.status))
  // Written out as in the index: SQLite takes a partial one only where it sees the same words.
  if (filter.withCallback) conditions.push(sql`${jobs.callbackUrl} is not null`)
  if (filter.finishedSince !== undefined) conditions.push(gte(jobs.finishedAt, filter.finishedSince))
  if (filter.search) conditions.push(containing(filter.search))
  return conditions
}

/** SQLite's LIKE heeds no case of ASCII letters. */
function containing(text: string): SQL {
  const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`
  const like = (column: SQLiteColumn) => sql`${column} like ${pattern} escape '\\'`
  return sql`(${like(jobs.id)} or ${like(jobs.prompt)} or ${like(jobs.model)} or ${like(jobs.resolvedModel)})`
}

/** Ids begin with the time of admission, in milliseconds as 12 hex digits. */
const earliestId = (time: number): string => `job_${Math.max(0, time).toString(16).padStart(12, '0')}`
