/** The tables behind the engine: prepared statements and group commit. Reading is synchronous. */

import {
  and,
  asc,
  between,
  count,
  desc,
  eq,
  getTableColumns,
  gt,
  gte,
  inArray,
  isNull,
  lt,
  max,
  type SQL,
  sql,
} from 'drizzle-orm'
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core'
import type { JobFilter, JobTally, MediaKind } from 'flow2api/contracts'
import type { Database, Fault, ResultAsync } from 'flow2api/plugin'
import { GroupCommit } from './group-commit.ts'
import { durable, type JobRecord, type KeyRecord, type StoredJob, type UnitRecord, unitKey } from './records.ts'
import { endingRow, jobRecord, jobRow, unitRecord, unitRow } from './rows.ts'
import { jobs, keys, units } from './schema.ts'

/** So many of the latest jobs say how long work takes. */
const LATEST = 200

/** Nothing is queued and under way for longer: what was admitted before did not end after. */
const LONGEST_JOB_MS = 30 * 86_400_000

/** SQLite binds at most 32,766 values in a statement; this stays far below. */
const KEYS_AT_ONCE = 1_000

export class Store {
  readonly #db: Database
  readonly #statements: ReturnType<typeof prepare>
  readonly #commit: GroupCommit
  #lastSeq: number

