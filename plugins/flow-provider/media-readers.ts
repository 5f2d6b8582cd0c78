/** What is read out of answers about pictures and files. As in `readers.ts`, nothing here throws. */
import { asArray, asHttpUrl, asNumber, asObject, asText, at } from './json.ts'
import { shortStatus } from './video-readers.ts'

/** The media name of an uploaded picture: of the current answer, a list of them, or the older one (PROTOCOL.md 2.5, 2.6). */
export function readUpload(body: unknown): string | undefined {
  const media = at(body, 'media')
  const first = Array.isArray(media) ? asArray(media).find(item => asText(at(item, 'name')) !== undefined) : media
  return asText(at(first, 'name')) ?? readLegacyId(body)
}

/** `mediaGenerationId` is a text, or an object around one. */
const readLegacyId = (value: unknown): string | undefined =>
  asText(at(value, 'mediaGenerationId', 'mediaGenerationId')) ?? asText(at(value, 'mediaGenerationId'))

/** One picture (PROTOCOL.md 2.7). */
export interface ImageAnswer {
  /** Media name. */
  readonly name: string | undefined
  readonly url: string | undefined
  /** Base64, where the picture came along. */
  readonly encoded: string | undefined
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
      name: asText(at(item, 'name')) ?? asText(at(generated, 'mediaId')) ?? readLegacyId(generated),
      url: asHttpUrl(at(generated, 'fifeUrl')) ?? asHttpUrl(at(item, 'image', 'fifeUrl')),
      encoded: asText(at(generated, 'encodedImage')) ?? asText(at(item, 'image', 'encodedImage')),
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

/** The enlarged picture, in base64; undefined where there is none, which Flow also says with an empty text (PROTOCOL.md 2.8). */
export const readEncodedImage = (body: unknown): string | undefined => asText(at(body, 'encodedImage'))

/** Where a video is, by the media lookup (PROTOCOL.md 2.18). */
export function readLookup(body: unknown): { readonly url: string | undefined; readonly encoded: string | undefined } {
  const video = at(body, 'video')
  return {
    url: asHttpUrl(at(video, 'fifeUrl')) ?? asHttpUrl(at(video, 'generatedVideo', 'fifeUrl')),
    encoded: asText(at(video, 'encodedVideo')) ?? asText(at(video, 'generatedVideo', 'encodedVideo')),
  }
}

/** The handle of a concatenation, nested as captured or flat as one client expects (PROTOCOL.md 2.14). */
export const readConcatenationName = (body: unknown): string | undefined =>
  asText(at(body, 'operation', 'operation', 'name')) ??
  asText(at(body, 'operation', 'name')) ??
  asText(at(body, 'name'))

export interface ConcatenationAnswer {
  /** Without `MEDIA_GENERATION_STATUS_`. */
  readonly status: string | undefined
  readonly url: string | undefined
  /** Base64. */
  readonly encoded: string | undefined
  readonly token: string | undefined
}

export function readConcatenation(body: unknown): ConcatenationAnswer {
  const error = asObject(at(body, 'error')) ?? at(body, 'operation', 'operation', 'error')
  return {
    status: shortStatus(at(body, 'status')),
    url: asHttpUrl(at(body, 'outputUri')),
    encoded: asText(at(body, 'encodedVideo')),
    token: asText(at(error, 'message')),
  }
}
