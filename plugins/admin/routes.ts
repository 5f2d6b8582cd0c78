/** Routes for reloads and plugins; each asks for its own scope. */
import {
  type AuditEntry,
  type AuthService,
  type Caller,
  domainFault,
  errorBody,
  faultResponse,
  type Scope,
} from 'flow2api/contracts'
import { Elysia, FaultError, type Handle, type KernelControl, type ReloadRejected, requestInfo } from 'flow2api/plugin'
import type { AuditLog } from './audit.ts'

export interface Admin {
  readonly auth: Handle<AuthService>
  readonly kernel: Handle<KernelControl>
  readonly log: AuditLog
  audit(entry: AuditEntry): void
  /** The id of this plugin. */
  readonly own: string
}

/** `answer` gives what is sent as JSON, which is also what the console knows by its type; or a whole answer. */
export async function allowed<T extends object>(
  { auth }: Admin,
  request: Request,
  scope: Scope,
  answer: (caller: Caller) => T | Promise<T>,
): Promise<T | Response> {
  try {
    const caller = await auth.verify(request, scope)
    return caller.isErr() ? faultResponse(caller.error) : await answer(caller.value)
  } catch (cause) {
    if (cause instanceof FaultError) return faultResponse(cause.fault)
    throw cause
  }
}

/** Written down as done by whoever sent the request. */
export const noted = (
  { audit }: Admin,
  request: Request,
  caller: Caller,
  entry: Pick<AuditEntry, 'action' | 'target' | 'detail'>,
): void => audit({ actor: caller.id, ip: requestInfo(request).ip, ...entry })

/** A TypeBox schema is a JSON Schema. */
export const jsonBody = (schema: object) => ({ required: true, content: { 'application/json': { schema } } })

export const adminRoutes = (admin: Admin) => {
  const { kernel, own } = admin
  const change = (id: string, enabled: boolean) => (request: Request) =>
    allowed(admin, request, 'admin', async caller => {
      const known = kernel.plugins().some(plugin => plugin.id === id)
      if (!known) return unknownPlugin(id)
      if (!enabled && id === own) return keepsItself()
      const report = await kernel.change({ plugins: { [id]: enabled } }, caller.id)
      if (report.isErr()) return rejection(report.error)
      noted(admin, request, caller, { action: enabled ? 'plugin.enable' : 'plugin.disable', target: id, detail: '' })
      return report.value
    })
  return new Elysia()
    .post(
      '/admin/reload-config',
      ({ request }) =>
        allowed(admin, request, 'any', async caller => {
          // Answers once the new instances serve; this very request may still hold an old one, which drains afterwards.
          const report = await kernel.reload('http')
          if (report.isErr()) return rejection(report.error)
          noted(admin, request, caller, { action: 'reload', target: report.value.result, detail: '' })
          return report.value
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
      ({ request }) => allowed(admin, request, 'admin', () => ({ object: 'list' as const, data: kernel.plugins() })),
      {
        detail: {
          tags: ['Admin'],
          summary: 'List plugins',
          description: 'State, generation, source, what holds each, its last error, and the schema of its section.',
        },
      },
    )
    .post('/admin/api/plugins/:id/enable', ({ request, params }) => change(params.id, true)(request), {
      parse: 'none',
      detail: {
        tags: ['Admin'],
        summary: 'Switch a plugin on',
        description: 'Applied at once and kept in data/overrides.toml. Answers as a reload does.',
      },
    })
    .post('/admin/api/plugins/:id/disable', ({ request, params }) => change(params.id, false)(request), {
      parse: 'none',
      detail: {
        tags: ['Admin'],
        summary: 'Switch a plugin off',
        description:
          'Applied at once and kept in data/overrides.toml; what runs on it may finish. Refused where another plugin needs it.',
      },
    })
    .post(
      '/admin/api/plugins/:id/reload',
      ({ request, params: { id } }) =>
        allowed(admin, request, 'admin', async caller => {
          if (!kernel.plugins().some(plugin => plugin.id === id)) return unknownPlugin(id)
          const report = await kernel.reload('http', id)
          if (report.isErr()) return rejection(report.error)
          noted(admin, request, caller, { action: 'plugin.reload', target: id, detail: '' })
          return report.value
        }),
      {
        parse: 'none',
        detail: {
          tags: ['Admin'],
          summary: 'Reload a plugin',
          description: 'Replaces the plugin by a new instance, also where nothing of its code or settings has changed.',
        },
      },
    )
}

const unknownPlugin = (id: string): Response =>
  faultResponse(domainFault('not_found', `There is no plugin "${id}". GET /admin/api/plugins lists them.`))

const keepsItself = (): Response =>
  faultResponse(
    domainFault('invalid_value', 'This plugin cannot switch itself off. Write `admin = false` into setting.toml.'),
  )

export function rejection(rejected: ReloadRejected): Response {
  // Any other fault, such as `shutting_down`, says nothing of the configuration.
  if (rejected.code !== 'config_invalid') return faultResponse(rejected)
  return Response.json(
    { ...errorBody({ ...rejected, blame: 'request' }), problems: rejected.problems },
    { status: 422 },
  )
}
