/** The last steps of every generating request to its job: callback, submission, and an answer whatever happens. */
import { err, type Fault, type Handle, ok, type Result } from 'flow2api/plugin'
import type { Caller } from '../auth.ts'
import { domainFault } from '../faults.ts'
import type { JobRequest } from '../jobs.ts'
import type { WebhookDesk } from '../webhooks.ts'
import type { RequestHeaders } from './request-headers.ts'
import { type AdmittedRequest, type SurfaceWorld, unexpectedFault } from './world.ts'

export interface Submission {
  readonly request: Request
  readonly headers: RequestHeaders
  readonly caller: Caller
  /** How the endpoint is called in job records. */
  readonly endpoint: string
  /** Of endpoint and body: see `fingerprintOf`. */
  readonly fingerprint: string
  readonly job: JobRequest
  readonly callbackUrl?: string
  readonly user?: string
}

export async function submit(
  world: SurfaceWorld,
  { request, headers, caller, endpoint, fingerprint, job: wanted, callbackUrl, user }: Submission,
  answer: (admitted: AdmittedRequest) => Response | Promise<Response>,
): Promise<Response> {
  const allowed = callbackUrl === undefined ? ok(undefined) : await checkCallback(world, callbackUrl)
  if (allowed.isErr()) return world.refuse(allowed.error)
  const { idempotencyKey: key, retry } = headers
  const submitted = await world.jobs.submit(wanted, {
    caller,
    surface: endpoint,
    idempotency: { ...(key !== undefined && { key }), fingerprint, retry },
    ...(callbackUrl !== undefined && { callbackUrl }),
    ...(user !== undefined && { user }),
  })
  if (submitted.isErr()) return world.refuse(submitted.error)
  const job = submitted.value
  try {
    return await answer({ request, headers, job })
  } catch (cause) {
    return world.refuse(unexpectedFault(cause, world.log, job.id), job.id)
  }
}

/** Error: `invalid_value`. */
async function checkCallback(world: SurfaceWorld, url: string): Promise<Result<void, Fault>> {
  const desk: Handle<WebhookDesk> | undefined = world.webhooks.current
  const param = 'callback_url'
  if (desk === undefined) {
    const message = 'Webhooks are switched off here. Leave `callback_url` out, or switch the plugin `webhooks` on.'
    return err(domainFault('invalid_value', message, { param }))
  }
  const checked = await desk.check(url)
  return checked.mapErr(fault => ({ ...fault, param }))
}
