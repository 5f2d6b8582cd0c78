/** The open routes of the kernel itself: liveness, readiness, and the OpenAPI document of everything that is served. */
import { swagger } from '@elysiajs/swagger'
import { type AnyElysia, Elysia } from 'elysia'
import type { HttpSpec } from './plugin.ts'

export interface KernelRoutes {
  readonly version: string
  /** Null when ready; otherwise what is missing. */
  notReady(): string | null
  /** The routes of every live plugin. */
  specs(): readonly HttpSpec[]
  /** Rises with each published table; a document is built once for each. */
  tableNumber(): number
}

/** `GET /health`, `GET /ready`, `GET /swagger`, `GET /swagger/json`. */
export function kernelRoutes(kernel: KernelRoutes): readonly HttpSpec[] {
  let built: { number: number; app: AnyElysia } | undefined
  const documents = () => {
    if (built?.number === kernel.tableNumber()) return built.app
    const app = new Elysia().use(
      swagger({
        path: '/swagger',
        documentation: {
          info: {
            title: 'Flow2API',
            version: kernel.version,
            description: 'A self-hosted, OpenAI-compatible gateway for image and video generation.',
          },
          components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
          security: [{ bearer: [] }],
        },
      }),
    )
    for (const spec of kernel.specs()) if (spec !== docs) app.use(spec.routes())
    built = { number: kernel.tableNumber(), app }
    return app
  }
  const operation: HttpSpec = {
    routes: () =>
      new Elysia()
        .get('/health', () => ({ status: 'ok', version: kernel.version }), {
          detail: { tags: ['Operation'], summary: 'Liveness: the process answers', security: [] },
        })
        .get(
          '/ready',
          () => {
            const missing = kernel.notReady()
            return missing === null
              ? Response.json({ status: 'ready' })
              : Response.json({ status: 'not_ready', reason: missing }, { status: 503 })
          },
          { detail: { tags: ['Operation'], summary: 'Readiness: database open, required plugins live', security: [] } },
        ),
  }
  const docs: HttpSpec = {
    cors: true,
    routes: () =>
      new Elysia()
        .get('/swagger', ({ request }) => documents().fetch(request))
        .get('/swagger/json', ({ request }) => documents().fetch(request)),
  }
  return [operation, docs]
}
