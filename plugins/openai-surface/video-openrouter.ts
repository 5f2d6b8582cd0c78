/**
 * Video jobs as OpenRouter's own library reads them (api-surfaces A.5, dialects). It asks at the same paths as OpenAI's
 * clients and takes no object of theirs: it wants `polling_url`, and no `error` that is null.
 */
import { domainFault, isValues, type Job, messageFor, outcomeFault } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import type { Remixes } from './remixes.ts'
import { videoObject } from './video-object.ts'

/** It is a provider of the AI SDK, which says who it is, and of whose providers no other asks at these paths. */
const LIBRARY = /\bai-sdk\//i

export const asksAsOpenRouter = (request: Request): boolean => LIBRARY.test(request.headers.get('user-agent') ?? '')

export function openRouterVideo(job: Job, remixes: Pick<Remixes, 'sourceOf'>, baseUrl: string) {
  const { error: _, status, ...video } = videoObject(job, remixes)
  const fault = outcomeFault(job)
  return {
    ...video,
    polling_url: `${baseUrl}/v1/videos/${video.id}`,
    status: job.status === 'cancelled' ? 'cancelled' : status === 'queued' ? 'pending' : status,
    ...(status === 'completed' && { unsigned_urls: job.media.map(({ url }) => url) }),
    ...(fault !== undefined && { error: messageFor(fault) }),
  }
}

/** Pictures of `frame_images`, the first frame before the last. Error: `invalid_value`. */
export function readFrames(value: unknown): Result<readonly unknown[], Fault> {
  const frames = Array.isArray(value) ? value : value === undefined ? [] : [value]
  const isLast = (frame: unknown) => isValues(frame) && frame['frame_type'] === 'last_frame'
  const [firsts, lasts] = [frames.filter(frame => !isLast(frame)), frames.filter(isLast)]
  if (lasts.length === 0 || firsts.length > 0) return ok([...firsts, ...lasts])
  const message = '`frame_images` has a last frame and no first one. Send both, or the first alone.'
  return err(domainFault('invalid_value', message, { param: 'frame_images' }))
}
