/** Tells others that a job has ended, signed after the Standard Webhooks convention. See README.md. */
import { Auth, GuardedFetch, JobFinished, Jobs, Webhooks } from 'flow2api/contracts'
import { Announcement, definePlugin, FaultError, fault, messageOf } from 'flow2api/plugin'
import { Courier } from './courier.ts'
import { Deliveries } from './deliveries.ts'
import { Desk } from './desk.ts'
import init from './migrations/0000_init.sql' with { type: 'text' }
import nobodyWaits from './migrations/0001_nobody_waits.sql' with { type: 'text' }
import { routes } from './routes.ts'
import { WebhookSettings } from './settings.ts'
import { SigningKey } from './signing-key.ts'
import { Traffic } from './traffic.ts'
import { Watermark } from './watermark.ts'

const UPKEEP_MS = 3_600_000
const HOUR_MS = 3_600_000
const KEEP_MS = 30 * 24 * HOUR_MS

export default definePlugin({
  name: 'webhooks',
  version: '1.0.0',
  config: WebhookSettings,
  requires: { guard: GuardedFetch, jobs: Jobs, auth: Auth },
  provides: [Webhooks],
  migrations: [
    { name: '0000_init', sql: init },
    { name: '0001_nobody_waits', sql: nobodyWaits },
  ],
  async setup(ctx) {
    const { config, clock, db, deps, log } = ctx
    const allowPrivate = config.allow_private
    const giveUpAfterMs = config.give_up_after_h * HOUR_MS
    const url = config.url.trim()
    const usable = url === '' ? undefined : await deps.guard.check(url, allowPrivate)
    if (usable?.isErr()) {
      const hint = 'Correct it, or set allow_private where it is on purpose.'
      const message = `webhooks.url cannot be used: ${usable.error.message} ${hint}`
      throw new FaultError(fault('config_invalid', message, { blame: 'gateway', retry: 'never' }))
    }
    const key = new SigningKey({
      configured: config.secret,
      db,
      secrets: ctx.secrets,
      now: () => clock.now(),
      announce: secret => ctx.emit(Announcement, { lines: [`Webhook secret:  ${secret}`] }),
    })
    const readable = key.check()
    if (readable.isErr()) throw new FaultError(readable.error)

    const deliveries = new Deliveries(db)
    const traffic = await ctx.shared('traffic', () => new Traffic())
    const callbacks = new Watermark(db, 'callbacks', '')
    const global = new Watermark(db, 'global_url', url)
    const common = { deliveries, traffic, guard: deps.guard, key, clock, allowPrivate, giveUpAfterMs }
    const begin = (label: string) => ctx.begin(label)
    const courier = new Courier({
      ...common,
      log,
      timeoutMs: config.timeout_s * 1000,
      leaving: ctx.signal,
      begin,
      random: Math.random,
    })
    const desk = new Desk({ ...common, jobs: deps.jobs, url, callbacks, global, events: new Set(config.events) })
    ctx.provide(Webhooks, desk)
    ctx.on(JobFinished, job => desk.ended(job))
    ctx.http({
      // A test waits for its receiver as long as `timeout_s` says.
      longLived: true,
      routes: () => routes({ auth: deps.auth, deliveries, courier, traffic, desk, clock, url, begin }),
    })
    const catchUp = async (signal: AbortSignal) => {
      try {
        await using _job = ctx.begin('webhooks that were missed')
        await desk.catchUp(signal)
      } catch (cause) {
        log.error({ err: cause }, `ended jobs could not be looked for: ${messageOf(cause)}`)
      }
    }
    ctx.every(UPKEEP_MS, async signal => {
      await catchUp(signal)
      const removed = deliveries.prune(clock.now() - KEEP_MS)
      if (removed > 0) log.info({ removed }, 'old webhook deliveries were removed')
    })
    let detach = () => {}
    ctx.defer(() => detach())
    return {
      live() {
        detach = traffic.attach(courier.wake)
        callbacks.begin(clock.now())
        global.begin(clock.now())
        if (url !== '') key.use()
        courier.wake()
        void catchUp(ctx.signal)
      },
    }
  },
})
