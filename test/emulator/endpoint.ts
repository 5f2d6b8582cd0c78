/** What an endpoint is. Each stands in a file of its own under `endpoints/`, and in the list of `endpoints/index.ts`. */
import type { Static, TSchema } from '@sinclair/typebox'
import type { Account } from './accounts.ts'
import type { OutcomeFault, SessionFault } from './faults.ts'
import type { Latency } from './options.ts'
import { BodyShape } from './shapes.ts'
import type { World } from './world.ts'

/** Names for `faults` and `record`. */
export type EndpointName =
  | 'session'
  | 'createProject'
  | 'deleteProject'
  | 'credits'
  | 'image'
  | 'video'
  | 'status'
  | 'cancel'
  | 'redirect'
  | 'auxiliary'
  | 'download'

/**
 * `session`: a working session cookie. `access`: a working access token. `cookie`: the account of the cookie, if it has
 * one, working or not. `none`: anybody.
 */
export type Authentication = 'session' | 'access' | 'cookie' | 'none'

type CallerOf<A extends Authentication> = A extends 'session' | 'access'
  ? Account
  : A extends 'cookie'
    ? Account | undefined
    : undefined

/** One request, after authentication and the check of its shape. */
export interface Call<Body, Caller> {
  readonly world: World
  readonly account: Caller
  readonly body: Body
  /** The `{name}` parts of the path. */
  readonly path: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** A fault that only the endpoint itself can act out. */
  readonly fault: SessionFault | OutcomeFault | undefined
}

export interface EndpointSpec<T extends TSchema, A extends Authentication> {
  readonly name: EndpointName
  readonly method: 'GET' | 'POST'
  /** Begins with `{labs}`, `{api}` or `{media}`; other `{name}`s stand for one path segment. */
  readonly path: string
  readonly auth: A
  /** Absent: the body is not looked at. */
  readonly body?: T
  /** How long it takes before anything happens. */
  readonly latency?: keyof Latency
  handle(call: Call<Static<T>, CallerOf<A>>): Response | Promise<Response>
}

export interface Endpoint {
  readonly name: EndpointName
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly auth: Authentication
  readonly shape: BodyShape<TSchema> | undefined
  readonly latency: keyof Latency | undefined
  handle(call: Call<unknown, Account | undefined>): Response | Promise<Response>
}

export function defineEndpoint<T extends TSchema, A extends Authentication>(spec: EndpointSpec<T, A>): Endpoint {
  return {
    name: spec.name,
    method: spec.method,
    path: spec.path,
    auth: spec.auth,
    shape: spec.body && new BodyShape(spec.body),
    latency: spec.latency,
    // Sound because the server calls it only with what `auth` and `shape` have let through.
    handle: call => spec.handle(call as Call<Static<T>, CallerOf<A>>),
  }
}
