/** The plugin in a kernel, with jobs, accounts and other plugins' figures that tests put there. */
import { definePlugin, Elysia, errAsync, okAsync } from 'flow2api/plugin'
import { createTestKernel, type ManualClock, manualClock } from 'flow2api/testing'
import {
  Auth,
  domainFault,
  type Job,
  type JobEngine,
  JobFinished,
  Jobs,
  type JobTally,
  type MetricFamily,
  MetricsSource,
} from '../../plugins/contracts/index.ts'
import metrics from '../../plugins/metrics/index.ts'

export function jobOf(more: Partial<Job> = {}): Job {
  return {
    id: 'job_1',
    status: 'completed',
    kind: 'image',
    surface: 'images.generations',
    model: 'gpt-image-1',
    resolvedModel: 'pic',
    provider: 'flow',
    prompt: 'a cat',
    progress: 100,
    queuePosition: null,
    createdAt: 1_000,
    startedAt: 2_000,
    finishedAt: 5_000,
    requested: {},
    media: [],
    delivered: null,
    fault: null,
    callerId: 'key',
    callbackUrl: null,
    ...more,
  }
}

/** As the job engine counts its table. */
export class FakeJobs {
  readonly ended: Job[] = []
  queued = 0
  running = 0

  readonly engine: Pick<JobEngine, 'tally' | 'underWay'> = {
    tally: ({ from, to, spanMs }) => {
      const rows = this.ended
        .filter(({ finishedAt }) => finishedAt !== null && finishedAt >= from && finishedAt < to)
        .map((job): JobTally => {
          const finishedAt = job.finishedAt ?? 0
          return {
            from: from + Math.floor((finishedAt - from) / spanMs) * spanMs,
            kind: job.kind,
            model: job.resolvedModel,
            provider: job.provider,
            status: job.status,
            code: job.fault?.code ?? null,
            blame: job.fault?.blame ?? null,
            count: 1,
            waitedMs: (job.startedAt ?? finishedAt) - job.createdAt,
            tookMs: job.startedAt === null ? 0 : finishedAt - job.startedAt,
          }
        })
      return okAsync(rows)
    },
    underWay: () => ({
      image: { queued: this.queued, running: this.running },
      video: { queued: 0, running: 0 },
    }),
  }
}

export interface MetricsWorldOptions {
  readonly settings?: Record<string, unknown>
  readonly dataDir?: string
  readonly clock?: ManualClock
  readonly jobs?: FakeJobs
}

/** Tokens are `api` and `admin`. `/v1/echo/:status` answers with that status. */
export async function startMetrics(options: MetricsWorldOptions = {}) {
  const clock = options.clock ?? manualClock()
  const jobs = options.jobs ?? new FakeJobs()
  const figures: { families: readonly MetricFamily[]; broken: boolean } = { families: [], broken: false }
  const warnings: string[] = []
  const around = definePlugin({
    name: 'around',
    version: '1.0.0',
    provides: [Jobs, Auth, MetricsSource],
    setup(ctx) {
      ctx.provide(Jobs, jobs.engine as JobEngine) // only what metrics ask for
      ctx.provide(Auth, {
        verify(request, scope) {
          const token = request.headers.get('authorization')?.replace('Bearer ', '')
          if (token === 'admin' && scope !== 'api') return okAsync({ kind: 'admin', id: 'admin' })
          if (token === 'api' && scope !== 'admin') return okAsync({ kind: 'api_key', id: 'key' })
          return errAsync(domainFault('invalid_api_key', 'No.'))
        },
      })
      ctx.provide(MetricsSource, {
        collect() {
          if (figures.broken) throw new Error('no figures today')
          return figures.families
        },
      })
      ctx.http({
        routes: () =>
          new Elysia().get('/v1/echo/:status', ({ params }) => new Response(null, { status: Number(params.status) })),
      })
    },
  })
  const kernel = await createTestKernel({
    plugins: { around, metrics },
    clock,
    config: { metrics: options.settings ?? {} },
    onLog: line => void (Number(line['level']) >= 40 && warnings.push(String(line['msg']))),
    ...(options.dataDir !== undefined && { dataDir: options.dataDir }),
  })
  await clock.advance(0)
  const get = (path: string, token?: string) =>
    kernel.fetch(path, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })
  return {
    kernel,
    clock,
    jobs,
    figures,
    warnings,
    plugins: { around, metrics },
    get,
    /** Lines of `/metrics` that begin so. */
    lines: async (start: string) =>
      (await (await get('/metrics', 'api')).text()).split('\n').filter(line => line.startsWith(start)),
    stats: async (query = '') => {
      const answer = await get(`/admin/api/stats${query}`, 'admin')
      return { status: answer.status, body: await answer.json() }
    },
    /** As the engine does, when a job has its final state. */
    async end(job: Partial<Job> = {}) {
      const whole = jobOf({ finishedAt: clock.now(), startedAt: clock.now() - 3_000, ...job })
      jobs.ended.push(whole)
      kernel.emit(JobFinished, whole)
      await clock.advance(0)
    },
    [Symbol.asyncDispose]: () => kernel.stop(),
  }
}

export const gauge = (name: string, samples: MetricFamily['samples'], help = 'Something.'): MetricFamily => ({
  name,
  help,
  kind: 'gauge',
  samples,
})
