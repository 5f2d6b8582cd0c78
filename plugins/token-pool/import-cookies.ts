/** Browsers' cookies as they are exported: Netscape cookies.txt, and the JSON lists of cookie editors. Pure. */
import type { SourceRow } from './import-row.ts'

export interface Cookie {
  readonly domain: string
  readonly name: string
  readonly value: string
  /** Unix seconds; 0: with the browser's session. */
  readonly expires: number
}

/** Whose cookies are looked at, and which of them are over. */
export interface CookieRules {
  /** The provider's site; absent: every one. */
  readonly site: string | undefined
  /** Epoch milliseconds. */
  readonly now: number
}

const HEADING = /^#\s*(netscape\s+)?http cookie file/i
/** Marks a cookie that scripts cannot read; the line is no comment. */
const HTTP_ONLY = '#HttpOnly_'

export const isNetscape = (text: string): boolean =>
  text.split('\n').some(line => HEADING.test(line) || cookieOf(line) !== undefined)

/** One account a file; several files one after the other, each with its heading, are several accounts. */
export function readNetscape(text: string, rules: CookieRules): SourceRow[] {
  const jars: Cookie[][] = [[]]
  for (const line of text.split('\n')) {
    if (HEADING.test(line) && jars.at(-1)?.length !== 0) jars.push([])
    const cookie = cookieOf(line)
    if (cookie) jars.at(-1)?.push(cookie)
  }
  return jars.filter((jar, index) => index === 0 || jar.length > 0).map((jar, index) => rowOf(jar, index + 1, rules))
}

/** Domain, with subdomains, path, secure, expiry, name, value. */
function cookieOf(line: string): Cookie | undefined {
  const text = line.replace(/\r$/, '')
  const bare = text.startsWith(HTTP_ONLY) ? text.slice(HTTP_ONLY.length) : text
  if (bare.startsWith('#')) return undefined
  const [domain = '', sub = '', , secure = '', expires = '', name = '', value, ...rest] = bare.split('\t')
  const flags = [sub, secure].every(flag => /^(true|false)$/i.test(flag))
  if (value === undefined || rest.length > 0 || !flags || domain === '' || name === '') return undefined
  return { domain, name, value, expires: Number(expires) || 0 }
}

/** A list of cookies as browsers' extensions export it; undefined where it is something else. */
export function cookiesOf(list: unknown): readonly Cookie[] | undefined {
  if (!Array.isArray(list) || list.length === 0) return undefined
  const cookies = list.map((item: unknown) => {
    if (typeof item !== 'object' || item === null) return undefined
    const { domain, name, value, expirationDate, expires } = item as Record<string, unknown> // any object may be looked at
    if (typeof domain !== 'string' || typeof name !== 'string' || typeof value !== 'string') return undefined
    const end = [expirationDate, expires].find(time => typeof time === 'number' && time > 0)
    return { domain, name, value, expires: typeof end === 'number' ? end : 0 }
  })
  return cookies.every(cookie => cookie !== undefined) ? cookies : undefined
}

/** The provider's cookies as a `Cookie:` header. */
export function rowOf(cookies: readonly Cookie[], row: number, { site, now }: CookieRules): SourceRow {
  const own = cookies.filter(({ domain }) => site === undefined || belongs(domain, site))
  const where = site === undefined ? '' : ` of ${site}`
  if (own.length === 0)
    return { row, problem: `There is no cookie${where} in it. Sign in there, and export the cookies of that page.` }
  const alive = own.filter(({ expires }) => expires === 0 || expires * 1000 > now)
  if (alive.length === 0)
    return { row, problem: `All cookies${where} in it are over. Sign in there again, and export them anew.` }
  return { row, fields: { st: alive.map(({ name, value }) => `${name}=${value}`).join('; ') } }
}

function belongs(domain: string, site: string): boolean {
  const host = domain.replace(/^\./, '').toLowerCase()
  return host === site || host.endsWith(`.${site}`)
}
