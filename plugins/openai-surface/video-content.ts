/** `GET /v1/videos/{id}/content`: the video, or a still picture of it. */
import { blobOf, domainFault, downloadResponse, faultResponse, outcomeFault, pictureMime } from 'flow2api/contracts'
import { Elysia } from 'flow2api/plugin'
import { authenticated, type Surface } from './surface.ts'
import { VIDEO_DOCS } from './video-docs.ts'
import { findVideo } from './video-lookup.ts'
import { isUnfinished, videoId } from './video-object.ts'

/** OpenAI's words, and the engine's. Sprite sheets are made by nobody here. */
const VARIANTS: ReadonlyMap<string, 'media' | 'thumbnail'> = new Map([
  ['video', 'media'],
  ['thumbnail', 'thumbnail'],
])

/** Longer than the signature of any picture. */
const SIGNATURE_BYTES = 16

/** Apart from the others: a player that is paused may read for as long as it likes. */
export const videoContentRoutes = (surface: Surface) =>
  new Elysia().get(
    '/v1/videos/:id/content',
    ({ request, params }) => authenticated(surface, request, () => content(surface, request, params.id)),
    { detail: VIDEO_DOCS.content },
  )

async function content(surface: Surface, request: Request, id: string): Promise<Response> {
  const found = await findVideo(surface, id)
  if (found.isErr()) return faultResponse(found.error)
  const job = found.value
  const variant = VARIANTS.get(new URL(request.url).searchParams.get('variant') ?? 'video')
  if (variant === undefined) {
    const message = 'There is only `variant=video` and `variant=thumbnail` here, and no sprite sheet.'
    return faultResponse(domainFault('not_found', message, { param: 'variant' }), { jobId: job.id })
  }
  if (isUnfinished(job)) {
    const message = `This video is not ready yet (${job.progress} % done). Ask for its status until it is completed.`
    return faultResponse(domainFault('video_not_ready', message), { jobId: job.id })
  }
  const fault = outcomeFault(job)
  // Asking for the same content again cannot bring it back, whatever a new request could.
  if (fault !== undefined) return faultResponse({ ...fault, retry: 'never' }, { jobId: job.id })
  const opened = await surface.jobs.open(job.id, 0, variant)
  if (opened.isErr()) return faultResponse(opened.error, { jobId: job.id })
  const blob = await blobOf(opened.value)
  if (blob === undefined) {
    const message = 'The file of this video has expired from the cache. Make the video again.'
    return faultResponse(domainFault('not_found', message), { jobId: job.id })
  }
  const still = variant === 'thumbnail' ? pictureMime(await blob.slice(0, SIGNATURE_BYTES).bytes()) : undefined
  const download = { blob, mime: still ?? opened.value.mime, jobId: job.id, name: videoId(job) }
  return downloadResponse(request, download, refused => faultResponse(refused, { jobId: job.id, status: 416 }))
}
