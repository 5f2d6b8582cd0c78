/** `/admin/api/jobs`: every job for the operator, with what callers do not see: accounts, reasons, attempts. */
import {
  type AuthService,
  type Caller,
  domainFault,
  errorBody,
  FINAL,
  type Job,
  type JobEngine,
  type JobFilter,
  type JobInput,
  type JobStatus,
  operatorAnswer,
  pageLimit,
} from 'flow2api/contracts'
import { Elysia, err, type Fault, type Handle, ok, type Result } from 'flow2api/plugin'
import { type Archive, noJob } from './archive.ts'
import type { Inputs } from './inputs.ts'
import { indexOf, type JobRecord, type StoredJob, type UnitRecord } from './records.ts'

export interface DeskParts {
  readonly auth: Handle<AuthService>
  readonly engine: Pick<JobEngine, 'get' | 'list' | 'cancel' | 'submit'>
  readonly archive: Pick<Archive, 'find'>
  readonly inputs: Pick<Inputs, 'of'>
  readonly show: (job: Job) => object
}

const STATUSES: readonly string[] = ['queued', 'starting', 'running', 'delivering', ...FINAL]
const LISTED = 50
const MOST_LISTED = 100

const seconds = (milliseconds: number | null) => (milliseconds === null ? null : Math.floor(milliseconds / 1000))

/** Times in unix seconds. */
const unitView = (unit: UnitRecord) => ({
  index: indexOf(unit),
  state: unit.state,
  account_id: unit.accountId,
  accounts: unit.choices.map(({ account, why, at, refused }) => ({
    account_id: account,
    why,
    at: seconds(at),
    refused: refused ?? null,
  })),
  attempts: unit.attempts,
  polls: unit.polls,
  progress: unit.progress,
  started_at: seconds(unit.startedAt),
  deadline_at: seconds(unit.deadlineAt),
  credits_left: unit.credits,
  error: unit.fault === null ? null : { ...errorBody(unit.fault).error, blame: unit.fault.blame },
})

export function deskRoutes({ auth, engine, archive, inputs, show }: DeskParts) {
  const line = (job: Job) => ({
    ...show(job),
    result: null,
    resolved_model: job.resolvedModel,
    provider: job.provider,
    surface: job.surface,
    prompt: job.prompt,
    caller: job.callerId,
    blame: job.fault?.blame ?? null,
  })
  const whole = (job: Job, { job: { cost, user, callbackUrl, inputs }, units }: StoredJob) => ({
    ...line(job),
    user,
    expected_credits: cost,
    callback_url: callbackUrl === null ? null : originOf(callbackUrl),
    inputs: inputs.map(({ role, mime, from }) => ({ role, mime, from: from ?? null })),
    units: units.map(unitView),
  })

  const list = async (query: Query): Promise<Result<object, Fault>> => {
    const filter = filterOf(query)
    if (filter.isErr()) return err(filter.error)
    const found = await engine.list(filter.value)
    return found.map(({ jobs, more }) => ({ object: 'list', data: jobs.map(line), has_more: more }))
  }
  const one = async (id: string): Promise<Result<object, Fault>> => {
    const stored = archive.find(id)
    const job = stored ? await engine.get(id) : err(noJob(id))
    return job.andThen(view => (stored ? ok(whole(view, stored)) : err(noJob(id))))
  }
  /** A new job of the same request, for the operator: nobody else waits for it. */
  const again = async (id: string, caller: Caller): Promise<Result<object, Fault>> => {
    const stored = archive.find(id)
    if (!stored) return err(noJob(id))
    const { job } = stored
    if (!FINAL.has(job.status))
      return err(domainFault('invalid_value', 'This job is still under way. Cancel it first, or wait for its end.'))
    const supplied = await suppliedAgain(inputs, job)
    if (supplied.isErr()) return err(supplied.error)
    const { kind, model, prompt, parameters, count, surface } = job
    const request = { kind, model, prompt, parameters, count, inputs: supplied.value }
    return (await engine.submit(request, { caller, surface })).map(line)
  }
  const tags = ['Admin']
  return new Elysia()
    .get('/admin/api/jobs', ({ request, query }) => operatorAnswer(auth, request, () => list(query)), {
      detail: {
        tags,
        summary: 'List jobs',
        description:
          'Newest first. `status`, `kind`, `surface` and `q` (a part of id, prompt or model) filter; `after` (an id) and `limit` (up to 100) page through them.',
      },
    })
    .get('/admin/api/jobs/:id', ({ request, params }) => operatorAnswer(auth, request, () => one(jobId(params.id))), {
      detail: {
        tags,
        summary: 'One job',
        description:
          'With its units: every account that each was given, why that one and why not the others, and what refused it.',
      },
    })
    .post(
      '/admin/api/jobs/:id/cancel',
      ({ request, params }) =>
        operatorAnswer(auth, request, async () => (await engine.cancel(jobId(params.id))).map(line)),
      { parse: 'none', detail: { tags, summary: 'Cancel a job', description: 'As POST /v1/jobs/{id}/cancel.' } },
    )
    .post(
      '/admin/api/jobs/:id/retry',
      ({ request, params }) => operatorAnswer(auth, request, caller => again(jobId(params.id), caller)),
      {
        parse: 'none',
        detail: {
          tags,
          summary: 'Make a job again',
          description:
            'Submits the request of a job that has ended as a new one, which is answered. It is paid like any other.',
        },
      },
    )
}

/** What the job was supplied with; its files may have been removed. Error: `media_unavailable`. */
async function suppliedAgain(inputs: DeskParts['inputs'], job: JobRecord): Promise<Result<JobInput[], Fault>> {
  const supplied: JobInput[] = []
  try {
    for (const [index, { role, mime, bytes }] of inputs.of(job).entries()) {
      const from = job.inputs[index]?.from
      supplied.push(from ? { role, from } : { role, mime, bytes: await bytes() })
    }
    return ok(supplied)
  } catch (cause) {
    const message = 'The input files of this job have been removed. Send the request again with its pictures.'
    return err(domainFault('media_unavailable', message, { blame: 'request', cause }))
  }
}

const jobId = (id: string): string => id.replace(/^video_/, 'job_')

/** The rest of it may hold a secret of the receiver's. */
const originOf = (url: string): string => URL.parse(url)?.origin ?? ''

type Query = Readonly<Record<string, string | undefined>>

function filterOf({ status, kind, surface, q, after, limit }: Query): Result<JobFilter, Fault> {
  const refuse = (param: string, message: string) => err(domainFault('invalid_value', message, { param }))
  const count = pageLimit(limit, LISTED, MOST_LISTED)
  if (count.isErr()) return err(count.error)
  if (status !== undefined && !isStatus(status))
    return refuse('status', `\`status\` must be one of ${STATUSES.join(', ')}.`)
  if (kind !== undefined && kind !== 'image' && kind !== 'video')
    return refuse('kind', '`kind` must be `image` or `video`.')
  return ok({
    limit: count.value,
    ...(status !== undefined && { status }),
    ...(kind !== undefined && { kind }),
    ...(surface !== undefined && { surface }),
    ...(q !== undefined && { search: q }),
    ...(after !== undefined && { after }),
  })
}

const isStatus = (text: string): text is JobStatus => STATUSES.includes(text)
