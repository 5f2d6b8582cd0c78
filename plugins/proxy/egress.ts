/** Routes and their `fetch`: tries the ways out in order and keeps the books on the proxies. */
import { domainFault, type EgressFault, type EgressWant, type Route, type UpstreamCall } from 'flow2api/contracts'
import { type Clock, err, type Logger, ok, type Result, ResultAsync } from 'flow2api/plugin'
import { type ProxyAddress, parseProxy } from './address.ts'
import { type Bridge, goCarefully, goDirect, goThrough } from './attempt.ts'
import { dial } from './dial.ts'
import type { ProxyHealth } from './health.ts'
import { type Exit, type Journal, nameOf, type Traveller } from './journal.ts'
import { type Settings, type Way, type Ways, waysOut } from './order.ts'
import { abortFault, codeOf, type Failure, proxyVerdict, unreachable } from './outcome.ts'
import { pinned } from './pin.ts'
import type { Roster } from './roster.ts'

export interface World {
  readonly settings: Settings
  readonly health: ProxyHealth
  readonly journal: Journal
  readonly roster: Pick<Roster, 'seen'>
  readonly bridge: Bridge
  readonly clock: Clock
  readonly log: Logger
  /** Ends what goes on behind a request's back. */
  readonly signal: AbortSignal
  /** Told of each attempt. */
  called?(call: UpstreamCall): void
}

interface Trip extends Traveller {
  readonly own: ProxyAddress | undefined
  readonly stickTo: string
  /** Somebody outside chose the target: what goes wrong there says nothing about a proxy. */
  readonly foreign: boolean
}

export class EgressService {
  constructor(private readonly world: World) {}

  /**
   * The ways are looked up anew for each request, so that a route that is held for long leaves a proxy that fails.
   */
  route({ accountId, proxyUrl, purpose = 'api' }: EgressWant): Route {
    const read = proxyUrl ? parseProxy(proxyUrl) : undefined
    if (read?.isErr()) {
      const fault: EgressFault = {
        ...domainFault('proxy_unreachable', `The account's own proxy cannot be used: ${read.error}`),
        unsent: true,
      }
      return { fetch: () => new ResultAsync(Promise.resolve(err(fault))), describe: 'none (unreadable proxy address)' }
    }
    const own = read?.unwrapOr(undefined)
    if (accountId !== undefined) this.world.roster.seen(accountId, own)
    const stickTo = accountId === undefined ? this.#turn() : `account ${accountId}`
    const trip: Trip = { accountId, purpose, own, stickTo, foreign: false }
    const ways = () => this.#ways(trip)
    return {
      fetch: (url, init) => new ResultAsync(this.#fetch(trip, url, init ?? {})),
      get describe() {
        const { proxies, last } = ways()
        return proxies[0]?.address.masked ?? (last === 'direct' ? 'direct' : 'none (no proxy to use)')
      },
    }
  }

  /**
   * As a route of no account, for a target that somebody else chose. Direct connections go to `addresses`, the next
   * where one takes none; undefined: wherever the name leads.
   */
  fetchPinned(url: URL, init: RequestInit, addresses?: readonly string[]): ResultAsync<Response, EgressFault> {
    const trip: Trip = { accountId: undefined, purpose: 'api', own: undefined, stickTo: this.#turn(), foreign: true }
    return new ResultAsync(this.#fetch(trip, url, init, addresses))
  }

  #turn(): string {
    return `turn ${this.world.journal.nextTurn()}`
  }

  #ways(trip: Trip): Ways {
    const { clock, health, settings } = this.world
    const now = clock.now()
    return waysOut(trip, settings, proxy => health.condition(proxy, now))
  }

  async #fetch(
    trip: Trip,
    url: string | URL,
    init: RequestInit,
    addresses?: readonly string[],
  ): Promise<Result<Response, EgressFault>> {
    const { health, clock, journal, log } = this.world
    const target = URL.parse(url)
    if (target?.protocol !== 'http:' && target?.protocol !== 'https:')
      return err({
        ...domainFault('upstream_unreachable', 'Only http and https addresses can be fetched.', { retry: 'never' }),
        unsent: true,
      })
    const early = abortFault(init.signal)
    if (early) return err({ ...early, unsent: true })
    const { proxies, last } = this.#ways(trip)
    const turn = journal.nextTurn()
    let failed: EgressFault | undefined
    for (const way of proxies) {
      const { address, condition } = way
      // One request finds out for all; the others go on as before, where there is another way.
      const probing = condition === 'half_open' && health.claim(address.url, clock.now())
      if (condition === 'half_open' && !probing && last === 'direct') continue
      const began = clock.now()
      const tell = this.#teller(trip, target, init, address.masked)
      const attempt = await this.#try(way, target, init)
      tell(attempt.mapErr(({ fault }) => fault))
      if (attempt.isOk()) {
        if (health.succeeded(address.url, clock.now(), began)) log.info({ proxy: address.masked }, 'proxy works again')
        this.#took(trip, address, turn, failed)
        return ok(attempt.value)
      }
      const { fault, unsent } = attempt.error
      if (probing) health.release(address.url)
      this.#note(address, attempt.error, trip.foreign)
      failed = { ...fault, ...(unsent ? { unsent: true } : {}) }
      if (!unsent) this.#took(trip, address, turn, undefined)
      if (!unsent || readOnce(init.body)) return err(failed)
    }
    if (last === 'closed') {
      journal.requests.refused++
      return err(failed ?? { ...domainFault('proxy_unreachable', NOTHING_TO_USE), unsent: true })
    }
    this.#took(trip, 'direct', turn, failed)
    return direct(target, init, addresses, () => this.#teller(trip, target, init, 'direct'))
  }

  /** Begins the account of one attempt; to be called with how it went. */
  #teller({ accountId }: Trip, target: URL, request: RequestInit, route: string): Tell {
    const began = performance.now()
    return answer =>
      this.world.called?.({
        method: request.method ?? 'GET',
        url: target.href,
        route,
        accountId: accountId ?? null,
        durationMs: performance.now() - began,
        request,
        response: answer.unwrapOr(null),
        fault: answer.isErr() ? answer.error : null,
      })
  }

