/** Answers of `generateContent`, whole and in parts (api-surfaces B.4). */
import {
  type AdmittedRequest,
  attend,
  beatingStream,
  EVENT_STREAM,
  inFormat,
  type Job,
  jobResponse,
  mediaBytes,
  messageFor,
  outcomeFault,
  type StreamForm,
  type SurfaceWorld,
  settle,
  unexpectedFault,
  wholeAnswer,
} from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import type { ContentRequest } from './content-request.ts'
import { errorBody } from './errors.ts'

/** Upstreams do not count tokens; clients that read usage need it. */
const NO_USAGE = { promptTokenCount: 0, candidatesTokenCount: 0, totalTokenCount: 0 } as const

const about = (job: Job) => ({ usageMetadata: NO_USAGE, modelVersion: job.resolvedModel, responseId: job.id })

/** A refused prompt is no error in this API: the answer has a reason instead of candidates. */
const blocked = (job: Job, fault: Fault) => ({
  promptFeedback: { blockReason: 'SAFETY', blockReasonMessage: messageFor(fault) },
  ...about(job),
})

export const isModerated = (job: Job): boolean => job.status === 'failed' && job.fault?.code === 'moderation_blocked'

interface Part {
  readonly inlineData?: { readonly mimeType: string; readonly data: string }
  readonly fileData?: { readonly mimeType: string; readonly fileUri: string }
}

const candidate = (index: number, parts: readonly Part[], finished = true) => ({
  content: { role: 'model', parts },
  ...(finished && { finishReason: 'STOP' }),
  index,
})

/** Pictures by address, for those who fetch the job by its id later on. */
export const addressedContent = (job: Job) => ({
  candidates: job.media.map(({ mime, url }, index) =>
    candidate(index, [{ fileData: { mimeType: mime, fileUri: url } }]),
  ),
  ...about(job),
})

async function partOf(
  world: SurfaceWorld,
  job: Job,
  index: number,
  { format }: ContentRequest,
): Promise<Result<Part, Fault>> {
  const made = await mediaBytes(world.jobs, job.id, index)
  if (made.isErr()) return err(made.error)
  const { mime, bytes } = await inFormat(world.log, made.value, format)
  return ok({ inlineData: { mimeType: mime, data: bytes.toBase64() } })
}

export const wholeContent = (
  world: SurfaceWorld,
  admitted: AdmittedRequest,
  wanted: ContentRequest,
): Promise<Response> =>
  wholeAnswer(world, admitted, {
    present: async job => {
      const candidates: object[] = []
      // One at a time: ten large pictures at once would be ten times the memory.
      for (const index of job.media.keys()) {
        const part = await partOf(world, job, index, wanted)
        if (part.isErr()) return world.refuse(part.error, job.id)
        candidates.push(candidate(index, [part.value]))
      }
      return jobResponse({ candidates, ...about(job) }, job.id)
    },
    failed: job => (isModerated(job) && job.fault ? jobResponse(blocked(job, job.fault), job.id) : undefined),
  })

/** With `alt=sse` events, without it one array that grows. */
interface Form extends StreamForm {
  element(data: object, first: boolean): string
  readonly closing: string
}

const EVENTS: Form = {
  ...EVENT_STREAM,
  element: data => `data: ${JSON.stringify(data)}\n\n`,
  closing: '',
}

const ARRAY: Form = {
  contentType: 'application/json; charset=utf-8',
  opening: '[',
  beat: ' ',
  element: (data, first) => `${first ? '' : ','}\n${JSON.stringify(data)}`,
  closing: '\n]\n',
}

/** One element a picture, and one that says that this was all. */
export function streamedContent(world: SurfaceWorld, admitted: AdmittedRequest, wanted: ContentRequest): Response {
  const form = new URL(admitted.request.url).searchParams.get('alt') === 'sse' ? EVENTS : ARRAY
  // The server takes the request for answered as soon as the answer begins.
  const hold = world.begin(`stream for ${admitted.job.id}`)
  return beatingStream(world, admitted, form, async (write, signal) => {
    let first = true
    const send = (data: object) => {
      write(form.element(data, first))
      first = false
    }
    const fault = await attend(world, admitted, signal, () => content(world, admitted.job, wanted, signal, send))
      .catch(cause => unexpectedFault(cause, world.log, admitted.job.id))
      .finally(() => hold[Symbol.asyncDispose]())
    if (fault !== undefined) send(errorBody(fault))
    write(form.closing)
  })
}

async function content(
  world: SurfaceWorld,
  admitted: Job,
  wanted: ContentRequest,
  signal: AbortSignal,
  send: (data: object) => void,
): Promise<Fault | undefined> {
  const settled = await settle(world.jobs, admitted, world.clock, signal)
  if (settled.isErr()) return settled.error
  const job = settled.value
  const fault = outcomeFault(job)
  if (fault !== undefined && isModerated(job)) {
    send(blocked(job, fault))
    return undefined
  }
  if (fault !== undefined || job.status !== 'completed') return fault
  for (const index of job.media.keys()) {
    const part = await partOf(world, job, index, wanted)
    if (part.isErr()) return part.error
    send({ candidates: [candidate(index, [part.value], false)], ...about(job) })
  }
  send({ candidates: [...job.media.keys()].map(index => candidate(index, [])), ...about(job) })
  return undefined
}
