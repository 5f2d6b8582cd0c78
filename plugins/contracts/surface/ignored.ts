/** What of a body had no effect, for its caller to see. */

const IGNORED_HEADER = 'x-flow2api-ignored'
/** A header is no place for long lists. */
const MOST_IGNORED = 20

/** `nameable`: what of the names, which are the caller's, may stand in a header. */
export function tellIgnored({ headers }: Response, names: readonly string[], nameable: RegExp): void {
  const told = names.filter(name => nameable.test(name)).slice(0, MOST_IGNORED)
  if (told.length > 0) headers.set(IGNORED_HEADER, told.join(', '))
}
