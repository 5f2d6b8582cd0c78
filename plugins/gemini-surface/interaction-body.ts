/** Jobs as interactions (api-surfaces B.7). */
import { FINAL, inFormat, type Job, mediaBytes, messageFor, outcomeFault, type SurfaceWorld } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import { interactionId } from './ids.ts'
import type { InteractionRequest } from './interaction-request.ts'
import { fileUri, fitsInline } from './media.ts'

export const INTERACTION_ENDPOINT = 'gemini.interactions'

/** What of its request decides how an interaction is shown; of one that is fetched later nothing is known. */
export type Shown = Pick<InteractionRequest, 'format' | 'delivery'>

const NO_USAGE = { total_input_tokens: 0, total_output_tokens: 0, total_tokens: 0 } as const

type Status = 'in_progress' | 'completed' | 'failed' | 'cancelled'

/** Clients wait while it is `in_progress`, and some know no other word for that. */
export function statusOfJob(job: Job): Status {
  if (!FINAL.has(job.status)) return 'in_progress'
  if (job.status === 'cancelled') return 'cancelled'
  return outcomeFault(job) === undefined ? 'completed' : 'failed'
}

/** Without its steps. */
export const interactionHead = (job: Job) => ({
  id: interactionId(job),
  object: 'interaction',
  status: statusOfJob(job),
  model: job.model || job.resolvedModel,
  created: new Date(job.createdAt).toISOString(),
  updated: new Date(job.finishedAt ?? job.startedAt ?? job.createdAt).toISOString(),
  ...(FINAL.has(job.status) && { usage: NO_USAGE }),
})

export type MediaContent = { readonly type: 'image' | 'video'; readonly mime_type: string } & (
  | { readonly data: string }
  | { readonly uri: string }
)

/** Errors: those of reading the bytes. */
export async function contentOf(
  world: SurfaceWorld,
  headers: Headers,
  job: Job,
  index: number,
  { format, delivery }: Shown,
): Promise<Result<MediaContent, Fault>> {
  const media = job.media[index]
  const inline = delivery === undefined ? media !== undefined && fitsInline(media) : delivery === 'inline'
  if (!inline) return ok({ type: job.kind, mime_type: media?.mime ?? '', uri: fileUri(world, headers, job, index) })
  const made = await mediaBytes(world.jobs, job.id, index)
  if (made.isErr()) return err(made.error)
  const { mime, bytes } = await inFormat(world.log, made.value, format)
  return ok({ type: job.kind, mime_type: mime, data: bytes.toBase64() })
}

const userStep = (job: Job) => ({ type: 'user_input', content: [{ type: 'text', text: job.prompt }] })

/** With everything that it made. Errors: those of reading the bytes. */
export async function interactionBody(
  world: SurfaceWorld,
  headers: Headers,
  job: Job,
  shown: Shown,
): Promise<Result<object, Fault>> {
  const fault = outcomeFault(job)
  if (fault !== undefined) {
    const error = { code: fault.code, message: messageFor(fault) }
    return ok({ ...interactionHead(job), steps: [userStep(job)], errors: [error] })
  }
  const content: MediaContent[] = []
  for (const index of FINAL.has(job.status) ? job.media.keys() : []) {
    const piece = await contentOf(world, headers, job, index, shown)
    if (piece.isErr()) return err(piece.error)
    content.push(piece.value)
  }
  const output = content.length === 0 ? [] : [{ type: 'model_output', content }]
  return ok({ ...interactionHead(job), steps: [userStep(job), ...output] })
}

/** By address, for those who fetch the job by its id later on. */
export const addressedInteraction = (job: Job) => ({
  ...interactionHead(job),
  steps: [
    userStep(job),
    {
      type: 'model_output',
      content: job.media.map(({ mime, url }) => ({ type: job.kind, mime_type: mime, uri: url })),
    },
  ],
})
