/** What the endpoints answer for a job, for those who fetch it by its id later on. */
import type { Job } from 'flow2api/contracts'
import { completion } from './chat-answer.ts'
import { addressed, imagesBody } from './image-answer.ts'
import type { Remixes } from './remixes.ts'
import { videoObject } from './video-object.ts'

/** Pictures by address: whoever wants their bytes fetches them. */
export function resultOf(job: Job, remixes: Remixes): object | undefined {
  if (job.surface.startsWith('images.')) return imagesBody(job, addressed(job))
  if (job.surface.startsWith('videos')) return videoObject(job, remixes)
  if (job.surface.startsWith('chat.')) return completion(job, { asked: job.media.length })
  return undefined
}