  #try({ address, condition }: Way, target: URL, init: RequestInit) {
    const go = condition === 'up' ? goThrough : goCarefully
    return go(this.world.bridge, address, target, init)
  }

  /** Notes which way a request took, and says so where it is another one than before. */
  #took(trip: Trip, exit: Exit, turn: number, failed: EgressFault | undefined): void {
    const { journal, log } = this.world
    const before = journal.took(trip, exit, turn)
    if (before === undefined) return
    const { accountId, purpose } = trip
    const because = failed?.code ?? this.#reason(before)
    const details = {
      ...(accountId !== undefined && { account: accountId }),
      purpose,
      from: nameOf(before),
      to: nameOf(exit),
      ...(because !== undefined && { because }),
    }
    if (exit === 'direct') log.warn(details, 'route changed: requests go out directly now')
    else log.info(details, 'route changed')
  }

  /** Why a way is not taken any more; undefined where nothing is wrong with it: a reload, or a better one is back. */
  #reason(before: Exit): string | undefined {
    if (before === 'direct') return undefined
    const standing = this.world.health.standing(before.url, this.world.clock.now())
    return standing && standing.state !== 'up' ? standing.lastError?.code : undefined
  }

  #note(address: ProxyAddress, failure: Failure, foreign: boolean): void {
    const verdict = proxyVerdict(failure, foreign)
    if (verdict === 'none') return
    if (verdict === 'ask') return void this.#ask(address)
    const { health, journal, log, clock } = this.world
    const { code, message, cause } = failure.fault
    const known = health.condition(address.url, clock.now()).state === 'cooling'
    const cooldownMs = health.failed(address.url, verdict, clock.now(), { code, message })
    journal.failed(code)
    const details = { proxy: address.masked, code, cause: codeOf(cause) }
    if (cooldownMs === 0) log.warn(details, 'proxy failed')
    else if (!known) log.warn({ ...details, cooldownMs }, 'proxy failed and is left out for a while')
  }

  /** A failure may be the target's or the proxy's. Never rejects. */
  async #ask(address: ProxyAddress): Promise<void> {
    const cause = await dial(address, this.world.signal)
    if (cause && !this.world.signal.aborted)
      this.#note(address, { fault: unreachable(address, cause), unsent: false, proxy: 'hard' }, false)
  }
}

const NOTHING_TO_USE =
  '[proxy] fallback is "none" and no proxy is configured for this request. Set proxy_url or pool, or give the account a proxy.'

type Tell = (answer: Result<Response, EgressFault>) => void

async function direct(
  target: URL,
  init: RequestInit,
  addresses: readonly string[] | undefined,
  teller: () => Tell,
): Promise<Result<Response, EgressFault>> {
  const [first = { url: target, init }, ...others] = (addresses ?? []).map(one => pinned(target, init, one))
  const go = async (way: typeof first) => {
    const tell = teller()
    const answer = await goDirect(target, way)
    tell(answer)
    return answer
  }
  let answer = await go(first)
  for (const other of others) {
    if (answer.isOk() || !answer.error.unsent || readOnce(init.body)) break
    answer = await go(other)
  }
  return answer
}

/** Streams and generators: what has been read of them is gone. */
const readOnce = (body: RequestInit['body']): boolean =>
  typeof body === 'object' && body !== null && Symbol.asyncIterator in body
