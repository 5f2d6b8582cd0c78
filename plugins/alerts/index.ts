/** Tells the operator what goes wrong, once, and that it is over. See README.md. */
import { AccountStateChanged, Audited, Auth, GuardedFetch, Jobs, MetricsSource } from 'flow2api/contracts'
import { definePlugin, requestInfo } from 'flow2api/plugin'
import { Alarms } from './alarms.ts'
import { channelsOf } from './channels.ts'
import { checked } from './checked.ts'
import { Courier } from './courier.ts'
import { CreditLog } from './credit-log.ts'
import type { AccountFact } from './facts.ts'
import init from './migrations/0000_init.sql' with { type: 'text' }
import { Outbox } from './outbox.ts'
import { quietUntil } from './quiet.ts'
import { routes } from './routes.ts'
import type { ChannelName } from './rule-names.ts'
import { AlertSettings } from './settings.ts'
import { rulesView } from './view.ts'
import { Watch } from './watch.ts'

const WAKE_MS = 5_000
const PRUNE_MS = 3_600_000
const KEPT_MS = 30 * 86_400_000
const MB = 1024 ** 2

export default definePlugin({
  name: 'alerts',
  version: '1.0.0',
  config: AlertSettings,
  requires: { auth: Auth, guard: GuardedFetch, jobs: Jobs, sources: MetricsSource },
  migrations: [{ name: '0000_init', sql: init }],
  async setup(ctx) {
    const { config, clock, db, deps, log, paths } = ctx
    const { quiet } = await checked(config, deps.guard)
    const channels = channelsOf({
      settings: config,
      guard: deps.guard,
      gateway: () => ctx.publicUrl(),
      now: () => clock.now(),
    })
    const names = channels.map(({ name }) => name)
    const [alarms, outbox, creditLog] = [new Alarms(db), new Outbox(db), new CreditLog(db, clock)]
    const accounts = await ctx.shared('accounts', () => new Map<number, AccountFact>())
    const courier = new Courier({
      outbox,
      channels,
      busy: await ctx.shared('busy', () => new Set<ChannelName>()),
      clock,
      log,
      timeoutMs: config.timeout_s * 1000,
      giveUpAfterMs: config.give_up_after_h * 3_600_000,
      leaving: ctx.signal,
      begin: label => ctx.begin(label),
    })
    const watch = new Watch({
      rules: config.rules,
      thresholds: {
        poolReadyShare: config.pool_ready_share,
        creditsLeast: config.credits_least,
        creditsLastH: config.credits_last_h,
        errorRate: config.error_rate,
        leastJobs: config.least_jobs,
        slowS: { image: config.slow_image_s, video: config.slow_video_s },
        diskFreeBytes: config.disk_free_mb * MB,
        memoryBytes: config.memory_mb * MB,
      },
      patience: { holdMs: config.hold_s * 1000, recoverMs: config.recover_after_s * 1000 },
      windowMs: config.window_s * 1000,
      quiet,
      quietExcept: new Set(config.quiet_except),
      channels: names,
      alarms,
      outbox,
      creditLog,
      accounts,
      sources: deps.sources,
      jobs: deps.jobs,
      places: { data: paths.data, tmp: paths.tmp },
      clock,
      log,
    })
    ctx.on(AccountStateChanged, ({ accountId, state, reason }) => void accounts.set(accountId, { state, reason }))
    ctx.every(config.check_every_s * 1000, async () => {
      await using _job = ctx.begin('alert rules')
      if (await watch.look()) courier.wake()
    })
    ctx.every(WAKE_MS, () => courier.wake())
    ctx.every(PRUNE_MS, () => {
      alarms.prune(clock.now() - KEPT_MS)
      outbox.prune(clock.now() - KEPT_MS)
      creditLog.prune()
    })
    ctx.http({
      // A test waits for its receivers as long as `timeout_s` says.
      longLived: true,
      routes: () =>
        routes({
          auth: deps.auth,
          outbox,
          courier,
          channels,
          clock,
          rules: () => rulesView(config, alarms.all(), names, quietUntil(quiet, clock.now())),
          tested: ({ id: actor }, request, over) =>
            ctx.emit(Audited, {
              actor,
              ip: requestInfo(request).ip,
              action: 'alerts.test',
              target: over.join(', '),
              detail: '',
            }),
          begin: label => ctx.begin(label),
        }),
    })
    return {
      live() {
        alarms.keepOnly(config.rules, clock.now())
        outbox.keepOnly(names, clock.now())
        courier.wake()
      },
    }
  },
})
