/** What credits there were within the last day. */
import { and, asc, eq, gte, lt } from 'drizzle-orm'
import type { Clock, Database } from 'flow2api/plugin'
import type { CreditSample } from './pace.ts'
import { credits } from './schema.ts'

const STEP_MS = 600_000
const KEPT_MS = 24 * 3_600_000

export class CreditLog {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  /** Writes down what there is, now and then; answers the last day with it, the oldest first. */
  note(provider: string, now: Omit<CreditSample, 'at'>): readonly CreditSample[] {
    const at = this.clock.now()
    const kept = this.db
      .select({ at: credits.at, credits: credits.credits, accounts: credits.accounts })
      .from(credits)
      .where(and(eq(credits.provider, provider), gte(credits.at, at - KEPT_MS)))
      .orderBy(asc(credits.at))
      .all()
    const sample = { at, ...now }
    const last = kept.at(-1)
    // An account that comes or goes is a break, and has its own sample on both sides of it.
    if (!last || at - last.at >= STEP_MS || last.accounts !== now.accounts)
      this.db
        .insert(credits)
        .values({ provider, ...sample })
        .onConflictDoNothing()
        .run()
    return [...kept, sample]
  }

  prune(): void {
    this.db
      .delete(credits)
      .where(lt(credits.at, this.clock.now() - KEPT_MS))
      .run()
  }
}
