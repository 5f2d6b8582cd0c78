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
const PENDING = sql`${deliveries.state} = 'pending'`

export class Deliveries {
  constructor(private readonly db: Database) {}

  /** Tells this address of the end. Does nothing where it is told of it already. */
  add(job: Job, url: string, source: 'callback' | 'global', now: number): void {
    const id = newEventId()
    this.db
      .insert(deliveries)
      .values({
        id,
        jobId: job.id,
        url,
        origin: originOf(url),
        source,
        state: 'pending',
        type: typeOf(job),
        body: jobEvent(id, job),
        createdAt: now,
        dueAt: now,
        nextAt: now,
      })
      .onConflictDoNothing()
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

  /** Newest first, without what is sent. `jobId`: only those of that job. */
  list(after: string | undefined, limit: number, jobId?: string): readonly Omit<Delivery, 'body'>[] {
    const { body, ...columns } = getTableColumns(deliveries)
    return this.db
      .select(columns)
      .from(deliveries)
      .where(
        and(
          after === undefined ? undefined : lt(deliveries.id, after),
          jobId === undefined ? undefined : eq(deliveries.jobId, jobId),
        ),
      )
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

/** Only usable addresses get here. */
export const originOf = (url: string): string => URL.parse(url)?.origin ?? ''
