/** The way of every generating request to its job: headers, body, callback, submission. */
import {
  type AdmittedRequest,
  type Caller,
  domainFault,
  faultResponse,
  fingerprintOf,
  type JobRequest,
  readRequestHeaders,
  unexpectedFault,
  type WebhookDesk,
} from 'flow2api/contracts'
import { err, type Fault, type Handle, ok, type Result } from 'flow2api/plugin'
import { readBody } from './body.ts'
import { Fields } from './fields.ts'
import { toldForGood } from './for-good.ts'
import type { Surface } from './surface.ts'

/** Names the fields of the body that had no effect. */
export const IGNORED_HEADER = 'x-flow2api-ignored'
/** It is stored with the job. */
const LONGEST_USER = 512
/** A header is no place for long lists. */
const MOST_IGNORED = 20
const NAMEABLE = /^[\w.:[\]-]{1,60}$/

/** What every reader of a body makes of it, besides what is its endpoint's own. */
interface Wanted {
  readonly job: JobRequest
}

export interface Admitted<W extends Wanted = Wanted> extends AdmittedRequest {
  readonly wanted: W
}

/** A response: the request is answered without a job. */
type Read<W> = Result<W, Fault> | Response

interface Admission<W extends Wanted> {
  readonly request: Request
  readonly caller: Caller
  /** How the endpoint is called in job records. */
  readonly endpoint: string
  /** What of the request stands in its path; part of what makes it the same request. */
  readonly subject?: string
  read(fields: Fields): Read<W> | Promise<Read<W>>
  answer(admitted: Admitted<W>): Response | Promise<Response>
}

export async function admit<W extends Wanted>(surface: Surface, admission: Admission<W>): Promise<Response> {
  const { request, caller, endpoint, subject } = admission
  const headers = readRequestHeaders(request.headers)
  if (headers.isErr()) return faultResponse(headers.error)
  const body = await readBody(request)
  if (body.isErr()) return faultResponse(body.error)
  const fields = new Fields(body.value)
  const origin = readOrigin(fields)
  const reading = admission.read(fields)
  const wanted = reading instanceof Promise ? await reading : reading
  if (wanted instanceof Response) return wanted
  if (wanted.isErr()) return faultResponse(wanted.error)
  if (fields.fault !== undefined) return faultResponse(fields.fault)
  const { callbackUrl } = origin
  const allowed = callbackUrl === undefined ? ok(undefined) : await checkCallback(surface, callbackUrl)
  if (allowed.isErr()) return faultResponse(allowed.error)
  const scope = subject === undefined ? endpoint : `${endpoint} ${subject}`
  const fingerprinting = fingerprintOf(scope, body.value.values, body.value.textual)
  const fingerprint = typeof fingerprinting === 'string' ? fingerprinting : await fingerprinting
  const { idempotencyKey: key, retry } = headers.value
  const submitted = await surface.jobs.submit(wanted.value.job, {
    caller,
    surface: endpoint,
    idempotency: { ...(key !== undefined && { key }), fingerprint, retry },
    ...origin,
  })
  if (submitted.isErr()) return faultResponse(submitted.error)
  const job = submitted.value
  try {
    const admitted = { request, headers: headers.value, wanted: wanted.value, job }
    const answer = toldForGood(request, await admission.answer(admitted))
    const ignored = fields.ignored.filter(name => NAMEABLE.test(name)).slice(0, MOST_IGNORED)
    if (ignored.length > 0) answer.headers.set(IGNORED_HEADER, ignored.join(', '))
    return answer
  } catch (cause) {
    return faultResponse(unexpectedFault(cause, surface.log, job.id), { jobId: job.id })
  }
}

interface Origin {
  readonly callbackUrl?: string
  readonly user?: string
}

/** Whom to tell, and for whom it is; OpenAI's newer name of the latter comes second, as the two may differ. */
function readOrigin(fields: Fields): Origin {
  const callbackUrl = fields.text('callback_url')
  const user = fields.text('user', LONGEST_USER) ?? fields.text('safety_identifier', LONGEST_USER)
  return { ...(callbackUrl !== undefined && { callbackUrl }), ...(user !== undefined && { user }) }
}

/** Error: `invalid_value`. */
async function checkCallback(surface: Surface, url: string): Promise<Result<void, Fault>> {
  const desk: Handle<WebhookDesk> | undefined = surface.webhooks.current
  const param = 'callback_url'
  if (desk === undefined) {
    const message = 'Webhooks are switched off here. Leave `callback_url` out, or switch the plugin `webhooks` on.'
    return err(domainFault('invalid_value', message, { param }))
  }
  const checked = await desk.check(url)
  return checked.mapErr(fault => ({ ...fault, param }))
}
