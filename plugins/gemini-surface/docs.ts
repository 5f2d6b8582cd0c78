/** What the OpenAPI document says of these endpoints: once, under `/v1beta`; `/v1` answers the same. */
import type { DocumentDecoration } from 'elysia'
import { EXAMPLES } from './examples.ts'

const TAGS = ['Gemini']

const both = (detail: DocumentDecoration) => ({ '/v1beta': { ...detail, tags: TAGS }, '/v1': { hide: true } }) as const

type Parameter = NonNullable<DocumentDecoration['parameters']>[number]

const inPath = (name: string, description: string, example: string): Parameter => ({
  in: 'path',
  name,
  required: true,
  description,
  schema: { type: 'string', example },
})

const inQuery = (name: string, description: string): Parameter => ({
  in: 'query',
  name,
  description,
  schema: { type: 'string' },
})

const KEY = 'The key goes into `x-goog-api-key`, `?key=` or `Authorization: Bearer`. The same under `/v1`.'

const JOBS =
  '`x-flow2api-job` names the job; hanging up does not cancel it. `Idempotency-Key`, `x-flow2api-on-disconnect`, and, where the answer waits for the work, `Prefer` as on `/v1/images/generations`. Names are taken in camelCase and snake_case. `x-flow2api-ignored` names the fields that had no effect.'

const named = (examples: Readonly<Record<string, { readonly summary: string; readonly value: unknown }>>) => ({
  content: { 'application/json': { schema: { type: 'object' as const }, examples } },
})

const ID = inPath('id', 'Of an interaction that was created here.', 'v1_0192f3a1b2c37d4e8f90a1b2c3d4e5f6')

export const METHOD_DOCS = both({
  summary: 'Call a method of a model',
  description: `\`{model}:{method}\` in the path. \`generateContent\`: pictures from a conversation with texts and pictures; \`streamGenerateContent\`: the same as an array that grows, with \`alt=sse\` as events; \`predict\`: pictures as Imagen's clients ask; \`predictLongRunning\`: a video, answered at once with the name of an operation. A refused prompt is 200 with \`promptFeedback\`. ${KEY} ${JOBS}`,
  parameters: [
    inPath('call', 'Model and method.', 'gemini-3.0-pro-image:generateContent'),
    inQuery('alt', '`sse`: events, of streamGenerateContent.'),
  ],
  requestBody: named({
    generateContent: { summary: 'generateContent, streamGenerateContent', value: EXAMPLES.generateContent },
    edit: { summary: 'generateContent with a picture', value: EXAMPLES.edit },
    predict: { summary: 'predict', value: EXAMPLES.predict },
    predictLongRunning: { summary: 'predictLongRunning', value: EXAMPLES.predictLongRunning },
  }),
})

export const OPERATION_DOCS = both({
  summary: 'Poll an operation',
  description: `By the name that \`predictLongRunning\` answered. Until it is \`done\` it has only its name and its progress; then \`response.generateVideoResponse.generatedSamples\` with the address of each video, or \`error\`. ${KEY}`,
  parameters: [
    inPath('model', 'As the name has it.', 'veo-3.1-generate-preview'),
    inPath('operation', 'The last part of the name.', '0192f3a1b2c37d4e8f90a1b2c3d4e5f6'),
  ],
})

export const FILE_DOCS = both({
  summary: 'A file, or its bytes',
  description: `What a finished picture or video is; with \`:download\` behind the id, or \`alt=media\`, its bytes, with ranges. ${KEY}`,
  parameters: [
    inPath('file', 'As an operation names it.', '0192f3a1b2c37d4e8f90a1b2c3d4e5f6'),
    inQuery('alt', '`media`: the bytes.'),
  ],
})

export const INTERACTION_DOCS = ((): Record<
  '/v1beta' | '/v1',
  Record<'create' | 'get' | 'cancel' | 'remove', DocumentDecoration>
> => {
  const create = both({
    summary: 'Create an interaction',
    description: `A picture or a video, as the model makes. \`input\` is a text, contents, or the steps of a conversation. \`background: true\` answers at once, \`stream: true\` with events; otherwise the answer waits for the work. \`previous_interaction_id\` goes on with what that one made. Videos over 4 MB come by address, unless \`response_format.delivery\` says otherwise. ${KEY} ${JOBS}`,
    requestBody: named({
      image: { summary: 'a picture', value: EXAMPLES.interactionImage },
      video: { summary: 'a video, in the background', value: EXAMPLES.interactionVideo },
    }),
  })
  const get = both({
    summary: 'Retrieve an interaction',
    description: `As it is; with \`stream=true\` all of its events, and those to come. ${KEY}`,
    parameters: [ID, inQuery('stream', '`true`: events.')],
  })
  const cancel = both({ summary: 'Cancel an interaction', description: KEY, parameters: [ID] })
  const remove = both({ summary: 'Delete a finished interaction', description: KEY, parameters: [ID] })
  const of = (prefix: '/v1beta' | '/v1') => ({
    create: create[prefix],
    get: get[prefix],
    cancel: cancel[prefix],
    remove: remove[prefix],
  })
  return { '/v1beta': of('/v1beta'), '/v1': of('/v1') }
})()

export const MODEL_DOCS = {
  list: {
    tags: TAGS,
    summary: 'List models',
    description: `As Google lists them; \`GET /v1/models\` does so for requests with an \`x-goog-\` header or one of these parameters. ${KEY}`,
    parameters: [
      inQuery('pageSize', 'At most 1000; 50 where it is left out.'),
      inQuery('pageToken', '`nextPageToken` of the page before.'),
    ],
  },
  one: {
    tags: TAGS,
    summary: 'Retrieve a model',
    description: KEY,
    parameters: [inPath('model', 'Its id, without `models/`.', 'gemini-3.0-pro-image')],
  },
} satisfies Record<string, DocumentDecoration>
