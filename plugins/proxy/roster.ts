/** Every proxy there is, by the name that operators know it under. */
import type { ProxyAddress } from './address.ts'
import type { Settings } from './order.ts'

export type ProxyRole = 'main' | 'media' | 'pool' | 'account'

export interface NamedProxy {
  /** Where it is configured: `proxy_url`, `media_proxy_url`, `pool[0]`, `account 7`. */
  readonly name: string
  readonly role: ProxyRole
  readonly address: ProxyAddress
  /** False while `proxy_enabled` keeps it out. */
  readonly enabled: boolean
}

/** The accounts' own proxies, as they were used last. For all generations. */
export type OwnProxies = Map<number, ProxyAddress>

export class Roster {
  constructor(
    private readonly settings: Settings,
    private readonly own: OwnProxies,
  ) {}

  /** An account asked for its way out. */
  seen(accountId: number, proxy: ProxyAddress | undefined): void {
    if (!proxy) this.own.delete(accountId)
    else if (this.own.get(accountId)?.url !== proxy.url) this.own.set(accountId, proxy)
  }

  forget(accountId: number): void {
    this.own.delete(accountId)
  }

  /** The configured ones, then those of accounts that were used since the start. */
  all(): NamedProxy[] {
    const { enabled, main, media, pool } = this.settings
    const configured: (NamedProxy | undefined)[] = [
      main && { name: 'proxy_url', role: 'main', address: main, enabled },
      media && { name: 'media_proxy_url', role: 'media', address: media, enabled },
      ...pool.map((address, at): NamedProxy => ({ name: `pool[${at}]`, role: 'pool', address, enabled })),
    ]
    const accounts = [...this.own]
      .sort(([a], [b]) => a - b)
      .map(([id, address]): NamedProxy => ({ name: `account ${id}`, role: 'account', address, enabled: true }))
    return [...configured.filter(proxy => proxy !== undefined), ...accounts]
  }

  find(name: string): NamedProxy | undefined {
    return this.all().find(proxy => proxy.name === name)
  }
}