  constructor(db: Database, defer?: (task: () => void) => void) {
    this.#db = db
    this.#statements = prepare(db)
    this.#lastSeq =
      db
        .select({ last: max(jobs.seq) })
        .from(jobs)
        .get()?.last ?? 0
    this.#commit = new GroupCommit({
      transaction: run => db.transaction(() => run()),
      ...(defer !== undefined && { defer }),
    })
  }

  /** For the next job. */
  nextSeq(): number {
    return ++this.#lastSeq
  }

  /** A new job with its units, and by what its repetitions are known: all of it or nothing. */
  insert(job: JobRecord, parts: readonly UnitRecord[], key?: KeyRecord): ResultAsync<void, Fault> {
    const row = jobRow(job)
    const written = this.#commit.add(`job ${job.seq}`, () => {
      this.#statements.insertJob.run(row)
      if (key) this.#statements.insertKey.run({ ...key })
    })
    // Units share the transaction of their job; the job's own result stands for all.
    for (const unit of parts) void this.saveUnit(unit)
    return written
  }

  /** The whole unit as it is now. */
  saveUnit(unit: UnitRecord): ResultAsync<void, Fault> {
    const row = unitRow(durable(unit))
    return this.#commit.add(`unit ${unit.key}`, () => void this.#statements.saveUnit.run(row))
  }

  /** The final state of a job. */
  finish(job: Pick<JobRecord, 'seq' | 'status' | 'startedAt' | 'finishedAt' | 'fault'>): ResultAsync<void, Fault> {
    const row = endingRow(job)
    return this.#commit.add(`end of ${job.seq}`, () => void this.#statements.finishJob.run(row))
  }

  /** Jobs by the order of their admission. */
  remove(seqs: readonly number[]): ResultAsync<void, Fault> {
    const gone = [...seqs]
    return this.#commit.add(`removal of ${gone.join()}`, () => {
      for (const seq of gone) this.#db.delete(units).where(ofJob(seq)).run()
      this.#db.delete(keys).where(inArray(keys.seq, gone)).run()
      this.#db.delete(jobs).where(inArray(jobs.seq, gone)).run()
    })
  }

  /** What the caller last sent under this key. */
  key(callerId: string, key: string): KeyRecord | undefined {
    return this.#statements.keyed.get({ callerId, key })
  }

  /** The caller's newest request of this fingerprint. */
  newestAlike(callerId: string, fingerprint: string): KeyRecord | undefined {
    return this.#statements.alike.get({ callerId, fingerprint })
  }

  /** Behind `seq`, the oldest first. */
  oldestKeys(seq: number, limit: number): readonly KeyRecord[] {
    return this.#db.select().from(keys).where(gt(keys.seq, seq)).orderBy(asc(keys.seq)).limit(limit).all()
  }

  forgetKeys(seqs: readonly number[]): ResultAsync<void, Fault> {
    const gone = [...seqs]
    return this.#commit.add(`keys of ${gone.join()}`, () => {
      this.#db.delete(keys).where(inArray(keys.seq, gone)).run()
    })
  }

  get(id: string): StoredJob | undefined {
    const row = this.#statements.jobById.get({ id })
    if (row === undefined) return undefined
    return { job: jobRecord(row), units: this.#unitsOf([row]).get(row.seq) ?? [] }
  }

  /** In the order asked for; `undefined` where the job to go on behind does not exist. */
  list(filter: JobFilter, limit: number): readonly StoredJob[] | undefined {
    const ascending = filter.order === 'asc'
    const conditions: SQL[] = []
    if (filter.surface !== undefined) conditions.push(eq(jobs.surface, filter.surface))
    if (filter.kind !== undefined) conditions.push(eq(jobs.kind, filter.kind))
    if (filter.status !== undefined) conditions.push(eq(jobs.status, filter.status))
    // Written out as in the index: SQLite takes a partial one only where it sees the same words.
    if (filter.withCallback) conditions.push(sql`${jobs.callbackUrl} is not null`)
    if (filter.finishedSince !== undefined)
      conditions.push(
        gte(jobs.finishedAt, filter.finishedSince),
        gte(jobs.id, earliestId(filter.finishedSince - LONGEST_JOB_MS)),
      )
    if (filter.search) conditions.push(containing(filter.search))
    if (filter.after !== undefined) {
      const behind = this.#statements.jobById.get({ id: filter.after })
      if (behind === undefined) return undefined
      conditions.push((ascending ? gt : lt)(jobs.seq, behind.seq))
    }
    const rows = this.#db
      .select()
      .from(jobs)
      .where(and(...conditions))
      .orderBy((ascending ? asc : desc)(jobs.seq))
      .limit(limit)
      .all()
    return this.#withUnits(rows)
  }

  /** Jobs that no ending was written for, in the order of admission. */
  unfinished(): readonly StoredJob[] {
    const rows = this.#db.select().from(jobs).where(isNull(jobs.finishedAt)).orderBy(asc(jobs.seq)).all()
    return this.#withUnits(rows)
  }

  /** What the latest jobs that were completed took from their start, in the order of admission. */
  durations(): readonly { readonly kind: MediaKind; readonly milliseconds: number }[] {
    const { kind, startedAt, finishedAt, status } = jobs
    return this.#db
      .select({ kind, startedAt, finishedAt, status })
      .from(jobs)
      .where(gt(jobs.seq, this.#lastSeq - LATEST))
      .orderBy(asc(jobs.seq))
      .all()
      .flatMap(row =>
        row.status === 'completed' && row.startedAt !== null && row.finishedAt !== null
          ? { kind: row.kind, milliseconds: row.finishedAt - row.startedAt }
          : [],
      )
  }

  /** Ended jobs, counted by span and by what they have in common. */
  tally(from: number, to: number, spanMs: number): readonly JobTally[] {
    const { kind, resolvedModel, provider, status, createdAt, startedAt, finishedAt } = jobs
    const span = sql<number>`cast((${finishedAt} - ${from}) / ${spanMs} as integer)`
    const code = sql<string | null>`${jobs.fault} ->> '$.code'`
    const blame = sql<Fault['blame'] | null>`${jobs.fault} ->> '$.blame'`
    return this.#db
      .select({
        span,
        kind,
        model: resolvedModel,
        provider,
        status,
        code,
        blame,
        count: count(),
        waitedMs: sql<number>`total(coalesce(${startedAt}, ${finishedAt}) - ${createdAt})`,
        tookMs: sql<number>`total(${finishedAt} - ${startedAt})`,
      })
      .from(jobs)
      .where(and(gte(finishedAt, from), lt(finishedAt, to), gte(jobs.id, earliestId(from - LONGEST_JOB_MS))))
      .groupBy(span, kind, resolvedModel, provider, status, code, blame)
      .all()
      .map(({ span: index, ...row }) => ({ ...row, from: from + index * spanMs }))
  }

  /** Behind `seq`, the oldest first: enough to see which are old enough to go. */
  oldest(seq: number, limit: number) {
    const { id, createdAt, finishedAt } = jobs
    return this.#db
      .select({ seq: jobs.seq, id, createdAt, finishedAt })
      .from(jobs)
      .where(gt(jobs.seq, seq))
      .orderBy(asc(jobs.seq))
      .limit(limit)
      .all()
  }

  /** Commits what is waiting. Whatever comes later is refused: by then another may have read the tables. */
  close(): void {
    this.#commit.close()
  }

  #withUnits(rows: readonly (typeof jobs.$inferSelect)[]): readonly StoredJob[] {
    const parts = this.#unitsOf(rows)
    return rows.map(row => ({ job: jobRecord(row), units: parts.get(row.seq) ?? [] }))
  }

  /** By job, in order. */
  #unitsOf(rows: readonly { readonly seq: number; readonly count: number }[]): ReadonlyMap<number, UnitRecord[]> {
    const parts = new Map<number, UnitRecord[]>()
    const owners = new Map(
      rows.flatMap(({ seq, count }) =>
        Array.from({ length: count }, (_, index) => [unitKey(seq, index), seq] as const),
      ),
    )
    const keys = [...owners.keys()]
    for (let from = 0; from < keys.length; from += KEYS_AT_ONCE) {
      const some = keys.slice(from, from + KEYS_AT_ONCE)
      const found = this.#db.select().from(units).where(inArray(units.key, some)).orderBy(asc(units.key)).all()
      for (const row of found) {
        const seq = owners.get(row.key) ?? 0
        parts.set(seq, [...(parts.get(seq) ?? []), unitRecord(row)])
      }
    }
    return parts
  }
}

