/** Videos by their id. */
import { domainFault, findJob, isValues, type Job } from 'flow2api/contracts'
import { err, type Fault, ok, type Result, type ResultAsync } from 'flow2api/plugin'
import type { Surface } from './surface.ts'
import { isUnfinished, jobIdOf } from './video-object.ts'

/** Of every endpoint, chat included: the id alone decides. Error: `not_found`. */
export function findVideo(surface: Surface, id: string, param = 'id'): ResultAsync<Job, Fault> {
  const missing = () =>
    domainFault(
      'not_found',
      `There is no video with the id ${id.slice(0, 80)}. It may have been deleted; GET /v1/videos lists what there is.`,
      { param },
    )
  return findJob(surface.jobs, jobIdOf(id), missing).andThen(job => (job.kind === 'video' ? ok(job) : err(missing())))
}

/** A finished one, to go on with. Errors: `not_found`, `video_not_ready`, `invalid_value`. */
export async function findFinished(surface: Surface, id: string, param: string): Promise<Result<Job, Fault>> {
  const refuse = (code: 'invalid_value' | 'video_not_ready', message: string) =>
    err(domainFault(code, message, { param }))
  const found = await findVideo(surface, id, param)
  if (found.isErr()) return err(found.error)
  const job = found.value
  if (isUnfinished(job))
    return refuse('video_not_ready', `The video ${id} is not ready yet (${job.progress} % done). Go on with it then.`)
  return job.status === 'completed' && job.media.length > 0
    ? ok(job)
    : refuse('invalid_value', `The video ${id} did not succeed, so there is nothing to go on with.`)
}

/** What a body calls `video`: `{ id }`, or the id alone. Errors: as of `findFinished`, `missing_required_parameter`. */
export async function readSourceVideo(surface: Surface, written: unknown): Promise<Result<Job, Fault>> {
  const param = 'video'
  const value = isValues(written) ? (written['id'] ?? written) : written
  if (value === undefined) {
    const message = '`video` is required: {"id": "video_…"} of a video that was made here.'
    return err(domainFault('missing_required_parameter', message, { param }))
  }
  if (typeof value === 'string' && !/^(?:data:|https?:)/i.test(value)) return findFinished(surface, value, param)
  const message =
    '`video` must be the id of a video that was made here, such as {"id": "video_…"}; other videos cannot be read.'
  return err(domainFault('invalid_value', message, { param }))
}
