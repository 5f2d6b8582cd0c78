/** `POST /v1/chat/completions`: pictures and videos for clients that only speak chat. */
import { type Caller, domainFault, type JobRequest, jobResponse, type MediaKind } from 'flow2api/contracts'
import { Elysia, err, type Fault, ok, type Result } from 'flow2api/plugin'
import { type Admitted, admit } from './admission.ts'
import { type Body, isValues, type Values } from './body.ts'
import { chunksOf, completion, contentsOf, ProgressReporter } from './chat-answer.ts'
import { CHAT_DOCS } from './chat-docs.ts'
import { Fields } from './fields.ts'
import { withPictures } from './inputs.ts'
import { faultOf, settle } from './jobs.ts'
import { LONGEST_PROMPT, MOST_PIECES, readParameters } from './parameters.ts'
import { streamAnswer } from './sse.ts'
import { authenticated, type Surface } from './surface.ts'
import { wholeAnswer } from './whole-answer.ts'

export const chatRoutes = (surface: Surface) =>
  new Elysia().post(
    '/v1/chat/completions',
    ({ request }) => authenticated(surface, request, caller => chat(surface, request, caller)),
    { parse: 'none', detail: CHAT_DOCS },
  )

interface ChatRequest {
  readonly job: JobRequest
  readonly stream: boolean
  readonly includeUsage: boolean
}

const chat = (surface: Surface, request: Request, caller: Caller): Promise<Response> =>
  admit(surface, {
    request,
    caller,
    endpoint: 'chat.completions',
    read: body => readChatRequest(surface, body),
    answer: admitted =>
      admitted.wanted.stream
        ? streamed(surface, admitted)
        : wholeAnswer(surface, admitted, job => jobResponse(completion(job, admitted.wanted.job.count), job.id)),
  })

async function readChatRequest(surface: Surface, body: Body): Promise<Result<ChatRequest, Fault>> {
  const fields = new Fields({ ...body, values: { ...imageConfig(body.values), ...body.values } })
  const model = fields.text('model') ?? ''
  const kind = model === '' ? ok<MediaKind>('image') : (await surface.jobs.model(model)).map(found => found.kind)
  if (kind.isErr()) return err(kind.error)
  const message = readMessages(fields.raw('messages'))
  if (message.isErr()) return err(message.error)
  const job: JobRequest = {
    kind: kind.value,
    model,
    prompt: message.value.text,
    parameters: readParameters(fields, kind.value),
    inputs: [],
    count: fields.whole('n', 1, MOST_PIECES) ?? 1,
  }
  const stream = fields.flag('stream')
  if (fields.fault !== undefined) return err(fields.fault)
  const options = fields.raw('stream_options')
  const includeUsage = isValues(options) && options['include_usage'] === true
  const withInputs = await withPictures(surface.jobs, job, message.value.pictures, 'messages')
  return withInputs.map(complete => ({ job: complete, stream, includeUsage }))
}

/** OpenRouter's place for `aspect_ratio` and `image_size`. */
function imageConfig(values: Values): Values {
  const config = values['image_config']
  return isValues(config) ? { aspect_ratio: config['aspect_ratio'], image_size: config['image_size'] } : {}
}

interface UserMessage {
  readonly text: string
  readonly pictures: readonly unknown[]
}

/** The last message of the user: its text, and the pictures attached to it. */
export function readMessages(messages: unknown): Result<UserMessage, Fault> {
  const refuse = (code: 'invalid_value' | 'missing_required_parameter', message: string) =>
    err(domainFault(code, message, { param: 'messages' }))
  if (messages === undefined) return refuse('missing_required_parameter', '`messages` is required.')
  if (!Array.isArray(messages)) return refuse('invalid_value', '`messages` must be a list of messages.')
  const last = messages.findLast(message => isValues(message) && message['role'] === 'user')
  const content: unknown = last?.content
  const parts = typeof content === 'string' ? [{ type: 'text', text: content }] : Array.isArray(content) ? content : []
  const text = parts.flatMap(textOf).join('\n').trim()
  if (text === '')
    return refuse('invalid_value', '`messages` has no user message with text. The last one is the prompt.')
  if (text.length > LONGEST_PROMPT)
    return refuse('invalid_value', `The last user message must have at most ${LONGEST_PROMPT} characters.`)
  return ok({ text, pictures: parts.flatMap(pictureOf) })
}

const textOf = (part: unknown): readonly string[] =>
  isValues(part) && typeof part['text'] === 'string' ? [part['text']] : []

/** `image_url` as an object, or as the bare string that some clients send. */
const pictureOf = (part: unknown): readonly unknown[] =>
  isValues(part) && part['image_url'] !== undefined ? [part['image_url']] : []

function streamed(surface: Surface, admitted: Admitted<ChatRequest>): Response {
  const { jobs, clock } = surface
  const { wanted } = admitted
  return streamAnswer(surface, admitted, async sink => {
    const chunks = chunksOf(admitted.job)
    sink.send(chunks.delta({ role: 'assistant', content: '' }))
    const progress = new ProgressReporter(clock, text => sink.send(chunks.delta({ reasoning_content: text })))
    // Progress is a courtesy: without it the answer still comes.
    const unwatch = await jobs.watch(admitted.job.id, job => progress.update(job))
    const settled = await settle(jobs, admitted.job, clock, sink.signal)
    progress.stop()
    unwatch.map(undo => undo())
    if (settled.isErr()) return settled.error
    const job = settled.value
    const fault = faultOf(job)
    if (fault !== undefined || job.status !== 'completed') return fault
    for (const [index, content] of contentsOf(job.media, wanted.job.count).entries()) {
      sink.send(chunks.delta({ content }, index))
      sink.send(chunks.stop(job, index))
    }
    if (wanted.includeUsage) sink.send(chunks.usage())
    return undefined
  })
}
