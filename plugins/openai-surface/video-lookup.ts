/** Videos by their id. */
import { domainFault, type Job } from 'flow2api/contracts'
import { err, errAsync, type Fault, ok, type ResultAsync } from 'flow2api/plugin'
import type { Surface } from './surface.ts'
import { jobIdOf } from './video-object.ts'

/** Of every endpoint, chat included: the id alone decides. Error: `not_found`. */
export function findVideo(surface: Surface, id: string, param = 'id'): ResultAsync<Job, Fault> {
  const missing = () => domainFault('not_found', `There is no video with the id ${id.slice(0, 80)}.`, { param })
  const jobId = jobIdOf(id)
  if (jobId === undefined) return errAsync(missing())
  return surface.jobs
    .get(jobId)
    .mapErr(fault => (fault.code === 'not_found' ? missing() : fault))
    .andThen(job => (job.kind === 'video' ? ok(job) : err(missing())))
}
