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
  'gpt-image-2-2026-04-21': image,
  'gpt-image-2.5-sunburst': image,
  'gpt-image-2.5-sunburst-2026-09-08': image,
  'gpt-image-2.5-flare': image,
  'gpt-image-2.5-flare-2026-09-08': image,
  'gpt-image-2.6-sunburst': image,
  'gpt-image-2.6-flare': image,
  'chatgpt-image-latest': image,
  'dall-e-2': image,
  'dall-e-3': image,
  'gemini-3-pro-image': { kind: 'image', model: 'gemini-3.0-pro-image' },
  'gemini-3.1-flash-lite-image': { kind: 'image', model: 'gemini-3.1-flash-image' },
  'gemini-nano-banana-2.1': { kind: 'image', model: 'gemini-3.1-flash-image' },
  'nano-banana-pro-preview': { kind: 'image', model: 'gemini-3.0-pro-image' },
  'imagen-4.0-generate-001': { kind: 'image', model: 'imagen-4.0-generate-preview' },
  'imagen-4.0-fast-generate-001': { kind: 'image', model: 'imagen-4.0-generate-preview' },
  'imagen-4.0-ultra-generate-001': { kind: 'image', model: 'imagen-4.0-generate-preview' },
  'gemini-2.5-flash-image': { kind: 'image', model: 'gemini-3.1-flash-image' },
  'gemini-3.1-flash-image-preview': { kind: 'image', model: 'gemini-3.1-flash-image' },
  'gemini-3-pro-image-preview': { kind: 'image', model: 'gemini-3.0-pro-image' },
  'sora-2': video,
  'sora-2-2025-10-06': video,
  'sora-2-2025-12-08': video,
  'sora-2-pro': video,
  'sora-2-pro-2025-10-06': video,
  'veo-3.1-generate-preview': { kind: 'video', model: 'veo_3_1_t2v' },
  'veo-3.1-fast-generate-preview': { kind: 'video', model: 'veo_3_1_t2v_fast' },
  'gemini-omni-flash-preview': { kind: 'video', model: 'omni' },
  'gemini-omni-1.1-flash': { kind: 'video', model: 'omni' },
  'gemini-omni-1.2-flash': { kind: 'video', model: 'omni' },
  'veo-3.0-generate-001': { kind: 'video', model: 'veo_3_1_t2v' },
  'veo-3.0-fast-generate-001': { kind: 'video', model: 'veo_3_1_t2v_fast' },
  'veo-3.1-generate-001': { kind: 'video', model: 'veo_3_1_t2v' },
  'veo-3.1-fast-generate-001': { kind: 'video', model: 'veo_3_1_t2v_fast' },
  'veo-3.1-lite-generate-001': { kind: 'video', model: 'veo_3_1_t2v_lite' },
  'veo-3.1-lite-generate-preview': { kind: 'video', model: 'veo_3_1_t2v_lite' },
}
