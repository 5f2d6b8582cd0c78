/** Faults as HTTP answers, the same on `/v1` and `/admin/api`, with the headers that steer clients' automatic retries. */
import { type Blame, type Fault, FaultError, type Handle } from 'flow2api/plugin'
import type { AuthService, Caller, Scope } from './auth.ts'
import { FAULTS, type FaultCode } from './faults.ts'

/** Names the job on every answer to an admitted request. */
export const JOB_HEADER = 'x-flow2api-job'

/** JavaScript clients ignore a longer `retry-after` and come back at once. Source: api-surfaces A.1. */
const LONGEST_RETRY_MS = 60_000
/** Where waiting helps and nobody said how long: without a word, clients come back within a second. */
const USUAL_RETRY_MS = 5000

const BY_BLAME: Readonly<Record<Blame, { readonly status: number; readonly type: string }>> = {
  request: { status: 400, type: 'invalid_request_error' },
  account: { status: 503, type: 'server_error' },
  gateway: { status: 503, type: 'server_error' },
  proxy: { status: 502, type: 'server_error' },
  upstream: { status: 502, type: 'server_error' },
}

const isCatalogued = (code: string): code is FaultCode => Object.hasOwn(FAULTS, code)

/** By the catalogue; by blame for codes that are a provider's own, and where the blame is another than usual. */
function answerOf({ code, blame }: Fault): { readonly status: number; readonly type: string } {
  const usual = isCatalogued(code) ? FAULTS[code] : undefined
  return usual?.blame === blame ? usual : BY_BLAME[blame]
}

/** Never empty: clients show it as it is. */
export const messageFor = (fault: Fault): string =>
  fault.message.trim() === '' ? `The request failed with \`${fault.code}\`.` : fault.message

export interface ErrorBody {
  readonly error: {
    readonly message: string
    readonly type: string
    readonly param: string | null
    readonly code: string
  }
}

export const errorBody = (fault: Fault): ErrorBody => ({
  error: { message: messageFor(fault), type: answerOf(fault).type, param: fault.param ?? null, code: fault.code },
})

/**
 * The same within a stream, where there is no status and no header: clients read out of the type whether to ask again,
 * and take one that they do not know for a failure that may pass. What must not be repeated is of the type that says so.
 */
export function streamErrorBody(fault: Fault): ErrorBody {
  const { error } = errorBody(fault)
  const passing = fault.retry !== 'never' || error.type === 'insufficient_quota'
  return passing ? { error } : { error: { ...error, type: 'invalid_request_error' } }
}

export interface AnswerOptions {
  /** Where the request was admitted before it failed. */
  readonly jobId?: string
  /** Where HTTP has a status of its own for the case. */
  readonly status?: number
}

/** Clients come back by themselves after these. */
const isRetried = (status: number): boolean => status === 429 || status >= 500

/** Sets the header where waiting may help; answers how long. */
export function setRetryAfter(headers: Headers, fault: Fault, status: number): number | undefined {
  const usual = isRetried(status) && fault.retry !== 'never' ? USUAL_RETRY_MS : undefined
  const retryAfterMs = fault.retryAfterMs ?? usual
  if (retryAfterMs !== undefined) headers.set('retry-after', String(Math.ceil(retryAfterMs / 1000)))
  return retryAfterMs
}

export function faultResponse(fault: Fault, { jobId, status = answerOf(fault).status }: AnswerOptions = {}): Response {
  const headers = new Headers({ 'cache-control': 'no-store' })
  if (jobId !== undefined) headers.set(JOB_HEADER, jobId)
  const retryAfterMs = setRetryAfter(headers, fault, status)
  if (isRetried(status) && (fault.retry === 'never' || (retryAfterMs ?? 0) > LONGEST_RETRY_MS))
    headers.set('x-should-retry', 'false')
  return Response.json(errorBody(fault), { status, headers })
}

/** A successful answer to an admitted request. */
export const jobResponse = (body: unknown, jobId: string, headers: Readonly<Record<string, string>> = {}): Response =>
  Response.json(body, { headers: { [JOB_HEADER]: jobId, ...headers } })

/**
 * The way into a route: nothing is read or answered before the caller is known. A capability that is gone for the moment,
 * or broke its contract, throws a `FaultError` on the way; that is an answer too. Anything else is a bug, for the kernel.
 * `refuse` says it in the words of another API than OpenAI's.
 */
export async function authorized(
  auth: Handle<AuthService>,
  request: Request,
  scope: Scope,
  answer: (caller: Caller) => Response | Promise<Response>,
  refuse: (fault: Fault) => Response = faultResponse,
): Promise<Response> {
  try {
    const caller = await auth.verify(request, scope)
    return caller.isErr() ? refuse(caller.error) : await answer(caller.value)
  } catch (cause) {
    if (cause instanceof FaultError) return refuse(cause.fault)
    throw cause
  }
}
