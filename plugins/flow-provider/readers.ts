/**
 * What the provider reads out of Flow's answers: little, leniently, and without ever throwing. Unknown fields are
 * skipped; what is missing or of another type is undefined; the callers decide what that means.
 */
import { asArray, asNumber, asObject, asText, at } from './json.ts'

/** Answer of the session call (PROTOCOL.md 2.1). */
export interface SessionAnswer {
  readonly accessToken: string | undefined
  /** An upper-case word, such as `ACCESS_TOKEN_REFRESH_NEEDED`. */
  readonly error: string | undefined
  /** Epoch milliseconds. End of the Labs session, not of the access token. */
  readonly expiresAt: number | undefined
  readonly signedIn: boolean
  readonly email: string | undefined
  readonly name: string | undefined
}

export function readSession(body: unknown): SessionAnswer {
  const expires = Date.parse(asText(at(body, 'expires')) ?? '')
  return {
    accessToken: asHeaderValue(at(body, 'access_token')),
    error: asText(at(body, 'error')),
    expiresAt: Number.isNaN(expires) ? undefined : expires,
    signedIn: asObject(at(body, 'user')) !== undefined,
    email: asText(at(body, 'user', 'email')),
    name: asText(at(body, 'user', 'name')),
  }
}

/** Something that may stand in a header: printable ASCII without spaces. */
const asHeaderValue = (value: unknown): string | undefined => {
  const text = asText(value)
  return text !== undefined && /^[\x21-\x7e]+$/.test(text) ? text : undefined
}

/**
 * What an answer really says: an error may come inside a 200, in Google's envelope (PROTOCOL.md 3.1) or in one of tRPC's
 * (1.6).
 */
export function readTrueStatus(httpStatus: number, body: unknown): number {
  if (httpStatus < 200 || httpStatus > 299) return httpStatus
  const inside = [
    at(body, 'error', 'code'),
    at(body, 'error', 'json', 'data', 'httpStatus'),
    at(body, 'result', 'data', 'json', 'status'),
  ]
  // Other numbers in these places are codes of other kinds.
  return inside.map(asNumber).find(status => status !== undefined && status >= 400 && status <= 599) ?? httpStatus
}

/** The id in the answer of `project.createProject` (PROTOCOL.md 2.2). */
export const readProject = (body: unknown): string | undefined =>
  asText(at(body, 'result', 'data', 'json', 'result', 'projectId'))

/** Answer of the credits call (PROTOCOL.md 2.4). */
export function readCredits(body: unknown): { readonly credits: number | undefined; readonly tier: unknown } {
  return { credits: asNumber(at(body, 'credits')), tier: at(body, 'userPaygateTier') }
}

/** Credits that are left, where an answer says so. */
export const readRemainingCredits = (body: unknown): number | undefined => asNumber(at(body, 'remainingCredits'))

/** Why one piece of work failed, while the call that reports it succeeded. */
export interface Failure {
  /** Enum-like, from the error's message. */
  readonly token: string | undefined
  readonly reasons: readonly string[]
  readonly filtered: boolean
}

/** An error envelope of the API base (PROTOCOL.md 3.1), or what can be made out of it. */
export interface ErrorAnswer {
  /** Canonical name, such as `PERMISSION_DENIED`. */
  readonly status: string | undefined
  readonly message: string | undefined
  /** All `details[].reason`, in order. */
  readonly reasons: readonly string[]
  readonly retryDelayMs: number | undefined
}

export function readError(body: unknown): ErrorAnswer {
  const error = at(body, 'error')
  const details = asArray(at(error, 'details'))
  const delays = details.flatMap(
    detail => /^(\d{1,6}(?:\.\d+)?)s$/.exec(asText(at(detail, 'retryDelay')) ?? '')?.[1] ?? [],
  )
  return {
    status: asText(at(error, 'status')),
    message: asText(at(error, 'message')),
    reasons: details.flatMap(detail => asText(at(detail, 'reason')) ?? []),
    retryDelayMs: delays[0] === undefined ? undefined : Math.round(Number(delays[0]) * 1000),
  }
}
