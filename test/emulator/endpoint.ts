/** What an endpoint is. Each stands in a file of its own under `endpoints/`, and in the list of `endpoints/index.ts`. */
import type { Static, TSchema } from '@sinclair/typebox'
import type { Account } from './accounts.ts'
import type { ActedFault } from './faults.ts'
import type { Latency } from './options.ts'
import type { Submission } from './record.ts'
import { BodyShape } from './shapes.ts'
import type { World } from './world.ts'

/** Names for `faults` and `record`. */
export const ENDPOINT_NAMES = [
  'session',
  'createProject',
  'deleteProject',
  'credits',
  'upload',
  'uploadOlder',
  'image',
  'upsampleImage',
  'videoText',
  'videoStart',
  'videoStartEnd',
  'videoReferences',
  'videoExtend',
  'upsampleVideo',
  'concatenate',
  'concatenationStatus',
  'status',
  'redirect',
  'media',
  'deleteMedia',
  'deleteAssets',
  'cancel',
  'auxiliary',
  'download',
] as const

export type EndpointName = (typeof ENDPOINT_NAMES)[number]

/** Submissions of new clips. */
const VIDEO = [
  'videoText',
  'videoStart',
  'videoStartEnd',
  'videoReferences',
  'videoExtend',
] as const satisfies readonly EndpointName[]

/** Names for several endpoints at once. */
export const GROUPS = {
  video: VIDEO,
  upsample: ['upsampleImage', 'upsampleVideo'],
  /** Every call that starts paid work. */
  submission: ['image', 'upsampleImage', ...VIDEO, 'upsampleVideo'],
} as const satisfies Readonly<Record<string, readonly EndpointName[]>>

/** An endpoint, a group, or `*` for all of them. */
export type EndpointScope = EndpointName | keyof typeof GROUPS | '*'

export function isScope(text: string): text is EndpointScope {
  return text === '*' || Object.hasOwn(GROUPS, text) || ENDPOINT_NAMES.some(name => name === text)
}

export function scopeIncludes(scope: EndpointScope, name: EndpointName): boolean {
  if (scope === '*' || scope === name) return true
  // Widened, since a group is a tuple of literal names.
  const group: readonly EndpointName[] = scope in GROUPS ? GROUPS[scope as keyof typeof GROUPS] : []
  return group.includes(name)
}

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
  /** Notes that paid work was accepted. */
  paid(submission: Submission): void
  /** A fault that only the endpoint itself can act out. */
  readonly fault: ActedFault | undefined
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
