/** Jobs as `GET /v1/jobs/{id}` shows them, for answers that come before the work is done. */
import { errorBody, JOB_HEADER, type Job } from 'flow2api/contracts'
import { modelNameOf, unixSeconds } from './jobs.ts'
import { type Preferences, spelledPreferences } from './preferences.ts'

const secondsOrNull = (milliseconds: number | null) => (milliseconds === null ? null : unixSeconds(milliseconds))

/** The shape that design 2.3 gives; `eta_s` and `result` are only known to the engine's own route. */
export const jobObject = (job: Job) => ({
  id: job.id,
  object: 'job',
  status: job.status,
  kind: job.kind,
  model: modelNameOf(job),
  progress: job.progress,
  queue: job.queuePosition === null ? null : { position: job.queuePosition, eta_s: null },
  created_at: unixSeconds(job.createdAt),
  started_at: secondsOrNull(job.startedAt),
  finished_at: secondsOrNull(job.finishedAt),
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

/** 202: the work goes on, and `Location` tells where to look. */
export const acceptedResponse = (job: Job, preferences: Preferences): Response =>
  Response.json(jobObject(job), {
    status: 202,
    headers: {
      [JOB_HEADER]: job.id,
      location: `/v1/jobs/${job.id}`,
      'preference-applied': spelledPreferences(preferences),
    },
  })
