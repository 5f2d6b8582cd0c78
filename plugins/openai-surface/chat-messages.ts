/** What a conversation asks for: the last user message, and the picture that the conversation is about (api-surfaces A.6). */
import { domainFault, isValues, LONGEST_PROMPT, type Values } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import { shownPictures } from './shown-pictures.ts'

interface Conversation {
  /** Of the last user message. */
  readonly text: string
  /** Attached to that message. */
  readonly pictures: readonly unknown[]
  /** Pictures of the last answer that had any, in its order. */
  readonly answered: readonly string[]
}

export function readMessages(messages: unknown): Result<Conversation, Fault> {
  const refuse = (code: 'invalid_value' | 'missing_required_parameter', message: string) =>
    err(domainFault(code, message, { param: 'messages' }))
  if (messages === undefined) return refuse('missing_required_parameter', '`messages` is required.')
  if (!Array.isArray(messages)) return refuse('invalid_value', '`messages` must be a list of messages.')
  const known: readonly Values[] = messages.filter(isValues)
  const at = known.findLastIndex(({ role }) => role === 'user')
  const parts = partsOf(known[at])
  const text = parts.flatMap(textOf).join('\n').trim()
  if (text === '')
    return refuse('invalid_value', '`messages` has no user message with text. The last one is the prompt.')
  if (text.length > LONGEST_PROMPT)
    return refuse('invalid_value', `The last user message must have at most ${LONGEST_PROMPT} characters.`)
  if (parts.some(part => part['type'] === 'video_url' || part['type'] === 'input_video'))
    return refuse(
      'invalid_value',
      'Videos in messages are not read. Extend one that was made here at /v1/videos/extensions.',
    )
  return ok({ text, pictures: parts.flatMap(pictureOf), answered: lastAnswered(known.slice(0, at)) })
}

function partsOf(message: Values | undefined): readonly Values[] {
  const content = message?.['content']
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return Array.isArray(content) ? content.filter(isValues) : []
}

const textOf = ({ text }: Values): readonly string[] => (typeof text === 'string' ? [text] : [])

/** `image_url` as an object, or as the bare string that some clients send; a file with its data. */
function pictureOf(part: Values): readonly unknown[] {
  if (part['image_url'] !== undefined) return [part['image_url']]
  const file = part['file']
  return isValues(file) ? [file['file_data'] ?? file] : []
}

function lastAnswered(messages: readonly Values[]): readonly string[] {
  for (const message of messages.toReversed()) {
    const pictures = message['role'] === 'assistant' ? picturesOf(message) : []
    if (pictures.length > 0) return pictures
  }
  return []
}

/** What interfaces hand back of an answer: its `images`, else what its text shows. */
function picturesOf(message: Values): readonly string[] {
  const images = Array.isArray(message['images']) ? message['images'].filter(isValues) : []
  const parts = [...images, ...partsOf(message)]
  const attached = parts.flatMap(pictureOf).flatMap(addressOf)
  if (attached.length > 0) return [...new Set(attached)]
  return [...new Set(shownPictures(parts.flatMap(textOf).join('\n')))]
}

function addressOf(picture: unknown): readonly string[] {
  const address = isValues(picture) ? picture['url'] : picture
  return typeof address === 'string' ? [address] : []
}
