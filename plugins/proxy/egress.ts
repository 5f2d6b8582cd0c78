/** Routes and their `fetch`: tries the ways out in order and keeps the books on the proxies. */
import { domainFault, type EgressFault, type EgressWant, type Route } from 'flow2api/contracts'
import { type Clock, err, type Logger, ok, type Result, ResultAsync } from 'flow2api/plugin'
import { type ProxyAddress, parseProxy } from './address.ts'
import { dial } from './dial.ts'
import type { ProxyHealth } from './health.ts'
import { type Settings, type Ways, waysOut } from './order.ts'
import {
  abortFault,
  codeOf,
  directFault,
  type Failure,
  isBridgeStatus,
  proxiedFailure,
  proxyAuthFailure,
  unreachable,
  upstream,
} from './outcome.ts'
import { pinned } from './pin.ts'
import type { SocksBridge } from './socks-bridge.ts'

export interface World {
  readonly settings: Settings
  readonly health: ProxyHealth
  readonly bridge: Pick<SocksBridge, 'urlFor'>
  readonly clock: Clock
  readonly log: Logger
  /** Ends what goes on behind a request's back. */
  readonly signal: AbortSignal
}

type Attempt = Result<Response, Failure>

export class EgressService {
  constructor(private readonly world: World) {}

  /**
   * The ways are looked up anew for each request, so that a route that is held for long leaves a proxy that fails.
   */
  route(want: EgressWant): Route {
    const own = want.proxyUrl ? parseProxy(want.proxyUrl) : undefined
    const stickTo = want.accountId === undefined ? `turn ${this.world.health.nextTurn()}` : `account ${want.accountId}`
    if (own?.isErr()) {
      const fault: EgressFault = {
        ...domainFault('proxy_unreachable', `The account's own proxy cannot be used: ${own.error}`),
        unsent: true,
      }
      return { fetch: () => new ResultAsync(Promise.resolve(err(fault))), describe: 'none (unreadable proxy address)' }
    }
    const ways = () => this.#ways(own?.unwrapOr(undefined), stickTo)
    return {
      fetch: (url, init) => new ResultAsync(this.#fetch(ways(), url, init ?? {})),
      get describe() {
        const { proxies, last } = ways()
        return proxies[0]?.address.masked ?? (last === 'direct' ? 'direct' : 'none (no proxy to use)')
      },
    }
  }

  /**
   * As a route of no account, but direct connections go to `addresses`, the next where one takes none; undefined:
   * wherever the name leads.
   */
  fetchPinned(url: URL, init: RequestInit, addresses?: readonly string[]): ResultAsync<Response, EgressFault> {
    const ways = this.#ways(undefined, `turn ${this.world.health.nextTurn()}`)
    return new ResultAsync(this.#fetch(ways, url, init, addresses))
  }

  #ways(own: ProxyAddress | undefined, stickTo: string): Ways {
    const now = this.world.clock.now()
    return waysOut({ own, stickTo }, this.world.settings, proxy => this.world.health.coolingUntil(proxy, now))
  }

  async #fetch(
    ways: Ways,
    url: string | URL,
    init: RequestInit,
    addresses?: readonly string[],
  ): Promise<Result<Response, EgressFault>> {
    const target = URL.parse(url)
    if (target?.protocol !== 'http:' && target?.protocol !== 'https:')
      return err({
        ...domainFault('upstream_unreachable', 'Only http and https addresses can be fetched.', { retry: 'never' }),
        unsent: true,
      })
    const early = abortFault(init.signal)
    if (early) return err({ ...early, unsent: true })
    let failed: EgressFault | undefined
    for (const { address, cooling } of ways.proxies) {
      const attempt = cooling ? await this.#probed(address, target, init) : await this.#through(address, target, init)
      if (attempt.isOk()) return ok(attempt.value)
      failed = { ...attempt.error.fault, ...(attempt.error.unsent ? { unsent: true } : {}) }
      this.#note(address, attempt.error)
      if (!attempt.error.unsent || readOnce(init.body)) return err(failed)
    }
    if (ways.last === 'closed')
      return err(failed ?? { ...domainFault('proxy_unreachable', NOTHING_TO_USE), unsent: true })
    const [first = { url: target, init }, ...others] = (addresses ?? []).map(one => pinned(target, init, one))
    let answer = await this.#direct(target, first)
    for (const other of others) {
      if (answer.isOk() || !answer.error.unsent || readOnce(init.body)) break
      answer = await this.#direct(target, other)
    }
    return answer
  }

