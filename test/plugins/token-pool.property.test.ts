import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { AccountPool, Lease, MediaKind } from 'flow2api/contracts'
import { okAsync } from 'flow2api/plugin'
import { type Account, limitOf } from '../../plugins/token-pool/account.ts'
import { type Backend, Ledger } from '../../plugins/token-pool/ledger.ts'
import { Pool } from '../../plugins/token-pool/pool.ts'

/**
 * Random schedules over ledger, choice and queue. The pool is never asked to explain itself: after each step the world
 * is compared with what was promised.
 */
const KINDS = ['image', 'video'] as const
const TIERS = ['free', 'pro'] as const

interface Waiting {
  readonly number: number
  readonly key: string
  readonly only: number | undefined
  readonly kind: MediaKind
  readonly abort: AbortController
  outcome: Lease | string | undefined
}

const blank: Omit<Account, 'id' | 'tier' | 'imageConcurrency' | 'videoConcurrency'> = {
  provider: 'flow',
  email: '',
  name: '',
  remark: '',
  secret: 's',
  access: null,
  accessExpiresAt: null,
  attributes: {},
  credits: null,
  creditsAt: null,
  imageEnabled: true,
  videoEnabled: true,
  proxyUrl: null,
  state: 'ready',
  stateReason: '',
  stateSince: 0,
  stateUntil: null,
  images: 0,
  videos: 0,
  errors: 0,
  consecutiveErrors: 0,
  consecutiveThrottles: 0,
  lastUsedAt: null,
  createdAt: 0,
}

class World {
  now = 0
  readonly ledger: Ledger
  pool: AccountPool
  #backend: Backend
  readonly asked: Waiting[] = []
  /** Numbers in the order in which they were served. */
  readonly served: number[] = []
  adopted = 0

  constructor(accounts: readonly Account[]) {
    this.ledger = new Ledger(accounts)
    this.#backend = this.#newBackend()
    this.ledger.attach(this.#backend)
    this.pool = new Pool(this.ledger)
  }

  #newBackend(): Backend {
    const session = () => okAsync({ id: 0, secret: '', access: '', tier: '', attributes: {} })
    return { now: () => this.now, tiers: () => TIERS, session, renew: session, report: () => {} }
  }

  /** A successor takes over; then the old instance goes. */
  reload(): void {
    const old = this.#backend
    this.#backend = this.#newBackend()
    this.ledger.attach(this.#backend)
    this.ledger.detach(old)
    this.pool = new Pool(this.ledger)
  }

  ask({ kind, tier, exclude, only }: Ask): void {
    const number = this.asked.length
    const abort = new AbortController()
    const key = `${kind} ${tier} ${exclude} ${only}`
    const waiting: Waiting = { number, key, only, kind, abort, outcome: undefined }
    this.asked.push(waiting)
    void this.pool
      .acquire({
        provider: 'flow',
        kind,
        model: 'm',
        exclude,
        signal: abort.signal,
        ...(tier !== undefined && { tier }),
        ...(only !== undefined && { only }),
      })
      .match(
        lease => {
          waiting.outcome = lease
          this.served.push(number)
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
    this.ledger.accounts.set(account.id, { ...account, ...change })
    this.ledger.queue.pump()
  }
}

interface Ask {
  readonly do: 'ask'
  readonly kind: MediaKind
  readonly tier: string | undefined
  readonly only: number | undefined
  readonly exclude: readonly number[]
}

type Step =
  | Ask
  | { readonly do: 'release'; readonly which: number; readonly times: number }
  | { readonly do: 'abort'; readonly which: number }
  | { readonly do: 'edit'; readonly which: number; readonly change: Partial<Account> }
  | { readonly do: 'remove'; readonly which: number }
  | { readonly do: 'tick'; readonly by: number }
  | { readonly do: 'reload' }

const limit = fc.integer({ min: -1, max: 3 })
const which = fc.nat(30)
const change: fc.Arbitrary<Partial<Account>> = fc.oneof(
  limit.map(imageConcurrency => ({ imageConcurrency })),
  limit.map(videoConcurrency => ({ videoConcurrency })),
  fc.boolean().map(imageEnabled => ({ imageEnabled })),
  fc.constantFrom<Partial<Account>>(
    { state: 'disabled', stateUntil: null },
    { state: 'needs_session', stateUntil: null },
    { state: 'ready', stateUntil: null },
  ),
  fc.nat(5).map(stateUntil => ({ state: 'cooling' as const, stateUntil })),
)
const ask = fc.record({
  do: fc.constant('ask' as const),
  kind: fc.constantFrom(...KINDS),
  tier: fc.constantFrom(undefined, undefined, ...TIERS),
  only: fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 4 }) },
  ),
  exclude: fc.oneof(
    { weight: 4, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.tuple(fc.integer({ min: 1, max: 4 })) },
  ),
})
const release = fc.record({ do: fc.constant('release' as const), which, times: fc.integer({ min: 1, max: 2 }) })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: ask },
  { weight: 4, arbitrary: release },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('abort' as const), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('edit' as const), which, change }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('tick' as const), by: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'reload' as const }) },
)
const rareStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: step },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), which }) },
)
const accounts = fc
  .array(fc.record({ tier: fc.constantFrom(...TIERS), imageConcurrency: limit, videoConcurrency: limit }), {
    minLength: 1,
    maxLength: 4,
  })
  .map(list => list.map((one, index): Account => ({ ...blank, ...one, id: index + 1 })))

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
      world.ledger.accounts.delete(ids[one.which % Math.max(1, ids.length)] ?? 0)
      return world.ledger.queue.pump()
    }
    case 'tick':
      world.now += one.by
      // As waking accounts does.
      return world.ledger.queue.pump()
    case 'reload':
      return world.reload()
  }
}

