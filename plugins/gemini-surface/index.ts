/** The Gemini-native surface: generateContent, predict, predictLongRunning, interactions and files. */
import {
  Auth,
  GuardedFetch,
  Jobs,
  MediaStore,
  ModelsView,
  ResultView,
  type SurfaceWorld,
  Webhooks,
} from 'flow2api/contracts'
import { definePlugin, Elysia } from 'flow2api/plugin'
import { errorResponse } from './errors.ts'
import { fileRoutes } from './files.ts'
import { interactionRoutes } from './interactions.ts'
import { methodRoutes } from './methods.ts'
import { googleView, modelRoutes } from './models.ts'
import { operationRoutes } from './operations.ts'
import { resultOf } from './result.ts'

export default definePlugin({
  name: 'gemini-surface',
  version: '0.1.0',
  requires: { auth: Auth, jobs: Jobs },
  optional: { webhooks: Webhooks, guard: GuardedFetch, media: MediaStore },
  provides: [ModelsView, ResultView],
  setup(ctx) {
    const { deps, optional } = ctx
    const world: SurfaceWorld = {
      auth: deps.auth,
      jobs: deps.jobs,
      webhooks: optional.webhooks,
      guard: optional.guard,
      media: optional.media,
      clock: ctx.clock,
      log: ctx.log,
      publicUrl: () => ctx.publicUrl(),
      begin: label => ctx.begin(label),
      refuse: errorResponse,
    }
    ctx.provide(ModelsView, googleView(world))
    ctx.provide(ResultView, { result: resultOf })
    ctx.http({ cors: true, routes: () => new Elysia().use(modelRoutes(world)).use(operationRoutes(world)) })
    // These answer when the work is done, or for as long as a player reads.
    ctx.http({
      cors: true,
      longLived: true,
      routes: () => new Elysia().use(methodRoutes(world)).use(interactionRoutes(world)).use(fileRoutes(world)),
    })
  },
})
