import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { AccountPool, Lease, MediaKind } from 'flow2api/contracts'
import { okAsync } from 'flow2api/plugin'
import { type Account, heldAt, limitOf, onProbation, stateAt } from '../../plugins/token-pool/account.ts'
import { type Backend, Ledger } from '../../plugins/token-pool/ledger.ts'
import { Pool } from '../../plugins/token-pool/pool.ts'
import type { Selection } from '../../plugins/token-pool/seat.ts'
import { unusedAccount } from '../fixtures/pool.ts'

/**
 * Random schedules over ledger, choice and queue. The pool is never asked to explain itself: after each step the world
 * is compared with what was promised.
 */
const KINDS = ['image', 'video'] as const
const TIERS = ['free', 'pro'] as const
const MODELS = ['m', 'n'] as const

interface Ask {
  readonly do: 'ask'
  readonly kind: MediaKind
  readonly model: string
  readonly tier: string | undefined
  readonly only: number | undefined
  readonly exclude: readonly number[]
  readonly credits: number
  readonly patienceMs: number
  readonly caller: string
}

interface Waiting {
  readonly number: number
  readonly ask: Ask
  readonly key: string
  /** Pieces of the same caller that waited in the same line when this one came. */
  readonly ahead: number
  readonly abort: AbortController
  outcome: Lease | string | undefined
}

class World {
  now = 0
  ledger: Ledger
  pool: AccountPool
  #backend: Backend
  asked: Waiting[] = []
  /** Numbers in the order in which they were served. */
  served: number[] = []

  constructor(accounts: readonly Account[]) {
    this.ledger = new Ledger(accounts, { now: () => this.now })
    this.#backend = this.#newBackend('least_loaded')
    this.ledger.attach(this.#backend)
    this.pool = new Pool(this.ledger)
  }

  #newBackend(selection: Selection): Backend {
    const session = () => okAsync({ id: 0, secret: '', access: '', tier: '', attributes: {} })
    return { selection, tiers: () => TIERS, session, renew: session, report: () => {} }
  }

