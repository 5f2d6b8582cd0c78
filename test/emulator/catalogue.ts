/** The models and sizes that the emulated upstream knows. */
import type { Tier } from './accounts.ts'
import models from './models.data.json'

export interface VideoModel {
  /** Ends of the submission paths that take the key, e.g. `batchAsyncGenerateVideoText`. */
  readonly endpoints: readonly string[]
  readonly aspects: readonly string[]
  /** Length of the clip. */
  readonly seconds: number
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

export const VIDEO_ASPECTS = ['VIDEO_ASPECT_RATIO_LANDSCAPE', 'VIDEO_ASPECT_RATIO_PORTRAIT'] as const
export type VideoAspect = (typeof VIDEO_ASPECTS)[number]
