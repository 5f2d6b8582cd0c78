/** Keeps finished media on disk and serves it. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { MediaStore, MetricsSource } from 'flow2api/contracts'
import { definePlugin, FaultError, fault, ResultAsync, t } from 'flow2api/plugin'
import { Figures } from './figures.ts'
import { routes } from './routes.ts'
import { MediaFolder } from './store.ts'

const config = t.Object(
  {
    enabled: t.Boolean({ default: true, description: 'Whether results are downloaded and served from here.' }),
    timeout: t.Integer({ default: 7200, minimum: 0, description: 'Seconds that a file is kept; 0 = for ever.' }),
    base_url: t.String({
      default: '',
      description: 'In front of /tmp/… in results; empty = the address of the gateway.',
    }),
    max_size_mb: t.Integer({
      default: 10240,
      minimum: 0,
      description: 'Above this the oldest files go; 0 = no limit.',
    }),
  },
  { additionalProperties: false },
)

const SWEEP_MS = 60_000

export default definePlugin({
  name: 'cache',
  version: '1.0.0',
  config,
  provides: [MediaStore, MetricsSource],
  async setup(ctx) {
    const { enabled, timeout, max_size_mb } = ctx.config
    const baseUrl = ctx.config.base_url.trim().replace(/\/+$/, '')
    if (baseUrl !== '' && !/^https?:$/.test(URL.parse(baseUrl)?.protocol ?? ''))
      throw new FaultError(
        fault('config_invalid', 'cache.base_url has to be an http or https URL, or empty.', {
          blame: 'gateway',
          retry: 'never',
        }),
      )
    const lifetimeMs = timeout * 1000
    const folderPath = join(ctx.paths.tmp, 'media')
    await mkdir(folderPath, { recursive: true })
    const figures = await ctx.shared('figures', () => new Figures())
    const folder = new MediaFolder(
      folderPath,
      { enabled, lifetimeMs, mostBytes: max_size_mb * 1024 ** 2, baseUrl: () => baseUrl || ctx.publicUrl() },
      ctx.clock,
      ctx.log,
      // The predecessor may still be writing when the successor tidies up.
      await ctx.shared('writing', () => new Set<string>()),
      figures,
    )
    ctx.provide(MediaStore, {
      keep: (source, context) => new ResultAsync(folder.keep(source, context)),
      locate: file => new ResultAsync(folder.locate(file)).map(({ path, mime }) => ({ path, mime })),
    })
    ctx.provide(MetricsSource, { collect: () => figures.families() })
    ctx.http({
      cors: true,
      // A slow reader of a long video may pause.
      longLived: true,
      routes: () =>
        routes({
          locate: file => folder.locate(file),
          timeLeft: keptAt => (lifetimeMs === 0 ? undefined : keptAt + lifetimeMs - ctx.clock.now()),
        }),
    })
    ctx.every(SWEEP_MS, () => folder.sweep())
    return {
      live() {
        if (!figures.known) void folder.count()
      },
    }
  },
})
