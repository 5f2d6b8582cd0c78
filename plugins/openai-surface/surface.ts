/** What every route of the surface works with, and the way into it: the key first. */
import {
  type AuthService,
  authorized,
  type Caller,
  domainFault,
  type GuardedFetch,
  JOB_HEADER,
  type JobEngine,
  type MediaStore,
  type ModelsView,
  type WebhookDesk,
} from 'flow2api/contracts'
import {
  type Clock,
  type Contributions,
  type Fault,
  FaultError,
  type Handle,
  type Logger,
  type Slot,
} from 'flow2api/plugin'
import type { Remixes } from './remixes.ts'

export interface Surface {
  readonly auth: Handle<AuthService>
  readonly jobs: Handle<JobEngine>
  readonly webhooks: Slot<WebhookDesk>
  readonly guard: Slot<GuardedFetch>
  readonly media: Slot<MediaStore>
  readonly views: Contributions<ModelsView>
  readonly remixes: Remixes
  readonly clock: Clock
  readonly log: Logger
  publicUrl(): string
  /** Keeps the plugin from being disposed of until what it answers is. */
  begin(label: string): AsyncDisposable
}

/** Nothing is read or answered before the API key is right. */
export const authenticated = (
  surface: Surface,
  request: Request,
  answer: (caller: Caller) => Response | Promise<Response>,
): Promise<Response> => authorized(surface.auth, request, 'api', answer)

/** Nobody reads it. The job goes on; its id stays findable in the logs. */
export const hungUp = (jobId: string): Response => new Response(null, { status: 499, headers: { [JOB_HEADER]: jobId } })

/** What was thrown while an admitted job's answer was made, as a fault; what is a bug of ours is logged, not shown. */
export function unexpected(cause: unknown, log: Logger, jobId: string): Fault {
  if (cause instanceof FaultError) return cause.fault
  log.error({ err: cause, job: jobId }, 'an answer broke off')
  return domainFault('internal_error', 'The gateway broke off this answer because of a mistake of its own. Try again.')
}
