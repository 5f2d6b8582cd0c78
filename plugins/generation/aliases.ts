/** Public ids that clients hard-code, and what serves them. Source: api-surfaces C, "Practical aliasing consequences". */
import type { MediaKind } from 'flow2api/contracts'

export interface BuiltInAlias {
  readonly kind: MediaKind
  /** Where nobody offers it, and where it is left out: the default model of the kind. */
  readonly model?: string
}

const image: BuiltInAlias = { kind: 'image' }
const video: BuiltInAlias = { kind: 'video' }

export const BUILT_IN_ALIASES: Readonly<Record<string, BuiltInAlias>> = {
  'gpt-image-1': image,
  'gpt-image-1-mini': image,
  'gpt-image-1.5': image,
  'gpt-image-2': image,
  'chatgpt-image-latest': image,
  'dall-e-2': image,
  'dall-e-3': image,
  'gemini-2.5-flash-image': { kind: 'image', model: 'gemini-3.1-flash-image' },
  'gemini-3.1-flash-image-preview': { kind: 'image', model: 'gemini-3.1-flash-image' },
  'gemini-3-pro-image-preview': { kind: 'image', model: 'gemini-3.0-pro-image' },
  'sora-2': video,
  'sora-2-pro': video,
  'veo-3.1-generate-preview': { kind: 'video', model: 'veo_3_1_t2v' },
  'veo-3.1-fast-generate-preview': { kind: 'video', model: 'veo_3_1_t2v_fast' },
}
