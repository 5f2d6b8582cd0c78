import { describe, expect, test } from 'bun:test'
import {
  type BusRecord,
  defineCapability,
  defineEvent,
  errAsync,
  type Fault,
  fault,
  okAsync,
  ResultAsync,
} from 'flow2api/plugin'
import { Bus, type Party } from '../../kernel/bus.ts'
import { FaultError } from '../../kernel/fault.ts'

interface Shop {
  buy(what: string): ResultAsync<string, Fault>
  now(): string
  later(): Promise<string>
  explode(): string
  rot(): ResultAsync<string, Fault>
  optional?(): void
}
const Shop = defineCapability<Shop>('shop', 1)
const Rang = defineEvent<number>('rang')

function party(id: string, live = true) {
  const holds = new Set<string>()
  const failures: string[] = []
  const self: Party = {
    id,
    generation: 1,
    live,
    hold: label => {
      holds.add(label())
      return () => void holds.delete(label())
    },
    enter: ({ label }) => void holds.add(label),
    leave: ({ label }) => void holds.delete(label),
    failed: (where, cause) => void failures.push(`${where}: ${cause instanceof Error ? cause.message : cause}`),
  }
  return { self, holds, failures }
}

const shop: Shop = {
  buy: what =>
    what === 'no' ? errAsync(fault('sold_out', 'Sold out.', { blame: 'upstream', retry: 'later' })) : okAsync(what),
  now: () => 'now',
  later: () => new Promise(resolve => setTimeout(resolve, 1, 'later')),
  explode: () => {
    throw new Error('boom')
  },
  rot: () => ResultAsync.fromSafePromise(Promise.reject(new Error('rotten'))),
}

function asking() {
  const bus = new Bus()
  const owner = party('shop')
  const consumer = party('client')
  let service: Shop | undefined = shop
  const handle = bus.handle(consumer.self, Shop, () => service && { owner: owner.self, service })
  return { bus, owner, consumer, handle, replace: (next: Shop | undefined) => (service = next) }
}

describe('ask', () => {
  test('passes answers and faults through and holds the owner meanwhile', async () => {
    const { handle, owner } = asking()
    const pending = handle.buy('tea')
    expect([...owner.holds]).toEqual(['shop.buy for client'])
    expect((await pending)._unsafeUnwrap()).toBe('tea')
    expect(owner.holds.size).toBe(0)
    expect((await handle.buy('no'))._unsafeUnwrapErr().code).toBe('sold_out')
    expect(handle.now()).toBe('now')
    const later = handle.later()
    expect(owner.holds.size).toBe(1)
    expect(await later).toBe('later')
    expect(owner.holds.size).toBe(0)
  })

  test('each call goes to the provider of that moment', async () => {
    const { handle, replace } = asking()
    const { buy } = handle
    replace({ ...shop, buy: what => okAsync(`${what} 2`) })
    expect((await buy('tea'))._unsafeUnwrap()).toBe('tea 2')
    replace(undefined)
    expect(() => buy('tea')).toThrow('shop@1, which "client" asks, is not provided any more')
  })

  test('a bug in the provider is a fault that names plugin and method', async () => {
    const { handle, owner } = asking()
    expect(() => handle.explode()).toThrow('Plugin "shop" failed in shop@1.explode: boom')
    const rotten = (await handle.rot())._unsafeUnwrapErr()
    expect(rotten).toMatchObject({ code: 'plugin_bug', blame: 'gateway' })
    expect(rotten.message).toContain('rotten')
    expect(owner.holds.size).toBe(0)
  })

  test('an absent method reads as absent, and a handle is no promise', async () => {
    const { handle } = asking()
    expect(handle.optional).toBeUndefined()
    expect(await Promise.resolve(handle)).toBe(handle)
  })

  test('a pinned handle stays with its provider', async () => {
    const { bus, handle, replace, owner } = asking()
    const pinned = bus.pin(handle)
    expect(pinned.owner).toBe(owner.self)
    replace({ ...shop, now: () => 'after' })
    expect(pinned.handle.now()).toBe('now')
    expect(handle.now()).toBe('after')
    expect(() => bus.pin({} as typeof handle)).toThrow(FaultError)
  })
})

describe('tell', () => {
  test('isolates listeners from each other and from the teller', async () => {
    const bus = new Bus()
    const [bad, good] = [party('bad'), party('good')]
    const heard: number[] = []
    bus.on(bad.self, Rang, () => {
      throw new Error('deaf')
    })
    bus.on(bad.self, Rang, async () => {
      throw new Error('slowly deaf')
    })
    const off = bus.on(good.self, Rang, n => void heard.push(n))
    bus.emit(good.self, Rang, 1)
    off()
    bus.emit(good.self, Rang, 2)
    await Promise.resolve()
    expect(heard).toEqual([1])
    expect(bad.failures).toEqual(
      [
        'listening to rang: deaf',
        'listening to rang: deaf',
        'listening to rang: slowly deaf',
        'listening to rang: slowly deaf',
      ].toSorted(),
    )
    expect(bad.holds.size).toBe(0)
  })

  test('only live parties hear; a running listener is in flight', async () => {
    const bus = new Bus()
    const [staged, live] = [party('staged', false), party('live')]
    const done = Promise.withResolvers<void>()
    bus.on(staged.self, Rang, () => expect.unreachable())
    bus.on(live.self, Rang, () => done.promise)
    bus.emit(live.self, Rang, 1)
    expect([...live.holds]).toEqual(['rang from live'])
    done.resolve()
    await done.promise
    await Promise.resolve()
    expect(live.holds.size).toBe(0)
  })
})

describe('taps', () => {
  test('see who asked whom for what and how it ended, and cannot disturb', async () => {
    const { bus, handle } = asking()
    const seen: BusRecord[] = []
    const untap = bus.tap({ bus: record => void seen.push(record) })
    bus.tap({
      bus: () => {
        throw new Error('a clumsy tap')
      },
    })
    await handle.buy('tea')
    await handle.buy('no')
    untap()
    await handle.buy('unseen')
    expect(seen.map(({ from, to, ref, method, args, outcome }) => [from, to, ref, method, args[0], outcome])).toEqual([
      ['client', 'shop', 'shop', 'buy', 'tea', 'ok'],
      ['client', 'shop', 'shop', 'buy', 'no', 'fault'],
    ])
  })
})