  /** A successor takes over; then the old instance goes. */
  reload(selection: Selection): void {
    const old = this.#backend
    this.#backend = this.#newBackend(selection)
    this.ledger.attach(this.#backend)
    this.ledger.detach(old)
    this.pool = new Pool(this.ledger)
  }

  /** The process dies and starts anew: of what ran, every other piece is known to run still and is adopted. */
  async crash(): Promise<void> {
    const running = this.leases
    this.ledger = new Ledger([...this.ledger.accounts.values()], { now: () => this.now })
    this.#backend = this.#newBackend('least_loaded')
    this.ledger.attach(this.#backend)
    this.pool = new Pool(this.ledger)
    for (const waiting of this.asked) waiting.outcome = 'gone'
    this.served = []
    for (const [index, { waiting, lease }] of running.entries()) {
      const { kind, model, credits } = waiting.ask
      const want = { provider: 'flow', accountId: lease.accountId, kind, model, credits }
      const adopted = index % 2 === 0 ? await this.pool.adopt(want) : undefined
      if (adopted?.isOk()) waiting.outcome = adopted.value
    }
  }

  ask(ask: Ask): void {
    const { do: _, tier, only, credits, ...rest } = ask
    const abort = new AbortController()
    const { caller: __, ...alike } = ask
    const ahead = this.asked.filter(
      one => one.outcome === undefined && one.ask.caller === ask.caller && one.ask.kind === ask.kind,
    ).length
    const waiting: Waiting = {
      number: this.asked.length,
      ask,
      key: JSON.stringify(alike),
      ahead,
      abort,
      outcome: undefined,
    }
    this.asked.push(waiting)
    void this.pool
      .acquire({
        ...rest,
        provider: 'flow',
        signal: abort.signal,
        ...(tier !== undefined && { tier }),
        ...(only !== undefined && { only }),
        ...(credits > 0 && { credits }),
      })
      .match(
        lease => {
          waiting.outcome = lease
          this.served.push(waiting.number)
        },
        fault => {
          waiting.outcome = fault.code
        },
      )
  }

  get leases(): { waiting: Waiting; lease: Lease }[] {
    return this.asked.flatMap(waiting =>
      typeof waiting.outcome === 'object' ? [{ waiting, lease: waiting.outcome }] : [],
    )
  }

  edit(index: number, change: Partial<Account>): void {
    const account = [...this.ledger.accounts.values()][index % Math.max(1, this.ledger.accounts.size)]
    if (!account) return
    this.ledger.seating.set({ ...account, ...change })
    this.ledger.queue.pump()
  }
}

type Step =
  | Ask
  | { readonly do: 'release'; readonly which: number; readonly times: number }
  | { readonly do: 'abort'; readonly which: number }
  | { readonly do: 'edit'; readonly which: number; readonly change: Partial<Account> }
  | { readonly do: 'remove'; readonly which: number }
  | { readonly do: 'tick'; readonly by: number }
  | { readonly do: 'reload'; readonly selection: Selection }
  | { readonly do: 'crash' }

const limit = fc.integer({ min: -1, max: 3 })
const which = fc.nat(30)
const credits = fc.constantFrom(null, 0, 5, 10, 25)
const hold = fc.record({ model: fc.constantFrom(...MODELS), until: fc.nat(5) }).map(({ model, until }) => ({
  [model]: { state: 'quota_spent' as const, reason: '', since: 0, until },
}))
const change: fc.Arbitrary<Partial<Account>> = fc.oneof(
  limit.map(imageConcurrency => ({ imageConcurrency })),
  limit.map(videoConcurrency => ({ videoConcurrency })),
  fc.boolean().map(imageEnabled => ({ imageEnabled })),
  fc.constantFrom<Partial<Account>>(
    { state: 'disabled', stateUntil: null },
    { state: 'needs_session', stateUntil: null },
    { state: 'ready', stateUntil: null },
  ),
  fc.nat(5).map(stateUntil => ({ state: 'cooling' as const, stateUntil, consecutiveThrottles: 1 })),
  fc.constant({ consecutiveThrottles: 0 }),
  fc.nat(9).map(accessExpiresAt => ({ access: 'a', accessExpiresAt: accessExpiresAt + 300_000 })),
  credits.map(left => ({ credits: left })),
  hold.map(heldModels => ({ heldModels })),
)
const ask = fc.record({
  do: fc.constant('ask' as const),
  kind: fc.constantFrom(...KINDS),
  model: fc.constantFrom(...MODELS),
  caller: fc.constantFrom('one', 'one', 'one', 'two', 'three'),
  credits: fc.constantFrom(0, 0, 5, 10),
  patienceMs: fc.constantFrom(0, 3),
  tier: fc.constantFrom(undefined, undefined, ...TIERS),
  only: fc.oneof(
    { weight: 5, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 4 }) },
  ),
  exclude: fc.oneof(
    { weight: 5, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.tuple(fc.integer({ min: 1, max: 4 })) },
  ),
})
/** Many of the same, so that there are queues. */
const plainAsk = fc.constantFrom('one', 'one', 'two', 'three').map(
  (caller): Ask => ({
    do: 'ask',
    kind: 'image',
    model: 'm',
    caller,
    credits: 0,
    patienceMs: 0,
    tier: undefined,
    only: undefined,
    exclude: [],
  }),
)
const release = fc.record({ do: fc.constant('release' as const), which, times: fc.integer({ min: 1, max: 2 }) })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: ask },
  { weight: 4, arbitrary: plainAsk },
  { weight: 4, arbitrary: release },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('abort' as const), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('edit' as const), which, change }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('tick' as const), by: fc.integer({ min: 1, max: 3 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('reload' as const),
      selection: fc.constantFrom<Selection>('least_loaded', 'round_robin'),
    }),
  },
)
const rareStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 24, arbitrary: step },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), which }) },
  { weight: 1, arbitrary: fc.constant({ do: 'crash' as const }) },
)
const accounts = fc
  .array(fc.record({ tier: fc.constantFrom(...TIERS), imageConcurrency: limit, videoConcurrency: limit, credits }), {
    minLength: 1,
    maxLength: 4,
  })
  .map(list => list.map((one, index) => unusedAccount(index + 1, one)))

/** Lets every promise that could settle do so. */
const settle = () => new Promise(resolve => setImmediate(resolve))

async function perform(world: World, one: Step): Promise<void> {
  switch (one.do) {
    case 'ask':
      return world.ask(one)
    case 'release': {
      const held = world.leases
      const picked = held[one.which % Math.max(1, held.length)]
      for (let i = 0; picked && i < one.times; i++) await picked.lease[Symbol.asyncDispose]()
      if (picked) picked.waiting.outcome = 'released'
      return
    }
    case 'abort':
      return world.asked[one.which % Math.max(1, world.asked.length)]?.abort.abort()
    case 'edit':
      return world.edit(one.which, one.change)
    case 'remove': {
      const ids = [...world.ledger.accounts.keys()]
      world.ledger.seating.remove(ids[one.which % Math.max(1, ids.length)] ?? 0)
      return world.ledger.queue.pump()
    }
    case 'tick':
      world.now += one.by
      // As waking accounts does.
      return world.ledger.tick()
    case 'reload':
      return world.reload(one.selection)
    case 'crash':
      return world.crash()
  }
}

