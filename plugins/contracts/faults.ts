/**
 * The catalogue of domain codes: whom each blames, what a retry brings, and how the OpenAI surface answers it
 * (status, type). A provider may use codes of its own; a surface then answers by blame.
 */
import { type Fault, type FaultDetails, fault } from 'flow2api/plugin'

type Entry = Pick<Fault, 'blame' | 'retry'> & {
  /** HTTP status and `error.type` on `/v1`. Source of the types: api-surfaces A.1. */
  readonly status: number
  readonly type: string
}

export const FAULTS = {
  // The caller's request.
  invalid_api_key: { blame: 'request', retry: 'never', status: 401, type: 'invalid_request_error' },
  admin_required: { blame: 'request', retry: 'never', status: 401, type: 'invalid_request_error' },
  login_failed: { blame: 'request', retry: 'never', status: 401, type: 'invalid_request_error' },
  login_throttled: { blame: 'request', retry: 'later', status: 429, type: 'rate_limit_error' },
  invalid_json: { blame: 'request', retry: 'never', status: 400, type: 'invalid_request_error' },
  invalid_value: { blame: 'request', retry: 'never', status: 400, type: 'invalid_request_error' },
  missing_required_parameter: { blame: 'request', retry: 'never', status: 400, type: 'invalid_request_error' },
  idempotency_key_reused: { blame: 'request', retry: 'never', status: 400, type: 'invalid_request_error' },
  url_refused: { blame: 'request', retry: 'never', status: 400, type: 'invalid_request_error' },
  invalid_image_file: { blame: 'request', retry: 'never', status: 400, type: 'invalid_request_error' },
  model_not_found: { blame: 'request', retry: 'never', status: 404, type: 'invalid_request_error' },
  not_found: { blame: 'request', retry: 'never', status: 404, type: 'invalid_request_error' },
  video_not_ready: { blame: 'request', retry: 'never', status: 400, type: 'invalid_request_error' },
  account_exists: { blame: 'request', retry: 'never', status: 400, type: 'invalid_request_error' },
  moderation_blocked: { blame: 'request', retry: 'never', status: 400, type: 'image_generation_user_error' },
  cancelled: { blame: 'request', retry: 'never', status: 400, type: 'invalid_request_error' },
  // An account.
  access_expired: { blame: 'account', retry: 'same', status: 503, type: 'server_error' },
  account_needs_session: { blame: 'account', retry: 'other-account', status: 503, type: 'server_error' },
  account_migrated: { blame: 'account', retry: 'other-account', status: 503, type: 'server_error' },
  account_throttled: { blame: 'account', retry: 'other-account', status: 429, type: 'rate_limit_error' },
  model_quota_spent: { blame: 'account', retry: 'other-account', status: 429, type: 'insufficient_quota' },
  account_quota_spent: { blame: 'account', retry: 'other-account', status: 429, type: 'insufficient_quota' },
  account_not_entitled: { blame: 'account', retry: 'other-account', status: 403, type: 'invalid_request_error' },
  // The way out.
  proxy_unreachable: { blame: 'proxy', retry: 'later', status: 502, type: 'server_error' },
  proxy_refused: { blame: 'proxy', retry: 'later', status: 502, type: 'server_error' },
  // The upstream.
  upstream_unreachable: { blame: 'upstream', retry: 'later', status: 502, type: 'server_error' },
  upstream_timeout: { blame: 'upstream', retry: 'later', status: 504, type: 'server_error' },
  upstream_down: { blame: 'upstream', retry: 'later', status: 503, type: 'server_error' },
  upstream_error: { blame: 'upstream', retry: 'later', status: 502, type: 'server_error' },
  upstream_unreadable: { blame: 'upstream', retry: 'never', status: 502, type: 'server_error' },
  upstream_rejected: { blame: 'request', retry: 'never', status: 400, type: 'invalid_request_error' },
  verification_required: { blame: 'upstream', retry: 'never', status: 502, type: 'server_error' },
  downgraded: { blame: 'upstream', retry: 'never', status: 502, type: 'server_error' },
  generation_failed: { blame: 'upstream', retry: 'never', status: 502, type: 'server_error' },
  media_unavailable: { blame: 'upstream', retry: 'later', status: 502, type: 'server_error' },
  // The gateway.
  no_account: { blame: 'gateway', retry: 'never', status: 503, type: 'server_error' },
  accounts_cooling: { blame: 'gateway', retry: 'later', status: 503, type: 'server_error' },
  insufficient_quota: { blame: 'account', retry: 'never', status: 429, type: 'insufficient_quota' },
  queue_full: { blame: 'gateway', retry: 'later', status: 429, type: 'rate_limit_error' },
  generation_timeout: { blame: 'upstream', retry: 'never', status: 504, type: 'server_error' },
  outcome_unknown: { blame: 'gateway', retry: 'never', status: 502, type: 'server_error' },
  disk_full: { blame: 'gateway', retry: 'later', status: 503, type: 'server_error' },
  internal_error: { blame: 'gateway', retry: 'later', status: 500, type: 'server_error' },
} as const satisfies Record<string, Entry>

export type FaultCode = keyof typeof FAULTS

/** A fault of the catalogue. `details` overrides blame or retry only where the case at hand differs. */
export function domainFault(code: FaultCode, message: string, details: FaultDetails = {}): Fault {
  const { blame, retry } = FAULTS[code]
  return fault(code, message, { blame, retry, ...details })
}
