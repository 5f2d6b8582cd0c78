/** Keeps access and credits fresh in the background, a little at a time. What fails here hurts nobody. */
import type { Clock, Logger } from 'flow2api/plugin'
import type { AccessKeeper } from './access.ts'
import { type Account, hasAccess, labelOf, stateAt } from './account.ts'
import type { AccountBook } from './accounts.ts'

/** Earlier than a lease would have to wait for it. */
const RENEW_BEFORE_MS = 10 * 60_000
const CREDITS_AFTER_MS = 30 * 60_000
/** After a failure the same account is left alone for so long. */
const PAUSE_MS = 10 * 60_000
const AT_ONCE = 2

export class Upkeep {
  readonly #pausedUntil = new Map<number, number>()

  constructor(
    private readonly book: AccountBook,
    private readonly keeper: AccessKeeper,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    const due = this.book.all().filter(account => this.#isDue(account))
    const worker = async () => {
      for (let account = due.shift(); account && !signal.aborted; account = due.shift())
        await this.#tend(account.id, signal)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
  }

  #isDue(account: Account): boolean {
    const now = this.clock.now()
    const state = stateAt(account, now)
    if (state === 'disabled' || state === 'needs_session' || state === 'migrated') return false
    if ((this.#pausedUntil.get(account.id) ?? 0) > now) return false
    return this.#agesOut(account) || this.#oldCredits(account)
  }

  /** Access that is missing altogether is opened by whoever needs it. */
  readonly #agesOut = (account: Account) =>
    account.access !== null && !hasAccess(account, this.clock.now(), RENEW_BEFORE_MS)

  readonly #oldCredits = (account: Account) => this.clock.now() - (account.creditsAt ?? 0) > CREDITS_AFTER_MS

  async #tend(id: number, signal: AbortSignal): Promise<void> {
    // Looked at again: it waited for its turn.
    const account = this.book.get(id)
    if (!account) return
    const opened = this.#agesOut(account) ? await this.keeper.open(id) : undefined
    const result = opened?.isErr() || !this.#oldCredits(account) ? opened : await this.keeper.measure(id, signal)
    if (!result?.isErr() || signal.aborted) return
    this.#pausedUntil.set(id, this.clock.now() + PAUSE_MS)
    const { code, message } = result.error
    this.log.warn({ account: id, code }, `looking after account ${labelOf(account)} failed: ${message}`)
  }
}
