/** Operations: what `predictLongRunning` answers, polled by name (api-surfaces B.6). */
import {
  domainFault,
  FINAL,
  findJob,
  type Job,
  jobResponse,
  messageFor,
  outcomeFault,
  type SurfaceWorld,
} from 'flow2api/contracts'
import { Elysia, err, type Fault, ok, type ResultAsync } from 'flow2api/plugin'
import { isModerated } from './content-answer.ts'
import { OPERATION_DOCS } from './docs.ts'
import { operationError } from './errors.ts'
import { operationJob, operationName } from './ids.ts'
import { fileUri } from './media.ts'
import { authenticated, PREFIXES } from './surface.ts'

export const VIDEO_ENDPOINT = 'gemini.predictLongRunning'

const TYPE = 'type.googleapis.com/google.ai.generativelanguage.v1beta'

/** `uri` says where each finished video is. */
export function operationBody(job: Job, uri: (index: number) => string, name = operationName(job)): object {
  if (!FINAL.has(job.status))
    return {
      name,
      metadata: { '@type': `${TYPE}.PredictLongRunningMetadata`, progressPercent: Math.floor(job.progress) },
    }
  const fault = outcomeFault(job)
  const done = (generateVideoResponse: object) => ({
    name,
    done: true,
    response: { '@type': `${TYPE}.PredictLongRunningResponse`, generateVideoResponse },
  })
  if (fault === undefined)
    return done({ generatedSamples: job.media.map((_, index) => ({ video: { uri: uri(index) } })) })
  // A refused prompt is no error in this API.
  if (isModerated(job)) return done({ raiMediaFilteredCount: 1, raiMediaFilteredReasons: [messageFor(fault)] })
  return { name, done: true, error: operationError(fault) }
}

export const operationResponse = (world: SurfaceWorld, { headers }: Request, job: Job, name?: string): Response =>
  jobResponse(
    operationBody(job, index => fileUri(world, headers, job, index), name),
    job.id,
  )

/** Of any endpoint that makes videos. Error: `not_found`. */
function findOperation({ jobs }: SurfaceWorld, id: string): ResultAsync<Job, Fault> {
  const missing = () => domainFault('not_found', `There is no operation ${id.slice(0, 80)}.`, { param: 'name' })
  return findJob(jobs, operationJob(id), missing).andThen(job => (job.kind === 'video' ? ok(job) : err(missing())))
}

export async function getOperation(
  world: SurfaceWorld,
  request: Request,
  model: string,
  id: string,
): Promise<Response> {
  const found = await findOperation(world, id)
  // By the name that was asked for: clients go on with the name that they are given.
  return found.match(
    job => operationResponse(world, request, job, operationName(job, model)),
    fault => world.refuse(fault),
  )
}

export async function cancelOperation(world: SurfaceWorld, id: string): Promise<Response> {
  const found = await findOperation(world, id)
  const cancelled = await found.asyncAndThen(job => world.jobs.cancel(job.id))
  return cancelled.match(
    job => jobResponse({}, job.id),
    fault => world.refuse(fault),
  )
}

export const operationRoutes = (world: SurfaceWorld) => {
  const app = new Elysia()
  for (const prefix of PREFIXES)
    app.get(
      `${prefix}/models/:model/operations/:operation`,
      ({ request, params }) =>
        authenticated(world, request, () => getOperation(world, request, params.model, params.operation)),
      { detail: OPERATION_DOCS[prefix] },
    )
  return app
}
