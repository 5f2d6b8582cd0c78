/** What the end of a unit, or of a call about an account, means for the account and for its upstream's breaker. */
import type { Clock, Fault, Logger } from 'flow2api/plugin'
import type { Account, AccountPatch } from './account.ts'
import type { AccountBook } from './accounts.ts'
import { showsLife } from './breaker.ts'
import { afterFault, afterSuccess, sessionLost } from './consequences.ts'
import type { Ended, Ledger } from './ledger.ts'

export interface OutcomeParts {
  readonly ledger: Ledger
  readonly book: AccountBook
  readonly clock: Clock
  readonly log: Logger
  /** So many faults in a row disable an account; 0: never. */
  readonly banThreshold: number
  readonly random: () => number
}

export class Outcomes {
  constructor(private readonly parts: OutcomeParts) {}

  /** Writes down how a unit ended. */
  record({ slot, kind, model, outcome }: Ended): void {
    const { ledger, book, clock, banThreshold, random } = this.parts
    const { provider, id } = slot.account
    ledger.count(`units\n${provider}\n${outcome.ok ? 'ok' : outcome.fault.blame}`)
    const now = clock.now()
    const account = book.get(id)
    let patch: AccountPatch = {}
    if (outcome.ok) {
      this.#answered(provider, slot.takenAt)
      const { takenAt, reserved } = slot
      const throttledSince = ledger.seating.throttles(id) !== slot.throttles
      if (account)
        patch = afterSuccess(account, { kind, credits: outcome.credits, reserved, takenAt, throttledSince }, now)
    } else {
      const { fault } = outcome
      const excused = this.#failed(provider, id, fault)
      if (showsLife(fault)) this.#answered(provider, slot.takenAt)
      if (account && !excused) patch = afterFault(account, fault, { now, banThreshold, model, random })
    }
    book.update(id, { ...patch, lastUsedAt: now })
  }

  sessionOpened({ provider }: Account): void {
    this.parts.ledger.breaker(provider).sessionOpened()
  }

  /** The state of an account whose session was refused, unless sessions are refused everywhere. */
  sessionRefused(account: Account, fault: Fault): void {
    const patch = sessionLost(account, fault, this.parts.clock.now())
    if (patch && !this.#failed(account.provider, account.id, fault)) this.parts.book.update(account.id, patch)
  }

  /** Whether the fault is the upstream's after all. */
  #failed(provider: string, accountId: number, fault: Fault): boolean {
    const { ledger, clock, log } = this.parts
    const breaker = ledger.breaker(provider)
    const now = clock.now()
    if (breaker.failed(accountId, fault, now, ledger.seating.serving(provider))) {
      const { reason, until } = breaker.view(now)
      log.warn(
        { provider, until },
        `${provider} seems to be down, so that nothing is sent there for a while. ${reason}`,
      )
      // Whoever waits is told at once.
      ledger.queue.pump()
    }
    return breaker.excuses(fault)
  }

  #answered(provider: string, takenAt: number): void {
    const { ledger, log } = this.parts
    if (!ledger.breaker(provider).answered(takenAt)) return
    log.info({ provider }, `${provider} works again`)
    ledger.queue.pump()
  }
}
