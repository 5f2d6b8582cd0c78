/** Answers that come when the work is done, in one piece. */
import { faultResponse, type Job } from 'flow2api/contracts'
import { acceptedResponse } from './accepted.ts'
import type { Admitted } from './admission.ts'
import { attend } from './disconnect.ts'
import { withHeartbeats } from './heartbeat.ts'
import { faultOf, settle } from './jobs.ts'
import { hungUp, type Surface } from './surface.ts'

/** `present` makes the answer of a job that succeeded. */
export async function wholeAnswer(
  surface: Surface,
  admitted: Admitted,
  present: (job: Job) => Response | Promise<Response>,
): Promise<Response> {
  const { respondAsync, waitSeconds } = admitted.headers.preferences
  if (waitSeconds !== undefined) return within(surface, admitted, waitSeconds, present)
  if (respondAsync) return acceptedResponse(admitted.job, admitted.headers.preferences)
  return withHeartbeats(surface, admitted, signal =>
    attend(surface, admitted, signal, () => ended(surface, admitted.job, signal, present, job => hungUp(job.id))),
  )
}

/** Without heartbeats: whoever says how long to wait gets a real status then. */
async function within(
  surface: Surface,
  admitted: Admitted,
  seconds: number,
  present: (job: Job) => Response | Promise<Response>,
): Promise<Response> {
  const { request, headers } = admitted
  const enough = new AbortController()
  const cancel = surface.clock.after(seconds * 1000, () => enough.abort())
  const signal = AbortSignal.any([request.signal, enough.signal])
  if (seconds === 0) enough.abort()
  try {
    return await attend(surface, admitted, request.signal, () =>
      ended(surface, admitted.job, signal, present, job => acceptedResponse(job, headers.preferences)),
    )
  } finally {
    cancel()
  }
}

/** `unfinished` answers where `signal` aborted first. */
async function ended(
  surface: Surface,
  admitted: Job,
  signal: AbortSignal,
  present: (job: Job) => Response | Promise<Response>,
  unfinished: (job: Job) => Response,
): Promise<Response> {
  const settled = await settle(surface.jobs, admitted, surface.clock, signal)
  if (settled.isErr()) return faultResponse(settled.error, { jobId: admitted.id })
  const job = settled.value
  const fault = faultOf(job)
  if (fault !== undefined) return faultResponse(fault, { jobId: job.id })
  return job.status === 'completed' ? present(job) : unfinished(job)
}
