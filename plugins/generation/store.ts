/** The tables behind the engine: prepared statements and group commit. Reading is synchronous. */

import { and, asc, between, desc, eq, getTableColumns, gt, inArray, isNull, max, sql } from 'drizzle-orm'
import type { MediaKind } from 'flow2api/contracts'
import type { Database, Fault, ResultAsync } from 'flow2api/plugin'
import { GroupCommit } from './group-commit.ts'
import { History } from './history.ts'
import { durable, type JobRecord, type KeyRecord, type StoredJob, type UnitRecord, unitKey } from './records.ts'
import { endingRow, jobRow, unitRow } from './rows.ts'
import { jobs, keys, units } from './schema.ts'
import { withUnits } from './with-units.ts'

/** So many of the latest jobs say how long work takes. */
const LATEST = 200

export class Store {
  readonly history: History
  readonly #db: Database
  readonly #statements: ReturnType<typeof prepare>
  readonly #commit: GroupCommit
  #lastSeq: number

  constructor(db: Database, defer?: (task: () => void) => void) {
    this.#db = db
    this.#statements = prepare(db)
    this.history = new History(db)
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
    return row && withUnits(this.#db, [row])[0]
  }

  /** Jobs that no ending was written for, in the order of admission. */
  unfinished(): readonly StoredJob[] {
    const rows = this.#db.select().from(jobs).where(isNull(jobs.finishedAt)).orderBy(asc(jobs.seq)).all()
    return withUnits(this.#db, rows)
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
