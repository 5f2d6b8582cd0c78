/** What is sent (Standard Webhooks; api-surfaces A.5). Pure. */
import { errorBody, type Job } from 'flow2api/contracts'

export const EVENT_TYPES = ['image.completed', 'image.failed', 'video.completed', 'video.failed'] as const
export type EventType = (typeof EVENT_TYPES)[number]
export const TEST_EVENT = 'webhook.test'

/** Also the receiver's key for throwing away what it has seen. Rising. */
export const newEventId = (): string => `evt_${Bun.randomUUIDv7('hex').replaceAll('-', '')}`

/** Whatever is not completed has failed; `data.status` says how. */
export const typeOf = (job: Job): EventType => `${job.kind}.${job.status === 'completed' ? 'completed' : 'failed'}`

const seconds = (milliseconds: number) => Math.floor(milliseconds / 1000)

export function jobEvent(id: string, job: Job): string {
  return JSON.stringify({
    id,
    object: 'event',
    type: typeOf(job),
    created_at: seconds(job.finishedAt ?? job.createdAt),
    data: {
      id: job.id,
      object: 'job',
      status: job.status,
      kind: job.kind,
      model: job.model || job.resolvedModel,
      media: job.media.map(({ url, mime, bytes, width, height, duration_s }) => ({
        // Nobody keeps it, and whole pictures are too much for a notice: `GET /v1/jobs/{id}` has it.
        url: url.startsWith('data:') ? null : url,
        mime,
        bytes,
        width,
        height,
        duration_s,
      })),
      error: job.fault === null ? null : errorBody(job.fault).error,
    },
  })
}

export const testEvent = (id: string, now: number): string =>
  JSON.stringify({ id, object: 'event', type: TEST_EVENT, created_at: seconds(now), data: { object: 'test' } })
