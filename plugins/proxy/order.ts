/** Which ways out a request may take, in order. Pure. */
import type { ProxyAddress } from './address.ts'

export interface Settings {
  readonly enabled: boolean
  /** `proxy_url`. */
  readonly main: ProxyAddress | undefined
  readonly pool: readonly ProxyAddress[]
  readonly fallback: 'direct' | 'none'
}

export interface Want {
  /** The account's own proxy. */
  readonly own: ProxyAddress | undefined
  /** What keeps its place in the pool: the account, or a turn. */
  readonly stickTo: string
}

export interface Ways {
  /** Healthy ones in order; behind them, only where nothing else is allowed, those that cool, the soonest back first. */
  readonly proxies: readonly { readonly address: ProxyAddress; readonly cooling: boolean }[]
  /** What is done where no proxy serves. */
  readonly last: 'direct' | 'closed'
}

export function waysOut(want: Want, settings: Settings, coolingUntil: (proxy: string) => number): Ways {
  const { enabled, main, pool, fallback } = settings
  const general = enabled ? [main, ...rendezvous(want.stickTo, pool)] : []
  const wanted = [want.own, ...general].filter(address => address !== undefined)
  const unique = [...new Map(wanted.map(address => [address.url, address])).values()]
  const rated = unique.map(address => ({ address, until: coolingUntil(address.url) }))
  const healthy = rated.filter(({ until }) => until === 0).map(({ address }) => ({ address, cooling: false }))
  if (unique.length === 0 && !enabled) return { proxies: [], last: 'direct' }
  if (fallback === 'direct') return { proxies: healthy, last: 'direct' }
  const cooling = rated.filter(({ until }) => until > 0).sort((a, b) => a.until - b.until)
  return { proxies: [...healthy, ...cooling.map(({ address }) => ({ address, cooling: true }))], last: 'closed' }
}

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
