/** Since when ends of jobs are told, for one kind of receivers. Survives restarts. */
import { eq } from 'drizzle-orm'
import type { Database } from 'flow2api/plugin'
import { state } from './schema.ts'

export class Watermark {
  #since = Number.POSITIVE_INFINITY

  /** `value`: whom it is for. Counting begins anew where it changes. */
  constructor(
    private readonly db: Database,
    private readonly name: 'global_url' | 'callbacks',
    private readonly value: string,
  ) {}

  /** Jobs that ended before are told, or nobody's business. Never, until `begin`. */
  get since(): number {
    return this.#since
  }

  /** From now on, unless it was for the same before. */
  begin(now: number): void {
    const known = this.db.select().from(state).where(eq(state.name, this.name)).get()
    const row = { name: this.name, value: this.value, since: now }
    if (known?.value !== this.value)
      this.db.insert(state).values(row).onConflictDoUpdate({ target: state.name, set: row }).run()
    this.#since = known?.value === this.value ? known.since : now
  }

  /** All that ended before is told. */
  settled(before: number): void {
    if (before <= this.#since) return
    this.db.update(state).set({ since: before }).where(eq(state.name, this.name)).run()
    this.#since = before
  }
}
