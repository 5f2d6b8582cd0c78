/** A job as clients of the gateway see it: `GET /v1/jobs/{id}`, its events, and every 202. */
import { errorBody } from './answers.ts'
import type { Job } from './jobs.ts'

const seconds = (milliseconds: number | null) => (milliseconds === null ? null : Math.floor(milliseconds / 1000))

/** What was asked for and what came of it, as it stands in every result. */
export const outcomeBody = ({ requested, delivered }: Pick<Job, 'requested' | 'delivered'>) => {
  const { aspectRatio, ...rest } = requested
  return {
    requested: { ...rest, ...(aspectRatio !== undefined && { aspect_ratio: aspectRatio }) },
    delivered,
  }
}

export interface JobBodyExtras {
  /** In how many seconds the turn of a place in the queue may come, where that is known. */
  readonly etaS?: number | null
  /** What the endpoint would have answered, where the job is completed. */
  readonly result?: object | null
}

export const jobBody = (job: Job, { etaS = null, result = null }: JobBodyExtras = {}) => ({
  id: job.id,
  object: 'job' as const,
  status: job.status,
  kind: job.kind,
  model: job.model || job.resolvedModel,
  progress: job.progress,
  queue: job.queuePosition === null ? null : { position: job.queuePosition, eta_s: etaS },
  created_at: seconds(job.createdAt),
  started_at: seconds(job.startedAt),
  finished_at: seconds(job.finishedAt),
  ...outcomeBody(job),
  media: job.media.map(({ url, mime, bytes, width, height, duration_s }) => ({
    url,
    mime,
    bytes,
    width,
    height,
    duration_s,
  })),
  result,
  error: job.fault === null ? null : errorBody(job.fault).error,
})
