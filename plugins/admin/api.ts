/** Everything of this plugin under `/admin/api` as one application: what the console knows by its types. */
import type { JobEngine } from 'flow2api/contracts'
import { Elysia, type Slot } from 'flow2api/plugin'
import { configRoutes } from './config-routes.ts'
import { mediaRoutes } from './media-routes.ts'
import { playgroundRoutes } from './playground.ts'
import { type Admin, adminRoutes } from './routes.ts'

export const adminApi = (admin: Admin, jobs: Slot<JobEngine>) =>
  new Elysia()
    .use(adminRoutes(admin))
    .use(configRoutes(admin))
    .use(playgroundRoutes({ admin, jobs }))
    .use(mediaRoutes(admin, jobs))

export type AdminApi = ReturnType<typeof adminApi>
