/** `/v1/jobs/{id}`: any request of any endpoint, by the id that its answer carried. */
import { type AuthService, faultResponse, type Job, type JobEngine, jobResponse } from 'flow2api/contracts'
import { Elysia, type Fault, FaultError, type Handle, type ResultAsync } from 'flow2api/plugin'
import { jobBody } from './view.ts'

/** A video's id names the same job. */
const jobId = (id: string): string => id.replace(/^video_/, 'job_')

export function jobRoutes(auth: Handle<AuthService>, engine: Pick<JobEngine, 'get' | 'cancel'>) {
  const answer = async (request: Request, job: () => ResultAsync<Job, Fault>): Promise<Response> => {
    try {
      const found = await auth.verify(request, 'api').andThen(job)
      return found.isOk() ? jobResponse(jobBody(found.value), found.value.id) : faultResponse(found.error)
    } catch (cause) {
      // `auth` is gone for the moment; everything else is a bug, for the kernel.
      if (cause instanceof FaultError) return faultResponse(cause.fault)
      throw cause
    }
  }
  const tags = ['Jobs']
  return new Elysia()
    .get('/v1/jobs/:id', ({ request, params }) => answer(request, () => engine.get(jobId(params.id))), {
      detail: {
        tags,
        summary: 'Retrieve a job',
        description:
          'Every generating request is a job; `x-flow2api-job` of its answer is the id. Status, progress, place in the queue, media or error. Works for requests of every endpoint, also after the caller hung up or the gateway restarted.',
      },
    })
    .post('/v1/jobs/:id/cancel', ({ request, params }) => answer(request, () => engine.cancel(jobId(params.id))), {
      parse: 'none',
      detail: {
        tags,
        summary: 'Cancel a job',
        description:
          'Takes it out of the queue, or tells the upstream where that is possible, and frees the account. A job that has ended is answered as it is.',
      },
    })
}
