/** The address of the settings, and since when it is told. */
import { eq } from 'drizzle-orm'
import type { Database } from 'flow2api/plugin'
import { state } from './schema.ts'

const NAME = 'global_url'

export class GlobalUrl {
  #since = Number.POSITIVE_INFINITY

  constructor(
    private readonly db: Database,
    readonly url: string,
  ) {}

  /** Jobs that ended before are told, or not its business. Never, until `begin`. */
  get since(): number {
    return this.#since
  }

  /** From now on, unless it was the same before. */
  begin(now: number): void {
    const known = this.db.select().from(state).where(eq(state.name, NAME)).get()
    const row = { name: NAME, value: this.url, since: now }
    if (known?.value !== this.url)
      this.db.insert(state).values(row).onConflictDoUpdate({ target: state.name, set: row }).run()
    this.#since = known?.value === this.url ? known.since : now
  }

  /** All that ended before is told. */
  settled(before: number): void {
    if (before <= this.#since) return
    this.db.update(state).set({ since: before }).where(eq(state.name, NAME)).run()
    this.#since = before
  }
}
