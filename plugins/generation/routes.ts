/** `/v1/jobs/{id}`: any request of any endpoint, by the id that its answer carried. */
import { type AuthService, authorized, faultResponse, type Job, type JobEngine, jobResponse } from 'flow2api/contracts'
import { Elysia, type Fault, type Handle, type ResultAsync } from 'flow2api/plugin'
import type { JobEvents } from './events.ts'

/** A video's id names the same job. */
const jobId = (id: string): string => id.replace(/^video_/, 'job_')

export function jobRoutes(
  auth: Handle<AuthService>,
  engine: Pick<JobEngine, 'get' | 'cancel'>,
  events: Pick<JobEvents, 'open'>,
  show: (job: Job) => object,
) {
  const respond = (request: Request, answer: () => ResultAsync<Response, Fault>): Promise<Response> =>
    authorized(auth, request, 'api', async () =>
      (await answer()).match(
        response => response,
        fault => faultResponse(fault),
      ),
    )
  const answer = (request: Request, job: () => ResultAsync<Job, Fault>) =>
    respond(request, () => job().map(found => jobResponse(show(found), found.id)))
  const tags = ['Jobs']
  const parameters = [
    {
      in: 'path' as const,
      name: 'id',
      required: true,
      description: 'As `x-flow2api-job` named it; of a video, its own id does as well.',
      schema: { type: 'string' as const, example: 'job_68d7512d07848190b3e45da0ecbebcde' },
    },
  ]
  return new Elysia()
    .get('/v1/jobs/:id', ({ request, params }) => answer(request, () => engine.get(jobId(params.id))), {
      detail: {
        tags,
        parameters,
        summary: 'Retrieve a job',
        description:
          'Every generating request is a job; `x-flow2api-job` of its answer is the id. Status, progress, place in the queue, media or error. Works for requests of every endpoint, also after the caller hung up or the gateway restarted.',
      },
    })
    .get(
      '/v1/jobs/:id/events',
      ({ request, params }) => respond(request, () => events.open(jobId(params.id), request)),
      {
        detail: {
          tags,
          parameters,
          summary: 'Follow a job',
          description:
            'Server-sent events: `state`, `progress`, and at the end `completed` or `failed`, each with the job as `data` and an `id` that rises. The first is the job as it is. Whoever comes back with `Last-Event-ID` misses nothing that still counts, and gets 204 where that was the last event. Hanging up does not touch the job.',
        },
      },
    )
    .post('/v1/jobs/:id/cancel', ({ request, params }) => answer(request, () => engine.cancel(jobId(params.id))), {
      parse: 'none',
      detail: {
        tags,
        parameters,
        summary: 'Cancel a job',
        description:
          'Takes it out of the queue, or tells the upstream where that is possible, and frees the account. A job that has ended is answered as it is.',
      },
    })
}
