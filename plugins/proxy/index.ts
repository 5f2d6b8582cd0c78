/** The way out: direct, or through HTTP, HTTPS and SOCKS5 proxies. */
import {
  AccountStateChanged,
  Audited,
  Auth,
  Egress,
  GuardedFetch,
  MetricsSource,
  UpstreamCalled,
} from 'flow2api/contracts'
import { Diagnosis, definePlugin, ResultAsync } from 'flow2api/plugin'
import { parseName } from './address.ts'
import { diagnose } from './diagnosis.ts'
import { EgressService } from './egress.ts'
import { Guard } from './guard.ts'
import { ProxyHealth } from './health.ts'
import { Journal } from './journal.ts'
import { proxyMetrics } from './metrics.ts'
import { type OwnProxies, Roster } from './roster.ts'
import { routes } from './routes.ts'
import { ProxySettings, readSettings } from './settings.ts'
import { SocksBridge } from './socks-bridge.ts'

const DAY_MS = 86_400_000
/** A proxy that nothing went through for this long starts afresh. */
const REMEMBERED_MS = 7 * DAY_MS

export default definePlugin({
  name: 'proxy',
  version: '1.1.0',
  config: ProxySettings,
  requires: { auth: Auth },
  provides: [Egress, GuardedFetch, MetricsSource, Diagnosis],
  async setup(ctx) {
    const { clock, log } = ctx
    const settings = readSettings(ctx.config, log)
    // These outlive a reload: what is known of proxies and routes, and connections that run through the bridge.
    const health = await ctx.shared('health', () => new ProxyHealth())
    const journal = await ctx.shared('journal', () => new Journal())
    const own = await ctx.shared('own-proxies', (): OwnProxies => new Map())
    const bridge = await ctx.shared(
      'socks-bridge',
      () => new SocksBridge(),
      bridge => bridge.close(),
    )
    const roster = new Roster(settings, own)
    const egress = new EgressService({
      settings,
      health,
      journal,
      roster,
      bridge,
      clock,
      log,
      signal: ctx.signal,
      called: call => ctx.emit(UpstreamCalled, call),
    })
    ctx.provide(Egress, { route: want => egress.route(want), parse: text => parseName(text) })
    ctx.provide(GuardedFetch, new Guard({ fetch: (url, init, addresses) => egress.fetchPinned(url, init, addresses) }))
    ctx.provide(MetricsSource, { collect: () => proxyMetrics({ roster, health, journal }, clock.now()) })
    const tester = { bridge, clock, begin: (label: string) => ctx.begin(label) }
    const testUrl = ctx.config.test_url
    ctx.provide(Diagnosis, {
      check: signal => new ResultAsync(diagnose({ ...tester, settings, roster, testUrl }, signal)),
    })
    ctx.on(AccountStateChanged, ({ accountId, state }) => {
      if (state !== 'deleted') return
      roster.forget(accountId)
      journal.forget(accountId)
    })
    ctx.every(DAY_MS, () => health.prune(clock.now() - REMEMBERED_MS))
    ctx.http({
      // A test waits for slow proxies.
      longLived: true,
      routes: () =>
        routes({
          auth: ctx.deps.auth,
          settings,
          roster,
          health,
          ...tester,
          log,
          testUrl,
          audit: entry => ctx.emit(Audited, entry),
        }),
    })
  },
})
