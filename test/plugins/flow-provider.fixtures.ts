/** Stand-ins for the way out to Flow: answers in a row, and plain fetch. */
import {
  domainFault,
  type EgressFault,
  type EgressFetch,
  type Session,
  type SessionAccount,
  type Unit,
  type UnitInput,
} from 'flow2api/contracts'
import { type Clock, errAsync, type Fault, okAsync, ResultAsync } from 'flow2api/plugin'
import { type FlowOptions, flowProvider } from '../../plugins/flow-provider/provider.ts'
import { readSettings } from '../../plugins/flow-provider/settings.ts'
import type { VerificationSources } from '../../plugins/flow-provider/verification.ts'

export const LABS = 'https://labs.test/fx/api'
export const API = 'https://api.test/v1'
export const NOW = Date.UTC(2026, 8, 1, 12)
export const PROJECT = '11111111-1111-4111-8111-111111111111'

export const clock: Clock = { now: () => NOW, after: () => () => {} }

export const config = {
  labs_base_url: `${LABS}/`,
  api_base_url: API,
  timeout: 120,
  poll_interval: 3,
  max_poll_attempts: 200,
}

/** Nobody has a verification value. */
export const noVerification: VerificationSources = { all: () => [] }

export const provider = (overrides: Partial<typeof config> = {}, more: Partial<FlowOptions> = {}) =>
  flowProvider({
    id: 'flow-provider',
    settings: readSettings({ ...config, ...overrides }),
    clock,
    random: () => 0.5,
    verification: noVerification,
    warn: () => {},
    ...more,
  })

/** What was sent, with its body parsed. */
export interface Sent {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly json: unknown
  readonly redirect: RequestInit['redirect']
}

export type Reply = Response | Fault | ((sent: Sent, signal: AbortSignal) => Response | Fault | Promise<Response>)

/** Answers in order; the last one again and again. */
export function upstream(...replies: readonly Reply[]): {
  readonly fetch: EgressFetch
  readonly sent: readonly Sent[]
} {
  const sent: Sent[] = []
  const fetch: EgressFetch = (url, init = {}) => {
    const request: Sent = {
      url: String(url),
      method: init.method ?? 'GET',
      headers: new Headers(init.headers),
      json: typeof init.body === 'string' ? JSON.parse(init.body) : undefined,
      redirect: init.redirect,
    }
    const reply = replies[Math.min(sent.push(request), replies.length) - 1]
    if (reply === undefined) throw new Error(`unexpected request to ${request.url}`)
    const answer = typeof reply === 'function' ? reply(request, init.signal ?? new AbortController().signal) : reply
    if (answer instanceof Promise) return ResultAsync.fromPromise(answer, cause => abortOf(init.signal, cause))
    return answer instanceof Response ? okAsync(answer.clone()) : errAsync(answer)
  }
  return { fetch, sent }
}

/** Never answers; ends when its signal does. */
export const silence: Reply = (_, signal) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))

const nothingSent = (cause: unknown) => cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED'

const abortOf = (signal: AbortSignal | null | undefined, cause: unknown): EgressFault =>
  signal?.reason instanceof Error && signal.reason.name === 'TimeoutError'
    ? domainFault('upstream_timeout', 'too late', { cause })
    : signal?.aborted
      ? domainFault('cancelled', 'cancelled', { cause })
      : {
          ...domainFault('upstream_unreachable', 'gone', { cause }),
          ...(nothingSent(cause) && { unsent: true as const }),
        }

export const json = (body: unknown, init: ResponseInit = {}): Response => Response.json(body, init)

/** An error envelope (PROTOCOL.md 3.1). */
export const refusal = (status: number, name: string, reason?: string, message = 'Refused.', headers = {}): Response =>
  json(
    {
      error: {
        code: status,
        message,
        status: name,
        ...(reason !== undefined && {
          details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason }],
        }),
      },
    },
    { status, headers },
  )

export const account = (overrides: Partial<SessionAccount> = {}): SessionAccount => ({
  id: 1,
  secret: 'session-token',
  access: 'ya29.access',
  tier: 'PAYGATE_TIER_ONE',
  attributes: { project_id: PROJECT },
  ...overrides,
})

export const session = (fetch: EgressFetch, overrides: Partial<Session> = {}): Session => ({
  account: account(),
  fetch,
  signal: new AbortController().signal,
  progress: () => {},
  ...overrides,
})

export const unit = (overrides: Partial<Unit> = {}): Unit => ({
  id: 'unit-1',
  model: 'gemini-3.0-pro-image-landscape',
  kind: 'image',
  prompt: 'a cat chases a butterfly',
  inputs: [],
  parameters: {},
  ...overrides,
})

export const videoUnit = (overrides: Partial<Unit> = {}): Unit =>
  unit({ model: 'veo_3_1_t2v_fast_landscape', kind: 'video', ...overrides })

/** The plain way out, as the `proxy` plugin goes without any proxy. */
export const plainFetch: EgressFetch = (url, init) =>
  ResultAsync.fromPromise(fetch(url, init), cause => abortOf(init?.signal, cause))

/** The beginnings by which the four kinds of pictures that Flow takes are told apart. */
export const PICTURES = {
  'image/jpeg': Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
  'image/png': Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3, 4, 5),
  'image/webp': new TextEncoder().encode('RIFF\x01\x02\x03\x04WEBPVP8 '),
  'image/gif': new TextEncoder().encode('GIF89a and so on'),
} as const

export const MP4 = new TextEncoder().encode('\0\0\0\x18ftypmp42 and so on')

export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

export const input = (role: UnitInput['role'], overrides: Partial<UnitInput> = {}): UnitInput => ({
  role,
  mime: 'image/png',
  bytes: () => Promise.resolve(PICTURES['image/png']),
  ...overrides,
})

/** What Flow's accepted submissions look like. */
export const accepted = (name = 'media-1', more: Record<string, unknown> = {}): Response =>
  json({
    remainingCredits: 980,
    media: [
      {
        name,
        projectId: PROJECT,
        mediaMetadata: { mediaStatus: { mediaGenerationStatus: 'MEDIA_GENERATION_STATUS_SCHEDULED' } },
        video: { operation: { name } },
      },
    ],
    ...more,
  })

/** A picture as Flow answers it. */
export const picture = (name = 'media-1'): Response =>
  json({
    media: [
      {
        name,
        image: {
          generatedImage: { fifeUrl: 'https://lh3.test/picture', mediaVisibility: 'PRIVATE' },
          dimensions: { width: 1376, height: 768 },
        },
      },
    ],
  })
