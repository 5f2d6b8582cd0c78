/** What a request carries to say who it is. Pure. */

export const COOKIE = 'flow2api_session'

const HEADERS = ['api-key', 'x-api-key', 'x-goog-api-key'] as const

/** The credentials of `Authorization` if it is of that scheme, whatever its case. */
function authorization(request: Request, scheme: 'bearer' | 'basic'): string | undefined {
  const header = request.headers.get('authorization')
  if (header?.charCodeAt(scheme.length) !== 32) return undefined
  return header.slice(0, scheme.length).toLowerCase() === scheme ? header.slice(scheme.length + 1).trim() : undefined
}

export const bearer = (request: Request): string | undefined => authorization(request, 'bearer')

/** Name and password of HTTP Basic; undefined where there is none or it cannot be read. */
export function basic(request: Request): { readonly username: string; readonly password: string } | undefined {
  const encoded = authorization(request, 'basic')
  if (encoded === undefined) return undefined
  const plain = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = plain.indexOf(':')
  return colon < 0 ? undefined : { username: plain.slice(0, colon), password: plain.slice(colon + 1) }
}

/** Every place where clients put an API key, the most common first. */
export function* apiKeys(request: Request): Generator<string> {
  const token = bearer(request)
  if (token) yield token
  for (const name of HEADERS) {
    const value = request.headers.get(name)
    if (value) yield value
  }
  // Only then is the URL taken apart: it costs more than everything above.
  const query = request.url.indexOf('?')
  if (query < 0 || !request.url.includes('key=', query)) return
  const value = new URLSearchParams(request.url.slice(query)).get('key')
  if (value) yield value
}

export function cookie(request: Request): string | undefined {
  const header = request.headers.get('cookie')
  return header?.includes(COOKIE) ? (new Bun.CookieMap(header).get(COOKIE) ?? undefined) : undefined
}

const SAFE: readonly string[] = ['GET', 'HEAD', 'OPTIONS']

/**
 * Whether a browser may use its cookie for this request: reading always, changing only from a page of ours. The
 * browser says so in Sec-Fetch-Site; an old one, or one without HTTPS, only in Origin. `ownUrl` is the gateway's public
 * address, as a reverse proxy may ask it under another host.
 */
export function fromOwnPage(request: Request, ownUrl: string): boolean {
  if (SAFE.includes(request.method)) return true
  const site = request.headers.get('sec-fetch-site')
  if (site !== null) return site === 'same-origin' || site === 'none'
  const origin = request.headers.get('origin')
  const host = origin === null ? undefined : URL.parse(origin)?.host
  if (!host) return false
  return host === (request.headers.get('host') ?? URL.parse(request.url)?.host) || host === URL.parse(ownUrl)?.host
}
