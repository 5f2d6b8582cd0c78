/**
 * Flow's refusals as faults: by reason first, then by the envelope's status, then by the HTTP status (PROTOCOL.md 3).
 * Free text is not looked at, with one exception that is marked.
 */
import { domainFault, type FaultCode } from 'flow2api/contracts'
import type { Fault, FaultDetails } from 'flow2api/plugin'
import type { Answer } from './client.ts'
import { asObject } from './json.ts'
import { type ErrorAnswer, type Failure, readError } from './readers.ts'
import { type Meaning, meaningOf, UNVERIFIED } from './reasons.ts'

/** `verified`: a call whose verification field Flow looks at (PROTOCOL.md 1.5). */
export type CallNature = 'plain' | 'verified'

type Verdict = readonly [code: FaultCode, message: string, details?: FaultDetails]

const EXPIRED: Verdict = ['access_expired', 'Flow did not accept the access token any more.']
const THROTTLED: Verdict = [
  'account_throttled',
  'Flow limits how much this account may ask. Wait, or use another account.',
]
const BROKEN: Verdict = ['upstream_error', 'Flow failed with an error of its own. Try again later.']
const REJECTED: Verdict = ['upstream_rejected', 'Flow did not accept the request.']
const MISSING: Verdict = [
  'upstream_error',
  'Flow does not know the model, the project or the media that was named. Another account may; otherwise the model catalogue is out of date.',
  { retry: 'other-account' },
]
const FORBIDDEN: Verdict = [
  'upstream_error',
  'Flow refused the call without a reason that is known.',
  { retry: 'never' },
]

/** Canonical status names of the error envelope. */
const BY_STATUS: Readonly<Record<string, Verdict>> = {
  INVALID_ARGUMENT: REJECTED,
  FAILED_PRECONDITION: REJECTED,
  OUT_OF_RANGE: REJECTED,
  UNAUTHENTICATED: EXPIRED,
  PERMISSION_DENIED: FORBIDDEN,
  NOT_FOUND: MISSING,
  RESOURCE_EXHAUSTED: THROTTLED,
  ABORTED: BROKEN,
  CANCELLED: BROKEN,
  UNKNOWN: BROKEN,
  INTERNAL: BROKEN,
  UNAVAILABLE: BROKEN,
  DEADLINE_EXCEEDED: BROKEN,
  DATA_LOSS: BROKEN,
  UNIMPLEMENTED: ['upstream_error', 'Flow does not offer this call any more.', { retry: 'never' }],
}

/** The fault in an answer whose status is not 2xx. */
export function faultOfAnswer(answer: Answer, nature: CallNature, now: number): Fault {
  const error = readError(answer.body)
  const [code, message, details] = verdictOf(answer, error, nature)
  const retryAfterMs = retryAfter(answer.headers, now) ?? error.retryDelayMs
  return domainFault(code, withDetail(message, code, error), {
    ...details,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    cause: { httpStatus: answer.status, status: error.status, reasons: error.reasons, message: error.message },
  })
}

function verdictOf({ status, body }: Answer, error: ErrorAnswer, nature: CallNature): Verdict {
  const meaning = firstMeaning(error.reasons)
  if (meaning !== undefined) return [meaning.code, meaning.message, meaning.details ?? {}]
  if (status === 401) return EXPIRED
  if (status >= 500) return BROKEN
  if (asObject(body) === undefined) return unreadable(status)
  if (nature === 'verified' && saysUnverified(status, error)) return [UNVERIFIED.code, UNVERIFIED.message]
  if (unknownWords(error.reasons).length > 0) return undescribed(status)
  const named =
    error.status === undefined ? undefined : Object.hasOwn(BY_STATUS, error.status) && BY_STATUS[error.status]
  return named || byHttpStatus(status)
}

function byHttpStatus(status: number): Verdict {
  if (status === 403) return FORBIDDEN
  if (status === 404) return MISSING
  if (status === 408) return BROKEN
  if (status === 429) return THROTTLED
  if (status >= 400) return REJECTED
  return [
    'upstream_unreadable',
    `Flow answered with an unexpected status (HTTP ${status}). The base URLs may be wrong.`,
  ]
}

