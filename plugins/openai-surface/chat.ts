/** `POST /v1/chat/completions`: pictures and videos for clients that only speak chat. */
import {
  type Caller,
  domainFault,
  faultResponse,
  type Job,
  type JobRequest,
  jobResponse,
  type MediaKind,
} from 'flow2api/contracts'
import { Elysia, err, type Fault, ok, type Result } from 'flow2api/plugin'
import { type Body, isValues, readBody, type Values } from './body.ts'
import { chunksOf, completion, contentsOf, ProgressReporter } from './chat-answer.ts'
import { Fields } from './fields.ts'
import { withPictures } from './inputs.ts'
import { faultOf, settle } from './jobs.ts'
import { LONGEST_PROMPT, MOST_PIECES, readParameters } from './parameters.ts'
import { eventStream } from './sse.ts'
import { authenticated, hungUp, type Surface } from './surface.ts'

export const chatRoutes = (surface: Surface) =>
  new Elysia().post(
    '/v1/chat/completions',
    ({ request }) => authenticated(surface, request, caller => chat(surface, request, caller)),
    {
      parse: 'none',
      detail: {
        tags: ['Chat'],
        summary: 'Create media through chat',
        description:
          'The text of the last user message is the prompt; the model decides whether a picture or a video is made. The answer is markdown. With `stream: true` progress comes in `reasoning_content`, the result in `content`. Also read: `size`, `aspect_ratio`, `resolution`, `seconds`, `seed`, `image_config`. Tools, temperature and the like are ignored.',
        requestBody: {
          content: {
            'application/json': {
              schema: { type: 'object', required: ['messages'] },
              example: {
                model: 'gpt-image-1',
                messages: [{ role: 'user', content: 'a red fox in the snow' }],
                stream: true,
              },
            },
          },
        },
      },
    },
  )

interface ChatRequest {
  readonly job: JobRequest
  readonly stream: boolean
  readonly includeUsage: boolean
}

async function chat(surface: Surface, request: Request, caller: Caller): Promise<Response> {
  const body = await readBody(request)
  const wanted = body.isErr() ? err(body.error) : await readChatRequest(surface, body.value)
  if (wanted.isErr()) return faultResponse(wanted.error)
  const admitted = await surface.jobs.submit(wanted.value.job, { caller, surface: 'chat.completions' })
  if (admitted.isErr()) return faultResponse(admitted.error)
  return wanted.value.stream
    ? streamed(surface, request, admitted.value, wanted.value)
    : whole(surface, request, admitted.value, wanted.value)
}

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

async function whole(surface: Surface, request: Request, admitted: Job, wanted: ChatRequest): Promise<Response> {
  const settled = await settle(surface.jobs, admitted, surface.clock, request.signal)
  if (settled.isErr()) return faultResponse(settled.error, { jobId: admitted.id })
  const job = settled.value
  const fault = faultOf(job)
  if (fault !== undefined) return faultResponse(fault, { jobId: job.id })
  if (job.status !== 'completed') return hungUp(job.id)
  return jobResponse(completion(job, wanted.job.count), job.id)
}

function streamed(surface: Surface, request: Request, admitted: Job, wanted: ChatRequest): Response {
  const { jobs, clock, log } = surface
  return eventStream({ clock, log, jobId: admitted.id, signal: request.signal }, async sink => {
    const chunks = chunksOf(admitted)
    sink.send(chunks.delta({ role: 'assistant', content: '' }))
    const progress = new ProgressReporter(clock, text => sink.send(chunks.delta({ reasoning_content: text })))
    // Progress is a courtesy: without it the answer still comes.
    const unwatch = await jobs.watch(admitted.id, job => progress.update(job))
    const settled = await settle(jobs, admitted, clock, sink.signal)
    progress.stop()
    unwatch.map(undo => undo())
    if (settled.isErr()) return settled.error
    const job = settled.value
    const fault = faultOf(job)
    if (fault !== undefined || job.status !== 'completed') return fault
    for (const [index, content] of contentsOf(job.media, wanted.job.count).entries()) {
      sink.send(chunks.delta({ content }, index))
      sink.send(chunks.stop(index))
    }
    if (wanted.includeUsage) sink.send(chunks.usage())
    return undefined
  })
}
