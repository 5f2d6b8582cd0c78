/** Routes of the admin API; each asks for its own scope. */
import { type AuthService, authorized, errorBody, faultResponse, type Scope } from 'flow2api/contracts'
import { Elysia, type Handle, type KernelControl, type ReloadRejected } from 'flow2api/plugin'

export interface Admin {
  readonly auth: Handle<AuthService>
  readonly kernel: Handle<KernelControl>
}

export const adminRoutes = ({ auth, kernel }: Admin) => {
  const allowed = (request: Request, scope: Scope, answer: () => Response | Promise<Response>) =>
    authorized(auth, request, scope, answer)
  return new Elysia()
    .post(
      '/admin/reload-config',
      ({ request }) =>
        allowed(request, 'any', async () => {
          // Answers once the new instances serve; this very request may still hold an old one, which drains afterwards.
          const report = await kernel.reload('http')
          return report.isOk() ? Response.json(report.value) : rejection(report.error)
        }),
      {
        parse: 'none',
        detail: {
          tags: ['Admin'],
          summary: 'Reload the configuration',
          description:
            'Reads the configuration again and replaces exactly the plugins that it concerns. Answers what happened to each, or 422 `config_invalid` with every problem and nothing changed. API key as Bearer, or admin.',
        },
      },
    )
    .get(
      '/admin/api/plugins',
      ({ request }) => allowed(request, 'admin', () => Response.json({ object: 'list', data: kernel.plugins() })),
      {
        detail: {
          tags: ['Admin'],
          summary: 'List plugins',
          description: 'State, generation, source, what holds each, its last error, and the schema of its section.',
        },
      },
    )
    .get(
      '/admin/api/config',
      ({ request }) => allowed(request, 'admin', () => Response.json({ object: 'config', sections: kernel.config() })),
      {
        detail: {
          tags: ['Admin'],
          summary: 'Show the configuration in force',
          description: 'Every section after defaults, file, overrides and environment. Secrets are masked.',
        },
      },
    )
}

function rejection(rejected: ReloadRejected): Response {
  // Any other fault, such as `shutting_down`, says nothing of the configuration.
  if (rejected.code !== 'config_invalid') return faultResponse(rejected)
  return Response.json(
    { ...errorBody({ ...rejected, blame: 'request' }), problems: rejected.problems },
    { status: 422 },
  )
}
