/** Which ways out a request may take, in order. Pure. */
import type { EgressWant } from 'flow2api/contracts'
import type { ProxyAddress } from './address.ts'
import type { Condition } from './health.ts'

export interface Settings {
  readonly enabled: boolean
  /** `proxy_url`. */
  readonly main: ProxyAddress | undefined
  /** `media_proxy_url`. */
  readonly media: ProxyAddress | undefined
  readonly pool: readonly ProxyAddress[]
  readonly fallback: 'direct' | 'none'
}

export interface Want {
  /** The account's own proxy. */
  readonly own: ProxyAddress | undefined
  readonly purpose: NonNullable<EgressWant['purpose']>
  /** What keeps its place in the pool: the account, or a turn. */
  readonly stickTo: string
}

export interface Way {
  readonly address: ProxyAddress
  readonly condition: Condition['state']
}

export interface Ways {
  /**
   * In order. Those that cool are left out; only where nothing else is allowed they come last, the soonest back first.
   */
  readonly proxies: readonly Way[]
  /** What is done where no proxy serves. */
  readonly last: 'direct' | 'closed'
}

export function waysOut(want: Want, settings: Settings, conditionOf: (proxy: string) => Condition): Ways {
  const { enabled, main, media, pool, fallback } = settings
  const special = enabled && want.purpose === 'media' ? media : undefined
  const general = enabled ? [main, ...rendezvous(want.stickTo, pool)] : []
  const wanted = [special, want.own, ...general].filter(address => address !== undefined)
  const unique = [...new Map(wanted.map(address => [address.url, address])).values()]
  if (unique.length === 0 && !enabled) return { proxies: [], last: 'direct' }
  const rated = unique.map(address => ({ address, ...conditionOf(address.url) }))
  const usable = rated.filter(({ state }) => state !== 'cooling')
  if (fallback === 'direct') return { proxies: usable.map(way), last: 'direct' }
  const cooling = rated.filter(({ state }) => state === 'cooling').sort((a, b) => a.until - b.until)
  return { proxies: [...usable, ...cooling].map(way), last: 'closed' }
}

const way = ({ address, state }: { address: ProxyAddress; state: Condition['state'] }): Way => ({
  address,
  condition: state,
})

/**
 * Rendezvous hashing: each key has an order of preference of its own, and a proxy that leaves or joins moves only the
 * keys that were or will be on it.
 */
export function rendezvous(key: string, pool: readonly ProxyAddress[]): readonly ProxyAddress[] {
  const score = new Map(pool.map(address => [address, Bun.hash.wyhash(`${key}\n${address.url}`)]))
  return pool.toSorted((a, b) => {
    const [x = 0n, y = 0n] = [score.get(a), score.get(b)]
    return x < y ? 1 : x > y ? -1 : 0
  })
}
