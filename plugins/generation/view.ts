/** A job as clients of this gateway see it. */
import { errorBody, type Job } from 'flow2api/contracts'

const seconds = (milliseconds: number | null) => (milliseconds === null ? null : Math.floor(milliseconds / 1000))

export const jobBody = (job: Job) => ({
  id: job.id,
  object: 'job' as const,
  status: job.status,
  kind: job.kind,
  model: job.model || job.resolvedModel,
  progress: job.progress,
  queue: job.queuePosition === null ? null : { position: job.queuePosition, eta_s: null },
  created_at: seconds(job.createdAt),
  started_at: seconds(job.startedAt),
  finished_at: seconds(job.finishedAt),
  requested: job.requested,
  delivered: job.delivered,
  media: job.media.map(({ url, mime, bytes, width, height, duration_s }) => ({
    url,
    mime,
    bytes,
    width,
    height,
    duration_s,
  })),
  result: null,
  error: job.fault === null ? null : errorBody(job.fault).error,
})