describe('random schedules', () => {
  test(
    'limits hold, no place is lost, nobody is overtaken by an equal, nobody waits beside a free place',
    () =>
      fc.assert(
        fc.asyncProperty(
          accounts,
          fc.array(rareStep, { minLength: 10, maxLength: 60, size: 'max' }),
          async (start, steps) => {
            const world = new World(start)
            for (const one of steps) {
              const before = new Map(start.map(({ id }) => [id, { ...world.ledger.inFlight(id) }]))
              await perform(world, one)
              await settle()
              check(world, before)
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
            for (const { id } of start) expect(world.ledger.inFlight(id)).toEqual({ image: 0, video: 0 })
            for (const waiting of world.asked) waiting.abort.abort()
            expect(world.ledger.queue.size).toBe(0)
          },
        ),
        { numRuns: 300 },
      ),
    60_000,
  )
})

function check(world: World, before: ReadonlyMap<number, Record<MediaKind, number>>): void {
  const held = world.leases
  for (const kind of KINDS) {
    for (const [id, used] of before) {
      const now = world.ledger.inFlight(id)[kind]
      // What is counted is what is held.
      expect(now).toBe(held.filter(({ waiting, lease }) => waiting.kind === kind && lease.accountId === id).length)
      const account = world.ledger.accounts.get(id)
      // A limit that was lowered under running work gives nothing new away, and takes nothing back.
      if (account && now > used[kind]) expect(now).toBeLessThanOrEqual(limitOf(account, kind))
    }
  }
  for (const { waiting, lease } of held) if (waiting.only !== undefined) expect(lease.accountId).toBe(waiting.only)
  // Equals were served in the order in which they asked.
  const keys = new Set(world.asked.map(({ key }) => key))
  for (const key of keys) {
    const order = world.served.filter(number => world.asked[number]?.key === key)
    expect(order).toEqual([...order].sort((a, b) => a - b))
  }
  const waiting = world.asked.filter(({ outcome }) => outcome === undefined)
  expect(waiting.length).toBe(world.ledger.queue.size)
  for (const one of waiting) {
    // Equals that came later are behind it.
    const overtaken = world.served.filter(number => number > one.number && world.asked[number]?.key === one.key)
    expect(overtaken).toEqual([])
    // Nothing that it could have is free.
    const [kind, tier, exclude] = one.key.split(' ')
    const free = [...world.ledger.accounts.values()].filter(account => {
      const ready = account.state === 'ready' || (account.stateUntil !== null && account.stateUntil <= world.now)
      const enough = tier !== 'pro' || account.tier === 'pro'
      const room = world.ledger.inFlight(account.id)[one.kind] < limitOf(account, one.kind)
      const meant = one.only === undefined || one.only === account.id
      const tried = exclude?.split(',').includes(String(account.id))
      return kind !== undefined && ready && enough && room && meant && !tried
    })
    expect(free.map(({ id }) => id)).toEqual([])
  }
}
