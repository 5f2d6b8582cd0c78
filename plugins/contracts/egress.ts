/** The way out: which proxy a request takes. Provided by `proxy`. */
import { defineCapability, defineEvent, type Fault, type Result, type ResultAsync } from 'flow2api/plugin'

export interface EgressWant {
  /** Sticky key: requests of one account keep their route while it is healthy. */
  readonly accountId?: number
  /** The account's own proxy. It comes before every other but that for media, also when `proxy_enabled` is off. */
  readonly proxyUrl?: string
  /** `media`: downloads of pictures and videos, which may have a proxy of their own. Default: `api`. */
  readonly purpose?: 'api' | 'media'
}

/** A proxy address that was understood. */
export interface ProxyName {
  /** Canonical, with the password: to be stored sealed, and given as `proxyUrl`. */
  readonly url: string
  /** The same with the password masked: for people. */
  readonly masked: string
}

/** Why a request brought no answer. */
export interface EgressFault extends Fault {
  /**
   * True where it is certain that nothing of the request reached the upstream: then even a paid call may be repeated.
   * Absent: it may have arrived.
   */
  readonly unsent?: true
}

/**
 * A request through the chosen route. Never rejects. Errors: `proxy_unreachable`, `proxy_refused` (blame `proxy`),
 * `upstream_unreachable`, `upstream_timeout` (the signal's time-out; blame `upstream`), `cancelled` (any other abort).
 * An answer with an error status is an answer. `redirect: 'manual'` is honoured.
 */
export type EgressFetch = (url: string | URL, init?: RequestInit) => ResultAsync<Response, EgressFault>

export interface Route {
  readonly fetch: EgressFetch
  /** `direct`, or the proxy with its password masked. */
  readonly describe: string
}

export interface Egress {
  /**
   * Order: `media_proxy_url` for media, the account's own proxy, `proxy_url`, a healthy one of `pool`, then what
   * `fallback` says.
   */
  route(want: EgressWant): Route
  /** Reads a proxy in any accepted notation. Error: `invalid_value`, which does not repeat what was written. */
  parse(text: string): Result<ProxyName, Fault>
}

export const Egress = defineCapability<Egress>('egress', 1)

/** One attempt to reach an upstream, once its answer began or it was given up. Told by `proxy`, for whoever watches. */
export interface UpstreamCall {
  readonly method: string
  readonly url: string
  /** `direct`, or the proxy with its password masked. */
  readonly route: string
  readonly accountId: number | null
  /** Until the head of the answer, or the end of the attempt. */
  readonly durationMs: number
  /** As it was sent. Holds secrets: to be masked before it is shown. */
  readonly request: RequestInit
  /** Its body belongs to whoever asked: it may be cloned while this is told, and not be read. */
  readonly response: Response | null
  readonly fault: EgressFault | null
}

export const UpstreamCalled = defineEvent<UpstreamCall>('egress.called')
