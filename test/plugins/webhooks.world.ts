/** The plugin in a kernel, with jobs that tests end by hand and a receiver that answers what they say. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { definePlugin, err, errAsync, type Fault, ok, okAsync, type Result, ResultAsync } from 'flow2api/plugin'
import { createTestKernel, type ManualClock, manualClock, type TestKernel, type TestOptions } from 'flow2api/testing'
import {
  Auth,
  domainFault,
  type GuardedAnswer,
  GuardedFetch,
  type GuardedWant,
  type Job,
  type JobEngine,
  JobFinished,
  Jobs,
  Webhooks,
} from '../../plugins/contracts/index.ts'
import webhooks from '../../plugins/webhooks/index.ts'

export const HOUR_MS = 3_600_000

export function jobOf(id: string, more: Partial<Job> = {}): Job {
  return {
    id,
    status: 'completed',
    kind: 'video',
    surface: 'videos',
    model: 'sora-2',
    resolvedModel: 'veo',
    provider: 'flow',
    prompt: 'a cat',
    progress: 100,
    queuePosition: null,
    createdAt: 1_000,
    startedAt: 2_000,
    finishedAt: 3_000,
    requested: {},
    media: [],
    delivered: null,
    fault: null,
    callerId: 'key',
    callbackUrl: null,
    ...more,
  }
}

/** Jobs that tests put there; the newest last. */
export class FakeJobs {
  readonly known = new Map<string, Job>()

  readonly engine = {
    get: (id: string) => {
      const job = this.known.get(id)
      return job ? okAsync(job) : errAsync(domainFault('not_found', `There is no job ${id}.`))
    },
    list: ({ after, limit = 100, finishedSince = 0, withCallback }: Parameters<JobEngine['list']>[0]) => {
      const newestFirst = [...this.known.values()]
        .reverse()
        .filter(({ finishedAt }) => finishedAt !== null && finishedAt >= finishedSince)
        .filter(({ callbackUrl }) => !withCallback || callbackUrl !== null)
      const rest = newestFirst.slice(newestFirst.findIndex(({ id }) => id === after) + 1)
      return okAsync({ jobs: rest.slice(0, limit), more: rest.length > limit })
    },
  }
}

export interface Call {
  readonly url: string
  readonly want: GuardedWant
  readonly at: number
  readonly id: string
}
export type Receiver = (call: Call) => Result<number, Fault> | Promise<Result<number, Fault>>

/** What was sent, in order, and how many were under way at once. */
export class FakeNet {
  readonly calls: Call[] = []
  readonly running: Call[] = []
  most = 0
  receiver: Receiver = () => ok(200)

  constructor(private readonly now: () => number) {}

  readonly guard = {
    check: (url: string, allowPrivate?: boolean) =>
      url.includes('private') && !allowPrivate
        ? errAsync(domainFault('url_refused', 'It is private.'))
        : okAsync(undefined),
    fetch: (url: string, want: GuardedWant) => new ResultAsync(this.#send(url, want)),
  }

  async #send(url: string, want: GuardedWant): Promise<Result<GuardedAnswer, Fault>> {
    const call = { url, want, at: this.now(), id: want.headers?.['webhook-id'] ?? '' }
    this.calls.push(call)
    this.running.push(call)
    this.most = Math.max(this.most, this.running.length)
    const aborted = new Promise<Result<number, Fault>>(resolve => {
      const abort = () =>
        resolve(
          want.signal.reason instanceof Error && want.signal.reason.name === 'TimeoutError'
            ? err(domainFault('upstream_timeout', 'The upstream did not answer in time.'))
            : err(domainFault('cancelled', 'The request was cancelled.')),
        )
      if (want.signal.aborted) abort()
      else want.signal.addEventListener('abort', abort, { once: true })
    })
    const answer = await Promise.race([this.receiver(call), aborted])
    this.running.splice(this.running.indexOf(call), 1)
    return answer.map(status => ({ status, mime: '', bytes: new Uint8Array() }))
  }
}

/** An answer of the routes: a list, one delivery, or an error. */
interface Body {
  readonly [key: string]: unknown
  readonly data?: readonly Readonly<Record<string, unknown>>[]
}

interface WorldOptions {
  readonly settings?: Record<string, unknown>
  readonly dataDir?: string
  readonly jobs?: FakeJobs
  readonly clock?: ManualClock
  readonly onLog?: TestOptions['onLog']
}

export async function startWebhooks(options: WorldOptions = {}) {
  const clock = options.clock ?? manualClock()
  const jobs = options.jobs ?? new FakeJobs()
  const net = new FakeNet(() => clock.now())
  const around = definePlugin({
    name: 'around',
    version: '1.0.0',
    provides: [Jobs, Auth, GuardedFetch],
    setup(ctx) {
      // Only what webhooks ask for.
      ctx.provide(Jobs, jobs.engine as unknown as JobEngine)
      ctx.provide(Auth, {
        verify: (request, scope) =>
          request.headers.get('authorization') === 'admin' && scope === 'admin'
            ? okAsync({ kind: 'admin' as const, id: 'admin' })
            : errAsync(domainFault('admin_required', 'Sign in.')),
      })
      ctx.provide(GuardedFetch, net.guard)
    },
  })
  const plugins = { around, webhooks }
  const kernel: TestKernel = await createTestKernel({
    plugins,
    clock,
    config: { webhooks: options.settings ?? {} },
    ...(options.dataDir !== undefined && { dataDir: options.dataDir }),
    ...(options.onLog && { onLog: options.onLog }),
  })
  await clock.advance(0)
  const admin = async (path: string, init: RequestInit = {}) => {
    const answer = await kernel.fetch(`/admin/api/webhooks/${path}`, { ...init, headers: { authorization: 'admin' } })
    const body: Body = await answer.json()
    return { status: answer.status, body }
  }
  return {
    kernel,
    clock,
    jobs,
    net,
    plugins,
    desk: kernel.ask(Webhooks),
    admin,
    /** The log, newest first. */
    log: async () => (await admin('deliveries')).body.data ?? [],
    /** As the engine does, when a job has its final state. */
    async end(job: Job) {
      jobs.known.set(job.id, job)
      kernel.emit(JobFinished, job)
      await clock.advance(0)
    },
    async [Symbol.asyncDispose]() {
      let over = false
      const stopped = kernel.stop().finally(() => {
        over = true
      })
      while (!over) await clock.advance(1000)
      await stopped
    },
  }
}

/** A data directory that several kernels use after each other. */
export async function dataDirectory() {
  const path = await mkdtemp(join(tmpdir(), 'flow2api-webhooks-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}
