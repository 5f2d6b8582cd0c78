/** Faults in Google's words (api-surfaces B.3). */
import { FAULTS, type FaultCode, JOB_HEADER, messageFor, setRetryAfter } from 'flow2api/contracts'
import type { Blame, Fault } from 'flow2api/plugin'

type Status =
  | 'INVALID_ARGUMENT'
  | 'FAILED_PRECONDITION'
  | 'OUT_OF_RANGE'
  | 'UNAUTHENTICATED'
  | 'PERMISSION_DENIED'
  | 'NOT_FOUND'
  | 'RESOURCE_EXHAUSTED'
  | 'CANCELLED'
  | 'INTERNAL'
  | 'UNAVAILABLE'
  | 'DEADLINE_EXCEEDED'

/** HTTP's status of each, and its number in operations. */
const STATUSES: Readonly<Record<Status, { readonly http: number; readonly grpc: number }>> = {
  CANCELLED: { http: 499, grpc: 1 },
  INVALID_ARGUMENT: { http: 400, grpc: 3 },
  DEADLINE_EXCEEDED: { http: 504, grpc: 4 },
  NOT_FOUND: { http: 404, grpc: 5 },
  PERMISSION_DENIED: { http: 403, grpc: 7 },
  RESOURCE_EXHAUSTED: { http: 429, grpc: 8 },
  FAILED_PRECONDITION: { http: 400, grpc: 9 },
  OUT_OF_RANGE: { http: 416, grpc: 11 },
  INTERNAL: { http: 500, grpc: 13 },
  UNAVAILABLE: { http: 503, grpc: 14 },
  UNAUTHENTICATED: { http: 401, grpc: 16 },
}

const BY_HTTP: Readonly<Record<number, Status>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  504: 'DEADLINE_EXCEEDED',
}

const BY_BLAME: Readonly<Record<Blame, Status>> = {
  request: 'INVALID_ARGUMENT',
  account: 'UNAVAILABLE',
  proxy: 'UNAVAILABLE',
  upstream: 'UNAVAILABLE',
  gateway: 'UNAVAILABLE',
}

/** Where the catalogue's status of HTTP would say something else in this API. */
const BY_CODE: Readonly<Record<string, Status>> = {
  cancelled: 'CANCELLED',
  invalid_range: 'OUT_OF_RANGE',
  video_not_ready: 'FAILED_PRECONDITION',
}

const isCatalogued = (code: string): code is FaultCode => Object.hasOwn(FAULTS, code)

export function statusOf({ code, blame, retry }: Fault): Status {
  const special = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined
  if (special !== undefined) return special
  const usual = isCatalogued(code) && FAULTS[code].blame === blame ? FAULTS[code].status : undefined
  const status = usual === undefined ? BY_BLAME[blame] : (BY_HTTP[usual] ?? 'UNAVAILABLE')
  // Clients of this API know no `x-should-retry`, and repeat what has 500 or more: a repetition would be paid again.
  return retry === 'never' && STATUSES[status].http >= 500 ? 'FAILED_PRECONDITION' : status
}

/** Reasons that clients know from Google. */
const REASONS: Readonly<Record<string, string>> = { invalid_api_key: 'API_KEY_INVALID' }

const TYPE = 'type.googleapis.com/google.rpc'

export function errorDetails(fault: Fault): readonly object[] {
  const { code, param, retryAfterMs } = fault
  return [
    { '@type': `${TYPE}.ErrorInfo`, reason: REASONS[code] ?? code.toUpperCase(), domain: 'flow2api', metadata: {} },
    ...(param === undefined
      ? []
      : [{ '@type': `${TYPE}.BadRequest`, fieldViolations: [{ field: param, description: messageFor(fault) }] }]),
    ...(retryAfterMs === undefined
      ? []
      : [{ '@type': `${TYPE}.RetryInfo`, retryDelay: `${Math.ceil(retryAfterMs / 1000)}s` }]),
  ]
}

export const errorBody = (fault: Fault, status = statusOf(fault)) => ({
  error: { code: STATUSES[status].http, message: messageFor(fault), status, details: errorDetails(fault) },
})

export function errorResponse(fault: Fault, jobId?: string, status = statusOf(fault)): Response {
  const headers = new Headers({ 'cache-control': 'no-store' })
  if (jobId !== undefined) headers.set(JOB_HEADER, jobId)
  const { http } = STATUSES[status]
  setRetryAfter(headers, fault, http)
  return Response.json(errorBody(fault, status), { status: http, headers })
}

/** In operations: numbers of gRPC, not of HTTP. */
export const operationError = (fault: Fault) => ({
  code: STATUSES[statusOf(fault)].grpc,
  message: messageFor(fault),
  details: errorDetails(fault),
})

/** Google answers a key that it does not know with 400, an unknown token with 401, and a request without either with 403. */
export function keyRefusal(fault: Fault, request: Request): Response {
  if (fault.code !== 'invalid_api_key') return errorResponse(fault)
  const { headers } = request
  const sent = headers.has('x-goog-api-key') || new URL(request.url).searchParams.has('key')
  if (sent) return errorResponse(fault, undefined, 'INVALID_ARGUMENT')
  return errorResponse(fault, undefined, headers.has('authorization') ? 'UNAUTHENTICATED' : 'PERMISSION_DENIED')
}
