/** People paste base URLs with one `/v1` too few or too many, and programs add theirs: the same routes are there, too. */
import { type AnyElysia, Elysia } from 'flow2api/plugin'

const PREFIX = '/v1'

export function alsoMisplaced(routes: AnyElysia): AnyElysia {
  const app = new Elysia()
  for (const { method, path, handler } of routes.routes)
    for (const other of [path.slice(PREFIX.length), `${PREFIX}${path}`])
      app.route(method, other, handler, { parse: 'none', detail: { hide: true } })
  return app.use(routes)
}
