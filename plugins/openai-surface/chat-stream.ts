/** A chat completion in chunks: progress, then the result. */
import { type Job, outcomeFault, settle } from 'flow2api/contracts'
import type { Admitted } from './admission.ts'
import { type ChatForm, choicesOf, chunksOf } from './chat-answer.ts'
import { ProgressReporter } from './chat-progress.ts'
import type { ChatRequest } from './chat-request.ts'
import { dataUrlsOf } from './media.ts'
import { streamAnswer } from './sse.ts'
import type { Surface } from './surface.ts'

/** Clients in Python fail on lines of 128 KiB (api-surfaces A.6); the rest of a line is some hundred bytes. */
const LONGEST_CONTENT = 120 * 1024

export function streamedChat(surface: Surface, admitted: Admitted<ChatRequest>): Response {
  const { jobs, clock } = surface
  const { wanted } = admitted
  return streamAnswer(surface, admitted, async sink => {
    const chunks = chunksOf(admitted.job)
    const begin = (index: number) => sink.send(chunks.delta({ role: 'assistant', content: '' }, index))
    begin(0)
    const progress = new ProgressReporter(clock, text => sink.send(chunks.delta({ reasoning_content: text })))
    // Progress is a courtesy: without it the answer still comes.
    const unwatch = await jobs.watch(admitted.job.id, job => progress.update(job))
    const settled = await settle(jobs, admitted.job, clock, sink.signal)
    progress.stop()
    unwatch.map(undo => undo())
    if (settled.isErr()) return settled.error
    const job = settled.value
    const fault = outcomeFault(job)
    if (fault !== undefined || job.status !== 'completed') return fault
    for (const [index, { content, images }] of choicesOf(job, await formOf(surface, job, wanted)).entries()) {
      if (index > 0) begin(index)
      for (let at = 0; at < content.length; at += LONGEST_CONTENT)
        sink.send(chunks.delta({ content: content.slice(at, at + LONGEST_CONTENT) }, index))
      if (wanted.wantsImages && images.length > 0)
        for (const image of images) sink.send(chunks.delta({ images: [image] }, index))
      sink.send(chunks.stop(job, index))
    }
    if (wanted.includeUsage) sink.send(chunks.usage())
    return undefined
  })
}

/** In a stream, pictures stand beside the text only where that is asked for, and by address where they are too long. */
async function formOf({ jobs }: Surface, job: Job, wanted: ChatRequest): Promise<ChatForm> {
  const asked = wanted.job.count
  if (!wanted.wantsImages) return { asked }
  const whole = await dataUrlsOf(jobs, job, LONGEST_CONTENT)
  return { asked, imageUrls: whole.unwrapOr(job.media.map(({ url }) => url)) }
}
