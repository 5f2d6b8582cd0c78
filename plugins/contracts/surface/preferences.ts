/** The `Prefer` header (RFC 7240), as far as it says how long an answer may take. */

export interface Preferences {
  /** An answer at once, or at the end of `waitSeconds`, rather than when the work is done. */
  readonly respondAsync: boolean
  readonly waitSeconds: number | undefined
}

/** Nobody waits longer on one connection. */
const LONGEST_WAIT_S = 3600

/** What stands between commas, or semicolons; those inside of a quoted string separate nothing. */
const BETWEEN_COMMAS = /(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g
const BETWEEN_SEMICOLONS = /(?:[^;"]|"(?:[^"\\]|\\.)*"?)+/g

/** Lenient, as the RFC wants it: what is unknown or malformed is as good as not said; of repetitions the first counts. */
export function parsePrefer(header: string | null): Preferences {
  let respondAsync = false
  let waitSeconds: number | undefined
  for (const { name, value } of preferencesOf(header ?? '')) {
    if (name === 'respond-async' && value === '') respondAsync = true
    else if (name === 'wait' && /^\d+$/.test(value)) waitSeconds ??= Math.min(Number(value), LONGEST_WAIT_S)
  }
  return { respondAsync, waitSeconds }
}

function preferencesOf(header: string): readonly { readonly name: string; readonly value: string }[] {
  return [...header.matchAll(BETWEEN_COMMAS)].map(([preference]) => {
    // Parameters of a preference follow after semicolons; neither of ours has any.
    const [said = ''] = preference.match(BETWEEN_SEMICOLONS) ?? []
    const equals = said.indexOf('=')
    const name = equals === -1 ? said : said.slice(0, equals)
    const value = equals === -1 ? '' : said.slice(equals + 1)
    return { name: name.trim().toLowerCase(), value: unquoted(value.trim()) }
  })
}

const unquoted = (value: string): string => (/^".*"$/.test(value) ? value.slice(1, -1) : value)

/** For `preference-applied`. */
export const spelledPreferences = ({ respondAsync, waitSeconds }: Preferences): string =>
  [...(respondAsync ? ['respond-async'] : []), ...(waitSeconds === undefined ? [] : [`wait=${waitSeconds}`])].join(', ')
