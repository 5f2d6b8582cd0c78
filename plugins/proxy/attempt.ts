/** One request on one way out, and what it means where it fails. */
import type { EgressFault } from 'flow2api/contracts'
import { err, ok, type Result } from 'flow2api/plugin'
import type { ProxyAddress } from './address.ts'
import { dial } from './dial.ts'
import {
  abortFault,
  directFault,
  eitherEnd,
  type Failure,
  isBridgeStatus,
  proxiedFailure,
  proxyAuthFailure,
  unreachable,
} from './outcome.ts'
import type { SocksBridge } from './socks-bridge.ts'

export type Attempt = Result<Response, Failure>
export type Bridge = Pick<SocksBridge, 'urlFor'>

/** `url` may be another than the target: the address that its name was found to have. */
export async function goDirect(
  target: URL,
  { url, init }: { readonly url: URL; readonly init: RequestInit },
): Promise<Result<Response, EgressFault>> {
  try {
    // `false`: also where HTTP_PROXY is set; the way out is what the configuration says.
    return ok(await fetch(url, { ...init, proxy: false, ...idleTimeout(init) }))
  } catch (cause) {
    return err(directFault(cause, target, init.signal))
  }
}

export async function goThrough(
  bridge: Bridge,
  address: ProxyAddress,
  target: URL,
  init: RequestInit,
): Promise<Attempt> {
  try {
    const url = address.scheme === 'socks5' ? await bridge.urlFor(address) : address.url
    // Without `respectNoProxy: false`, NO_PROXY would send the request directly.
    const proxy = { url, respectNoProxy: false }
    const response = await fetch(target, { ...init, proxy, ...idleTimeout(init) })
    const failure = target.protocol === 'http:' ? await answeredByProxy(response, address, target, init) : undefined
    return failure ? err(failure) : ok(response)
  } catch (cause) {
    return err(proxiedFailure(cause, target, address, init.signal))
  }
}

/** A proxy that failed a while ago is dialled first, so that one that swallows connections costs seconds, not minutes. */
export async function goCarefully(
  bridge: Bridge,
  address: ProxyAddress,
  target: URL,
  init: RequestInit,
): Promise<Attempt> {
  const cause = await dial(address, init.signal)
  if (cause === undefined) return goThrough(bridge, address, target, init)
  const fault = abortFault(init.signal)
  return err({ fault: fault ?? unreachable(address, cause), unsent: true, proxy: fault ? 'none' : 'hard' })
}

/** For plain HTTP the proxy answers in the upstream's place; for HTTPS it cannot. */
async function answeredByProxy(
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
  return cause ? down : { fault: eitherEnd(address, target), unsent: false, proxy: 'soft' }
}

/** Who brings a signal brings the deadline; Bun's own of five minutes without a byte is for those who do not. */
const idleTimeout = (init: RequestInit) => (init.signal ? { timeout: false } : {})
