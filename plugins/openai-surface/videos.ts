/** `/v1/videos`: asynchronous video jobs. */
import { type Caller, faultResponse, type Job, type JobRequest, jobResponse } from 'flow2api/contracts'
import { Elysia, err, type Fault, ok, type Result } from 'flow2api/plugin'
import { admit } from './admission.ts'
import type { Body } from './body.ts'
import { attend } from './disconnect.ts'
import { Fields } from './fields.ts'
import { withPictures } from './inputs.ts'
import { LONGEST_PROMPT, readParameters } from './parameters.ts'
import { authenticated, type Surface } from './surface.ts'
import { VIDEO_DOCS } from './video-docs.ts'
import { readExtension } from './video-extension.ts'
import { findVideo } from './video-lookup.ts'
import { isUnfinished, videoId, videoObject } from './video-object.ts'

/** How often polling clients are told to come back; without it they come every second. */
const POLL_AFTER = { 'openai-poll-after-ms': '5000' } as const
const DEFAULT_PAGE = 20
const LONGEST_PAGE = 100

export const videoRoutes = (surface: Surface) =>
  new Elysia()
    .post(
      '/v1/videos',
      ({ request }) =>
        authenticated(surface, request, caller => submit(surface, request, caller, 'videos', readVideoRequest)),
      {
        parse: 'none',
        detail: VIDEO_DOCS.create,
      },
    )
    .post(
      '/v1/videos/extensions',
      ({ request }) =>
        authenticated(surface, request, caller => submit(surface, request, caller, 'videos.extensions', readExtension)),
      { parse: 'none', detail: VIDEO_DOCS.extend },
    )
    .get('/v1/videos', ({ request }) => authenticated(surface, request, () => list(surface, request)), {
      detail: VIDEO_DOCS.list,
    })
    .get(
      '/v1/videos/:id',
      ({ request, params }) =>
        authenticated(surface, request, async () => {
          const job = await findVideo(surface, params.id)
          return job.isErr() ? faultResponse(job.error) : videoResponse(job.value)
        }),
      { detail: VIDEO_DOCS.retrieve },
    )
    .delete(
      '/v1/videos/:id',
      ({ request, params }) => authenticated(surface, request, () => remove(surface, params.id)),
      {
        detail: VIDEO_DOCS.remove,
      },
    )

const videoResponse = (job: Job): Response => jobResponse(videoObject(job), job.id, isUnfinished(job) ? POLL_AFTER : {})

type Reader = (surface: Surface, body: Body) => Promise<Result<JobRequest, Fault>>

/** Videos are asynchronous by themselves: what `Prefer` says changes nothing. */
const submit = (
  surface: Surface,
  request: Request,
  caller: Caller,
  endpoint: string,
  read: Reader,
): Promise<Response> =>
  admit(surface, {
    request,
    caller,
    endpoint,
    read: async body => (await read(surface, body)).map(job => ({ job })),
    answer: admitted => attend(surface, admitted, request.signal, async () => videoResponse(admitted.job)),
  })

async function readVideoRequest(surface: Surface, body: Body): Promise<Result<JobRequest, Fault>> {
  const fields = new Fields(body)
  const job: JobRequest = {
    kind: 'video',
    model: fields.text('model') ?? '',
    prompt: fields.requiredText('prompt', LONGEST_PROMPT),
    parameters: readParameters(fields, 'video'),
    inputs: [],
    count: 1,
  }
  if (fields.fault !== undefined) return err(fields.fault)
  return withPictures(surface.jobs, job, fields.raw('input_reference'), 'input_reference')
}

async function list(surface: Surface, request: Request): Promise<Response> {
  const query = new URL(request.url).searchParams
  const fields = new Fields({ values: Object.fromEntries(query), textual: true })
  const limit = fields.whole('limit', 1, LONGEST_PAGE) ?? DEFAULT_PAGE
  const order = fields.oneOf('order', ['asc', 'desc']) ?? 'desc'
  const behind = fields.text('after')
  if (fields.fault !== undefined) return faultResponse(fields.fault)
  const after = behind === undefined ? ok(undefined) : await findVideo(surface, behind)
  if (after.isErr()) return faultResponse({ ...after.error, param: 'after' })
  const page = await surface.jobs.list({
    kind: 'video',
    limit,
    order,
    ...(after.value !== undefined && { after: after.value.id }),
  })
  if (page.isErr()) return faultResponse(page.error)
  const data = page.value.jobs.map(videoObject)
  return Response.json({
    object: 'list',
    data,
    first_id: data.at(0)?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: page.value.more && data.length > 0,
  })
}

async function remove(surface: Surface, id: string): Promise<Response> {
  const job = await findVideo(surface, id)
  if (job.isErr()) return faultResponse(job.error)
  const removed = await surface.jobs.remove(job.value.id)
  if (removed.isErr()) return faultResponse(removed.error, { jobId: job.value.id })
  return jobResponse({ id: videoId(job.value), object: 'video.deleted', deleted: true }, job.value.id)
}
