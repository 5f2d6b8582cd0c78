/** The pool behind the `Accounts` contract: places in a fair queue, and leases that survive every reload. */
import {
  type AccountPool,
  type AcquireWant,
  domainFault,
  type Lease,
  type LeaseOutcome,
  type MediaKind,
} from 'flow2api/contracts'
import { err, errAsync, type Fault, okAsync, type Result, ResultAsync } from 'flow2api/plugin'
import { labelOf } from './account.ts'
import { type Ledger, type Slot, switchedOff } from './ledger.ts'

export class Pool implements AccountPool {
  constructor(private readonly ledger: Ledger) {}

  acquire(want: AcquireWant): ResultAsync<Lease, Fault> {
    const { ledger } = this
    ledger.tick()
    const place = ledger.queue.enter({
      want,
      line: `${want.provider}|${want.kind}`,
      // Who waits for one account has a place among those that wait for the same one.
      lane: want.only === undefined ? '' : String(want.only),
      key: () => keyOf(want),
      caller: want.caller ?? '',
      signal: want.signal,
      onQueue: want.onQueue,
    })
    if (place instanceof Promise) return new ResultAsync(place.then(slot => this.#settle(slot, want)))
    return new ResultAsync(Promise.resolve(this.#settle(place, want)))
  }

  adopt(want: Parameters<AccountPool['adopt']>[0]): ResultAsync<Lease, Fault> {
    const { provider, kind, model, credits = 0 } = want
    const account = this.ledger.accounts.get(want.accountId)
    if (account?.provider !== provider) {
      const message = `Account #${want.accountId} of ${provider}, on which this work began, is not in the pool any more.`
      return errAsync(domainFault('no_account', message))
    }
    const why = `#${account.id} ${labelOf(account)}: the work runs there already`
    return okAsync(new HeldLease(this.ledger, this.ledger.take(account, kind, { why, credits }), { kind, model }))
  }

  #settle(slot: Result<Slot, Fault> | 'cancelled', want: Work): Result<Lease, Fault> {
    if (slot === 'cancelled') return err(domainFault('cancelled', 'The wait for a free account was cancelled.'))
    return slot.map(place => new HeldLease(this.ledger, place, want))
  }
}

/** Of alike wants, none finds anything where another does not. */
const keyOf = ({ model, tier, only, exclude, credits, patienceMs }: AcquireWant): string =>
  `${model}|${tier ?? ''}|${only ?? ''}|${credits ?? 0}|${patienceMs ?? 0}|${exclude ? [...exclude].sort((a, b) => a - b).join() : ''}`

interface Work {
  readonly kind: MediaKind
  readonly model: string | undefined
}

/** It holds on to the ledger alone, and asks whichever instance is current. */
class HeldLease implements Lease {
  readonly accountId: number
  readonly label: string
  readonly proxyUrl: string | undefined
  readonly why: string
  readonly #ledger: Ledger
  readonly #slot: Slot
  readonly #work: Work
  #reported = false

  constructor(ledger: Ledger, slot: Slot, { kind, model }: Work) {
    const { account, why } = slot
    this.accountId = account.id
    this.label = labelOf(account)
    this.proxyUrl = account.proxyUrl ?? undefined
    this.why = why
    this.#ledger = ledger
    this.#slot = slot
    this.#work = { kind, model }
    ledger.watch(this, slot)
  }

  session(signal: AbortSignal) {
    return this.#ledger.backend?.session(this.accountId, signal) ?? errAsync(switchedOff())
  }

  renew(access: string, signal: AbortSignal) {
    return this.#ledger.backend?.renew(this.accountId, access, signal) ?? errAsync(switchedOff())
  }

  report(outcome: LeaseOutcome): void {
    if (this.#reported) return
    this.#reported = true
    this.#ledger.backend?.report({ slot: this.#slot, ...this.#work, outcome })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ledger.unwatch(this.#slot)
    this.#slot.release()
  }
}
