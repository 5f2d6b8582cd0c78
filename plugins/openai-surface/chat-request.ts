/** A chat request as a job: what the conversation asks for, and the pictures that go with it. */
import {
  isValues,
  type JobRequest,
  type MediaKind,
  MOST_PIECES,
  type SentPicture,
  type Values,
} from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import { auxiliaryAnswer, auxiliaryCompletion } from './auxiliary.ts'
import { parsedJson } from './body.ts'
import { readMessages } from './chat-messages.ts'
import type { Fields } from './fields.ts'
import { withPictures } from './inputs.ts'
import { unixSeconds } from './jobs.ts'
import { readParameters } from './parameters.ts'
import { readPictures } from './picture-reader.ts'
import { pictureSources } from './pictures.ts'
import type { Surface } from './surface.ts'

export interface ChatRequest {
  readonly job: JobRequest
  readonly stream: boolean
  readonly includeUsage: boolean
  /** The caller reads pictures beside the text, and wants them there (`modalities`). */
  readonly wantsImages: boolean
}

/** A response: an errand of the client's own, which makes nothing. */
export async function readChatRequest(
  surface: Surface,
  fields: Fields,
  { signal }: Request,
): Promise<Result<ChatRequest, Fault> | Response> {
  fields.fallBackTo(imageConfig(fields.raw('image_config')))
  const model = fields.text('model') ?? ''
  const conversation = readMessages(structured(fields, 'messages'))
  if (conversation.isErr()) return err(conversation.error)
  const { text, pictures, answered } = conversation.value
  const stream = fields.flag('stream')
  const auxiliary = stream ? undefined : auxiliaryAnswer(text)
  if (auxiliary !== undefined) {
    const now = surface.clock.now()
    return Response.json(auxiliaryCompletion(now.toString(36), unixSeconds(now), model, auxiliary))
  }
  const kind = model === '' ? ok<MediaKind>('image') : (await surface.jobs.model(model)).map(found => found.kind)
  if (kind.isErr()) return err(kind.error)
  const request: Omit<ChatRequest, 'job'> = {
    stream,
    includeUsage: asFlag(structured(fields, 'stream_options'), 'include_usage'),
    wantsImages: hasWord(structured(fields, 'modalities'), 'image'),
  }
  const job: JobRequest = {
    kind: kind.value,
    model,
    prompt: text,
    parameters: readParameters(fields, kind.value),
    inputs: [],
    count: fields.whole('n', 1, MOST_PIECES) ?? 1,
  }
  if (fields.fault !== undefined) return err(fields.fault)
  const extras = await previous(surface, answered, signal)
  const complete = await withPictures(surface, job, { value: pictures, param: 'messages', extras, signal })
  return complete.map(withInputs => ({ ...request, job: withInputs }))
}

/** What the conversation is about, as far as it can still be had: it was not sent with this request. */
async function previous(
  surface: Surface,
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<readonly SentPicture[]> {
  if (addresses.length === 0) return []
  const sources = pictureSources(addresses, 'messages')
  const read = sources.isErr() ? err(sources.error) : await readPictures(surface, sources.value, 'messages', signal)
  if (read.isOk()) return read.value
  surface.log.debug({ fault: read.error }, 'an earlier picture of a conversation is left out')
  return []
}

/** OpenRouter's place for `aspect_ratio` and `image_size`. */
const imageConfig = (config: unknown): Values =>
  isValues(config) ? { aspect_ratio: config['aspect_ratio'], image_size: config['image_size'] } : {}

/** A list or object, which is JSON in a form. */
function structured(fields: Fields, name: string): unknown {
  const value = fields.raw(name)
  return fields.body.textual && typeof value === 'string' ? parsedJson(value) : value
}

const asFlag = (value: unknown, name: string): boolean =>
  isValues(value) && (value[name] === true || value[name] === 'true')

const hasWord = (value: unknown, word: string): boolean =>
  Array.isArray(value) && value.some(one => typeof one === 'string' && one.toLowerCase() === word)
