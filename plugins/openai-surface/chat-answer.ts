/** Answers of `/v1/chat/completions`, whole and in chunks, and the rules that real clients impose on them (A.6). */
import { hexOf, type Job, type KeptMedia, outcomeBody } from 'flow2api/contracts'
import { modelNameOf, unixSeconds } from './jobs.ts'
import { markdownOf } from './media.ts'

const NO_USAGE = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } as const

/** The same in every chunk of an answer. */
const headOf = (job: Job, object: string) => ({
  id: `chatcmpl-${hexOf(job)}`,
  object,
  created: unixSeconds(job.createdAt),
  model: modelNameOf(job),
})

/** A picture beside the text, as OpenRouter's clients read it. */
interface ShownPicture {
  readonly type: 'image_url'
  readonly image_url: { readonly url: string }
  readonly index: number
}

/** What the caller wants of an answer. */
export interface ChatForm {
  /** Several: one choice a picture. Else all in one: interfaces show the first choice only. */
  readonly asked: number
  /**
   * For each piece: the address that stands in `images`, which the text then does not repeat. Absent: the text shows the
   * pictures, and `images` has the same addresses.
   */
  readonly imageUrls?: readonly string[]
}

interface Choice {
  readonly content: string
  readonly images: readonly ShownPicture[]
}

export const isPicture = ({ mime }: KeptMedia): boolean => mime.startsWith('image/')

export function choicesOf({ media }: Job, { asked, imageUrls }: ChatForm): readonly Choice[] {
  const pieces = media.map((piece, index) => ({ piece, url: imageUrls?.[index] ?? piece.url }))
  return (asked > 1 ? pieces.map(one => [one]) : [pieces]).map(group => {
    const pictures = group.filter(({ piece }) => isPicture(piece))
    return {
      content:
        imageUrls !== undefined && pictures.length > 0
          ? captionOf(pictures.length)
          : group.map(({ piece }) => markdownOf(piece)).join('\n\n'),
      images: pictures.map(({ url }, index) => ({ type: 'image_url', image_url: { url }, index })),
    }
  })
}

const captionOf = (count: number): string => (count === 1 ? 'Here is the picture.' : `Here are ${count} pictures.`)

export const completion = (job: Job, form: ChatForm) => ({
  ...headOf(job, 'chat.completion'),
  choices: choicesOf(job, form).map(({ content, images }, index) => ({
    index,
    message: { role: 'assistant', content, refusal: null, ...(images.length > 0 && { images }) },
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
  | { readonly images: readonly ShownPicture[] }
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
