/** Aspect ratios: how people write them, how the wire names them, and what size comes out (PROTOCOL.md 1.7). */
import type { MediaKind } from 'flow2api/contracts'

export const ASPECTS = ['16:9', '9:16', '1:1', '4:3', '3:4'] as const
export type Aspect = (typeof ASPECTS)[number]

interface Shape {
  /** Value of `imageAspectRatio` or `aspectRatio`. */
  readonly wire: string
  readonly width: number
  readonly height: number
}

const IMAGES: Readonly<Record<Aspect, Shape>> = {
  '16:9': { wire: 'IMAGE_ASPECT_RATIO_LANDSCAPE', width: 1376, height: 768 },
  '9:16': { wire: 'IMAGE_ASPECT_RATIO_PORTRAIT', width: 768, height: 1376 },
  '1:1': { wire: 'IMAGE_ASPECT_RATIO_SQUARE', width: 1024, height: 1024 },
  '4:3': { wire: 'IMAGE_ASPECT_RATIO_LANDSCAPE_FOUR_THREE', width: 1200, height: 896 },
  '3:4': { wire: 'IMAGE_ASPECT_RATIO_PORTRAIT_THREE_FOUR', width: 896, height: 1200 },
}

const LANDSCAPE_VIDEO: Shape = { wire: 'VIDEO_ASPECT_RATIO_LANDSCAPE', width: 1280, height: 720 }
const PORTRAIT_VIDEO: Shape = { wire: 'VIDEO_ASPECT_RATIO_PORTRAIT', width: 720, height: 1280 }

/** Videos are landscape or portrait and nothing else. */
export const shapeOf = (kind: MediaKind, aspect: Aspect): Shape =>
  kind === 'image' ? IMAGES[aspect] : aspect === '9:16' ? PORTRAIT_VIDEO : LANDSCAPE_VIDEO

const WORDS: Readonly<Record<string, Aspect>> = {
  landscape: '16:9',
  portrait: '9:16',
  square: '1:1',
  'four-three': '4:3',
  four_three: '4:3',
  'three-four': '3:4',
  three_four: '3:4',
}

/** Width divided by height of `16:9`, `1280x720`, `4/3`, `portrait`; undefined where it is none of these. */
export function readRatio(written: string): number | undefined {
  const word = written.toLowerCase().replace(/\s+/g, '')
  const parts = /^(\d{1,5}(?:\.\d{1,4})?)[:：/x×*](\d{1,5}(?:\.\d{1,4})?)$/.exec(
    Object.hasOwn(WORDS, word) ? (WORDS[word] ?? '') : word,
  )
  if (parts === null) return undefined
  const [width, height] = [Number(parts[1]), Number(parts[2])]
  return width > 0 && height > 0 ? width / height : undefined
}

/**
 * How far two ratios are apart, the same in both directions: 1:1 is as far from 16:9 as from 9:16. Rounded, so that
 * such a tie is one, and the first candidate (the model's default) wins it.
 */
const distance = (a: number, b: number): number => Math.round(Math.abs(Math.log(a / b)) * 1e6)

export const nearestAspect = (ratio: number, candidates: readonly Aspect[]): Aspect | undefined =>
  nearestBy(candidates, candidate => distance(ratio, readRatio(candidate) ?? 1))

/** The first of the candidates with the least distance. */
export function nearestBy<T>(candidates: readonly T[], distanceOf: (candidate: T) => number): T | undefined {
  let best: { readonly candidate: T; readonly distance: number } | undefined
  for (const candidate of candidates) {
    const found = distanceOf(candidate)
    if (best === undefined || found < best.distance) best = { candidate, distance: found }
  }
  return best?.candidate
}
