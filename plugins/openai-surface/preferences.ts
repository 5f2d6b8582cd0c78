/** The `Prefer` header (RFC 7240), as far as it says how long an answer may take. */
export { parsePrefer, spelledPreferences } from 'flow2api/contracts'
