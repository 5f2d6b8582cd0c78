/** Keeps access and credits fresh in the background, a little at a time. What fails here hurts nobody. */
import type { Clock, Logger } from 'flow2api/plugin'
import type { AccessKeeper } from './access.ts'
import { type Account, hasAccess, labelOf, stateAt } from './account.ts'
import type { AccountBook } from './accounts.ts'
import type { Ledger } from './ledger.ts'

/** Earlier than a lease would have to wait for it; some accounts up to so much earlier still, so that not all come at once. */
const RENEW_BEFORE_MS = 10 * 60_000
const RENEW_SPREAD_MS = 5 * 60_000
/** The same for credits: after so long, for some accounts later. */
const CREDITS_AFTER_MS = 30 * 60_000
const CREDITS_SPREAD_MS = 10 * 60_000
/** After a failure the same account is left alone for so long. */
const PAUSE_MS = 10 * 60_000
/** So many at once of either, whatever the number of accounts. */
const OPENINGS = 4
const MEASUREMENTS = 2

export interface UpkeepParts {
  readonly ledger: Pick<Ledger, 'breaker'>
  readonly book: Pick<AccountBook, 'all' | 'get'>
  readonly keeper: Pick<AccessKeeper, 'open' | 'measure'>
  readonly clock: Clock
  readonly log: Logger
}

export class Upkeep {
  readonly #pausedUntil = new Map<number, number>()

  constructor(private readonly parts: UpkeepParts) {}

  async run(signal: AbortSignal): Promise<void> {
    const { keeper } = this.parts
    const due = this.parts.book.all().filter(account => this.#mayBeAsked(account))
    await Promise.all([
      this.#tend(OPENINGS, due, this.#agesOut, id => keeper.open(id), signal),
      this.#tend(MEASUREMENTS, due, this.#oldCredits, id => keeper.measure(id, signal), signal),
    ])
  }

  #mayBeAsked(account: Account): boolean {
    const now = this.parts.clock.now()
    const state = stateAt(account, now)
    if (state === 'disabled' || state === 'needs_session' || state === 'migrated') return false
    if (this.parts.ledger.breaker(account.provider).state(now) !== 'closed') return false
    const paused = this.#pausedUntil.get(account.id) ?? 0
    if (paused > 0 && paused <= now) this.#pausedUntil.delete(account.id)
    return paused <= now
  }

  readonly #agesOut = (account: Account): boolean => {
    const ahead = RENEW_BEFORE_MS + RENEW_SPREAD_MS * share(account.id)
    return !hasAccess(account, this.parts.clock.now(), ahead)
  }

  readonly #oldCredits = (account: Account): boolean => {
    const { id, creditsAt } = account
    // An account without access is measured once that was opened.
    if (creditsAt === null) return hasAccess(account, this.parts.clock.now(), 0)
    return this.parts.clock.now() - creditsAt > CREDITS_AFTER_MS + CREDITS_SPREAD_MS * share(id + creditsAt)
  }

  async #tend(
    atOnce: number,
    accounts: readonly Account[],
    isDue: (account: Account) => boolean,
    act: (id: number) => ReturnType<AccessKeeper['open']>,
    signal: AbortSignal,
  ): Promise<void> {
    const due = accounts.filter(isDue)
    const worker = async () => {
      for (let next = due.shift(); next && !signal.aborted; next = due.shift()) {
        // Looked at again: it waited for its turn.
        const account = this.parts.book.get(next.id)
        if (!account || !this.#mayBeAsked(account) || !isDue(account)) continue
        const result = await act(account.id)
        if (!result.isErr() || signal.aborted) continue
        this.#pausedUntil.set(account.id, this.parts.clock.now() + PAUSE_MS)
        const { code, message } = result.error
        this.parts.log.warn({ account: account.id, code }, `looking after ${labelOf(account)} failed: ${message}`)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
  }
}

/** From 0 to 1: the same for the same number, and evenly spread over many. */
const share = (number: number): number => (((number * 0.618033988749895) % 1) + 1) % 1
