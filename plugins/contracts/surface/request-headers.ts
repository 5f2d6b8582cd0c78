/** How a generating request is to be taken and answered, as its headers say (design 2.3). */
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import { domainFault } from '../faults.ts'
import { type Preferences, parsePrefer } from './preferences.ts'

export interface RequestHeaders {
  readonly idempotencyKey: string | undefined
  /** The client library repeats a request of its own accord. */
  readonly retry: boolean
  readonly preferences: Preferences
  /** What becomes of the job when the client hangs up. */
  readonly onDisconnect: 'detach' | 'cancel'
}

/** One word of what ASCII can show: the key is stored and compared as it is. */
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/

/** Error: `invalid_value`, with the header as `param`. */
export function readRequestHeaders(headers: Headers): Result<RequestHeaders, Fault> {
  const idempotencyKey = headers.get('idempotency-key') ?? undefined
  if (idempotencyKey !== undefined && !IDEMPOTENCY_KEY.test(idempotencyKey))
    return refuse('Idempotency-Key', 'must have 1 to 255 visible ASCII characters and no space, such as a UUID')
  const onDisconnect = headers.get('x-flow2api-on-disconnect')?.trim().toLowerCase() ?? 'detach'
  if (onDisconnect !== 'detach' && onDisconnect !== 'cancel')
    return refuse('x-flow2api-on-disconnect', 'must be `detach` (the work goes on, the default) or `cancel`')
  return ok({
    idempotencyKey,
    retry: Number(headers.get('x-stainless-retry-count')) >= 1,
    preferences: parsePrefer(headers.get('prefer')),
    onDisconnect,
  })
}

const refuse = (param: string, rule: string) =>
  err(domainFault('invalid_value', `The header \`${param}\` ${rule}.`, { param }))
