/** What the endpoints answer for a job, for those who fetch it by its id later on. */
import type { Job } from 'flow2api/contracts'
import { completion } from './chat-answer.ts'
import { imagesBody } from './image-answer.ts'
import { videoObject } from './video-object.ts'

/** Pictures by address: whoever wants their bytes fetches them. */
export function resultOf(job: Job): object | undefined {
  if (job.surface.startsWith('images.'))
    return imagesBody(
      job,
      job.media.map(({ url }) => ({ url })),
    )
  if (job.surface.startsWith('videos.')) return videoObject(job)
  if (job.surface.startsWith('chat.')) return completion(job, job.media.length)
  return undefined
}
