/** `/v1/videos`: asynchronous video jobs. */
import {
  attend,
  type Caller,
  domainFault,
  faultResponse,
  type Job,
  type JobRequest,
  jobResponse,
  LONGEST_PROMPT,
} from 'flow2api/contracts'
import { Elysia, err, type Fault, type Result } from 'flow2api/plugin'
import { admit } from './admission.ts'
import type { Fields } from './fields.ts'
import { withPictures } from './inputs.ts'
import { readParameters } from './parameters.ts'
import { authenticated, type Surface } from './surface.ts'
import { VIDEO_DOCS } from './video-docs.ts'
import { readExtension } from './video-extension.ts'
import { listVideos } from './video-list.ts'
import { findVideo } from './video-lookup.ts'
import { isUnfinished, videoId, videoObject } from './video-object.ts'
import { asksAsOpenRouter, openRouterVideo, readFrames } from './video-openrouter.ts'
import { readRemix } from './video-remix.ts'
import type { VideoRequest } from './video-request.ts'

/** How often polling clients are told to come back; without it they come every second. */
const POLL_AFTER = { 'openai-poll-after-ms': '5000' } as const

/** OpenAI's own models are upright where nothing is said, and their names are written with that in mind. */
const OPENAI_VIDEO = /^(?:openai\/)?sora-/i
const OPENAI_SIZE = '720x1280'

export const videoRoutes = (surface: Surface) => {
  const creating =
    (endpoint: string, read: Reader) =>
    ({ request, params }: { readonly request: Request; readonly params?: { readonly id?: string } }) =>
      authenticated(surface, request, caller => submit(surface, { request, caller, endpoint, id: params?.id, read }))
  return new Elysia()
    .post('/v1/videos', creating('videos', readVideoRequest), { parse: 'none', detail: VIDEO_DOCS.create })
    .post('/v1/videos/extensions', creating('videos.extensions', readExtension), {
      parse: 'none',
      detail: VIDEO_DOCS.extend,
    })
    .post('/v1/videos/edits', creating('videos.edits', readRemix), { parse: 'none', detail: VIDEO_DOCS.edit })
    .post('/v1/videos/:id/remix', creating('videos.remix', readRemix), { parse: 'none', detail: VIDEO_DOCS.remix })
    .post('/v1/videos/characters', ({ request }) => authenticated(surface, request, noCharacters), {
      parse: 'none',
      detail: { hide: true },
    })
    .get('/v1/videos', ({ request }) => authenticated(surface, request, () => listVideos(surface, request)), {
      detail: VIDEO_DOCS.list,
    })
    .get(
      '/v1/videos/:id',
      ({ request, params }) =>
        authenticated(surface, request, async () => {
          const job = await findVideo(surface, params.id)
          return job.isErr() ? faultResponse(job.error) : videoResponse(surface, job.value, request)
        }),
      { detail: VIDEO_DOCS.retrieve },
    )
    .delete(
      '/v1/videos/:id',
      ({ request, params }) => authenticated(surface, request, () => remove(surface, params.id)),
      { detail: VIDEO_DOCS.remove },
    )
}

function videoResponse({ remixes, publicUrl }: Surface, job: Job, request: Request): Response {
  const video = asksAsOpenRouter(request) ? openRouterVideo(job, remixes, publicUrl()) : videoObject(job, remixes)
  return jobResponse(video, job.id, isUnfinished(job) ? POLL_AFTER : {})
}

interface Submission {
  readonly request: Request
  readonly caller: Caller
  readonly endpoint: string
  /** Of the video in the path. */
  readonly id: string | undefined
  readonly read: Reader
}

type Reader = (
  surface: Surface,
  fields: Fields,
  id: string | undefined,
  request: Request,
) => Promise<Result<VideoRequest, Fault>>

/** Videos are asynchronous by themselves: what `Prefer` says changes nothing. */
const submit = (surface: Surface, { request, caller, endpoint, id, read }: Submission): Promise<Response> =>
  admit(surface, {
    request,
    caller,
    endpoint,
    ...(id !== undefined && { subject: id }),
    read: fields => read(surface, fields, id, request),
    answer: admitted => {
      const { job, wanted } = admitted
      if (wanted.sourceId !== undefined) surface.remixes.add(job.id, wanted.sourceId)
      return attend(surface, admitted, request.signal, async () => videoResponse(surface, job, request))
    },
  })

async function readVideoRequest(
  surface: Surface,
  fields: Fields,
  _id: string | undefined,
  { signal }: Request,
): Promise<Result<VideoRequest, Fault>> {
  const job: JobRequest = {
    kind: 'video',
    model: fields.text('model') ?? '',
    prompt: fields.requiredText('prompt', LONGEST_PROMPT),
    parameters: readParameters(fields, 'video'),
    inputs: [],
    count: 1,
  }
  const frames = readFrames(fields.raw('frame_images'))
  if (frames.isErr()) return err(frames.error)
  if (fields.fault !== undefined) return err(fields.fault)
  const value = [...frames.value, fields.raw('input_reference'), fields.raw('input_references')]
  const complete = await withPictures(surface, job, { value, param: 'input_reference', signal })
  return complete.map(withInputs => ({ job: OPENAI_VIDEO.test(job.model) ? upright(withInputs) : withInputs }))
}

/** Pictures say more about the shape than a name. */
function upright(job: JobRequest): JobRequest {
  const { size, aspectRatio } = job.parameters
  return size !== undefined || aspectRatio !== undefined || job.inputs.length > 0
    ? job
    : { ...job, parameters: { ...job.parameters, size: OPENAI_SIZE } }
}

async function remove(surface: Surface, id: string): Promise<Response> {
  const job = await findVideo(surface, id)
  if (job.isErr()) return faultResponse(job.error)
  const removed = await surface.jobs.remove(job.value.id)
  if (removed.isErr()) return faultResponse(removed.error, { jobId: job.value.id })
  surface.remixes.remove(job.value.id)
  return jobResponse({ id: videoId(job.value), object: 'video.deleted', deleted: true }, job.value.id)
}

const noCharacters = (): Response =>
  faultResponse(
    domainFault(
      'not_found',
      'Characters are not made here. Send pictures of them as `input_reference` of POST /v1/videos.',
    ),
  )
