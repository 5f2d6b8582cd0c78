/** The table of messages: what has to be sent, and what became of it. On disk when a call returns. */
import { and, asc, desc, eq, isNull, lt, lte } from 'drizzle-orm'
import type { Database } from 'flow2api/plugin'
import type { Turn } from './alarms.ts'
import type { ChannelName } from './rule-names.ts'
import { deliveries } from './schema.ts'

export type Delivery = typeof deliveries.$inferSelect

export interface Outcome {
  readonly state: 'pending' | 'delivered' | 'given_up'
  readonly error: string | null
  /** Where it is pending. */
  readonly nextAt: number
}

export const newId = (now: number): string => `alr_${Bun.randomUUIDv7('hex', now).replaceAll('-', '')}`

export class Outbox {
  constructor(private readonly db: Database) {}

  /**
   * One message for each channel. `heldUntil`: the end of the quiet hours. Nobody is told that something is well again
   * whose beginning is still held: neither is sent then.
   */
  put(turn: Turn, channels: readonly ChannelName[], now: number, heldUntil: number | undefined): void {
    for (const channel of channels) {
      if (turn.event === 'recovered' && this.#dropHeld(turn, channel, now)) continue
      this.db
        .insert(deliveries)
        .values({
          ...turn,
          id: newId(now),
          channel,
          state: heldUntil === undefined ? 'pending' : 'held',
          createdAt: now,
          dueAt: heldUntil ?? now,
          nextAt: heldUntil ?? now,
        })
        .run()
    }
  }

  /** The quiet hours are over for what was held until now. */
  release(now: number): void {
    this.db
      .update(deliveries)
      .set({ state: 'pending' })
      .where(and(eq(deliveries.state, 'held'), lte(deliveries.nextAt, now)))
      .run()
  }

  /** The next of a channel; they go out in their order, so that nothing is well before it was wrong. */
  next(channel: ChannelName, now: number): Delivery | undefined {
    const first = this.db
      .select()
      .from(deliveries)
      .where(and(eq(deliveries.channel, channel), isNull(deliveries.endedAt), eq(deliveries.state, 'pending')))
      .orderBy(asc(deliveries.id))
      .limit(1)
      .get()
    return first && first.nextAt <= now ? first : undefined
  }

  settle(id: string, { state, error, nextAt }: Outcome, attempts: number, now: number): void {
    this.db
      .update(deliveries)
      .set({ state, attempts, lastError: error, nextAt, endedAt: state === 'pending' ? null : now })
      .where(eq(deliveries.id, id))
      .run()
  }

  /** For the log: a test that was made. */
  record(row: Delivery): void {
    this.db.insert(deliveries).values(row).run()
  }

  /** Newest first. */
  list(after: string | undefined, limit: number): readonly Delivery[] {
    return this.db
      .select()
      .from(deliveries)
      .where(after === undefined ? undefined : lt(deliveries.id, after))
      .orderBy(desc(deliveries.id))
      .limit(limit)
      .all()
  }

  /** Gives up on what waits for channels that are not there any more. */
  keepOnly(channels: readonly ChannelName[], now: number): void {
    for (const { id, channel } of this.db.select().from(deliveries).where(isNull(deliveries.endedAt)).all())
      if (!channels.includes(channel))
        this.db
          .update(deliveries)
          .set({ state: 'given_up', lastError: 'The channel is not set up any more.', endedAt: now })
          .where(eq(deliveries.id, id))
          .run()
  }

  prune(before: number): void {
    this.db.delete(deliveries).where(lt(deliveries.endedAt, before)).run()
  }

  #dropHeld({ rule, subject }: Turn, channel: ChannelName, now: number): boolean {
    const dropped = this.db
      .update(deliveries)
      .set({ state: 'dropped', lastError: 'It was over before the quiet hours were.', endedAt: now })
      .where(
        and(
          eq(deliveries.state, 'held'),
          eq(deliveries.channel, channel),
          eq(deliveries.rule, rule),
          eq(deliveries.subject, subject),
          eq(deliveries.event, 'fired'),
        ),
      )
      .returning({ id: deliveries.id })
      .all()
    return dropped.length > 0
  }
}
