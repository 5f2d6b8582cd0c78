/** The way of every generating request to its job: headers, body, callback, submission. */
import {
  type AdmittedRequest,
  type Caller,
  faultResponse,
  fingerprintOf,
  type JobRequest,
  LONGEST_USER,
  readRequestHeaders,
  submit,
  tellIgnored,
} from 'flow2api/contracts'
import type { Fault, Result } from 'flow2api/plugin'
import { readBody } from './body.ts'
import { Fields } from './fields.ts'
import { toldForGood } from './for-good.ts'
import type { Surface } from './surface.ts'

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
  const scope = subject === undefined ? endpoint : `${endpoint} ${subject}`
  const fingerprinting = fingerprintOf(scope, body.value.values, body.value.textual)
  const fingerprint = typeof fingerprinting === 'string' ? fingerprinting : await fingerprinting
  const { job } = wanted.value
  const submission = { request, headers: headers.value, caller, endpoint, fingerprint, job, ...origin }
  return submit(surface, submission, async admitted => {
    const answer = toldForGood(request, await admission.answer({ ...admitted, wanted: wanted.value }))
    tellIgnored(answer, fields.ignored, NAMEABLE)
    return answer
  })
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
