/** How a proxy is written, and the one form that it takes inside. */
import { domainFault, type ProxyName } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'

export type ProxyScheme = 'http' | 'https' | 'socks5'

export interface ProxyAddress {
  readonly scheme: ProxyScheme
  /** Name or address; IPv6 in brackets. */
  readonly host: string
  readonly port: number
  /** Canonical, with the password: for connecting, and as the key under which its health is kept. Never logged. */
  readonly url: string
  /** As `url`, the password masked: for people. */
  readonly masked: string
}

const SCHEMES: ReadonlyMap<string, ProxyScheme> = new Map([
  ['http', 'http'],
  ['https', 'https'],
  // All let the proxy resolve names: a name that is looked up here would tell the local resolver where traffic goes.
  ['socks5', 'socks5'],
  ['socks5h', 'socks5'],
  ['socks', 'socks5'],
  ['st5', 'socks5'],
])
const DEFAULT_PORTS: Readonly<Record<ProxyScheme, number>> = { http: 80, https: 443, socks5: 1080 }
const FORMS =
  'Write http://, https://, socks5:// or socks5h:// URLs, host:port, host:port:user:password, or st5 host:port:user:password.'

/**
 * Accepts URLs of http, https, socks5 and socks5h, `user:password@host:port`, and entries of lists: `host:port` and
 * `host:port:user:password`, as they are, behind a scheme, or behind its name and a blank. Without one it is an HTTP
 * proxy; `st5` is SOCKS5. The error is a sentence that does not repeat what was written, as that may hold a password.
 */
export function parseProxy(text: string): Result<ProxyAddress, string> {
  const [, name = 'http', separator = '', rest = ''] =
    /^(?:([a-z][a-z0-9+.-]*)(:\/\/|\s+))?(.*)$/is.exec(text.trim().toWellFormed()) ?? []
  const scheme = SCHEMES.get(name.toLowerCase())
  if (!scheme) return err(`A proxy of this kind cannot be used. ${FORMS}`)
  const isUrl = separator === '://'
  const parts = splitCredentials(rest.replace(/\/+$/, ''), isUrl)
  if (!parts) return err(`A proxy address could not be read. ${FORMS}`)
  // The scheme http lets URL check and normalise host and port, whatever the proxy speaks.
  const url = URL.canParse(`http://${parts.authority}`) ? new URL(`http://${parts.authority}`) : undefined
  if (!url?.hostname || url.pathname !== '/' || url.search || url.hash)
    return err(`A proxy address could not be read. ${FORMS}`)
  const written = /:(\d+)$/.exec(parts.authority)?.[1]
  if (written === undefined && !isUrl) return err(`A proxy address has no port. ${FORMS}`)
  const port = written === undefined ? DEFAULT_PORTS[scheme] : Number(written)
  if (port === 0) return err(`A proxy cannot listen on port 0. ${FORMS}`)
  const user = parts.user === '' ? '' : encodeURIComponent(parts.user)
  const password = parts.password === '' ? '' : `:${encodeURIComponent(parts.password)}`
  const at = user || password ? '@' : ''
  const place = `${url.hostname}:${port}`
  return ok({
    scheme,
    host: url.hostname,
    port,
    url: `${scheme}://${user}${password}${at}${place}`,
    masked: `${scheme}://${user}${password ? ':***' : ''}${at}${place}`,
  })
}

/** The same for those who only keep it. Error: `invalid_value`. */
export const parseName = (text: string): Result<ProxyName, Fault> =>
  parseProxy(text)
    .map(({ url, masked }) => ({ url, masked }))
    .mapErr(problem => domainFault('invalid_value', problem))

interface Parts {
  readonly authority: string
  readonly user: string
  readonly password: string
}

/** In a URL an `@` separates; in a list entry, it may be part of the password. */
function splitCredentials(text: string, isUrl: boolean): Parts | undefined {
  if (text === '' || /\s/.test(text)) return undefined
  const listed = /^(\[[^\]]+\]|[^:@]+):(\d+):([^:]*):(.*)$/s.exec(text)
  const at = text.lastIndexOf('@')
  if (listed && (at < 0 || !isUrl))
    return { authority: `${listed[1]}:${listed[2]}`, user: listed[3] ?? '', password: listed[4] ?? '' }
  if (at < 0) return { authority: text, user: '', password: '' }
  const credentials = text.slice(0, at)
  const colon = credentials.indexOf(':')
  const user = colon < 0 ? credentials : credentials.slice(0, colon)
  const password = colon < 0 ? '' : credentials.slice(colon + 1)
  return { authority: text.slice(at + 1), user: decode(user), password: decode(password) }
}

/** Percent-encoding where it is valid; a password with a lone `%` means just that. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
