/** The session token in what an operator pasted, and in what Flow sets (PROTOCOL.md 1.2). */
import { domainFault } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import { SESSION_COOKIE } from './client.ts'

/** What may stand in a cookie's value (RFC 6265), so that it can neither break the header nor add to it. */
const COOKIE_VALUE = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+$/

/**
 * Takes a bare token, `name=token`, or a whole `Cookie:` header. Browsers split a long token into `name.0`, `name.1`…;
 * the pieces are put together. Error: `account_needs_session`.
 */
export function readSessionToken(written: string): Result<string, Fault> {
  const text = written.trim().replace(/^cookie:\s*/i, '')
  const token = text.includes(SESSION_COOKIE) ? joined(text.split(/[;\n]/)) : text.replace(/^"(.*)"$/, '$1')
  return token !== undefined && COOKIE_VALUE.test(token)
    ? ok(token)
    : err(
        domainFault(
          'account_needs_session',
          `What was entered is no Flow session token. Paste the value of the cookie ${SESSION_COOKIE} of labs.google, or the whole cookie header.`,
        ),
      )
}

/** The token that an answer replaces the present one with, where it does. */
export function rotatedToken(headers: Headers, present: string): string | undefined {
  const token = joined(headers.getSetCookie().map(line => line.split(';', 1)[0] ?? ''))
  return token !== undefined && token !== present && COOKIE_VALUE.test(token) ? token : undefined
}

/** From `name=value` pairs; the whole cookie comes before its pieces. Empty counts as absent: that deletes a cookie. */
function joined(pairs: readonly string[]): string | undefined {
  const pieces: { readonly index: number; readonly value: string }[] = []
  for (const pair of pairs) {
    const cut = pair.indexOf('=')
    const name = pair.slice(0, cut).trim()
    const value = pair
      .slice(cut + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1')
    if (cut < 1 || value === '') continue
    if (name === SESSION_COOKIE) return value
    const index = /^\.(\d{1,2})$/.exec(name.slice(SESSION_COOKIE.length))?.[1]
    if (name.startsWith(SESSION_COOKIE) && index !== undefined) pieces.push({ index: Number(index), value })
  }
  const ordered = pieces.sort((a, b) => a.index - b.index).map(piece => piece.value)
  return ordered.length === 0 ? undefined : ordered.join('')
}
