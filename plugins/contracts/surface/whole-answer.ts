/** Answers that come when the work is done, in one piece, and those that come before. */
import { JOB_HEADER } from '../answers.ts'
import { jobBody } from '../job-body.ts'
import type { Job } from '../jobs.ts'
import { attend } from './attendance.ts'
import { withHeartbeats } from './heartbeat.ts'
import { outcomeFault, settle } from './outcome.ts'
import { type Preferences, spelledPreferences } from './preferences.ts'
import { type AdmittedRequest, hungUp, type SurfaceWorld } from './world.ts'

/** What a surface answers: to success, and to a job that ended otherwise where that is no error of its API. */
export interface Presentation {
  present(job: Job): Response | Promise<Response>
  /** Undefined: as `SurfaceWorld.refuse` has it. */
  failed?(job: Job): Response | undefined
}

/** 202: the work goes on, and `Location` tells where to look. */
export const acceptedResponse = (job: Job, preferences: Preferences): Response =>
  Response.json(jobBody(job), {
    status: 202,
    headers: {
      [JOB_HEADER]: job.id,
      location: `/v1/jobs/${job.id}`,
      'preference-applied': spelledPreferences(preferences),
    },
  })

export async function wholeAnswer(
  world: SurfaceWorld,
  admitted: AdmittedRequest,
  presentation: Presentation,
): Promise<Response> {
  const { respondAsync, waitSeconds } = admitted.headers.preferences
  if (waitSeconds !== undefined) return within(world, admitted, waitSeconds, presentation)
  if (respondAsync) return acceptedResponse(admitted.job, admitted.headers.preferences)
  return withHeartbeats(world, admitted, signal =>
    attend(world, admitted, signal, () => ended(world, admitted.job, signal, presentation, job => hungUp(job.id))),
  )
}

/** Without heartbeats: whoever says how long to wait gets a real status then. */
async function within(
  world: SurfaceWorld,
  admitted: AdmittedRequest,
  seconds: number,
  presentation: Presentation,
): Promise<Response> {
  const { request, headers } = admitted
  const enough = new AbortController()
  const cancel = world.clock.after(seconds * 1000, () => enough.abort())
  const signal = AbortSignal.any([request.signal, enough.signal])
  if (seconds === 0) enough.abort()
  try {
    return await attend(world, admitted, request.signal, () =>
      ended(world, admitted.job, signal, presentation, job => acceptedResponse(job, headers.preferences)),
    )
  } finally {
    cancel()
  }
}

/** `unfinished` answers where `signal` aborted first. */
async function ended(
  world: SurfaceWorld,
  admitted: Job,
  signal: AbortSignal,
  presentation: Presentation,
  unfinished: (job: Job) => Response,
): Promise<Response> {
  const settled = await settle(world.jobs, admitted, world.clock, signal)
  if (settled.isErr()) return world.refuse(settled.error, admitted.id)
  const job = settled.value
  const fault = outcomeFault(job)
  if (fault !== undefined) return presentation.failed?.(job) ?? world.refuse(fault, job.id)
  return job.status === 'completed' ? presentation.present(job) : unfinished(job)
}
