/** `POST /v1/chat/completions`: pictures and videos for clients that only speak chat. */
import {
  type Caller,
  isValues,
  type Job,
  type JobRequest,
  jobResponse,
  type MediaKind,
  MOST_PIECES,
  type SentPicture,
  type Values,
  wholeAnswer,
} from 'flow2api/contracts'
import { Elysia, err, type Fault, ok, type Result } from 'flow2api/plugin'
import { type Admitted, admit } from './admission.ts'
import { auxiliaryAnswer, auxiliaryCompletion } from './auxiliary.ts'
import { parsedJson } from './body.ts'
import { type ChatForm, completion } from './chat-answer.ts'
import { CHAT_DOCS } from './chat-docs.ts'
import { readMessages } from './chat-messages.ts'
import { streamedChat } from './chat-stream.ts'
import type { Fields } from './fields.ts'
import { withPictures } from './inputs.ts'
import { unixSeconds } from './jobs.ts'
import { dataUrlsOf } from './media.ts'
import { readParameters } from './parameters.ts'
import { readPictures } from './picture-reader.ts'
import { pictureSources } from './pictures.ts'
import { authenticated, type Surface } from './surface.ts'

export const chatRoutes = (surface: Surface) =>
  new Elysia().post(
    '/v1/chat/completions',
    ({ request }) => authenticated(surface, request, caller => chat(surface, request, caller)),
    { parse: 'none', detail: CHAT_DOCS },
  )

export interface ChatRequest {
  readonly job: JobRequest
  readonly stream: boolean
  readonly includeUsage: boolean
  /** The caller reads pictures beside the text, and wants them there (`modalities`). */
  readonly wantsImages: boolean
}

const chat = (surface: Surface, request: Request, caller: Caller): Promise<Response> =>
  admit(surface, {
    request,
    caller,
    endpoint: 'chat.completions',
    read: fields => readChatRequest(surface, fields, request),
    answer: admitted =>
      admitted.wanted.stream
        ? streamedChat(surface, admitted)
        : wholeAnswer(surface, admitted, { present: job => whole(surface, admitted, job) }),
  })

async function whole(surface: Surface, { wanted }: Admitted<ChatRequest>, job: Job): Promise<Response> {
  const asked = wanted.job.count
  if (!wanted.wantsImages) return jobResponse(completion(job, { asked }), job.id)
  const imageUrls = await dataUrlsOf(surface.jobs, job)
  if (imageUrls.isErr()) return surface.refuse(imageUrls.error, job.id)
  const form: ChatForm = { asked, imageUrls: imageUrls.value }
  return jobResponse(completion(job, form), job.id)
}

async function readChatRequest(
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
