/** Figures for monitoring: Prometheus' text, and statistics for the console. See README.md. */
import { Auth, JobFinished, Jobs, MetricsSource } from 'flow2api/contracts'
import { definePlugin, err, Kernel, ok, Reloaded } from 'flow2api/plugin'
import { Collector } from './collect.ts'
import { exposition, namesIn } from './exposition.ts'
import { kernelFamilies, queueFamilies, queueNow } from './gateway.ts'
import { Instruments } from './instruments.ts'
import init from './migrations/0000_init.sql' with { type: 'text' }
import { Minute } from './minute.ts'
import { routes } from './routes.ts'
import { Samples } from './samples.ts'
import { MetricsSettings } from './settings.ts'
import { endOf, readSpan } from './span.ts'
import { accountsNow, cacheNow } from './state.ts'
import { statsOf } from './stats.ts'
import { Totals } from './totals.ts'
import { freeBytes, LoopLag, vitals } from './vitals.ts'

const SAMPLE_MS = 15_000
const WINDOW_MS = 60_000
const PRUNE_MS = 3_600_000
const KEPT_MS = 31 * 86_400_000

export default definePlugin({
  name: 'metrics',
  version: '1.0.0',
  config: MetricsSettings,
  requires: { auth: Auth, jobs: Jobs, kernel: Kernel, sources: MetricsSource },
  migrations: [{ name: '0000_init', sql: init }],
  async setup(ctx) {
    const { clock, config, db, deps, paths } = ctx
    const instruments = await ctx.shared('instruments', () => new Instruments())
    const minute = await ctx.shared('minute', () => new Minute())
    const totals = await ctx.shared('totals', () => new Totals(db))
    const samples = new Samples(db)
    const collector = new Collector(deps.sources, ctx.log)
    const lag = new LoopLag()
    ctx.defer(() => lag.stop())

    ctx.on(JobFinished, job => {
      totals.ended(job)
      instruments.ended(job)
    })
    ctx.on(Reloaded, report => instruments.reloaded(report))

    const sample = () => {
      const families = collector.collect()
      const { ready, credits } = accountsNow(families)
      const { image, video } = queueNow(deps.jobs)
      minute.cacheCounters(cacheNow(families))
      samples.add(clock.now(), minute.take(), {
        queued: image.queued + video.queued,
        running: image.running + video.running,
        accountsReady: ready,
        credits,
      })
    }
    ctx.every(SAMPLE_MS, async () => {
      await totals.catchUp(deps.jobs)
      totals.save(clock.now())
      sample()
    })
    ctx.every(WINDOW_MS, () => lag.nextWindow())
    ctx.every(PRUNE_MS, () => samples.prune(clock.now() - KEPT_MS))

    const scrape = async () => {
      const own = [
        totals.family(),
        ...queueFamilies(queueNow(deps.jobs)),
        ...kernelFamilies(deps.kernel),
        ...(await vitals(lag, paths)),
      ]
      const reserved = new Set([...namesIn(instruments.registry), ...own.map(({ name }) => name)])
      return exposition(instruments.registry, [...own, ...collector.collect(reserved)])
    }
    const stats = async (query: Readonly<Record<string, string | undefined>>) => {
      const now = clock.now()
      const span = readSpan(query, now)
      if (span.isErr()) return err(span.error)
      const tallies = await deps.jobs.tally({
        from: span.value.from,
        to: endOf(span.value),
        spanMs: span.value.bucketMs,
      })
      if (tallies.isErr()) return err(tallies.error)
      sample()
      const families = collector.collect()
      const disks = await Promise.all([freeBytes(paths.data), freeBytes(paths.tmp)])
      const free = disks.filter(bytes => bytes !== undefined)
      return ok(
        statsOf({
          span: span.value,
          now,
          tallies: tallies.value,
          buckets: samples.read(span.value),
          queue: queueNow(deps.jobs),
          accounts: accountsNow(families),
          cache: cacheNow(families),
          process: {
            uptimeS: process.uptime(),
            rssBytes: process.memoryUsage.rss(),
            lagMs: lag.now().maxS * 1000,
            diskFreeBytes: free.length === 0 ? null : Math.min(...free),
          },
        }),
      )
    }
    const access = { requireKey: config.require_key, key: config.key.trim() }
    ctx.http({ routes: () => routes({ auth: deps.auth, access, scrape, stats }) })

    // What was counted since the last look.
    ctx.defer(() => {
      totals.save(clock.now())
      sample()
    })
    return {
      live() {
        totals.begin(clock.now())
        const untap = deps.kernel.tap({
          http(record) {
            instruments.answered(record)
            minute.answered(record)
          },
        })
        // The successor counts from its commit on.
        ctx.signal.addEventListener('abort', untap, { once: true })
      },
    }
  },
})
