/** Answers of `/v1/images/*`, whole and as events (api-surfaces A.3, A.4). */
import {
  formatOf,
  inFormat,
  type Job,
  type JobRequest,
  jobResponse,
  type KeptMedia,
  mediaBytes,
  outcomeBody,
  outcomeFault,
  type PictureFormat,
  settle,
  wholeAnswer,
} from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import type { Admitted } from './admission.ts'
import { unixSeconds } from './jobs.ts'
import { sizeOf } from './media.ts'
import { streamAnswer } from './sse.ts'
import type { Surface } from './surface.ts'

/** What the type of each event begins with. */
type Operation = 'image_generation' | 'image_edit'

export interface ImageRequest {
  readonly job: JobRequest
  readonly form: 'url' | 'b64_json'
  readonly stream: boolean
  /** Undefined: as the provider made it. */
  readonly format: PictureFormat | undefined
}

/** OpenAI's words for it; others, which people also write, its schema does not know. */
const TOLD_QUALITIES: readonly string[] = ['low', 'medium', 'high', 'xhigh', 'max']

/** Upstreams do not count tokens; clients that read usage need all of it. */
const NO_USAGE = {
  total_tokens: 0,
  input_tokens: 0,
  output_tokens: 0,
  input_tokens_details: { text_tokens: 0, image_tokens: 0 },
  output_tokens_details: { text_tokens: 0, image_tokens: 0 },
} as const

export const wholeImages = (surface: Surface, admitted: Admitted<ImageRequest>): Promise<Response> =>
  wholeAnswer(surface, admitted, {
    present: async job => {
      const pieces: Piece[] = []
      // One at a time: ten large pictures at once would be ten times the memory.
      for (const [index, media] of job.media.entries()) {
        const piece = await pieceOf(surface, job, index, media, admitted.wanted)
        if (piece.isErr()) return surface.refuse(piece.error, job.id)
        pieces.push(piece.value)
      }
      return jobResponse(imagesBody(job, pieces), job.id)
    },
  })

interface Piece {
  /** Exactly one of the two forms; clients that see both take the wrong one. */
  readonly data: { readonly url: string } | { readonly b64_json: string }
  /** As it is in `data`. */
  readonly mime: string
}

async function pieceOf(
  surface: Surface,
  job: Job,
  index: number,
  { url, mime }: KeptMedia,
  { form, format }: ImageRequest,
): Promise<Result<Piece, Fault>> {
  if (form === 'url') return ok({ data: { url }, mime })
  const made = await mediaBytes(surface.jobs, job.id, index)
  if (made.isErr()) return err(made.error)
  const picture = await inFormat(surface.log, { mime, bytes: made.value.bytes }, format)
  return ok({ data: { b64_json: picture.bytes.toBase64() }, mime: picture.mime })
}

/** Pictures by address, as the provider made them. */
export const addressed = (job: Job): readonly Piece[] => job.media.map(({ url, mime }) => ({ data: { url }, mime }))

export function imagesBody(job: Job, pieces: readonly Piece[]) {
  const [first] = pieces
  const size = sizeOf(job.media[0])
  return {
    created: unixSeconds(job.finishedAt ?? job.createdAt),
    data: pieces.map(({ data }) => data),
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
  const { quality } = wanted.job.parameters
  return streamAnswer(surface, admitted, async sink => {
    const settled = await settle(jobs, admitted.job, clock, sink.signal)
    if (settled.isErr()) return settled.error
    const job = settled.value
    const fault = outcomeFault(job)
    if (fault !== undefined || job.status !== 'completed') return fault
    for (const [index, media] of job.media.entries()) {
      // An event always carries the picture itself; whoever asked for addresses has both.
      const piece = await pieceOf(surface, job, index, media, { ...wanted, form: 'b64_json' })
      if (piece.isErr()) return piece.error
      sink.send(
        {
          type,
          ...piece.value.data,
          ...(wanted.form === 'url' && { url: media.url }),
          created_at: unixSeconds(job.finishedAt ?? job.createdAt),
          size: sizeOf(media) ?? job.requested.size ?? 'auto',
          quality: quality !== undefined && TOLD_QUALITIES.includes(quality) ? quality : 'auto',
          background: 'opaque',
          output_format: formatOf(piece.value.mime),
          usage: NO_USAGE,
          ...outcomeBody(job),
        },
        type,
      )
    }
    return undefined
  })
}
