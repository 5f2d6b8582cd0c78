/** What every route of the surface works with, and the way into it: the key first. */
import { type AuthService, type Caller, faultResponse, JOB_HEADER, type JobEngine } from 'flow2api/contracts'
import { type Clock, FaultError, type Handle, type Logger } from 'flow2api/plugin'

export interface Surface {
  readonly auth: Handle<AuthService>
  readonly jobs: Handle<JobEngine>
  readonly clock: Clock
  readonly log: Logger
}

/** Nothing is read or answered before the API key is right. */
export async function authenticated(
  surface: Surface,
  request: Request,
  answer: (caller: Caller) => Response | Promise<Response>,
): Promise<Response> {
  try {
    const caller = await surface.auth.verify(request, 'api')
    return caller.isErr() ? faultResponse(caller.error) : await answer(caller.value)
  } catch (cause) {
    // A capability that is gone or broke its contract throws; everything else is a bug of ours, for the kernel.
    if (cause instanceof FaultError) return faultResponse(cause.fault)
    throw cause
  }
}

/** Nobody reads it. The job goes on; its id stays findable in the logs. */
export const hungUp = (jobId: string): Response => new Response(null, { status: 499, headers: { [JOB_HEADER]: jobId } })
