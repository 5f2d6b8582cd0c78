/** Every account's two seats, and what runs on them: kept in order with each change, and as time goes by. */
import type { MediaKind } from 'flow2api/contracts'
import type { Clock } from 'flow2api/plugin'
import { type Account, heldAt, onProbation, stateAt } from './account.ts'
import { Due } from './due.ts'
import { type Held, Roster } from './roster.ts'
import type { HeldModel } from './schema.ts'
import { Seat, type Selection, type Standing } from './seat.ts'
import { describe, KINDS, nextChange, recount, samePlace, Use } from './use.ts'

const WORKING = ['free', 'busy', 'probed', 'cooling'] as const satisfies readonly Standing[]
const NOTHING: ReadonlyMap<string, HeldModel['state']> = new Map()

export class Seating {
  readonly #accounts = new Map<number, Account>()
  readonly #use = new Map<number, Use>()
  readonly #rosters = new Map<string, Readonly<Record<MediaKind, Roster>>>()
  readonly #due = new Due()
  /** Accounts whose rest is over, until somebody asks for them. */
  #rested = new Set<number>()
  #stamp = 0
  #selection: Selection = 'least_loaded'

  constructor(
    accounts: Iterable<Account>,
    private readonly clock: Pick<Clock, 'now'>,
  ) {
    const known = [...accounts]
    for (const account of known) this.set(account)
    // The order in which they were last used survives a restart.
    for (const { id } of known.filter(one => one.lastUsedAt !== null).sort(byLastUse)) {
      const use = this.#useOf(id)
      this.#stamp++
      for (const kind of KINDS) this.#recount(use, kind, this.#stamp)
    }
  }

  get accounts(): ReadonlyMap<number, Account> {
    return this.#accounts
  }

  roster(provider: string, kind: MediaKind): Roster {
    const known = this.#rosters.get(provider)
    if (known) return known[kind]
    const rosters = { image: new Roster(), video: new Roster() }
    this.#rosters.set(provider, rosters)
    return rosters[kind]
  }

  inFlight(accountId: number): { readonly image: number; readonly video: number; readonly reserved: number } {
    const { image = 0, video = 0, reserved = 0 } = this.#use.get(accountId) ?? {}
    return { image, video, reserved }
  }

  /** How often the account was throttled in this process. */
  throttles(accountId: number): number {
    return this.#use.get(accountId)?.throttles ?? 0
  }

  /** How many accounts work for a provider, or would if they were not busy or resting. */
  serving(provider: string): number {
    const sizes = KINDS.map(kind => {
      let size = 0
      for (const { groups } of this.roster(provider, kind).shelves)
        for (const standing of WORKING) size += groups[standing].size
      return size
    })
    return Math.max(...sizes)
  }

