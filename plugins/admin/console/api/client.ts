/** How the console speaks to `/admin/api`: with the session's cookie, like any script with a token. */
import { treaty } from '@elysiajs/eden'
import type { ConfigProblem } from 'flow2api/plugin'
import type { AdminApi } from '../../api.ts'
import { texts } from '../texts.ts'

/** An answer that says no. Its message is the gateway's, which says what to do. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly param: string | null = null,
    readonly problems: readonly ConfigProblem[] = [],
  ) {
    super(message)
  }
}

interface Envelope {
  readonly error?: { readonly message?: string; readonly code?: string; readonly param?: string | null }
  readonly problems?: readonly ConfigProblem[]
}

const errorOf = (status: number, body: unknown): ApiError => {
  // Every error of the gateway has this shape; a reverse proxy in front of it may answer with anything.
  const envelope: Envelope = typeof body === 'object' && body !== null ? body : {}
  const {
    message = `${texts.errors.unexpected} (HTTP ${status})`,
    code = 'unknown',
    param = null,
  } = envelope.error ?? {}
  return new ApiError(status, code, message, param, envelope.problems ?? [])
}

/** Routes of this plugin, with the types of the routes themselves. */
const { admin } = treaty<AdminApi>(location.origin, { fetch: { credentials: 'same-origin' } })
export const api = admin.api

/** Reads the configuration again; the one route that stands outside of `/admin/api`. */
export const reloadConfig = () => own(admin['reload-config'].post())

/** What a route of this plugin answers; refusals are whole responses there, and errors here. */
type Answered<T> = Exclude<T, Response | null | undefined>

export async function own<T>(
  asked: Promise<{ readonly data: T; readonly error: unknown; readonly status: number }>,
): Promise<Answered<T>> {
  const { data, error, status } = await asked.catch(unreachable)
  if (error) throw errorOf(status, typeof error === 'object' && 'value' in error ? error.value : undefined)
  return data as Answered<T> // without an error there is an answer
}

const unreachable = (): never => {
  throw new ApiError(0, 'unreachable', texts.errors.unreachable)
}

/** Routes of other plugins, whose answers have the shapes of `types.ts`. */
export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  // A form brings its own type, with the boundary.
  const form = body instanceof FormData
  const response = await fetch(`/admin/api${path}`, {
    method,
    credentials: 'same-origin',
    ...(body !== undefined && {
      body: form ? body : JSON.stringify(body),
      ...(!form && { headers: { 'content-type': 'application/json' } }),
    }),
  }).catch(unreachable)
  if (response.status === 204) return undefined as T // such routes are asked for nothing
  const answer: unknown = await response.json().catch(() => undefined)
  if (!response.ok) throw errorOf(response.status, answer)
  return answer as T // the route's shape; see types.ts
}
