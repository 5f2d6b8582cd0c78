/** The gateway's own administration: the web console, and reload, plugins, configuration, history under /admin/api. */
import { Audited, Auth, Jobs, Ring } from 'flow2api/contracts'
import { Diagnosis, definePlugin, Kernel, Reloaded } from 'flow2api/plugin'
import { adminApi } from './api.ts'
import { ConsoleAssets } from './assets.ts'
import { AuditLog } from './audit.ts'
import { doctorRoutes } from './doctor-routes.ts'
import { eventRoutes, listen } from './events.ts'
import init from './migrations/0000_init.sql' with { type: 'text' }
import { consolePages } from './pages.ts'
import type { Admin } from './routes.ts'

const PRUNE_EVERY_MS = 86_400_000

export default definePlugin({
  name: 'admin',
  version: '0.3.0',
  requires: { auth: Auth, kernel: Kernel, checks: Diagnosis },
  optional: { jobs: Jobs },
  migrations: [{ name: '0000_init', sql: init }],
  async setup(ctx) {
    const log = new AuditLog(ctx.db, ctx.clock)
    const admin: Admin = {
      auth: ctx.deps.auth,
      kernel: ctx.deps.kernel,
      log,
      audit: entry => ctx.emit(Audited, entry),
      own: ctx.id,
    }
    ctx.on(Audited, entry => log.add(entry))
    ctx.on(Reloaded, ({ trigger, result, plugins }) => {
      const changed = plugins.filter(({ outcome }) => outcome !== 'unchanged')
      const detail = changed.map(({ id, outcome }) => `${id} ${outcome}`).join(', ')
      const action = trigger === 'rollback' ? 'config.rollback' : 'config.reload'
      log.add({ actor: 'gateway', ip: '', action, target: result, detail })
    })
    ctx.every(PRUNE_EVERY_MS, () => log.prune())
    const assets = await ctx.shared('console', () => new ConsoleAssets())
    ctx.http({ routes: () => adminApi(admin, ctx.optional.jobs) })
    ctx.http({ routes: () => consolePages(assets) })
    const ring = await ctx.shared('events', () => new Ring())
    listen(ctx, ring)
    ctx.http({ longLived: true, routes: () => eventRoutes({ admin, ring, clock: ctx.clock, signal: ctx.signal }) })
    ctx.http({ longLived: true, routes: () => doctorRoutes(admin, () => ctx.deps.checks.all()) })
  },
})
