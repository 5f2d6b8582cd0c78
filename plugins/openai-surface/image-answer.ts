/** Answers of `/v1/images/*`, whole and as events (api-surfaces A.3, A.4). */
import { faultResponse, type Job, type JobRequest, jobResponse, outcomeBody } from 'flow2api/contracts'
import { type Fault, okAsync, Result, type ResultAsync } from 'flow2api/plugin'
import type { Admitted } from './admission.ts'
import { faultOf, settle, unixSeconds } from './jobs.ts'
import { base64Of, formatOf, sizeOf } from './media.ts'
import { streamAnswer } from './sse.ts'
import type { Surface } from './surface.ts'
import { wholeAnswer } from './whole-answer.ts'

/** What the type of each event begins with. */
export type Operation = 'image_generation' | 'image_edit'

export interface ImageRequest {
  readonly job: JobRequest
  readonly form: 'url' | 'b64_json'
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

export const wholeImages = (surface: Surface, admitted: Admitted<ImageRequest>): Promise<Response> =>
  wholeAnswer(surface, admitted, async job => {
    const pieces = await Promise.all(job.media.map((_, index) => pieceOf(surface, job, index, admitted.wanted)))
    return Result.combine(pieces).match(
      data => jobResponse(imagesBody(job, data), job.id),
      missing => faultResponse(missing, { jobId: job.id }),
    )
  })

type Piece = { readonly url: string } | { readonly b64_json: string }

/** Exactly one of the two forms; clients that see both take the wrong one. */
function pieceOf(surface: Surface, job: Job, index: number, { form }: ImageRequest): ResultAsync<Piece, Fault> {
  const url = job.media[index]?.url
  return form === 'url' && url !== undefined
    ? okAsync({ url })
    : base64Of(surface.jobs, job.id, index).map(b64_json => ({ b64_json }))
}

export function imagesBody(job: Job, data: readonly Piece[]) {
  const [first] = job.media
  const size = sizeOf(first)
  return {
    created: unixSeconds(job.finishedAt ?? job.createdAt),
    data,
    ...(first !== undefined && { output_format: formatOf(first.mime) }),
    ...(size !== undefined && { size }),
    usage: NO_USAGE,
    ...outcomeBody(job),
  }
}

export function streamedImages(surface: Surface, admitted: Admitted<ImageRequest>, operation: Operation): Response {
  const { jobs, clock } = surface
  const { wanted } = admitted
  const type = `${operation}.completed`
  return streamAnswer(surface, admitted, async sink => {
    const settled = await settle(jobs, admitted.job, clock, sink.signal)
    if (settled.isErr()) return settled.error
    const job = settled.value
    const fault = faultOf(job)
    if (fault !== undefined || job.status !== 'completed') return fault
    for (const [index, media] of job.media.entries()) {
      // One at a time: ten large pictures as base64 at once would be ten times the memory.
      const piece = await pieceOf(surface, job, index, wanted)
      if (piece.isErr()) return piece.error
      sink.send(
        {
          type,
          ...piece.value,
          created_at: unixSeconds(job.finishedAt ?? job.createdAt),
          size: sizeOf(media) ?? job.requested.size ?? 'auto',
          quality: wanted.job.parameters.quality ?? 'auto',
          background: 'opaque',
          output_format: formatOf(media.mime),
          usage: NO_USAGE,
          ...outcomeBody(job),
        },
        type,
      )
    }
    return undefined
  })
}
