/** Jobs as OpenAI video objects (api-surfaces A.5). */
import { hexOf, type Job, type JobStatus, messageFor, outcomeBody, outcomeFault } from 'flow2api/contracts'
import { modelNameOf, unixSeconds } from './jobs.ts'
import { sizeOf } from './media.ts'
import type { Remixes } from './remixes.ts'

type VideoStatus = 'queued' | 'in_progress' | 'completed' | 'failed'

/** Clients know these four words and loop for ever, or stop at once, on any other. */
const STATUS: Readonly<Record<JobStatus, VideoStatus>> = {
  queued: 'queued',
  starting: 'in_progress',
  running: 'in_progress',
  delivering: 'in_progress',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'failed',
  outcome_unknown: 'failed',
}

const VIDEO_ID = /^video_([0-9a-z-]+)$/i

/** `video_<hex>` of `job_<hex>`. */
export const videoId = (job: Pick<Job, 'id'>): string => `video_${hexOf(job)}`

/** The job behind a video's id; undefined where it cannot be one. */
export function jobIdOf(id: string): string | undefined {
  const hex = VIDEO_ID.exec(id)?.[1]
  return hex === undefined ? undefined : `job_${hex}`
}

export const isUnfinished = (job: Job): boolean =>
  STATUS[job.status] === 'queued' || STATUS[job.status] === 'in_progress'

/**
 * All thirteen keys, always: the schema requires them, and some clients read a missing `error` as running. Besides them
 * `requested` and `delivered`.
 */
export function videoObject(job: Job, remixes: Pick<Remixes, 'sourceOf'>) {
  const sourceId = remixes.sourceOf(job.id)
  const [media] = job.media
  const fault = outcomeFault(job)
  const measured = Math.round(job.delivered?.seconds ?? media?.duration_s ?? 0)
  return {
    id: videoId(job),
    object: 'video',
    model: modelNameOf(job),
    status: fault === undefined ? STATUS[job.status] : 'failed',
    progress: Math.floor(job.progress),
    created_at: unixSeconds(job.createdAt),
    completed_at: job.status === 'completed' && job.finishedAt !== null ? unixSeconds(job.finishedAt) : null,
    expires_at: null,
    prompt: job.prompt,
    size: sizeOf(media) ?? job.requested.size ?? job.requested.aspectRatio ?? 'auto',
    seconds: String(measured > 0 ? measured : (job.requested.seconds ?? 0)),
    remixed_from_video_id: sourceId === undefined ? null : videoId({ id: sourceId }),
    error: fault === undefined ? null : { code: fault.code, message: messageFor(fault) },
    ...outcomeBody(job),
  }
}
