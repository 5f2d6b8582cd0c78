/** `interactions`: create, get, cancel, delete; in the foreground, in the background, as a stream. */
import {
  type AdmittedRequest,
  attend,
  type Caller,
  domainFault,
  findJob,
  type Job,
  jobResponse,
  readRequestHeaders,
  type SurfaceWorld,
  wholeAnswer,
} from 'flow2api/contracts'
import { Elysia } from 'flow2api/plugin'
import { admit } from './admission.ts'
import { INTERACTION_DOCS } from './docs.ts'
import { interactionJob } from './ids.ts'
import { INTERACTION_ENDPOINT, interactionBody, type Shown } from './interaction-body.ts'
import { type InteractionRequest, readInteraction } from './interaction-request.ts'
import { streamedInteraction } from './interaction-stream.ts'
import { authenticated, PREFIXES } from './surface.ts'

/** Nothing is known of how it was asked for. */
const LATER: Shown = { format: undefined, delivery: undefined }

export const interactionRoutes = (world: SurfaceWorld) => {
  const app = new Elysia()
  for (const prefix of PREFIXES) {
    const docs = INTERACTION_DOCS[prefix]
    app
      .post(
        `${prefix}/interactions`,
        ({ request }) => authenticated(world, request, caller => create(world, request, caller)),
        { parse: 'none', detail: docs.create },
      )
      .get(
        `${prefix}/interactions/:id`,
        ({ request, params }) =>
          authenticated(world, request, () => found(world, params.id, job => retrieve(world, request, job))),
        { detail: docs.get },
      )
      .post(
        `${prefix}/interactions/:id/cancel`,
        ({ request, params }) =>
          authenticated(world, request, () => found(world, params.id, job => cancel(world, request, job))),
        { parse: 'none', detail: docs.cancel },
      )
      .delete(
        `${prefix}/interactions/:id`,
        ({ request, params }) =>
          authenticated(world, request, () => found(world, params.id, job => remove(world, job))),
        { detail: docs.remove },
      )
  }
  return app
}

const create = (world: SurfaceWorld, request: Request, caller: Caller): Promise<Response> =>
  admit(world, {
    request,
    caller,
    endpoint: INTERACTION_ENDPOINT,
    subject: '',
    read: body => readInteraction(world, body),
    answer: (admitted, wanted) => answer(world, admitted, wanted),
  })

function answer(
  world: SurfaceWorld,
  admitted: AdmittedRequest,
  wanted: InteractionRequest,
): Response | Promise<Response> {
  const { request, job } = admitted
  if (wanted.stream) return streamedInteraction(world, admitted, wanted)
  if (wanted.background)
    return attend(world, admitted, request.signal, () => shownResponse(world, request, job, wanted))
  return wholeAnswer(world, admitted, { present: done => shownResponse(world, request, done, wanted) })
}

async function shownResponse(world: SurfaceWorld, { headers }: Request, job: Job, shown: Shown): Promise<Response> {
  const body = await interactionBody(world, headers, job, shown)
  return body.match(
    value => jobResponse(value, job.id),
    fault => world.refuse(fault, job.id),
  )
}

/** As it is, or with `stream=true` all of its events, and those to come. */
function retrieve(world: SurfaceWorld, request: Request, job: Job): Response | Promise<Response> {
  if (new URL(request.url).searchParams.get('stream') !== 'true') return shownResponse(world, request, job, LATER)
  const headers = readRequestHeaders(request.headers)
  // Whoever only looks on cancels nothing by leaving.
  return headers.match(
    read => streamedInteraction(world, { request, job, headers: { ...read, onDisconnect: 'detach' } }, LATER),
    fault => world.refuse(fault, job.id),
  )
}

async function cancel(world: SurfaceWorld, request: Request, job: Job): Promise<Response> {
  const cancelled = await world.jobs.cancel(job.id)
  return cancelled.match(
    now => shownResponse(world, request, now, LATER),
    fault => world.refuse(fault, job.id),
  )
}

async function remove(world: SurfaceWorld, job: Job): Promise<Response> {
  const removed = await world.jobs.remove(job.id)
  return removed.match(
    () => jobResponse({}, job.id),
    fault => world.refuse(fault, job.id),
  )
}

/** Of any endpoint: the id alone decides. Error: `not_found`. */
async function found(
  world: SurfaceWorld,
  id: string,
  answer: (job: Job) => Response | Promise<Response>,
): Promise<Response> {
  const missing = () =>
    domainFault('not_found', `There is no interaction ${id.slice(0, 80)}. It may have been deleted.`, { param: 'id' })
  const job = await findJob(world.jobs, interactionJob(id), missing)
  return job.match(answer, fault => world.refuse(fault))
}
