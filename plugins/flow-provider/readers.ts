/**
 * What the provider reads out of Flow's answers: little, leniently, and without ever throwing. Unknown fields are
 * skipped; what is missing or of another type is undefined; the callers decide what that means.
 */
import { asArray, asHttpUrl, asNumber, asObject, asText, at } from './json.ts'

/** Answer of the session call (PROTOCOL.md 2.1). */
export interface SessionAnswer {
  readonly accessToken: string | undefined
  /** An upper-case word, such as `ACCESS_TOKEN_REFRESH_NEEDED`. */
  readonly error: string | undefined
  /** Epoch milliseconds. End of the Labs session, not of the access token. */
  readonly expiresAt: number | undefined
  readonly signedIn: boolean
  readonly email: string | undefined
  readonly name: string | undefined
}

export function readSession(body: unknown): SessionAnswer {
  const expires = Date.parse(asText(at(body, 'expires')) ?? '')
  return {
    accessToken: asHeaderValue(at(body, 'access_token')),
    error: asText(at(body, 'error')),
    expiresAt: Number.isNaN(expires) ? undefined : expires,
    signedIn: asObject(at(body, 'user')) !== undefined,
    email: asText(at(body, 'user', 'email')),
    name: asText(at(body, 'user', 'name')),
  }
}

/** Something that may stand in a header: printable ASCII without spaces. */
const asHeaderValue = (value: unknown): string | undefined => {
  const text = asText(value)
  return text !== undefined && /^[\x21-\x7e]+$/.test(text) ? text : undefined
}

/** Answer of `project.createProject` (PROTOCOL.md 2.2). `status` is that of the tRPC envelope (1.6). */
export function readProject(body: unknown): { readonly id: string | undefined; readonly status: number | undefined } {
  const envelope = at(body, 'result', 'data', 'json')
  return { id: asText(at(envelope, 'result', 'projectId')), status: asNumber(at(envelope, 'status')) }
}

/** Answer of the credits call (PROTOCOL.md 2.4). */
export function readCredits(body: unknown): { readonly credits: number | undefined; readonly tier: unknown } {
  return { credits: asNumber(at(body, 'credits')), tier: at(body, 'userPaygateTier') }
}

/** Credits that are left, where an answer says so. */
export const readRemainingCredits = (body: unknown): number | undefined => asNumber(at(body, 'remainingCredits'))

/** One picture (PROTOCOL.md 2.7). */
export interface ImageAnswer {
  readonly url: string | undefined
  readonly width: number | undefined
  readonly height: number | undefined
  /** Blocked by policy. */
  readonly filtered: boolean
}

export function readImages(body: unknown): readonly ImageAnswer[] {
  return asArray(at(body, 'media')).map(item => {
    const generated = at(item, 'image', 'generatedImage')
    const visibility = at(generated, 'mediaVisibility') ?? at(item, 'mediaMetadata', 'visibility')
    return {
      url: asHttpUrl(at(generated, 'fifeUrl')) ?? asHttpUrl(at(item, 'image', 'fifeUrl')),
      width: asSide(at(item, 'image', 'dimensions', 'width')),
      height: asSide(at(item, 'image', 'dimensions', 'height')),
      filtered: visibility === 'FILTERED',
    }
  })
}

const asSide = (value: unknown): number | undefined => {
  const side = asNumber(value)
  return side !== undefined && side >= 1 ? Math.round(side) : undefined
}

/** One video, from a submission or a poll, in the current or the legacy shape (PROTOCOL.md 2.9, 2.16). */
export interface VideoAnswer {
  /** Poll handle: the media name, or the legacy operation's. */
  readonly name: string
  /** Other name under which the same video may have been submitted. */
  readonly operationName: string | undefined
  readonly projectId: string | undefined
  /** Without `MEDIA_GENERATION_STATUS_`; undefined where there is none. */
  readonly status: string | undefined
  /** Only the older shapes carry it; otherwise it is asked for (PROTOCOL.md 2.17). */
  readonly url: string | undefined
  readonly failure: Failure
}

