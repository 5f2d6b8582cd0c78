/** The models and sizes that the emulated upstream knows. */
import type { Tier } from './accounts.ts'
import models from './models.data.json'

export interface VideoModel {
  /** Ends of the submission paths that take the key, e.g. `batchAsyncGenerateVideoText`. */
  readonly endpoints: readonly string[]
  readonly aspects: readonly string[]
  /** Length of the clip; 0 where it is that of the source. */
  readonly seconds: number
  /** How many reference images it takes at most. PROTOCOL.md 2.12. */
  readonly references?: number
  /** The one `resolution` that an upsampler makes. */
  readonly resolution?: string
  /** Price by tier; a tier that is missing may not use the model. PROTOCOL.md 2.9. */
  readonly credits: Readonly<Partial<Record<Tier, number>>>
}

export const IMAGE_MODELS: ReadonlySet<string> = new Set(models.images)

export const VIDEO_MODELS: ReadonlyMap<string, VideoModel> = new Map(Object.entries<VideoModel>(models.videos))

/** Pixels by aspect. PROTOCOL.md 1.7; what an unspecified one gives is an assumption. */
export const IMAGE_SIZES: Readonly<Record<string, readonly [width: number, height: number]>> = {
  IMAGE_ASPECT_RATIO_LANDSCAPE: [1376, 768],
  IMAGE_ASPECT_RATIO_PORTRAIT: [768, 1376],
  IMAGE_ASPECT_RATIO_SQUARE: [1024, 1024],
  IMAGE_ASPECT_RATIO_LANDSCAPE_FOUR_THREE: [1200, 896],
  IMAGE_ASPECT_RATIO_PORTRAIT_THREE_FOUR: [896, 1200],
  IMAGE_ASPECT_RATIO_UNSPECIFIED: [1376, 768],
}

/** Upsampled pictures are so many times as wide and high. PROTOCOL.md 2.8. */
export const UPSAMPLE_FACTORS = { UPSAMPLE_IMAGE_RESOLUTION_2K: 2, UPSAMPLE_IMAGE_RESOLUTION_4K: 4 } as const

/** The tiers that may upsample pictures so far. Whether free accounts may have 2K is not known; here they may not. */
export const UPSAMPLE_TIERS: Readonly<Record<keyof typeof UPSAMPLE_FACTORS, readonly Tier[]>> = {
  UPSAMPLE_IMAGE_RESOLUTION_2K: ['PAYGATE_TIER_ONE', 'PAYGATE_TIER_TWO'],
  UPSAMPLE_IMAGE_RESOLUTION_4K: ['PAYGATE_TIER_TWO'],
}

/** The aspect that is nearest to a picture's shape. */
export function imageAspectOf(width: number, height: number): string {
  let nearest = 'IMAGE_ASPECT_RATIO_LANDSCAPE'
  let distance = Number.POSITIVE_INFINITY
  for (const [aspect, [w, h]] of Object.entries(IMAGE_SIZES)) {
    const away = Math.abs(Math.log((width * h) / (height * w)))
    if (away < distance) [nearest, distance] = [aspect, away]
  }
  return nearest
}

export const VIDEO_ASPECTS = ['VIDEO_ASPECT_RATIO_LANDSCAPE', 'VIDEO_ASPECT_RATIO_PORTRAIT'] as const
export type VideoAspect = (typeof VIDEO_ASPECTS)[number]
