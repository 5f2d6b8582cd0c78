/** The admin API of the gateway itself: reload, plugins, configuration, history. */
import { Audited, Auth } from 'flow2api/contracts'
import { Diagnosis, definePlugin, Kernel, Reloaded } from 'flow2api/plugin'
import { AuditLog } from './audit.ts'
import { configRoutes } from './config-routes.ts'
import { doctorRoutes } from './doctor-routes.ts'
import init from './migrations/0000_init.sql' with { type: 'text' }
import { type Admin, adminRoutes } from './routes.ts'

const PRUNE_EVERY_MS = 86_400_000

export default definePlugin({
  name: 'admin',
  version: '0.2.0',
  requires: { auth: Auth, kernel: Kernel, checks: Diagnosis },
  migrations: [{ name: '0000_init', sql: init }],
  setup(ctx) {
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
    ctx.http({ routes: () => adminRoutes(admin) })
    ctx.http({ routes: () => configRoutes(admin) })
    ctx.http({ longLived: true, routes: () => doctorRoutes(admin, () => ctx.deps.checks.all()) })
  },
})
