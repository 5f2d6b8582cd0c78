/** One HTTP call to Flow: its time limit, its headers, and an answer that is read to the end. */
import { domainFault, type EgressFault, type Session } from 'flow2api/contracts'
import { type Fault, Result, ResultAsync } from 'flow2api/plugin'
import { readTrueStatus } from './readers.ts'
import type { CallKind, Settings } from './settings.ts'

/** An answer, of any status. */
export interface Answer {
  /** That of an error inside a 200, where there is one. */
  readonly status: number
  readonly headers: Headers
  /** Parsed JSON whatever the content type says; undefined where it is none. */
  readonly body: unknown
}

export type Way = Pick<Session, 'fetch' | 'signal'>

interface Call {
  readonly kind: CallKind
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Makes it a POST. */
  readonly json?: unknown
}

export interface FlowClient {
  /** With the session cookie (PROTOCOL.md 1.2). `path` begins with `/`. */
  labs(kind: CallKind, path: string, token: string, way: Way, json?: unknown): ResultAsync<Answer, EgressFault>
  /** As `labs`, but nothing is read of the body: the redirect is what it is about. */
  labsRedirect(path: string, token: string, way: Way): ResultAsync<Answer & { readonly url: string }, EgressFault>
  /** With the access token. `path` begins with `/`, or with `:` for a custom method of the base (PROTOCOL.md 1.1). */
  api(kind: CallKind, path: string, access: string, way: Way, json?: unknown): ResultAsync<Answer, EgressFault>
}

export const SESSION_COOKIE = '__Secure-next-auth.session-token'

export function flowClient(settings: Settings): FlowClient {
  const origin = new URL(settings.labsBaseUrl).origin

  const send = (call: Call, way: Way): ResultAsync<{ response: Response; signal: AbortSignal }, EgressFault> => {
    const signal = AbortSignal.any([way.signal, AbortSignal.timeout(settings.timeoutMs(call.kind))])
    const sending = call.json === undefined ? {} : { 'content-type': 'application/json' }
    const init: RequestInit = {
      method: call.json === undefined ? 'GET' : 'POST',
      headers: { accept: 'application/json', ...sending, ...call.headers },
      signal,
      ...(call.json !== undefined && { body: JSON.stringify(call.json) }),
      // Credentials are for the configured bases alone; a redirect is an answer like any other.
      redirect: 'manual',
    }
    return way.fetch(call.url, init).map(response => ({ response, signal }))
  }

  const ask = (call: Call, way: Way): ResultAsync<Answer, EgressFault> =>
    send(call, way).andThen(({ response, signal }) =>
      ResultAsync.fromPromise(response.text(), cause => interrupted(signal, cause)).map(text => {
        const body = parseJson(text)
        return { status: readTrueStatus(response.status, body), headers: response.headers, body }
      }),
    )

  const cookie = (token: string) => ({ cookie: `${SESSION_COOKIE}=${token}` })
  return {
    labs: (kind, path, token, way, json) =>
      ask({ kind, url: `${settings.labsBaseUrl}${path}`, headers: { ...cookie(token), origin }, json }, way),
    labsRedirect: (path, token, way) => {
      const url = `${settings.labsBaseUrl}${path}`
      return send({ kind: 'redirect', url, headers: cookie(token) }, way).map(({ response }) => {
        // Nobody reads it, and an unread body keeps its connection. It may already have failed by itself.
        void response.body?.cancel().catch(() => {})
        return { url, status: response.status, headers: response.headers, body: undefined }
      })
    },
    api: (kind, path, access, way, json) =>
      ask(
        {
          kind,
          url: `${settings.apiBaseUrl}${path}`,
          headers: { authorization: `Bearer ${access}`, origin, referer: `${origin}/` },
          json,
        },
        way,
      ),
  }
}

const parseJson = (text: string): unknown =>
  Result.fromThrowable((source: string): unknown => JSON.parse(source))(text).unwrapOr(undefined)

/** The answer began and did not end. */
function interrupted(signal: AbortSignal, cause: unknown): Fault {
  if (!signal.aborted)
    return domainFault('upstream_unreachable', 'The connection to Flow was cut in the middle of an answer.', { cause })
  const late = signal.reason instanceof Error && signal.reason.name === 'TimeoutError'
  return late
    ? domainFault('upstream_timeout', 'Flow began an answer and did not finish it in time.', { cause })
    : domainFault('cancelled', 'The call to Flow was cancelled.', { cause })
}
