/** Route tables: who answers which method and path. Built whole before a swap, so that nothing in the swap can fail. */
import { type AnyElysia, Elysia } from 'elysia'
import { Memoirist } from 'memoirist'
import { err, ok, type Result } from 'neverthrow'
import { type Fault, FaultError, kernelFault, messageOf } from './fault.ts'
import type { Instance } from './instance.ts'
import type { HttpSpec } from './plugin.ts'

export interface Route {
  readonly owner: Instance
  readonly app: AnyElysia
  readonly longLived: boolean
  readonly cors: boolean
  /** As the plugin declared it, with the names of its parameters. */
  readonly path: string
}

/** A plugin's own application for one of its specs. Built once an instance. */
type Apps = Map<HttpSpec, AnyElysia>

/** The error body of every answer that no plugin wrote itself. */
export function errorBody(status: number, fault: Pick<Fault, 'code' | 'message' | 'param'>): Response {
  const type = status >= 500 ? 'server_error' : 'invalid_request_error'
  return Response.json(
    { error: { message: fault.message, type, param: fault.param ?? null, code: fault.code } },
    { status },
  )
}

export class RouteTable {
  readonly #router = new Memoirist<Route>()
  readonly #wildcards = new Memoirist<Route>()
  /** Method and shape of a path, parameters unnamed → owner. */
  readonly #taken = new Map<string, string>()

  /** On failure names the instance at fault: the one whose routes came last. */
  static build(
    owners: readonly Instance[],
    apps: WeakMap<Instance, Apps>,
  ): Result<RouteTable, { culprit: Instance; fault: Fault }> {
    const table = new RouteTable()
    for (const owner of owners) {
      try {
        for (const spec of owner.http) table.#add(owner, spec, apps)
      } catch (cause) {
        const fault =
          cause instanceof FaultError
            ? cause.fault
            : kernelFault('plugin_setup_failed', `Plugin "${owner.id}" failed in routes(): ${messageOf(cause)}`, {
                cause,
              })
        return err({ culprit: owner, fault })
      }
    }
    return ok(table)
  }

  #add(owner: Instance, spec: HttpSpec, apps: WeakMap<Instance, Apps>): void {
    const own = apps.get(owner) ?? new Map<HttpSpec, AnyElysia>()
    apps.set(owner, own)
    const app = own.get(spec) ?? withErrors(owner, spec.routes())
    own.set(spec, app)
    const common = { owner, app, longLived: spec.longLived ?? false, cors: spec.cors ?? false }
    for (const { method, path } of app.routes) {
      const key = `${method} ${path.replace(/:[^/]+/g, ':')}`
      const holder = this.#taken.get(key)
      if (holder !== undefined)
        throw new FaultError(
          kernelFault(
            'route_clash',
            `Plugin "${owner.id}" wants ${method} ${path}, which ${holder === owner.id ? 'it' : `plugin "${holder}"`} already serves.`,
          ),
        )
      this.#taken.set(key, owner.id)
      const router = method === 'ALL' ? this.#wildcards : this.#router
      // Memoirist rewrites nothing but would fail on the same path twice, which the check above has excluded.
      router.add(method, path, { ...common, path })
    }
  }

  find(method: string, path: string): Route | undefined {
    const exact = this.#router.find(method, path)?.store ?? this.#wildcards.find('ALL', path)?.store
    if (exact) return exact
    if (method === 'HEAD') return this.find('GET', path)
    return path.length > 1 && path.endsWith('/') ? this.find(method, path.slice(0, -1)) : undefined
  }

  /** Methods that a path answers, for 405 and preflights. */
  methodsOf(path: string): string[] {
    return ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter(method => this.find(method, path))
  }
}

/** Unless the plugin brought its own handler: an error on a route becomes an envelope, and never shows its inside. */
function withErrors(owner: Instance, routes: AnyElysia): AnyElysia {
  if ((routes.event.error?.length ?? 0) > 0) return routes
  return new Elysia({ name: `routes of ${owner.id}` })
    .onError({ as: 'global' }, ({ code, error }) => {
      switch (code) {
        case 'NOT_FOUND':
          return errorBody(404, kernelFault('not_found', 'There is nothing at this address.'))
        case 'PARSE':
          return errorBody(
            400,
            kernelFault('body_unreadable', 'The body could not be read. Send what its Content-Type says.'),
          )
        case 'VALIDATION': {
          const first = error.all[0]
          const path = first && 'path' in first ? String(first.path).replace(/^\//, '').replaceAll('/', '.') : ''
          const what = first && 'message' in first ? String(first.message) : 'it does not fit the schema'
          const place = path || error.type
          return errorBody(400, {
            code: 'invalid_value',
            message: `${place} is not valid: ${what}.`,
            ...(path && { param: path }),
          })
        }
        default:
          owner.failed('a route', error)
          return errorBody(
            500,
            kernelFault(
              'internal_error',
              'The gateway failed on this request. The log names the cause by the request id.',
            ),
          )
      }
    })
    .use(routes)
}
