/**
 * Videos in the answers of submissions and polls, in the current and the legacy shape (PROTOCOL.md 2.9, 2.16). As in
 * `readers.ts`, nothing here throws.
 */
import { asArray, asHttpUrl, asText, at } from './json.ts'
import type { Failure } from './readers.ts'

export interface VideoAnswer {
  /** Poll handle: the media name, or the legacy operation's. */
  readonly name: string
  /** Other name under which the same video may have been submitted. */
  readonly operationName: string | undefined
  /** What later work calls it, where that is not the handle. */
  readonly mediaId: string | undefined
  readonly projectId: string | undefined
  /** Without `MEDIA_GENERATION_STATUS_`; undefined where there is none. */
  readonly status: string | undefined
  /** Only the older shapes carry it; otherwise it is asked for (PROTOCOL.md 2.17). */
  readonly url: string | undefined
  /** A still picture; only in the legacy shape. */
  readonly thumbnailUrl: string | undefined
  /** `720P`, `1080P`, `4K`: what the answer says that it is, where it does. */
  readonly resolution: string | undefined
  readonly failure: Failure
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
  const generated = at(item, 'video', 'generatedVideo')
  return {
    name,
    operationName,
    mediaId: asText(at(item, 'name')),
    projectId: asText(at(item, 'projectId')),
    status: shortStatus(at(state, 'mediaGenerationStatus') ?? at(item, 'status')),
    url: asHttpUrl(at(item, 'video', 'fifeUrl')) ?? asHttpUrl(at(generated, 'fifeUrl')),
    thumbnailUrl: asHttpUrl(at(item, 'video', 'servingBaseUri')),
    resolution: resolutionWord(
      at(generated, 'upsampleMetadata', 'videoUpsampleResolution') ??
        at(
          item,
          'mediaMetadata',
          'requestData',
          'videoGenerationRequestData',
          'videoModelControlInput',
          'videoResolution',
        ),
    ),
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
  const metadata = at(item, 'operation', 'metadata')
  const video = at(metadata, 'video')
  const error = at(item, 'operation', 'error') ?? at(item, 'error')
  return {
    name,
    operationName: undefined,
    mediaId:
      asText(at(video, 'mediaGenerationId')) ?? asText(at(item, 'mediaGenerationId')) ?? asText(at(metadata, 'name')),
    projectId: undefined,
    status: shortStatus(at(item, 'status')),
    url: asHttpUrl(at(video, 'fifeUrl')),
    thumbnailUrl: asHttpUrl(at(video, 'servingBaseUri')),
    resolution: undefined,
    failure: {
      token: asText(at(error, 'message')),
      reasons: [],
      filtered: at(video, 'mediaVisibility') === 'FILTERED',
    },
  }
}

const fillIn = (video: VideoAnswer, other: VideoAnswer): VideoAnswer => ({
  ...video,
  mediaId: video.mediaId ?? other.mediaId,
  status: video.status ?? other.status,
  url: video.url ?? other.url,
  thumbnailUrl: video.thumbnailUrl ?? other.thumbnailUrl,
  failure: video.failure.token === undefined ? { ...video.failure, token: other.failure.token } : video.failure,
})

export const shortStatus = (value: unknown): string | undefined =>
  asText(value)
    ?.toUpperCase()
    .replace(/^MEDIA_GENERATION_STATUS_/, '')

/** Of `VIDEO_RESOLUTION_720P` or `VIDEO_UPSAMPLE_RESOLUTION_1080P`. */
const resolutionWord = (value: unknown): string | undefined =>
  /^VIDEO_(?:UPSAMPLE_)?RESOLUTION_([0-9]{1,4}[PK])$/.exec(asText(value) ?? '')?.[1]
