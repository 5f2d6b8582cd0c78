/** What the routes of a surface work with, and what they know of a request that was admitted. */
import { type Clock, type Fault, FaultError, type Handle, type Logger, type Slot } from 'flow2api/plugin'
import { JOB_HEADER } from '../answers.ts'
import type { AuthService } from '../auth.ts'
import { domainFault } from '../faults.ts'
import type { GuardedFetch } from '../guard.ts'
import type { Job, JobEngine } from '../jobs.ts'
import type { MediaStore } from '../media.ts'
import type { WebhookDesk } from '../webhooks.ts'
import type { RequestHeaders } from './request-headers.ts'

export interface SurfaceWorld {
  readonly auth: Handle<AuthService>
  readonly jobs: Handle<JobEngine>
  readonly webhooks: Slot<WebhookDesk>
  readonly guard: Slot<GuardedFetch>
  readonly media: Slot<MediaStore>
  readonly clock: Clock
  readonly log: Logger
  publicUrl(): string
  /** Keeps the plugin from being disposed of until what it answers is. */
  begin(label: string): AsyncDisposable
  /** A fault in the words of this surface. */
  refuse(fault: Fault, jobId?: string): Response
}

export interface AdmittedRequest {
  readonly request: Request
  readonly headers: RequestHeaders
  /** As it was at admission; a repeated request has the job of its first try. */
  readonly job: Job
}

/** Nobody reads it. The job goes on; its id stays findable in the logs. */
export const hungUp = (jobId: string): Response => new Response(null, { status: 499, headers: { [JOB_HEADER]: jobId } })

/** What was thrown while an admitted job's answer was made, as a fault; what is a bug of ours is logged, not shown. */
export function unexpectedFault(cause: unknown, log: Logger, jobId: string): Fault {
  if (cause instanceof FaultError) return cause.fault
  log.error({ err: cause, job: jobId }, 'an answer broke off')
  return domainFault('internal_error', 'The gateway broke off this answer because of a mistake of its own. Try again.')
}
