/** `/v1/videos`: asynchronous video jobs. */
import { type Caller, domainFault, faultResponse, type Job, type JobRequest, jobResponse } from 'flow2api/contracts'
import { Elysia, err, errAsync, type Fault, ok, type Result, type ResultAsync } from 'flow2api/plugin'
import { type Body, readBody } from './body.ts'
import { blobOf, contentGone, contentResponse } from './content.ts'
import { Fields } from './fields.ts'
import { withPictures } from './inputs.ts'
import { faultOf } from './jobs.ts'
import { LONGEST_PROMPT, readParameters } from './parameters.ts'
import { authenticated, type Surface } from './surface.ts'
import { VIDEO_DOCS } from './video-docs.ts'
import { isUnfinished, jobIdOf, videoId, videoObject } from './video-object.ts'

/** How often polling clients are told to come back; without it they come every second. */
const POLL_AFTER = { 'openai-poll-after-ms': '5000' } as const
const DEFAULT_PAGE = 20
const LONGEST_PAGE = 100

export const videoRoutes = (surface: Surface) =>
  new Elysia()
    .post('/v1/videos', ({ request }) => authenticated(surface, request, caller => create(surface, request, caller)), {
      parse: 'none',
      detail: VIDEO_DOCS.create,
    })
    .get('/v1/videos', ({ request }) => authenticated(surface, request, () => list(surface, request)), {
      detail: VIDEO_DOCS.list,
    })
    .get(
      '/v1/videos/:id',
      ({ request, params }) =>
        authenticated(surface, request, async () => {
          const job = await find(surface, params.id)
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

/** Apart from the others: a player that is paused may read for as long as it likes. */
export const videoContentRoutes = (surface: Surface) =>
  new Elysia().get(
    '/v1/videos/:id/content',
    ({ request, params }) => authenticated(surface, request, () => content(surface, request, params.id)),
    { detail: VIDEO_DOCS.content },
  )

const videoResponse = (job: Job): Response => jobResponse(videoObject(job), job.id, isUnfinished(job) ? POLL_AFTER : {})

async function create(surface: Surface, request: Request, caller: Caller): Promise<Response> {
  const body = await readBody(request)
  const wanted = body.isErr() ? err(body.error) : await readVideoRequest(surface, body.value)
  if (wanted.isErr()) return faultResponse(wanted.error)
  const admitted = await surface.jobs.submit(wanted.value, { caller, surface: 'videos' })
  return admitted.isErr() ? faultResponse(admitted.error) : videoResponse(admitted.value)
}

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

/** Videos of every endpoint, chat included: the id alone decides. */
const find = (surface: Surface, id: string): ResultAsync<Job, Fault> => {
  const missing = () => domainFault('not_found', `There is no video with the id ${id.slice(0, 80)}.`, { param: 'id' })
  const jobId = jobIdOf(id)
  if (jobId === undefined) return errAsync(missing())
  return surface.jobs
    .get(jobId)
    .mapErr(fault => (fault.code === 'not_found' ? missing() : fault))
    .andThen(job => (job.kind === 'video' ? ok(job) : err(missing())))
}

async function list(surface: Surface, request: Request): Promise<Response> {
  const query = new URL(request.url).searchParams
  const fields = new Fields({ values: Object.fromEntries(query), textual: true })
  const limit = fields.whole('limit', 1, LONGEST_PAGE) ?? DEFAULT_PAGE
  const order = fields.oneOf('order', ['asc', 'desc']) ?? 'desc'
  const behind = fields.text('after')
  if (fields.fault !== undefined) return faultResponse(fields.fault)
  const after = behind === undefined ? ok(undefined) : await find(surface, behind)
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
  const job = await find(surface, id)
  if (job.isErr()) return faultResponse(job.error)
  const removed = await surface.jobs.remove(job.value.id)
  if (removed.isErr()) return faultResponse(removed.error, { jobId: job.value.id })
  return jobResponse({ id: videoId(job.value), object: 'video.deleted', deleted: true }, job.value.id)
}

async function content(surface: Surface, request: Request, id: string): Promise<Response> {
  const found = await find(surface, id)
  if (found.isErr()) return faultResponse(found.error)
  const job = found.value
  const variant = new URL(request.url).searchParams.get('variant') ?? 'video'
  if (variant !== 'video') {
    const message = 'Only `variant=video` is kept here; there are no thumbnails or sprite sheets.'
    return faultResponse(domainFault('not_found', message, { param: 'variant' }), { jobId: job.id })
  }
  if (isUnfinished(job)) {
    const message = `This video is not ready yet (${job.progress} % done). Ask for its status until it is completed.`
    return faultResponse(domainFault('video_not_ready', message), { jobId: job.id })
  }
  const fault = faultOf(job)
  // Asking for the same content again cannot bring it back, whatever a new request could.
  if (fault !== undefined) return faultResponse({ ...fault, retry: 'never' }, { jobId: job.id })
  const opened = await surface.jobs.open(job.id, 0)
  if (opened.isErr()) return faultResponse(opened.error, { jobId: job.id })
  const blob = await blobOf(opened.value)
  if (blob === undefined) return contentGone(job.id)
  return contentResponse(request, { blob, mime: opened.value.mime, jobId: job.id, name: videoId(job) })
}