/**
 * A reason that nobody has described: it may mean anything, so neither the account nor the caller is blamed, and only
 * what looks like a matter of time is tried again.
 */
const undescribed = (status: number): Verdict => [
  'upstream_error',
  'Flow refused the call for a reason that this version does not know.',
  { retry: status === 408 || status === 429 ? 'later' : 'never' },
]

/** A page instead of an answer: of a proxy, a firewall, or Google's own "sorry". It says nothing about the account. */
function unreadable(status: number): Verdict {
  const message = `Flow answered with something that is not JSON (HTTP ${status}). A proxy or firewall may stand in between, or the base URLs may be wrong.`
  return status === 429 ? ['upstream_error', message] : ['upstream_unreadable', message]
}

/**
 * A verification refusal without a known reason word: 403 with no details, as in December 2025, or Flow's constant text,
 * which came with 429 too and with other words over time. Taking that for throttling would punish an account for
 * nothing, hence the one look at free text.
 */
const saysUnverified = (status: number, { reasons, message }: ErrorAnswer): boolean =>
  (status === 403 && reasons.length === 0) || message?.trim().toLowerCase() === 'recaptcha evaluation failed'

/** Reasons of Google's own that say no more than the status does. */
const NOTHING_NEW: ReadonlySet<string> = new Set(['CREDENTIALS_MISSING'])

const isWord = (text: string): boolean => /^[A-Z][A-Z0-9_]{0,99}$/.test(text)

/** What looks like a reason and stands in no table. */
export const unknownWords = (words: readonly string[]): readonly string[] =>
  words.filter(word => isWord(word) && !NOTHING_NEW.has(word) && meaningOf(word) === undefined)

const firstMeaning = (reasons: readonly string[]): Meaning | undefined => {
  for (const reason of reasons) {
    const meaning = meaningOf(reason)
    if (meaning !== undefined) return meaning
  }
  return undefined
}

/** The reason in brackets; Flow's own sentence only where it tells the caller what to change. */
function withDetail(message: string, code: FaultCode, { reasons, message: told }: ErrorAnswer): string {
  const word = reasons.find(isWord)
  const named = word === undefined ? message : `${message} [${word}]`
  if (code !== 'upstream_rejected' || told === undefined) return named
  return `${named} Flow says: "${told.replace(/\s+/g, ' ').slice(0, 200)}"`
}

/** `retry-after` in milliseconds: seconds or a date. */
function retryAfter(headers: Headers, now: number): number | undefined {
  const written = headers.get('retry-after')?.trim()
  if (!written) return undefined
  if (/^\d{1,7}(\.\d+)?$/.test(written)) return Math.round(Number(written) * 1000)
  const date = Date.parse(written)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

/** A 2xx whose body is not what it should be. */
export const unreadableAnswer = (what: string): Fault =>
  domainFault(
    'upstream_unreadable',
    `Flow's answer has no ${what}. Its protocol may have changed, or the base URLs are wrong.`,
  )

/** A generation that failed while the call that reports it succeeded (PROTOCOL.md 2.16, 3.3). */
export function faultOfFailure({ token, reasons, filtered }: Failure): Fault {
  const words = [...(token === undefined ? [] : [token]), ...reasons]
  const meaning = firstMeaning(words)
  const word = words.find(isWord)
  const suffix = word === undefined ? '' : ` [${word}]`
  const cause = { token, reasons, filtered }
  if (meaning !== undefined) return domainFault(meaning.code, meaning.message + suffix, { ...meaning.details, cause })
  if (filtered)
    return domainFault(
      'moderation_blocked',
      `Flow made it and withheld it for its content. Change the prompt.${suffix}`,
      { cause },
    )
  return domainFault(
    'generation_failed',
    `Flow reports that the generation failed. Its credits are usually given back; try again or change the prompt.${suffix}`,
    { cause },
  )
}
