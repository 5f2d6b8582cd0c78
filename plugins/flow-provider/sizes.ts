/** How large what a model delivers is (PROTOCOL.md 1.7). */
import type { MediaKind } from 'flow2api/contracts'
import { shapeOf } from './aspects.ts'
import type { CatalogueModel } from './catalogue.ts'

export interface Size {
  readonly width: number
  readonly height: number
}

/** What it delivers: `1K` or `720p`, unless an upsampling follows. */
export const resolutionOf = (model: CatalogueModel): string =>
  model.upsample?.resolution ?? (model.kind === 'image' ? '1K' : '720p')

/** Sides in multiples of what the generation itself makes. */
const SCALES: Readonly<Record<MediaKind, Readonly<Record<string, number>>>> = {
  image: { '1K': 1, '2K': 2, '4K': 4 },
  video: { '360P': 0.5, '720P': 1, '1080P': 1.5, '4K': 3 },
}

/** Undefined for a resolution that nobody has described. */
export function sizeAt(model: Pick<CatalogueModel, 'kind' | 'aspect'>, resolution: string): Size | undefined {
  const scale = SCALES[model.kind][resolution.toUpperCase()]
  if (scale === undefined) return undefined
  const { width, height } = shapeOf(model.kind, model.aspect)
  return { width: width * scale, height: height * scale }
}

/** Of what the whole chain delivers. */
export const finalSize = (model: CatalogueModel): Size =>
  sizeAt(model, resolutionOf(model)) ?? shapeOf(model.kind, model.aspect)

export const sizeText = ({ width, height }: Size): string => `${width}x${height}`

/**
 * Resolutions of pictures and videos on one scale, so that `1K` asks a video for what it makes anyway. Undefined for a
 * word that is none.
 */
export function resolutionRank(written: string): number | undefined {
  const word = written.trim().toUpperCase()
  return Object.hasOwn(RANKS, word) ? RANKS[word] : undefined
}
const RANKS: Readonly<Record<string, number>> = { '1K': 0, '720P': 0, '2K': 1, '1080P': 1, '4K': 2 }