  async #direct(target: URL, { url, init }: { url: URL; init: RequestInit }): Promise<Result<Response, EgressFault>> {
    try {
      // `false`: also where HTTP_PROXY is set; the way out is what the configuration says.
      return ok(await fetch(url, { ...init, proxy: false, ...idleTimeout(init) }))
    } catch (cause) {
      return err(directFault(cause, target, init.signal))
    }
  }

  /** A proxy that failed a moment ago is dialled first, so that one that swallows connections costs seconds, not minutes. */
  async #probed(address: ProxyAddress, target: URL, init: RequestInit): Promise<Attempt> {
    const cause = await dial(address, init.signal)
    if (cause === undefined) return this.#through(address, target, init)
    const fault = abortFault(init.signal)
    return err({ fault: fault ?? unreachable(address, cause), unsent: !fault, proxy: fault ? 'none' : 'hard' })
  }

  async #through(address: ProxyAddress, target: URL, init: RequestInit): Promise<Attempt> {
    const socks = address.scheme === 'socks5'
    try {
      const url = socks ? await this.world.bridge.urlFor(address) : address.url
      // Without `respectNoProxy: false`, NO_PROXY would send the request directly.
      const proxy = { url, respectNoProxy: false }
      const response = await fetch(target, { ...init, proxy, ...idleTimeout(init) })
      const failure =
        target.protocol === 'http:' ? await this.#answeredByProxy(response, address, target, init) : undefined
      if (failure) return err(failure)
      if (this.world.health.succeeded(address.url)) this.world.log.info({ proxy: address.masked }, 'proxy works again')
      return ok(response)
    } catch (cause) {
      return err(proxiedFailure(cause, target, address, init.signal))
    }
  }

  /** For plain HTTP the proxy answers in the upstream's place; for HTTPS it cannot. */
  async #answeredByProxy(
    response: Response,
    address: ProxyAddress,
    target: URL,
    init: RequestInit,
  ): Promise<Failure | undefined> {
    if (address.scheme !== 'socks5') {
      if (response.status !== 407) return undefined
      await response.body?.cancel()
      return proxyAuthFailure(address)
    }
    if (!isBridgeStatus(response.status)) return undefined
    await response.body?.cancel()
    // The bridge does not say which end failed, nor when.
    const cause = await dial(address, init.signal)
    const down = { fault: unreachable(address, cause), unsent: true, proxy: 'hard' } as const
    return cause ? down : { fault: upstream(undefined, target), unsent: false, proxy: 'soft' }
  }

  #note(address: ProxyAddress, { proxy, fault }: Failure): void {
    if (proxy === 'none') return
    if (proxy === 'ask') return void this.#ask(address)
    const { health, log, clock } = this.world
    const known = health.coolingUntil(address.url, clock.now()) > 0
    const cooldownMs = health.failed(address.url, proxy, clock.now())
    const details = { proxy: address.masked, code: fault.code, cause: codeOf(fault.cause) }
    if (cooldownMs === 0) log.warn(details, 'proxy failed')
    else if (!known) log.warn({ ...details, cooldownMs }, 'proxy failed and is left out for a while')
  }

  /** A time-out may be the upstream's or the proxy's. Never rejects. */
  async #ask(address: ProxyAddress): Promise<void> {
    const cause = await dial(address, this.world.signal)
    if (cause && !this.world.signal.aborted)
      this.#note(address, { fault: unreachable(address, cause), unsent: false, proxy: 'hard' })
  }
}

const NOTHING_TO_USE =
  '[proxy] fallback is "none" and no proxy is configured for this request. Set proxy_url or pool, or give the account a proxy.'

/** Streams and generators: what has been read of them is gone. */
const readOnce = (body: RequestInit['body']): boolean =>
  typeof body === 'object' && body !== null && Symbol.asyncIterator in body

/** Who brings a signal brings the deadline; Bun's own of five minutes without a byte is for those who do not. */
const idleTimeout = (init: RequestInit) => (init.signal ? { timeout: false } : {})
