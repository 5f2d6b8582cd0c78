/** The way of every generating request to its job: headers, body, callback, submission. */
import {
  type Caller,
  domainFault,
  faultResponse,
  type Job,
  type JobRequest,
  type WebhookDesk,
} from 'flow2api/contracts'
import { err, type Fault, type Handle, ok, type Result } from 'flow2api/plugin'
import { type Body, readBody } from './body.ts'
import { Fields } from './fields.ts'
import { fingerprintOf } from './fingerprint.ts'
import { type RequestHeaders, readHeaders } from './request-headers.ts'
import { type Surface, unexpected } from './surface.ts'

/** What every reader of a body makes of it, besides what is its endpoint's own. */
interface Wanted {
  readonly job: JobRequest
}

export interface Admitted<W extends Wanted = Wanted> {
  readonly request: Request
  readonly headers: RequestHeaders
  readonly wanted: W
  /** As it was at admission; a repeated request has the job of its first try. */
  readonly job: Job
}

interface Admission<W extends Wanted> {
  readonly request: Request
  readonly caller: Caller
  /** How the endpoint is called in job records. */
  readonly endpoint: string
  read(body: Body): Result<W, Fault> | Promise<Result<W, Fault>>
  answer(admitted: Admitted<W>): Response | Promise<Response>
}

export async function admit<W extends Wanted>(surface: Surface, admission: Admission<W>): Promise<Response> {
  const { request, caller, endpoint } = admission
  const headers = readHeaders(request.headers)
  if (headers.isErr()) return faultResponse(headers.error)
  const body = await readBody(request)
  if (body.isErr()) return faultResponse(body.error)
  const wanted = await admission.read(body.value)
  if (wanted.isErr()) return faultResponse(wanted.error)
  const callback = await readCallback(surface, body.value)
  if (callback.isErr()) return faultResponse(callback.error)
  const { idempotencyKey: key, retry } = headers.value
  const fingerprint = await fingerprintOf(endpoint, body.value.values)
  const submitted = await surface.jobs.submit(wanted.value.job, {
    caller,
    surface: endpoint,
    idempotency: { ...(key !== undefined && { key }), fingerprint, retry },
  })
  if (submitted.isErr()) return faultResponse(submitted.error)
  const job = submitted.value
  try {
    const registered = await callback.value?.register(job.id)
    // The work goes on, but nobody would be told: said now, and mended by repeating the request.
    if (registered?.isErr()) return faultResponse(registered.error, { jobId: job.id })
    return await admission.answer({ request, headers: headers.value, wanted: wanted.value, job })
  } catch (cause) {
    return faultResponse(unexpected(cause, surface.log, job.id), { jobId: job.id })
  }
}

interface Callback {
  register(jobId: string): ReturnType<WebhookDesk['register']>
}

/** `callback_url`, found to be allowed; undefined where there is none. Error: `invalid_value`. */
async function readCallback(surface: Surface, body: Body): Promise<Result<Callback | undefined, Fault>> {
  const fields = new Fields(body)
  const url = fields.text('callback_url')
  if (fields.fault !== undefined) return err(fields.fault)
  if (url === undefined) return ok(undefined)
  const desk: Handle<WebhookDesk> | undefined = surface.webhooks.current
  const param = 'callback_url'
  if (desk === undefined) {
    const message = 'Webhooks are switched off here. Leave `callback_url` out, or switch the plugin `webhooks` on.'
    return err(domainFault('invalid_value', message, { param }))
  }
  const checked = await desk.check(url)
  return checked.isErr() ? err({ ...checked.error, param }) : ok({ register: jobId => desk.register(jobId, url) })
}