/** Ids begin with the time of admission, in milliseconds as 12 hex digits. */
const earliestId = (time: number): string => `job_${Math.max(0, time).toString(16).padStart(12, '0')}`

/** SQLite's LIKE heeds no case of ASCII letters. */
function containing(text: string): SQL {
  const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`
  const like = (column: SQLiteColumn) => sql`${column} like ${pattern} escape '\\'`
  return sql`(${like(jobs.id)} or ${like(jobs.prompt)} or ${like(jobs.model)} or ${like(jobs.resolvedModel)})`
}

const ofJob = (seq: number) => between(units.key, unitKey(seq, 0), unitKey(seq + 1, 0) - 1)

function prepare(db: Database) {
  const unitColumns = getTableColumns(units)
  const { key: _, jobId: __, ...changing } = unitColumns
  return {
    insertJob: db
      .insert(jobs)
      .values(placeholders(getTableColumns(jobs)))
      .prepare(),
    insertKey: db
      .insert(keys)
      .values(placeholders(getTableColumns(keys)))
      .prepare(),
    keyed: db
      .select()
      .from(keys)
      .where(and(eq(keys.key, sql.placeholder('key')), eq(keys.callerId, sql.placeholder('callerId'))))
      .orderBy(desc(keys.seq))
      .limit(1)
      .prepare(),
    alike: db
      .select()
      .from(keys)
      .where(and(eq(keys.fingerprint, sql.placeholder('fingerprint')), eq(keys.callerId, sql.placeholder('callerId'))))
      .orderBy(desc(keys.seq))
      .limit(1)
      .prepare(),
    saveUnit: db
      .insert(units)
      .values(placeholders(unitColumns))
      .onConflictDoUpdate({
        target: units.key,
        set: Object.fromEntries(
          Object.entries(changing).map(([key, column]) => [key, sql`excluded.${sql.identifier(column.name)}`]),
        ),
      })
      .prepare(),
    finishJob: db
      .update(jobs)
      .set({
        status: sql`${sql.placeholder('status')}`,
        startedAt: sql`${sql.placeholder('startedAt')}`,
        finishedAt: sql`${sql.placeholder('finishedAt')}`,
        fault: sql`${sql.placeholder('fault')}`,
      })
      .where(eq(jobs.seq, sql.placeholder('seq')))
      .prepare(),
    jobById: db
      .select()
      .from(jobs)
      .where(eq(jobs.id, sql.placeholder('id')))
      .prepare(),
  }
}

/** A placeholder of its own name for every column. */
function placeholders<C extends Record<string, unknown>>(columns: C) {
  const named = Object.keys(columns).map(key => [key, sql.placeholder(key)] as const)
  // `fromEntries` forgets which keys there are.
  return Object.fromEntries(named) as { [K in keyof C]: ReturnType<typeof sql.placeholder> }
}
