/** What a caller asked of the picture or video, in the terms of the job contract. */
import type { MediaKind, Parameters } from 'flow2api/contracts'
import type { Fields } from './fields.ts'

const PIXELS = /^(\d{1,5})\s*[x×*]\s*(\d{1,5})$/i
const RATIO = /^\d{1,3}:\d{1,3}$/
const RESOLUTION = /^\d{1,4}[kp]$/i

/** Of OpenAI's models, new and old; a resolution is none of them, but clients write it here. */
const QUALITIES = [
  'auto',
  'low',
  'medium',
  'high',
  'xhigh',
  'max',
  'standard',
  'hd',
  'ultra',
  '1k',
  '2k',
  '4k',
] as const

/**
 * `size`, `aspect_ratio`, `resolution` or `image_size`, `seed` and `allow_downgrade`; of images `quality`, of videos
 * `seconds` or `duration`. Clients also write a ratio or a resolution into `size`; the field of its own wins then.
 */
export function readParameters(fields: Fields, kind: MediaKind): Parameters {
  const size = readSize(fields.text('size'))
  const aspectRatio = unlessAuto(fields.text('aspect_ratio') ?? fields.text('aspectRatio')) ?? size.aspectRatio
  const resolution = unlessAuto(fields.text('resolution') ?? fields.text('image_size'))
  const seconds = kind === 'video' ? (fields.positive('seconds') ?? fields.positive('duration')) : undefined
  // Minus one is what local programs send where they mean none.
  const seed = fields.whole('seed', -1, Number.MAX_SAFE_INTEGER)
  const quality = kind === 'image' ? unlessAuto(fields.oneOf('quality', QUALITIES)) : undefined
  const allowDowngrade = fields.flag('allow_downgrade')
  const resolved = resolution === undefined ? size.resolution : spelledResolution(resolution)
  return {
    ...(size.size !== undefined && { size: size.size }),
    ...(aspectRatio !== undefined && { aspectRatio }),
    ...(resolved !== undefined && { resolution: resolved }),
    ...(seconds !== undefined && { seconds }),
    ...(seed !== undefined && seed >= 0 && { seed }),
    ...(quality !== undefined && { quality }),
    ...(allowDowngrade && { allowDowngrade }),
  }
}

/** What `size` means. A word of none of the known forms is handed on: the engine refuses it and lists what there is. */
export function readSize(written: string | undefined): Pick<Parameters, 'size' | 'aspectRatio' | 'resolution'> {
  const word = unlessAuto(written?.trim())
  if (word === undefined) return {}
  const pixels = PIXELS.exec(word)
  if (pixels !== null) return { size: `${Number(pixels[1])}x${Number(pixels[2])}` }
  if (RATIO.test(word)) return { aspectRatio: word }
  if (RESOLUTION.test(word)) return { resolution: spelledResolution(word) }
  return { size: word }
}

/** `2K` and `1080p`, as models list them. */
const spelledResolution = (word: string): string =>
  word.toLowerCase().endsWith('k') ? word.toUpperCase() : word.toLowerCase()

const unlessAuto = (word: string | undefined): string | undefined => (word?.toLowerCase() === 'auto' ? undefined : word)
