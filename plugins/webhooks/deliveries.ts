/** The table of deliveries. Whatever is written here is on disk when the call returns. */
import { and, asc, desc, eq, getTableColumns, lt, notInArray, sql } from 'drizzle-orm'
import type { Job } from 'flow2api/contracts'
import type { Database } from 'flow2api/plugin'
import { jobEvent, newEventId, typeOf } from './event.ts'
import { deliveries } from './schema.ts'
import type { Verdict } from './verdict.ts'

export type Delivery = typeof deliveries.$inferSelect
/** One that has something to send. */
export type Pending = Delivery & { readonly body: string; readonly nextAt: number; readonly dueAt: number }

// Written out and not bound: SQLite takes a partial index only where it sees the same words.
const WAITING = sql`${deliveries.state} = 'waiting'`
const PENDING = sql`${deliveries.state} = 'pending'`

export class Deliveries {
  constructor(private readonly db: Database) {}

  /** Does nothing where that address is told of the job anyway. */
  await(jobId: string, url: string, now: number): void {
    this.db
      .insert(deliveries)
      .values({
        id: newEventId(),
        jobId,
        url,
        origin: originOf(url),
        source: 'callback',
        state: 'waiting',
        createdAt: now,
      })
      .onConflictDoNothing()
      .run()
  }

  /** Ids of jobs whose end somebody waits for. */
  awaited(): readonly string[] {
    return this.db
      .selectDistinct({ jobId: deliveries.jobId })
      .from(deliveries)
      .where(WAITING)
      .all()
      .flatMap(({ jobId }) => jobId ?? [])
  }

  /** Makes due what waited for the end of this job. */
  release(job: Job, now: number): void {
    const waiting = this.db
      .select({ id: deliveries.id })
      .from(deliveries)
      .where(and(eq(deliveries.jobId, job.id), WAITING))
      .all()
    for (const { id } of waiting)
      this.db
        .update(deliveries)
        .set(due(id, job, now))
        .where(and(eq(deliveries.id, id), WAITING))
        .run()
  }

  /** Tells the address of the settings. Does nothing where it was told before. */
  add(job: Job, url: string, now: number): void {
    const id = newEventId()
    this.db
      .insert(deliveries)
      .values({ id, jobId: job.id, url, origin: originOf(url), source: 'global', createdAt: now, ...due(id, job, now) })
      .onConflictDoNothing()
      .run()
  }

  /** Gives up on what waits for a job that nobody knows any more. */
  abandon(jobId: string, error: string, now: number): void {
    this.db
      .update(deliveries)
      .set({ state: 'given_up', lastError: error, endedAt: now })
      .where(and(eq(deliveries.jobId, jobId), WAITING))
      .run()
  }

  /** Forgets one that never had a job. */
  forget(jobId: string, url: string): void {
    this.db
      .delete(deliveries)
      .where(and(eq(deliveries.jobId, jobId), eq(deliveries.url, url), WAITING))
      .run()
  }

  /** The one that is due first, without these and without those that go to these origins. */
  next(except: readonly string[], crowded: readonly string[]): Pending | undefined {
    const row = this.db
      .select()
      .from(deliveries)
      .where(and(PENDING, notInArray(deliveries.id, [...except]), notInArray(deliveries.origin, [...crowded])))
      .orderBy(asc(deliveries.nextAt))
      .limit(1)
      .get()
    return row as Pending | undefined // what is pending has a body and its times
  }

  settle(
    id: string,
    { state, nextAt, status, error }: Verdict,
    at: { readonly begunAt: number; readonly now: number },
  ): void {
    this.db
      .update(deliveries)
      .set({
        state,
        nextAt,
        attempts: sql`${deliveries.attempts} + 1`,
        lastAt: at.begunAt,
        lastStatus: status,
        lastError: error,
        endedAt: state === 'pending' ? null : at.now,
      })
      .where(eq(deliveries.id, id))
      .run()
  }

  /** For the log: a test that was made. */
  record(row: Delivery): void {
    this.db.insert(deliveries).values(row).run()
  }

  /** Due now, with all the time again. Only for what has a body. */
  renew(id: string, now: number): void {
    this.db
      .update(deliveries)
      .set({ state: 'pending', dueAt: now, nextAt: now, endedAt: null })
      .where(eq(deliveries.id, id))
      .run()
  }

  get(id: string): Delivery | undefined {
    return this.db.select().from(deliveries).where(eq(deliveries.id, id)).get()
  }

  /** Newest first, without what is sent. */
  list(after: string | undefined, limit: number): readonly Omit<Delivery, 'body'>[] {
    const { body, ...columns } = getTableColumns(deliveries)
    return this.db
      .select(columns)
      .from(deliveries)
      .where(after === undefined ? undefined : lt(deliveries.id, after))
      .orderBy(desc(deliveries.id))
      .limit(limit)
      .all()
  }

  /** Removes what ended before. How many. */
  prune(before: number): number {
    return this.db.delete(deliveries).where(lt(deliveries.endedAt, before)).returning({ id: deliveries.id }).all()
      .length
  }
}

const due = (id: string, job: Job, now: number) => ({
  state: 'pending' as const,
  type: typeOf(job),
  body: jobEvent(id, job),
  dueAt: now,
  nextAt: now,
})

/** Only usable addresses get here. */
export const originOf = (url: string): string => URL.parse(url)?.origin ?? ''
