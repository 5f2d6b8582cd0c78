/**
 * What is true of the accounts at this moment. One object for all generations of the plugin, in `ctx.shared`: a reload
 * neither doubles a limit nor loses a lease or a waiter. It knows the accounts, who runs on them, who waits, and which
 * upstreams are down.
 */
import type { LeaseOutcome, MediaKind, SessionAccount } from 'flow2api/contracts'
import { type Clock, err, type Fault, fault, ok, type Result, type ResultAsync } from 'flow2api/plugin'
import type { Account } from './account.ts'
import { Breaker } from './breaker.ts'
import type { Want } from './obstacles.ts'
import { FairQueue } from './queue.ts'
import type { Selection } from './seat.ts'
import { Seating } from './seating.ts'
import { choose } from './select.ts'
import type { Use } from './use.ts'

/** A place on an account that was given away. */
export interface Slot {
  readonly account: Account
  readonly why: string
  readonly takenAt: number
  /** What of the account's credits it keeps for itself. */
  readonly reserved: number
  /** How often the account had been throttled by then: tells whether its success means that this is over. */
  readonly throttles: number
  /** Gives the place and the credits back, once; the queue moves on. */
  release(): void
}

/** A unit's end, as the instance hears of it that is current by then. */
export interface Ended {
  readonly slot: Slot
  readonly kind: MediaKind
  /** Absent: it was no paid work. */
  readonly model: string | undefined
  readonly outcome: LeaseOutcome
}

/** What the leases ask of the instance that is current. */
export interface Backend {
  readonly selection: Selection
  /** The provider's tiers, from the least to the greatest. */
  tiers(provider: string): readonly string[]
  session(accountId: number, signal: AbortSignal): ResultAsync<SessionAccount, Fault>
  renew(accountId: number, access: string, signal: AbortSignal): ResultAsync<SessionAccount, Fault>
  report(ended: Ended): void
}

export interface Taking {
  readonly why: string
  readonly credits: number
  /** It was chosen, so that it tries an account that was throttled. */
  readonly chosen?: boolean
  /** What is held of the account, and the time, where the caller has them. */
  readonly use?: Use
  readonly now?: number
}

/** What a lease or a waiter hears when the plugin was taken out. */
export const switchedOff = (): Fault =>
  fault('capability_gone', 'The account pool was switched off. Switch token-pool on again.', {
    blame: 'gateway',
    retry: 'later',
  })

export class Ledger {
  readonly queue = new FairQueue<Want, Result<Slot, Fault>>()
  readonly seating: Seating
  /** Accounts whose counters are newer here than on disk. */
  readonly uncounted = new Set<number>()
  /** One opening of access at a time for each account. */
  readonly opening = new Map<number, Promise<Result<Account, Fault>>>()
  /** What has happened since the process began, by what it was. */
  readonly tally = new Map<string, number>()
  readonly #breakers = new Map<string, Breaker>()
  /** Gives back what is held by a lease that nobody holds any more. */
  readonly #orphans = new FinalizationRegistry<() => void>(release => {
    this.count('leases_orphaned')
    release()
  })
  #backend: Backend | undefined

  constructor(
    accounts: Iterable<Account>,
    private readonly clock: Pick<Clock, 'now'>,
  ) {
    this.seating = new Seating(accounts, clock)
  }

  get accounts(): ReadonlyMap<number, Account> {
    return this.seating.accounts
  }

  get backend(): Backend | undefined {
    return this.#backend
  }

  /** Takes over from the predecessor, whose waiters and leases go on here. */
  attach(backend: Backend): void {
    this.#backend = backend
    this.seating.orderBy(backend.selection)
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

  /** Lets time have its effect: what rested long enough serves again. */
  tick(): void {
    if (this.seating.tick()) this.queue.pump()
  }

  breaker(provider: string): Breaker {
    const known = this.#breakers.get(provider)
    if (known) return known
    const breaker = new Breaker(provider)
    this.#breakers.set(provider, breaker)
    return breaker
  }

  get breakers(): ReadonlyMap<string, Breaker> {
    return this.#breakers
  }

  count(what: string): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + 1)
  }

  /** Takes a place whatever the limit says. */
  take(
    account: Account,
    kind: MediaKind,
    { why, credits, chosen = false, use = this.seating.use(account.id), now = this.clock.now() }: Taking,
  ) {
    const release = this.seating.occupy(account, use, kind, credits, chosen)
    let held = true
    return {
      account,
      why,
      takenAt: now,
      reserved: credits,
      throttles: use.throttles,
      release: () => {
        if (!held) return
        held = false
        release()
        this.queue.pump()
      },
    }
  }

  /** From now on `slot` goes back when nobody holds `lease` any more, whatever became of its holder. */
  watch(lease: object, slot: Slot): void {
    this.#orphans.register(lease, slot.release, slot)
  }

  unwatch(slot: Slot): void {
    this.#orphans.unregister(slot)
  }

  #serve(want: Want, backend: Backend): Result<Slot, Fault> | undefined {
    const now = this.clock.now()
    const breaker = this.breaker(want.provider)
    const passage = breaker.passage(now)
    if (!passage.pass) return err(passage.fault)
    const tiers = backend.tiers(want.provider)
    const rank = (tier: string) => Math.max(0, tiers.indexOf(tier))
    const choice = choose(this.seating.roster(want.provider, want.kind), want, { now, rank })
    if (choice.outcome === 'busy') return undefined
    if (choice.outcome === 'refused') return err(choice.fault)
    breaker.began(now)
    const { seat, why } = choice
    return ok(this.take(seat.account, want.kind, { why, credits: want.credits ?? 0, chosen: true, use: seat.use, now }))
  }
}