/** Why one generation failed, while the call that reports it succeeded. */
export interface Failure {
  /** Enum-like, from the error's message. */
  readonly token: string | undefined
  readonly reasons: readonly string[]
  readonly filtered: boolean
}

export function readVideos(body: unknown): readonly VideoAnswer[] {
  const current = asArray(at(body, 'media')).flatMap(item => readMediaItem(item) ?? [])
  const legacy = asArray(at(body, 'operations')).flatMap(item => readOperationItem(item) ?? [])
  const merged = current.map(video => {
    const same = legacy.find(({ name }) => name === video.name || name === video.operationName)
    return same === undefined ? video : fillIn(video, same)
  })
  const known = new Set(current.flatMap(video => [video.name, video.operationName]))
  return [...merged, ...legacy.filter(({ name }) => !known.has(name))]
}

function readMediaItem(item: unknown): VideoAnswer | undefined {
  const operationName = asText(at(item, 'video', 'operation', 'name'))
  const name = asText(at(item, 'name')) ?? operationName
  if (name === undefined) return undefined
  const state = at(item, 'mediaMetadata', 'mediaStatus') ?? at(item, 'mediaStatus')
  return {
    name,
    operationName,
    projectId: asText(at(item, 'projectId')),
    status: shortStatus(at(state, 'mediaGenerationStatus') ?? at(item, 'status')),
    url: asHttpUrl(at(item, 'video', 'fifeUrl')) ?? asHttpUrl(at(item, 'video', 'generatedVideo', 'fifeUrl')),
    failure: {
      token: asText(at(state, 'error', 'message')),
      reasons: asArray(at(state, 'failureReasons')).flatMap(reason => asText(reason) ?? []),
      filtered: at(item, 'mediaMetadata', 'visibility') === 'FILTERED',
    },
  }
}

function readOperationItem(item: unknown): VideoAnswer | undefined {
  const name = asText(at(item, 'operation', 'name'))
  if (name === undefined) return undefined
  const video = at(item, 'operation', 'metadata', 'video')
  const error = at(item, 'operation', 'error') ?? at(item, 'error')
  return {
    name,
    operationName: undefined,
    projectId: undefined,
    status: shortStatus(at(item, 'status')),
    url: asHttpUrl(at(video, 'fifeUrl')),
    failure: {
      token: asText(at(error, 'message')),
      reasons: [],
      filtered: at(video, 'mediaVisibility') === 'FILTERED',
    },
  }
}

const fillIn = (video: VideoAnswer, other: VideoAnswer): VideoAnswer => ({
  ...video,
  status: video.status ?? other.status,
  url: video.url ?? other.url,
  failure: video.failure.token === undefined ? { ...video.failure, token: other.failure.token } : video.failure,
})

const shortStatus = (value: unknown): string | undefined =>
  asText(value)
    ?.toUpperCase()
    .replace(/^MEDIA_GENERATION_STATUS_/, '')

/** An error envelope of the API base (PROTOCOL.md 3.1), or what can be made out of it. */
export interface ErrorAnswer {
  /** Canonical name, such as `PERMISSION_DENIED`. */
  readonly status: string | undefined
  readonly message: string | undefined
  /** All `details[].reason`, in order. */
  readonly reasons: readonly string[]
  readonly retryDelayMs: number | undefined
}

export function readError(body: unknown): ErrorAnswer {
  const error = at(body, 'error')
  const details = asArray(at(error, 'details'))
  const delays = details.flatMap(
    detail => /^(\d{1,6}(?:\.\d+)?)s$/.exec(asText(at(detail, 'retryDelay')) ?? '')?.[1] ?? [],
  )
  return {
    status: asText(at(error, 'status')),
    message: asText(at(error, 'message')),
    reasons: details.flatMap(detail => asText(at(detail, 'reason')) ?? []),
    retryDelayMs: delays[0] === undefined ? undefined : Math.round(Number(delays[0]) * 1000),
  }
}