  /** Which of the free ones serves next, from now on. */
  orderBy(selection: Selection): void {
    if (selection === this.#selection) return
    this.#selection = selection
    for (const account of this.#accounts.values()) this.#settle(account, this.#useOf(account.id))
  }

  set(account: Account): void {
    const before = this.#accounts.get(account.id)
    this.#accounts.set(account.id, account)
    const use = this.#useOf(account.id)
    if (account.consecutiveThrottles > (before?.consecutiveThrottles ?? 0)) use.throttles++
    if (before && use.seats && samePlace(before, account)) this.#credit(use, account, before.credits)
    else this.#settle(account, use)
  }

  remove(accountId: number): void {
    this.#accounts.delete(accountId)
    const use = this.#use.get(accountId)
    if (!use) return
    for (const seat of Object.values(use.seats ?? {})) seat.roster.forget(seat)
    use.seats = undefined
    this.#tidy(accountId)
  }

  /** Whether anything changed because its time has come. */
  tick(): boolean {
    const now = this.clock.now()
    let changed = false
    while (this.#due.next <= now) {
      const due = this.#due.take()
      const account = due && this.#accounts.get(due.id)
      const use = account && this.#useOf(account.id)
      // Anything else was overtaken by an earlier look.
      if (!use || use.dueAt !== due?.at) continue
      use.dueAt = Number.POSITIVE_INFINITY
      this.#settle(account, use)
      changed = true
    }
    return changed
  }

  /** Those whose rest has ended since this was asked for the last time. */
  rested(): Iterable<number> {
    const rested = this.#rested
    this.#rested = new Set()
    return rested
  }

  /** What is held of an account, for `occupy`. */
  use(accountId: number): Use {
    return this.#useOf(accountId)
  }

  /**
   * Counts a unit, whatever the limit. `chosen`: if the account was throttled, this tries it. Answers the way to give it
   * back, to be called once.
   */
  occupy(account: Account, use: Use, kind: MediaKind, credits: number, chosen: boolean): () => void {
    const probe = chosen && onProbation(account) ? 1 : 0
    this.#count(use, kind, 1, credits, probe)
    return () => {
      this.#count(use, kind, -1, -credits, -probe)
      if (!use.seats) this.#tidy(account.id)
    }
  }

  #count(use: Use, kind: MediaKind, by: 1 | -1, credits: number, probe: number): void {
    use[kind] += by
    use.reserved += credits
    use.probes += probe
    // Giving back is a use as well; but a turn is taken once.
    const stamped = by > 0 || this.#selection === 'least_loaded'
    this.#recount(use, kind, stamped ? ++this.#stamp : undefined)
    const other = kind === 'image' ? 'video' : 'image'
    if (probe !== 0) this.#recount(use, other, undefined)
    else if (credits !== 0 && use.seats) use.seats[other].roster.respent(use.seats[other])
  }

  #useOf(accountId: number): Use {
    const known = this.#use.get(accountId)
    if (known) return known
    const use = new Use()
    this.#use.set(accountId, use)
    return use
  }

  /** Forgets an account that has left once nothing runs there. */
  #tidy(accountId: number): void {
    const use = this.#use.get(accountId)
    if (use && use.image + use.video === 0) this.#use.delete(accountId)
  }

  /** Both seats of an account that has changed, or whose time has come. */
  #settle(account: Account, use: Use): void {
    const now = this.clock.now()
    const held = heldOf(account, now)
    use.seats ??= { image: this.#seat(account, use, 'image'), video: this.#seat(account, use, 'video') }
    for (const kind of KINDS) {
      const seat = use.seats[kind]
      const { roster } = seat
      roster.pull(seat)
      describe(seat, account, now)
      recount(seat, now, this.#selection)
      roster.put(seat, roster.shelf(account.tier, held))
    }
    if (account.state !== 'ready' && stateAt(account, now) === 'ready') this.#rested.add(account.id)
    const next = nextChange(account, now)
    if (next >= use.dueAt) return
    use.dueAt = next
    this.#due.add(next, account.id)
  }

  #seat(account: Account, use: Use, kind: MediaKind): Seat {
    return new Seat(account, kind, this.roster(account.provider, kind), use, Math.random())
  }

  /** Only what it has may have changed. */
  #credit(use: Use, account: Account, before: number | null): void {
    for (const kind of KINDS) {
      const seat = use.seats?.[kind]
      if (!seat) continue
      seat.account = account
      if (account.credits !== before) seat.roster.respent(seat)
    }
  }

  #recount(use: Use, kind: MediaKind, stamp: number | undefined): void {
    const seat = use.seats?.[kind]
    const shelf = seat?.roster.pull(seat)
    if (!seat || !shelf) return
    if (stamp !== undefined) seat.stamp = stamp
    // Asking for the time costs more than the rest of this.
    recount(seat, seat.account.stateUntil === null ? 0 : this.clock.now(), this.#selection)
    seat.roster.put(seat, shelf)
  }
}

function heldOf(account: Account, now: number): Held {
  const models = heldAt(account, now)
  if (models.length === 0) return NOTHING
  return new Map(models.flatMap(model => (account.heldModels[model] ? [[model, account.heldModels[model].state]] : [])))
}

const byLastUse = (a: Account, b: Account) => (a.lastUsedAt ?? 0) - (b.lastUsedAt ?? 0) || a.id - b.id
