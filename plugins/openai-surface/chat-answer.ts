/** Answers of `/v1/chat/completions`, whole and in chunks, and the rules that real clients impose on them (A.6). */
import { type Job, type KeptMedia, outcomeBody } from 'flow2api/contracts'
import type { Clock } from 'flow2api/plugin'
import { hexOf, modelNameOf, unixSeconds } from './jobs.ts'
import { markdownOf } from './media.ts'

const NO_USAGE = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } as const

/** Interfaces redraw at every piece of reasoning. */
const PROGRESS_INTERVAL_MS = 1000

/** The same in every chunk of an answer. */
const headOf = (job: Job, object: string) => ({
  id: `chatcmpl-${hexOf(job)}`,
  object,
  created: unixSeconds(job.createdAt),
  model: modelNameOf(job),
})

/** One choice a picture where several were asked for; else all in one: interfaces show the first choice only. */
export const contentsOf = (media: readonly KeptMedia[], asked: number): readonly string[] =>
  asked > 1 ? media.map(markdownOf) : [media.map(markdownOf).join('\n\n')]

export const completion = (job: Job, asked: number) => ({
  ...headOf(job, 'chat.completion'),
  choices: contentsOf(job.media, asked).map((content, index) => ({
    index,
    message: { role: 'assistant', content, refusal: null },
    logprobs: null,
    finish_reason: 'stop',
  })),
  usage: NO_USAGE,
  ...outcomeBody(job),
})

/** One kind of content a chunk: clients drop the rest of a mixed one. */
type Delta =
  | { readonly role: 'assistant'; readonly content: '' }
  | { readonly reasoning_content: string }
  | { readonly content: string }
  | Readonly<Record<string, never>>

/** A factory of chunks that all carry the same id, time and model. */
export function chunksOf(job: Job) {
  const head = headOf(job, 'chat.completion.chunk')
  return {
    delta: (delta: Delta, index = 0) => ({ ...head, choices: [{ index, delta, finish_reason: null }] }),
    stop: (finished: Job, index = 0) => ({
      ...head,
      choices: [{ index, delta: {}, finish_reason: 'stop' }],
      ...outcomeBody(finished),
    }),
    usage: () => ({ ...head, choices: [], usage: NO_USAGE }),
  }
}

/** What a person may read of an unfinished job; undefined once there is nothing more to say. */
function progressText(job: Job): string | undefined {
  switch (job.status) {
    case 'queued':
      return job.queuePosition === null ? 'Queued…' : `Queued, position ${job.queuePosition}…`
    case 'starting':
      return 'Starting…'
    case 'running':
      return job.progress > 0 ? `Generating… ${Math.floor(job.progress)} %` : 'Generating…'
    case 'delivering':
      return 'Fetching the result…'
    default:
      return undefined
  }
}

/** Tells changes only, the newest of each second. */
export class ProgressReporter {
  #told: string | undefined
  #next: string | undefined
  #cancel: (() => void) | undefined

  constructor(
    private readonly clock: Clock,
    private readonly tell: (text: string) => void,
  ) {}

  update(job: Job): void {
    const text = progressText(job)
    if (text === undefined) return
    this.#next = text
    if (this.#cancel === undefined) this.#flush()
  }

  /** Nothing is told afterwards. */
  stop(): void {
    this.#cancel?.()
    this.#cancel = () => {}
  }

  #flush(): void {
    this.#cancel = undefined
    if (this.#next === undefined || this.#next === this.#told) return
    this.#told = this.#next
    this.#cancel = this.clock.after(PROGRESS_INTERVAL_MS, () => this.#flush())
    this.tell(`${this.#told}\n`)
  }
}
