/** What a caller asked of the picture or video, in the terms of the job contract. */
import type { Parameters, PictureFormat } from 'flow2api/contracts'
import type { Reader } from './reader.ts'

const LONGEST_SECONDS = 3600

interface Places {
  /** Holds `aspectRatio`, `imageSize` or `resolution`; the first that says something counts. */
  readonly shape: readonly Reader[]
  readonly seed: Reader
  /** Holds `allowDowngrade`. */
  readonly body: Reader
}

export function readParameters({ shape, seed: seeded, body }: Places): Parameters {
  const first = (read: (reader: Reader) => string | undefined) => {
    const found = shape.map(read)
    return found.find(value => value !== undefined)
  }
  const aspectRatio = first(reader => reader.text('aspectRatio'))
  const resolution = first(
    reader => reader.text('imageSize') ?? reader.text('sampleImageSize') ?? reader.text('resolution'),
  )
  const lengths = shape.map(
    reader => reader.number('durationSeconds', 1, LONGEST_SECONDS) ?? reader.number('duration', 1, LONGEST_SECONDS),
  )
  const seconds = lengths.find(value => value !== undefined)
  // Minus one is what some programs send where they mean none.
  const seed = seeded.raw('seed') === -1 ? undefined : seeded.whole('seed', 0, Number.MAX_SAFE_INTEGER)
  const allowDowngrade = body.flag('allowDowngrade')
  return {
    ...(aspectRatio !== undefined && { aspectRatio }),
    ...(resolution !== undefined && { resolution: spelledResolution(resolution) }),
    ...(seconds !== undefined && { seconds }),
    ...(seed !== undefined && { seed }),
    ...(allowDowngrade && { allowDowngrade }),
  }
}

/** `2K` and `1080p`, as models list them. What is smaller than the smallest of these is that. */
function spelledResolution(word: string): string {
  if (/^(?:512|0\.5k)$/i.test(word)) return '1K'
  return /k$/i.test(word) ? word.toUpperCase() : word.toLowerCase()
}

const FORMATS: Readonly<Record<string, PictureFormat['format']>> = {
  'image/png': 'png',
  'image/jpeg': 'jpeg',
  'image/jpg': 'jpeg',
  'image/webp': 'webp',
}

/** Of an object with `mimeType` and `compressionQuality`. Undefined: as the provider made it. */
export function readFormat(reader: Reader): PictureFormat | undefined {
  const mime = reader.text('mimeType') ?? reader.text('outputMimeType')
  const quality = reader.whole('compressionQuality', 0, 100) ?? reader.whole('outputCompressionQuality', 0, 100)
  if (mime === undefined) return undefined
  const format = Object.hasOwn(FORMATS, mime.toLowerCase()) ? FORMATS[mime.toLowerCase()] : undefined
  if (format === undefined) return reader.refuse('mimeType', 'must be image/png, image/jpeg or image/webp')
  return { format, quality: quality === undefined ? undefined : Math.max(1, quality) }
}
