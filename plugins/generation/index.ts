/** The durable job engine: admission, queue, submission, polling, delivery, restart. */
import {
  Accounts,
  Auth,
  Egress,
  type Job,
  JobFinished,
  Jobs,
  jobBody,
  MediaStore,
  Provider,
  ResultView,
} from 'flow2api/contracts'
import { definePlugin } from 'flow2api/plugin'
import { Archive } from './archive.ts'
import { deskRoutes } from './desk.ts'
import { Engine } from './engine.ts'
import { JobEvents } from './events.ts'
import { JobFiles } from './files.ts'
import { Repetitions } from './idempotency.ts'
import { Inputs } from './inputs.ts'
import { Ledger } from './ledger.ts'
import init from './migrations/0000_init.sql' with { type: 'text' }
import chains from './migrations/0001_chains.sql' with { type: 'text' }
import keys from './migrations/0002_keys.sql' with { type: 'text' }
import choices from './migrations/0003_choices.sql' with { type: 'text' }
import { Models } from './models.ts'
import type { Ports } from './ports.ts'
import { forgetKeys, prune, shrink } from './retention.ts'
import { jobRoutes } from './routes.ts'
import { Runner } from './runner.ts'
import { GenerationSettings, ModelSettings } from './settings.ts'
import { Store } from './store.ts'

const PRUNE_EVERY_MS = 600_000

export default definePlugin({
  name: 'generation',
  version: '1.0.0',
  section: 'generation',
  config: GenerationSettings,
  sections: { models: ModelSettings },
  requires: { auth: Auth, accounts: Accounts, egress: Egress, providers: Provider, results: ResultView },
  optional: { media: MediaStore },
  provides: [Jobs],
  migrations: [
    { name: '0000_init', sql: init },
    { name: '0001_chains', sql: chains },
    { name: '0002_keys', sql: keys },
    { name: '0003_choices', sql: choices },
  ],
  async setup(ctx) {
    const { config, deps, optional, clock, log } = ctx
    const ledger = await ctx.shared(
      'ledger',
      () => {
        const opened = new Ledger(new Store(ctx.db), log)
        opened.load(clock.now())
        return opened
      },
      opened => opened.close(),
    )
    const files = new JobFiles(ctx.paths.data)
    const { default_image: image, default_video: video, aliases } = ctx.sections.models
    const models = new Models(deps.providers, { image, video, aliases })
    const ports: Ports = {
      accounts: deps.accounts,
      egress: deps.egress,
      provider: id => models.provider(id),
      media: () => optional.media.current,
      clock,
      log,
      limitMs: kind => (kind === 'image' ? config.image_timeout : config.video_timeout) * 1000,
      stallMs: config.stall_timeout_s * 1000,
      begin: label => ctx.begin(label),
      emit: job => ctx.emit(JobFinished, job),
    }
    const remembered = { ttlMs: config.idempotency_ttl_s * 1000, retryWindowMs: config.retry_window_s * 1000 }
    const archive = new Archive(ledger, files, ports)
    const inputs = new Inputs(files, archive)
    const runner = new Runner(ledger, ports, files, inputs)
    const engine = new Engine({
      ledger,
      runner,
      models,
      files,
      inputs,
      archive,
      repetitions: new Repetitions(ledger, archive, clock, remembered),
      ports,
      heartbeatMs: config.heartbeat_s * 1000,
      maxQueue: config.max_queue,
      leaving: ctx.signal,
      newId: () => Bun.randomUUIDv7('hex', clock.now()).replaceAll('-', ''),
    })
    ctx.provide(Jobs, engine)
    const eta = ({ kind, queuePosition }: Job) =>
      queuePosition === null ? null : ledger.pace.etaSeconds(kind, queuePosition, clock.now())
    const resultOf = (job: Job) => {
      for (const { service } of job.status === 'completed' ? deps.results.all() : []) {
        const result = service.result(job)
        if (result) return result
      }
      return null
    }
    const show = (job: Job) => jobBody(job, { etaS: eta(job), result: resultOf(job) })
    const events = new JobEvents({
      ledger,
      archive,
      clock,
      heartbeatMs: config.heartbeat_s * 1000,
      show,
      begin: label => ctx.begin(label),
    })
    ctx.http({ routes: () => deskRoutes({ auth: deps.auth, engine, archive, inputs, show }) })
    ctx.http({ cors: true, longLived: true, routes: () => jobRoutes(deps.auth, engine, events, show) })
    ctx.every(PRUNE_EVERY_MS, async signal => {
      const removed = await prune(ledger.store, files, { now: clock.now(), days: config.retention_days, signal })
      const mostBytes = config.max_data_mb * 1024 ** 2
      const shrunk = mostBytes > 0 ? await shrink(ledger.store, files, { mostBytes, signal }) : 0
      if (shrunk > 0) log.info({ jobs: shrunk }, 'input files of old jobs were removed')
      await forgetKeys(ledger.store, clock.now(), remembered, signal)
      if (removed > 0) log.info({ removed }, 'old jobs were removed')
    })
    return {
      live: () => runner.host(),
      drain: () => runner.leave(),
    }
  },
})
