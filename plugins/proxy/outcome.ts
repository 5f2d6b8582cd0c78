/** What a failed attempt means: for the caller a fault, for the proxy a failure or none. */
import { domainFault, type EgressFault } from 'flow2api/contracts'
import { type Fault, messageOf } from 'flow2api/plugin'
import type { ProxyAddress } from './address.ts'

export interface Failure {
  readonly fault: Fault
  /** Nothing of the request reached the upstream: another way may be tried without doing anything twice. */
  readonly unsent: boolean
  /**
   * What it says about the proxy. `hard`: it is not there, or does not serve us. `refused`: it would not, or could not,
   * go there. `soft`: a connection broke off. `ask`: nothing yet; see whether it still takes connections.
   */
  readonly proxy: 'hard' | 'refused' | 'soft' | 'ask' | 'none'
}

/** What is held against the proxy. A target that somebody else chose must not be able to put a proxy out of use. */
export function proxyVerdict({ proxy }: Pick<Failure, 'proxy'>, foreign: boolean): 'hard' | 'soft' | 'ask' | 'none' {
  if (proxy === 'refused') return foreign ? 'none' : 'soft'
  return proxy === 'soft' && foreign ? 'ask' : proxy
}

/** Connecting failed, so nothing was sent. */
const NOT_CONNECTED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ConnectionRefused',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'FailedToOpenSocket',
])

/** A TLS handshake failed, which is before any byte of the request. */
const NO_HANDSHAKE = /^(EPROTO|ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_CERT)/

/** What a CONNECT was answered, as Bun words it. The number is the proxy's status. */
const TUNNEL = /open a tunnel: (\d{3}) ?(.*)$/s

export const codeOf = (cause: unknown): string =>
  typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : ''

/** The signal's time-out, or its abort. Undefined while it has not fired. */
export function abortFault(signal: AbortSignal | null | undefined): Fault | undefined {
  if (!signal?.aborted) return undefined
  const { reason } = signal
  if (reason instanceof Error && reason.name === 'TimeoutError')
    return domainFault('upstream_timeout', 'The upstream did not answer in time.', { cause: reason })
  return domainFault('cancelled', 'The request was cancelled.', { cause: reason })
}

/** What `fetch` threw on the direct way. */
export function directFault(cause: unknown, target: URL, signal: AbortSignal | null | undefined): EgressFault {
  const late = abortFault(signal) ?? timeout(cause)
  if (late) return late
  const code = codeOf(cause)
  return { ...upstream(cause, target), ...(NOT_CONNECTED.has(code) || NO_HANDSHAKE.test(code) ? { unsent: true } : {}) }
}

/** What `fetch` threw through a proxy. */
export function proxiedFailure(
  cause: unknown,
  target: URL,
  proxy: ProxyAddress,
  signal: AbortSignal | null | undefined,
): Failure {
  const late = abortFault(signal) ?? timeout(cause)
  if (late) return { fault: late, unsent: false, proxy: late.code === 'upstream_timeout' ? 'ask' : 'none' }
  const tunnel = TUNNEL.exec(messageOf(cause))
  if (tunnel) return refusedTunnel(Number(tunnel[1]), tunnel[2] ?? '', cause, target, proxy)
  const code = codeOf(cause)
  if (NOT_CONNECTED.has(code)) return { fault: unreachable(proxy, cause), unsent: true, proxy: 'hard' }
  // A TLS handshake that fails is the target's, unless the proxy speaks TLS itself or the target does not.
  const tls = NO_HANDSHAKE.test(code)
  if (tls && proxy.scheme !== 'https') return { fault: upstream(cause, target), unsent: true, proxy: 'none' }
  return { fault: unreachable(proxy, cause), unsent: tls, proxy: 'soft' }
}

/** Statuses of the bridge to SOCKS proxies (proxy-chain, `statuses.js`); no upstream uses them. */
export const isBridgeStatus = (status: number): boolean => status >= 590 && status <= 599
const BRIDGE_AUTH_FAILED = 597
/** What a SOCKS proxy says of the target, in the words of the `socks` package. */
const SOCKS_TARGET = /rejected connection - (HostUnreachable|NetworkUnreachable|ConnectionRefused|TTLExpired)/
/** The bridge did not get as far as to speak to the proxy. */
const SOCKS_ABSENT = new RegExp(`\\b(${[...NOT_CONNECTED].join('|')})\\b`)

function refusedTunnel(status: number, words: string, cause: unknown, target: URL, proxy: ProxyAddress): Failure {
  if (proxy.scheme === 'socks5') {
    if (SOCKS_TARGET.test(words)) return { fault: upstream(cause, target), unsent: true, proxy: 'none' }
    const credentials = status === BRIDGE_AUTH_FAILED || /authentication/i.test(words)
    if (credentials) return { fault: refusal(proxy, words, cause), unsent: true, proxy: 'hard' }
    if (/rejected connection/.test(words))
      return { fault: refusal(proxy, words, cause), unsent: true, proxy: 'refused' }
    return { fault: unreachable(proxy, cause), unsent: true, proxy: SOCKS_ABSENT.test(words) ? 'hard' : 'soft' }
  }
  if (status === 407) return { ...proxyAuthFailure(proxy), fault: refusal(proxy, 'status 407', cause) }
  return { fault: refusal(proxy, `status ${status}`, cause), unsent: true, proxy: 'refused' }
}

/** A proxy asked for credentials that it did not get, or did not like. */
export const proxyAuthFailure = (proxy: ProxyAddress): Failure => ({
  fault: refusal(proxy, 'status 407', undefined),
  unsent: true,
  proxy: 'hard',
})

export const unreachable = (proxy: ProxyAddress, cause: unknown): Fault =>
  domainFault(
    'proxy_unreachable',
    `The proxy ${placeOf(proxy)} could not be used${codeOf(cause) && ` (${codeOf(cause)})`}. Check that it runs and that its address is right.`,
    { cause },
  )

const refusal = (proxy: ProxyAddress, why: string, cause: unknown): Fault =>
  domainFault(
    'proxy_refused',
    `The proxy ${placeOf(proxy)} refused the connection (${why.trim().slice(0, 80) || 'no reason given'}). Check its user name and password, and what it allows.`,
    { cause },
  )

export const upstream = (cause: unknown, target: URL): Fault =>
  domainFault(
    'upstream_unreachable',
    `The upstream ${target.host} could not be reached${codeOf(cause) && ` (${codeOf(cause)})`}. Try again later.`,
    { cause },
  )

/** Over plain HTTP the bridge to SOCKS proxies does not tell which end failed. */
export const eitherEnd = (proxy: ProxyAddress, target: URL): Fault =>
  domainFault(
    'upstream_unreachable',
    `${target.host} could not be reached through the proxy ${placeOf(proxy)}: the proxy refused, or nobody answers there. Check user name and password of the proxy, or try an https address.`,
  )

/** Bun's own, for connections that stay silent. */
const timeout = (cause: unknown): Fault | undefined =>
  cause instanceof Error && cause.name === 'TimeoutError'
    ? domainFault('upstream_timeout', 'The upstream did not answer in time.', { cause })
    : undefined

/** Without user name and password: this goes into answers. */
const placeOf = ({ host, port }: ProxyAddress): string => `${host}:${port}`
