/** The OpenAI-compatible surface: models, images, videos and chat under `/v1`. */
import {
  Auth,
  faultResponse,
  GuardedFetch,
  Jobs,
  MediaStore,
  ModelsView,
  ResultView,
  Webhooks,
} from 'flow2api/contracts'
import { definePlugin, Elysia } from 'flow2api/plugin'
import { chatRoutes } from './chat.ts'
import { imageRoutes } from './images.ts'
import init from './migrations/0000_init.sql' with { type: 'text' }
import { alsoMisplaced } from './misplaced.ts'
import { modelRoutes } from './models.ts'
import { Remixes } from './remixes.ts'
import { resultOf } from './result.ts'
import type { Surface } from './surface.ts'
import { videoContentRoutes } from './video-content.ts'
import { videoRoutes } from './videos.ts'

const SWEEP_MS = 6 * 3_600_000

export default definePlugin({
  name: 'openai-surface',
  version: '0.2.0',
  requires: { auth: Auth, jobs: Jobs, views: ModelsView },
  optional: { webhooks: Webhooks, guard: GuardedFetch, media: MediaStore },
  provides: [ResultView],
  migrations: [{ name: '0000_init', sql: init }],
  setup(ctx) {
    const { deps, optional } = ctx
    const remixes = new Remixes(ctx.db)
    const surface: Surface = {
      auth: deps.auth,
      jobs: deps.jobs,
      webhooks: optional.webhooks,
      guard: optional.guard,
      media: optional.media,
      views: deps.views,
      remixes,
      clock: ctx.clock,
      log: ctx.log,
      publicUrl: () => ctx.publicUrl(),
      begin: label => ctx.begin(label),
      refuse: (fault, jobId) => faultResponse(fault, jobId === undefined ? {} : { jobId }),
    }
    ctx.provide(ResultView, { result: job => resultOf(job, remixes) })
    ctx.http({
      cors: true,
      routes: () => alsoMisplaced(new Elysia().use(modelRoutes(surface)).use(videoRoutes(surface))),
    })
    // These answer when the work is done, or for as long as a player reads.
    ctx.http({
      cors: true,
      longLived: true,
      routes: () =>
        alsoMisplaced(new Elysia().use(imageRoutes(surface)).use(chatRoutes(surface)).use(videoContentRoutes(surface))),
    })
    ctx.every(SWEEP_MS, signal => remixes.sweep(deps.jobs, signal))
  },
})
