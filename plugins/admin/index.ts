/** The admin API of the gateway itself: reload, plugins, configuration. */
import { Auth } from 'flow2api/contracts'
import { definePlugin, Kernel } from 'flow2api/plugin'
import { type Admin, adminRoutes } from './routes.ts'

export default definePlugin({
  name: 'admin',
  version: '0.1.0',
  requires: { auth: Auth, kernel: Kernel },
  setup(ctx) {
    const admin: Admin = { auth: ctx.deps.auth, kernel: ctx.deps.kernel }
    ctx.http({ routes: () => adminRoutes(admin) })
  },
})
