/** `POST /v1/images/generations`. */
import { type Caller, faultResponse, type Job, type JobRequest, jobResponse } from 'flow2api/contracts'
import { Elysia, err, type Fault, ok, okAsync, Result, type ResultAsync } from 'flow2api/plugin'
import { type Body, readBody } from './body.ts'
import { Fields } from './fields.ts'
import { faultOf, settle, unixSeconds } from './jobs.ts'
import { base64Of, formatOf, sizeOf } from './media.ts'
import { LONGEST_PROMPT, MOST_PIECES, readParameters } from './parameters.ts'
import { eventStream } from './sse.ts'
import { authenticated, hungUp, type Surface } from './surface.ts'

type Form = 'url' | 'b64_json'

interface ImageRequest {
  readonly job: JobRequest
  readonly form: Form
  readonly stream: boolean
}

/** Upstreams do not count tokens; clients that read usage need all of it. */
const NO_USAGE = {
  total_tokens: 0,
  input_tokens: 0,
  output_tokens: 0,
  input_tokens_details: { text_tokens: 0, image_tokens: 0 },
  output_tokens_details: { text_tokens: 0, image_tokens: 0 },
} as const

export function readImageRequest(body: Body): Result<ImageRequest, Fault> {
  const fields = new Fields(body)
  const request: ImageRequest = {
    job: {
      kind: 'image',
      model: fields.text('model') ?? '',
      prompt: fields.requiredText('prompt', LONGEST_PROMPT),
      parameters: readParameters(fields, 'image'),
      inputs: [],
      count: fields.whole('n', 1, MOST_PIECES) ?? 1,
    },
    form: fields.oneOf('response_format', ['url', 'b64_json']) ?? 'b64_json',
    stream: fields.flag('stream'),
  }
  return fields.fault === undefined ? ok(request) : err(fields.fault)
}

export const imageRoutes = (surface: Surface) =>
  new Elysia().post(
    '/v1/images/generations',
    ({ request }) => authenticated(surface, request, caller => generate(surface, request, caller)),
    {
      parse: 'none',
      detail: {
        tags: ['Images'],
        summary: 'Create images',
        description:
          'Makes `n` pictures from a prompt and answers when they are ready. JSON or multipart. `response_format` is `b64_json` (default) or `url`; with `stream: true` one `image_generation.completed` event a picture. Besides OpenAI\'s fields: `aspect_ratio` ("16:9"), `resolution` or `image_size` ("2K"), `seed`. Hanging up does not cancel the work: `x-flow2api-job` names it.',
        requestBody: {
          content: {
            'application/json': {
              schema: { type: 'object', required: ['prompt'] },
              example: { model: 'gpt-image-1', prompt: 'a red fox in the snow', n: 1, response_format: 'url' },
            },
          },
        },
      },
    },
  )

async function generate(surface: Surface, request: Request, caller: Caller): Promise<Response> {
  const body = await readBody(request)
  const wanted = body.andThen(readImageRequest)
  if (wanted.isErr()) return faultResponse(wanted.error)
  const admitted = await surface.jobs.submit(wanted.value.job, { caller, surface: 'images.generations' })
  if (admitted.isErr()) return faultResponse(admitted.error)
  const job = admitted.value
  return wanted.value.stream
    ? streamed(surface, request, job, wanted.value)
    : whole(surface, request, job, wanted.value.form)
}

async function whole(surface: Surface, request: Request, admitted: Job, form: Form): Promise<Response> {
  const settled = await settle(surface.jobs, admitted, surface.clock, request.signal)
  if (settled.isErr()) return faultResponse(settled.error, { jobId: admitted.id })
  const job = settled.value
  const fault = faultOf(job)
  if (fault !== undefined) return faultResponse(fault, { jobId: job.id })
  if (job.status !== 'completed') return hungUp(job.id)
  const pieces = Result.combine(await Promise.all(job.media.map((_, index) => pieceOf(surface, job, index, form))))
  return pieces.isErr()
    ? faultResponse(pieces.error, { jobId: job.id })
    : jobResponse(imagesBody(job, pieces.value), job.id)
}

type Piece = { readonly url: string } | { readonly b64_json: string }

/** Exactly one of the two forms; clients that see both take the wrong one. */
function pieceOf(surface: Surface, job: Job, index: number, form: Form): ResultAsync<Piece, Fault> {
  const url = job.media[index]?.url
  return form === 'url' && url !== undefined
    ? okAsync({ url })
    : base64Of(surface.jobs, job.id, index).map(b64_json => ({ b64_json }))
}

function imagesBody(job: Job, data: readonly Piece[]) {
  const [first] = job.media
  const size = sizeOf(first)
  return {
    created: unixSeconds(job.finishedAt ?? job.createdAt),
    data,
    ...(first !== undefined && { output_format: formatOf(first.mime) }),
    ...(size !== undefined && { size }),
    usage: NO_USAGE,
  }
}

function streamed(surface: Surface, request: Request, admitted: Job, wanted: ImageRequest): Response {
  const { jobs, clock, log } = surface
  return eventStream({ clock, log, jobId: admitted.id, signal: request.signal }, async sink => {
    const settled = await settle(jobs, admitted, clock, sink.signal)
    if (settled.isErr()) return settled.error
    const job = settled.value
    const fault = faultOf(job)
    if (fault !== undefined || job.status !== 'completed') return fault
    for (const [index, media] of job.media.entries()) {
      // One at a time: ten large pictures as base64 at once would be ten times the memory.
      const piece = await pieceOf(surface, job, index, wanted.form)
      if (piece.isErr()) return piece.error
      sink.send(
        {
          type: 'image_generation.completed',
          ...piece.value,
          created_at: unixSeconds(job.finishedAt ?? job.createdAt),
          size: sizeOf(media) ?? job.requested.size ?? 'auto',
          quality: wanted.job.parameters.quality ?? 'auto',
          background: 'opaque',
          output_format: formatOf(media.mime),
          usage: NO_USAGE,
        },
        'image_generation.completed',
      )
    }
    return undefined
  })
}
