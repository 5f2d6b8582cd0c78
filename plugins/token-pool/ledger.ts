/**
 * What is true of the accounts at this moment. One object for all generations of the plugin, in `ctx.shared`: a reload
 * neither doubles a limit nor loses a lease or a waiter. It knows the accounts, who runs on them, and who waits.
 */
import type { LeaseOutcome, MediaKind, SessionAccount } from 'flow2api/contracts'
import { err, type Fault, fault, ok, type Result, type ResultAsync } from 'flow2api/plugin'
import type { Account } from './account.ts'
import { FairQueue } from './queue.ts'
import { choose, type Want } from './select.ts'

/** A place on an account that was given away. */
export interface Slot {
  readonly account: Account
  readonly why: string
  /** Gives the place back, once; the queue moves on. */
  release(): void
}

/** What the leases ask of the instance that is current. */
export interface Backend {
  readonly now: () => number
  /** The provider's tiers, from the least to the greatest. */
  tiers(provider: string): readonly string[]
  session(accountId: number, signal: AbortSignal): ResultAsync<SessionAccount, Fault>
  renew(accountId: number, access: string, signal: AbortSignal): ResultAsync<SessionAccount, Fault>
  report(accountId: number, kind: MediaKind, outcome: LeaseOutcome): void
}

interface Use {
  image: number
  video: number
}

/** What a lease or a waiter hears when the plugin was taken out. */
export const switchedOff = (): Fault =>
  fault('capability_gone', 'The account pool was switched off. Switch token-pool on again.', {
    blame: 'gateway',
    retry: 'later',
  })

export class Ledger {
  readonly accounts: Map<number, Account>
  /** Accounts whose counters are newer here than on disk. */
  readonly uncounted = new Set<number>()
  /** One opening of access at a time for each account. */
  readonly opening = new Map<number, Promise<Result<Account, Fault>>>()
  readonly queue = new FairQueue<Want, Result<Slot, Fault>>()
  readonly #use = new Map<number, Use>()
  readonly #picks = new Map<number, number>()
  #pick = 0
  #backend: Backend | undefined

  constructor(accounts: Iterable<Account>) {
    this.accounts = new Map([...accounts].map(account => [account.id, account]))
  }

  get backend(): Backend | undefined {
    return this.#backend
  }

  /** Takes over from the predecessor, whose waiters and leases go on here. */
  attach(backend: Backend): void {
    this.#backend = backend
    this.queue.serveWith(want => this.#serve(want, backend))
  }

  /** Does nothing where a successor has taken over already. */
  detach(backend: Backend): void {
    if (this.#backend !== backend) return
    this.#backend = undefined
    this.queue.serveWith(undefined)
  }

  /** Nobody is there any more to serve those who wait. */
  close(): void {
    this.queue.close(err(switchedOff()))
  }

  inFlight(accountId: number): Readonly<Use> {
    return this.#use.get(accountId) ?? { image: 0, video: 0 }
  }

  /** Takes a place whatever the limit says. */
  take(account: Account, kind: MediaKind, why: string): Slot {
    const use = this.#use.get(account.id) ?? { image: 0, video: 0 }
    this.#use.set(account.id, use)
    use[kind] += 1
    this.#picks.set(account.id, ++this.#pick)
    let held = true
    return {
      account,
      why,
      release: () => {
        if (!held) return
        held = false
        use[kind] -= 1
        if (use.image + use.video === 0 && !this.accounts.has(account.id)) this.#forget(account.id)
        this.queue.pump()
      },
    }
  }

  /** The last place on an account that is not in the pool any more was given back. */
  #forget(accountId: number): void {
    this.#use.delete(accountId)
    this.#picks.delete(accountId)
  }

  #serve(want: Want, backend: Backend): Result<Slot, Fault> | undefined {
    const tiers = backend.tiers(want.provider)
    const choice = choose(this.accounts.values(), want, {
      now: backend.now(),
      inFlight: id => this.#use.get(id)?.[want.kind] ?? 0,
      lastPick: id => this.#picks.get(id) ?? 0,
      rank: tier => Math.max(0, tiers.indexOf(tier)),
    })
    if (choice.outcome === 'busy') return undefined
    if (choice.outcome === 'refused') return err(choice.fault)
    return ok(this.take(choice.account, want.kind, choice.why))
  }
}
