/** `POST {v}/models/{model}:{method}`: the methods of a model, and of its operations. */
import { attend, type Caller, decoded, domainFault, type SurfaceWorld } from 'flow2api/contracts'
import { Elysia } from 'flow2api/plugin'
import { admit } from './admission.ts'
import { streamedContent, wholeContent } from './content-answer.ts'
import { readContentRequest } from './content-request.ts'
import { METHOD_DOCS } from './docs.ts'
import { operationName } from './ids.ts'
import { cancelOperation, operationResponse, VIDEO_ENDPOINT } from './operations.ts'
import { readPredictRequest, wholePrediction } from './predict.ts'
import { authenticated, PREFIXES } from './surface.ts'
import { readVideoRequest } from './video-request.ts'

interface Call {
  readonly request: Request
  readonly caller: Caller
  /** As it stands in the path. */
  readonly model: string
}

type Method = (world: SurfaceWorld, call: Call) => Promise<Response>

export const CONTENT_ENDPOINT = 'gemini.generateContent'
export const PREDICT_ENDPOINT = 'gemini.predict'

const generateContent: Method = (world, { model, ...call }) =>
  admit(world, {
    ...call,
    endpoint: CONTENT_ENDPOINT,
    subject: model,
    read: body => readContentRequest(model, body),
    answer: (admitted, wanted) => wholeContent(world, admitted, wanted),
  })

const streamGenerateContent: Method = (world, { model, ...call }) =>
  admit(world, {
    ...call,
    // The same work as without the stream: who asks again in the other way pays once.
    endpoint: CONTENT_ENDPOINT,
    subject: model,
    read: body => readContentRequest(model, body),
    answer: (admitted, wanted) => streamedContent(world, admitted, wanted),
  })

const predict: Method = (world, { model, ...call }) =>
  admit(world, {
    ...call,
    endpoint: PREDICT_ENDPOINT,
    subject: model,
    read: body => readPredictRequest(model, body),
    answer: (admitted, wanted) => wholePrediction(world, admitted, wanted),
  })

/** Asynchronous by itself: what `Prefer` says changes nothing. */
const predictLongRunning: Method = (world, { model, ...call }) =>
  admit(world, {
    ...call,
    endpoint: VIDEO_ENDPOINT,
    subject: model,
    read: body => readVideoRequest(model, body),
    answer: admitted =>
      attend(world, admitted, call.request.signal, async () =>
        operationResponse(world, call.request, admitted.job, operationName(admitted.job, model)),
      ),
  })

const METHODS: Readonly<Record<string, Method>> = {
  generateContent,
  streamGenerateContent,
  predict,
  predictLongRunning,
}

/** Everything behind `/models/`; the model's id may contain a slash. */
export const methodRoutes = (world: SurfaceWorld) => {
  const app = new Elysia()
  for (const prefix of PREFIXES) {
    const call = ({ request }: { readonly request: Request }) =>
      authenticated(world, request, caller => dispatch(world, request, caller, prefix))
    app
      .post(`${prefix}/models/:call`, call, { parse: 'none', detail: METHOD_DOCS[prefix] })
      .post(`${prefix}/models/*`, call, { parse: 'none' })
  }
  return app
}

const CANCELLED_OPERATION = /\/operations\/([^/:]+):cancel$/

function dispatch(world: SurfaceWorld, request: Request, caller: Caller, prefix: string): Response | Promise<Response> {
  const path = decoded(new URL(request.url).pathname.slice(`${prefix}/models/`.length))
  const operation = CANCELLED_OPERATION.exec(path)?.[1]
  if (operation !== undefined) return cancelOperation(world, operation)
  const colon = path.lastIndexOf(':')
  const name = colon < 0 ? '' : path.slice(colon + 1)
  const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined
  if (colon === 0) return world.refuse(domainFault('model_not_found', 'The path names no model.', { param: 'model' }))
  if (method !== undefined) return method(world, { request, caller, model: path.slice(0, colon) })
  const message = `There is no method ${name.slice(0, 40) || '(none)'} here. There are ${Object.keys(METHODS).join(', ')}, and interactions.`
  return world.refuse(domainFault('not_found', message))
}
