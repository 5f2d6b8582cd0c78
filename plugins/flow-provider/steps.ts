/** The paid (or at least separate) steps that follow a first one, as they are stored. Read leniently. */
import type { Json } from 'flow2api/contracts'
import { asNumber, asText, at } from './json.ts'
import { type Clip, readClips, writeClips } from './origin.ts'

interface Common {
  /** Concrete model id; says what is asked for and how. */
  readonly model: string
  readonly projectId: string
}

/** PROTOCOL.md 2.8. */
export interface ImageUpsampleStep extends Common {
  readonly kind: 'image_upsample'
  /** Undefined where the answer with the picture did not name it; then there is nothing to enlarge. */
  readonly mediaId: string | undefined
  /** The same as the generation's. */
  readonly sessionId: string
}

/** PROTOCOL.md 2.15. */
export interface VideoUpsampleStep extends Common {
  readonly kind: 'video_upsample'
  readonly mediaId: string
  readonly seconds: number | undefined
}

/** PROTOCOL.md 2.14. */
export interface ConcatenateStep extends Common {
  readonly kind: 'concatenate'
  readonly clips: readonly Clip[]
}

export type Step = ImageUpsampleStep | VideoUpsampleStep | ConcatenateStep

export function writeStep(step: Step): Json {
  const common = { kind: step.kind, model: step.model, projectId: step.projectId }
  switch (step.kind) {
    case 'image_upsample':
      return {
        ...common,
        sessionId: step.sessionId,
        ...(step.mediaId !== undefined && { mediaId: step.mediaId }),
      }
    case 'video_upsample':
      return { ...common, mediaId: step.mediaId, ...(step.seconds !== undefined && { seconds: step.seconds }) }
    case 'concatenate':
      return { ...common, clips: writeClips(step.clips) }
  }
}

export function readStep(stored: Json): Step | undefined {
  const model = asText(at(stored, 'model'))
  const projectId = asText(at(stored, 'projectId'))
  if (model === undefined || projectId === undefined) return undefined
  const mediaId = asText(at(stored, 'mediaId'))
  switch (at(stored, 'kind')) {
    case 'image_upsample':
      return { kind: 'image_upsample', model, projectId, mediaId, sessionId: asText(at(stored, 'sessionId')) ?? ';0' }
    case 'video_upsample':
      return mediaId === undefined
        ? undefined
        : { kind: 'video_upsample', model, projectId, mediaId, seconds: asNumber(at(stored, 'seconds')) }
    case 'concatenate': {
      const clips = readClips(at(stored, 'clips'))
      return clips.length < 2 ? undefined : { kind: 'concatenate', model, projectId, clips }
    }
    default:
      return undefined
  }
}
