/** Which names and which pieces of text are secret, and what is shown in their place. Pure. */

/** In small letters, without anything but letters. */
const NAMES: ReadonlySet<string> = new Set([
  'access',
  'accesskey',
  'apikey',
  'at',
  'auth',
  'authorization',
  'bearer',
  'cookie',
  'credential',
  'credentials',
  'jwt',
  'key',
  'pass',
  'passphrase',
  'privatekey',
  'secretkey',
  'sig',
  'signature',
  'st',
  'xgoogsignature',
  'xgoogcredential',
])
const ENDINGS = /(token|tokens|secret|secrets|password|passwd|pwd|apikey|cookie|authorization)$/
const PASSWORDS = /pass|pwd/

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z]/g, '')

/** Whether what stands under this name (a key, a header, a parameter, a cookie) is secret. */
export function isSecretName(name: string): boolean {
  const letters = plain(name)
  return NAMES.has(letters) || ENDINGS.test(letters)
}

/** Numbers are shown under most secret names: `tokens: 3` is a count. */
export const isPasswordName = (name: string): boolean => PASSWORDS.test(plain(name))

/** Shorter ones would show too much of themselves. */
const SHORTEST_WITH_ENDS = 16
export const HIDDEN = '***'

/** First four, last four; of short ones nothing. `Bearer` and the like stay, and of Basic nothing else. */
export function shorten(secret: string): string {
  const [, scheme, rest] = /^(Bearer|Basic|Digest|Token)\s+(.*)$/is.exec(secret) ?? []
  if (scheme && rest !== undefined) return `${scheme} ${scheme.toLowerCase() === 'bearer' ? shorten(rest) : HIDDEN}`
  return secret.length < SHORTEST_WITH_ENDS ? HIDDEN : `${secret.slice(0, 4)}…${secret.slice(-4)}`
}

export const hideUnder = (name: string, secret: string): string =>
  secret === '' ? '' : isPasswordName(name) ? HIDDEN : shorten(secret)

/** `name=`, `name: `, `"name":`, also in JSON inside of JSON. */
const NAME = /(?<![\w.-])([\w.-]+)\\*["']?\s*[=:]\s*/g
/** People write `/` in it as it is; behind a port it begins the path. */
const URL_PASSWORD = /(:\/\/[^\s/:@]*):([^\s/]+|(?!\d{1,5}\/)[^\s"']+)@/g
/** A proxy as `host:port:user:password`. */
const LISTED_PROXY = /([\w.-]+:\d{2,5}:[^\s:@]+):([^\s"',]+)/g
const SCHEME = /\b(?:Bearer|Basic)\s+[\w+/=.~-]+/gi
/** JSON web tokens, Google's access tokens and keys, keys of common APIs. */
const KNOWN = /\b(?:eyJ[\w-]{6,}(?:\.[\w-]*)*|ya29\.[\w.-]+|AIza[\w-]{10,}|sk-[\w-]{8,})/g
/** Long enough for a key, and no word. Ids of jobs, files and media are shorter. */
const OPAQUE = /[\w+=-]{40,}/g

/** Everything in a text that looks like a secret, whatever name it goes by. */
export const maskText = (text: string): string =>
  maskNamed(text)
    .replaceAll(URL_PASSWORD, `$1:${HIDDEN}@`)
    .replaceAll(LISTED_PROXY, `$1:${HIDDEN}`)
    .replaceAll(SCHEME, shorten)
    .replaceAll(KNOWN, shorten)
    .replaceAll(OPAQUE, run => (/\d/.test(run) && /[A-Za-z]/.test(run) ? shorten(run) : run))

function maskNamed(text: string): string {
  // What follows a name: quoted, or up to the next separator; after a cookie's up to the end of its line.
  const oneValue = /(\\*)(["'])(.*?)(?:\1\2|$)|((?:(?:Bearer|Basic|Digest|Token)\s+)?[^\s"'&;,]+)/isy
  const cookies = /(?:\\*["'])?([^\r\n"']+)/y
  let masked = ''
  let from = 0
  for (const { 0: front, 1: name = '', index } of text.matchAll(NAME)) {
    // A name inside of a value that has been masked is gone.
    if (index < from || !isSecretName(name)) continue
    const pattern = plain(name).endsWith('cookie') ? cookies : oneValue
    pattern.lastIndex = index + front.length
    const found = pattern.exec(text)
    if (!found) continue
    const value = found[3] ?? found[4] ?? found[1] ?? ''
    masked += text.slice(from, found.index) + found[0].replace(value, () => hideUnder(name, value))
    from = found.index + found[0].length
  }
  return masked + text.slice(from)
}

const DATA_URL = /data:([\w.+-]+\/[\w.+-]+)?[^,\s"']{0,100},[\w+/=%-]{64,}/g
const BASE64 = /[\w+/-]{1024,}={0,2}/g

/** Media in a text, masked or not: nobody reads it, and it would bury the rest. */
export const leaveOutMedia = (text: string): string =>
  text
    .replaceAll(DATA_URL, (found, type = 'media') => `<${type}, ${found.length} characters>`)
    .replaceAll(BASE64, found => `<base64, ${found.length} characters>`)