describe('random schedules', () => {
  test(
    'limits hold, no place is lost, nobody waits beside a free place, callers take turns',
    () =>
      fc.assert(
        fc.asyncProperty(
          accounts,
          fc.array(rareStep, { minLength: 10, maxLength: 60, size: 'max' }),
          async (start, steps) => {
            const world = new World(start)
            for (const one of steps) {
              const before = new Map(start.map(({ id }) => [id, world.ledger.seating.inFlight(id)]))
              await perform(world, one)
              await settle()
              check(world, before, one)
            }
            // Everybody gives back: nothing is left in use.
            for (let round = 0; world.leases.length > 0; round++) {
              expect(round).toBeLessThan(1000)
              for (const { waiting, lease } of world.leases) {
                await lease[Symbol.asyncDispose]()
                waiting.outcome = 'released'
              }
              await settle()
            }
            for (const { id } of start)
              expect(world.ledger.seating.inFlight(id)).toEqual({ image: 0, video: 0, reserved: 0 })
            for (const waiting of world.asked) waiting.abort.abort()
            expect(world.ledger.queue.size).toBe(0)
          },
        ),
        { numRuns: 300 },
      ),
    60_000,
  )
})

type InFlight = ReturnType<Ledger['seating']['inFlight']>

function check(world: World, before: ReadonlyMap<number, InFlight>, step: Step): void {
  const held = world.leases
  for (const [id, used] of before) {
    const now = world.ledger.seating.inFlight(id)
    const there = held.filter(({ lease }) => lease.accountId === id)
    // What is counted is what is held.
    for (const kind of KINDS) expect(now[kind]).toBe(there.filter(({ waiting }) => waiting.ask.kind === kind).length)
    expect(now.reserved).toBe(there.reduce((sum, { waiting }) => sum + waiting.ask.credits, 0))
    const account = world.ledger.accounts.get(id)
    // What was adopted may be more than would be given away.
    if (!account || step.do === 'crash') continue
    // A limit that was lowered under running work gives nothing new away, and takes nothing back.
    for (const kind of KINDS) if (now[kind] > used[kind]) expect(now[kind]).toBeLessThanOrEqual(limitOf(account, kind))
    if (now.reserved > used.reserved) expect(now.reserved).toBeLessThanOrEqual(account.credits ?? 1e9)
    // One unit at a time tries an account that was throttled.
    expect(world.ledger.seating.use(id).probes).toBeLessThanOrEqual(1)
  }
  for (const { waiting, lease } of held)
    if (waiting.ask.only !== undefined) expect(lease.accountId).toBe(waiting.ask.only)
  checkOrder(world)
  const last = world.asked.at(-1)
  // Who was told at once that there is nothing has nothing to wait for.
  if (step.do === 'ask' && last && typeof last.outcome === 'string')
    expect(fitting(world, last.ask, true).map(({ id }) => id)).toEqual([])
  const waiting = world.asked.filter(({ outcome }) => outcome === undefined)
  expect(waiting.length).toBe(world.ledger.queue.size)
  // Nothing that it could have is free.
  for (const one of waiting) expect(fitting(world, one.ask, false).map(({ id }) => id)).toEqual([])
}

function checkOrder(world: World): void {
  for (const one of world.asked) {
    const alike = world.served.filter(number => world.asked[number]?.key === one.key)
    const mine = alike.filter(number => world.asked[number]?.ask.caller === one.ask.caller)
    // Pieces of one caller that want the same come in the order in which they were asked for.
    expect(mine).toEqual([...mine].sort((a, b) => a - b))
    if (one.outcome !== undefined) continue
    expect(mine.filter(number => number > one.number)).toEqual([])
    // Of another caller, later ones overtake it only where others of its own caller stand before it.
    for (const other of ['one', 'two', 'three'].filter(caller => caller !== one.ask.caller)) {
      const later = alike.filter(number => number > one.number && world.asked[number]?.ask.caller === other)
      expect(later.length).toBeLessThanOrEqual(one.ahead)
    }
  }
}

/** Accounts that could serve, by the plainest reading; `later`: also those that will be free or back in time. */
function fitting(world: World, ask: Ask, later: boolean): readonly Account[] {
  return [...world.ledger.accounts.values()].filter(account => {
    const { id, credits: has } = account
    const use = world.ledger.seating.inFlight(id)
    const state = stateAt(account, world.now)
    const soon = state === 'cooling' && (account.stateUntil ?? 0) - world.now <= ask.patienceMs
    const may =
      (state === 'ready' || (later && soon)) &&
      limitOf(account, ask.kind) > 0 &&
      (ask.tier !== 'pro' || account.tier === 'pro') &&
      (ask.only === undefined || ask.only === id) &&
      !ask.exclude.includes(id) &&
      !heldAt(account, world.now).includes(ask.model) &&
      (ask.credits === 0 || (has ?? 1e9) >= ask.credits)
    if (!may || later) return may
    const tried = onProbation(account) && world.ledger.seating.use(id).probes > 0
    const affordable = ask.credits === 0 || (has ?? 1e9) - use.reserved >= ask.credits
    return use[ask.kind] < limitOf(account, ask.kind) && affordable && !tried
  })
}
