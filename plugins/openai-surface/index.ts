/** The OpenAI-compatible surface: models, images, videos and chat under `/v1`. */
import { Auth, Jobs, ResultView, Webhooks } from 'flow2api/contracts'
import { definePlugin, Elysia } from 'flow2api/plugin'
import { chatRoutes } from './chat.ts'
import { imageRoutes } from './images.ts'
import { modelRoutes } from './models.ts'
import { resultOf } from './result.ts'
import type { Surface } from './surface.ts'
import { videoContentRoutes } from './video-content.ts'
import { videoRoutes } from './videos.ts'

export default definePlugin({
  name: 'openai-surface',
  version: '0.1.0',
  requires: { auth: Auth, jobs: Jobs },
  optional: { webhooks: Webhooks },
  provides: [ResultView],
  setup(ctx) {
    const surface: Surface = {
      auth: ctx.deps.auth,
      jobs: ctx.deps.jobs,
      webhooks: ctx.optional.webhooks,
      clock: ctx.clock,
      log: ctx.log,
      begin: label => ctx.begin(label),
    }
    ctx.provide(ResultView, { result: resultOf })
    ctx.http({ cors: true, routes: () => new Elysia().use(modelRoutes(surface)).use(videoRoutes(surface)) })
    // These answer when the work is done, or for as long as a player reads.
    ctx.http({
      cors: true,
      longLived: true,
      routes: () => new Elysia().use(imageRoutes(surface)).use(chatRoutes(surface)).use(videoContentRoutes(surface)),
    })
  },
})
