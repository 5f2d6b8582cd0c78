/** Faults with a name, for control calls and for prompts: `[[fault:NAME]]`. README.md lists them. */
import type { EndpointScope } from './endpoint.ts'
import type { Fault } from './faults.ts'
import { REASON_GROUPS, type ReasonGroup, reasonWord, statusOfReason } from './reasons.ts'

export interface Switch {
  readonly name: string
  readonly says: string
  readonly fault: Fault
  /** The calls that it belongs to; undefined: those that it is put to. */
  readonly at?: EndpointScope
  /** How often it is met if that is not said. Default: once by a control call, always by a prompt. */
  readonly times?: number
}

const RECAPTCHA = 'reCAPTCHA evaluation failed'
const SLOW_MS = 3000

const refusal = (name: string, status: number, reason: string | undefined, says: string, message?: string): Switch => ({
  name,
  says,
  fault: {
    status,
    ...(reason === undefined ? {} : { reason: reasonWord(reason) }),
    ...(message === undefined ? {} : { message }),
    ...(status === 401 ? { expireAccess: true } : {}),
  },
})

/** PROTOCOL.md 3.2 */
const STATUSES: readonly Switch[] = [
  refusal('invalid', 400, undefined, 'INVALID_ARGUMENT without a reason'),
  refusal('unsafe', 400, 'UNSAFE_GENERATION', 'the prompt is against the policy'),
  refusal('unauthenticated', 401, undefined, 'the access token has expired; it really does'),
  refusal('verification', 403, 'UNUSUAL_ACTIVITY', 'verification refused', RECAPTCHA),
  refusal('verification_older', 403, 'SOMETHING_WENT_WRONG', 'the same as until April 2026', RECAPTCHA),
  refusal('verification_bare', 403, undefined, 'the same as in December 2025, without details', RECAPTCHA),
  refusal('model_access', 403, 'MODEL_ACCESS_DENIED', 'the tier lacks the model'),
  refusal('not_found', 404, undefined, 'model, media or project unknown'),
  refusal('verification_traffic', 429, 'UNUSUAL_ACTIVITY_TOO_MUCH_TRAFFIC', 'verification refused, volume', RECAPTCHA),
  refusal('throttled', 429, 'USER_REQUESTS_THROTTLED', 'rate limit of the account'),
  refusal('daily_quota', 429, 'PER_MODEL_DAILY_QUOTA_REACHED', 'daily quota of the model'),
  refusal('daily_quota_upgradeable', 429, 'PER_MODEL_DAILY_QUOTA_REACHED_UPGRADEABLE', 'the same, other word'),
  refusal('internal', 500, undefined, 'INTERNAL'),
  refusal('unavailable', 503, undefined, 'UNAVAILABLE'),
]

/** PROTOCOL.md 3.3: one for each group. */
const GROUPS: readonly Switch[] = Object.entries<ReasonGroup>(REASON_GROUPS).map(([name, { status, reasons }]) =>
  refusal(name, status, reasons[0], `reason ${reasons[0]}, for the group "${name}"`),
)

const TRANSPORT: readonly Switch[] = [
  { name: 'slow', says: `the usual answer after ${SLOW_MS} ms`, fault: { delayMs: SLOW_MS } },
  { name: 'hang', says: 'no answer, nothing is done', fault: { silence: 'hang' } },
  { name: 'lost', says: 'the work is done, no answer', fault: { silence: 'lost' } },
  { name: 'cut', says: 'the work is done, the connection closes in the middle of the answer', fault: { spoil: 'cut' } },
  { name: 'empty', says: 'the work is done, 200 without a body', fault: { spoil: 'empty' } },
  { name: 'truncated', says: 'the work is done, half of the answer', fault: { spoil: 'truncated' } },
  { name: 'wrong_types', says: 'the work is done, JSON with wrong types', fault: { spoil: 'wrong-types' } },
  { name: 'html', says: 'a web page with 200', fault: { html: true } },
  { name: 'html_error', says: 'a web page with 502', fault: { html: true, status: 502 } },
  { name: 'error_inside', says: '200 with an error 500 inside', fault: { inside: 500 } },
  { name: 'no_media', says: '200 with `media: []`', fault: { body: { media: [] } } },
]

const OUTCOMES: readonly Switch[] = [
  { name: 'fail', says: 'accepted, FAILED at a poll', at: 'video', fault: { outcome: 'failed' } },
  { name: 'stuck', says: 'accepted, ACTIVE for ever', at: 'video', fault: { outcome: 'stuck' } },
  { name: 'missing_status', says: 'accepted, polls carry no status', at: 'video', fault: { outcome: 'silent' } },
  {
    name: 'delayed_redirect',
    says: 'the redirect is not ready: 404, twice',
    at: 'redirect',
    times: 2,
    fault: { status: 404 },
  },
  {
    name: 'delayed_redirect_200',
    says: 'the redirect is not ready: 200, twice',
    at: 'redirect',
    times: 2,
    fault: { body: {} },
  },
  { name: 'expired_url', says: 'the signed address is refused', at: 'download', fault: { status: 403 } },
  {
    name: 'smaller',
    says: 'upsampling delivers the size of the source',
    at: 'upsample',
    fault: { deliver: 'smaller' },
  },
  {
    name: 'empty_image',
    says: 'upsampling answers an empty `encodedImage`',
    at: 'upsampleImage',
    fault: { deliver: 'empty' },
  },
  {
    name: 'failed_upsampling',
    says: 'upsampling fails: a video when it is polled, a picture at once',
    at: 'upsample',
    fault: { outcome: 'failed', reason: reasonWord('VIDEO_GENERATION_TIMED_OUT'), failureReasons: [] },
  },
  {
    name: 'failed_concatenation',
    says: 'joining is accepted and fails',
    at: 'concatenate',
    fault: { outcome: 'failed' },
  },
]

const session = (name: string, says: string, kind: Extract<Fault, { session: unknown }>['session']): Switch => ({
  name,
  says,
  at: 'session',
  times: 1,
  fault: { session: kind },
})

/** In a prompt, access expires with them: the submission is answered 401, and the session call that follows meets them. */
const SESSIONS: readonly Switch[] = [
  session('dead_session', 'the session call answers `{}`', 'empty'),
  session('migrated', 'the session has a user and no access token: a migrated account', 'migrated'),
  session('refresh_needed', 'ACCESS_TOKEN_REFRESH_NEEDED with a stale access token', 'stale'),
  session('refresh_needed_bare', 'ACCESS_TOKEN_REFRESH_NEEDED without one', 'without-access'),
  session('rotated_session', '`Set-Cookie` with a new session token, the old one is dead', 'rotated'),
]

export const SWITCHES: readonly Switch[] = [...STATUSES, ...GROUPS, ...TRANSPORT, ...OUTCOMES, ...SESSIONS]

/** By name; also `reason:WORD` (refused with it) and `fail:WORD` (accepted, fails with it), with or without prefix. */
export function switchNamed(name: string): Switch | undefined {
  const [kind, word] = name.split(':')
  if (word !== undefined && /^[A-Z0-9_]+$/.test(word)) {
    if (kind === 'reason') return refusal(name, statusOfReason(word), word, 'refused with this reason')
    if (kind === 'fail')
      return { name, says: 'fails with it', at: 'video', fault: { outcome: 'failed', reason: reasonWord(word) } }
  }
  return SWITCHES.find(each => each.name === name)
}
