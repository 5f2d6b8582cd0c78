/** How finished media is found again at Flow. Stored with the media; read leniently, like everything stored. */
import type { Json, MediaKind, Origin } from 'flow2api/contracts'
import { asArray, asHttpUrl, asNumber, asText, at } from './json.ts'

/** One clip of a joined video, in order. Clips after the first begin with a second of the one before. */
export interface Clip {
  readonly mediaId: string
  readonly seconds: number
}

export interface FlowOrigin {
  /** Media name. Of a joined video: of its last clip, which is what a further extension goes on from. */
  readonly mediaId: string
  readonly projectId: string
  readonly kind: MediaKind
  /** Concrete model id. */
  readonly model: string
  /** `W:H`. */
  readonly aspect: string
  readonly seconds?: number | undefined
  /** The media that it was enlarged from, which later work takes in its place. */
  readonly base?: string | undefined
  /** Of a joined video. Flow has no media for the whole (PROTOCOL.md 2.14). */
  readonly clips?: readonly Clip[] | undefined
  /** Only the older answers bring one along; it expires. */
  readonly thumbnailUrl?: string | undefined
}

export const writeOrigin = (origin: FlowOrigin): Origin => ({
  mediaId: origin.mediaId,
  projectId: origin.projectId,
  kind: origin.kind,
  model: origin.model,
  aspect: origin.aspect,
  ...(origin.seconds !== undefined && { seconds: origin.seconds }),
  ...(origin.base !== undefined && { base: origin.base }),
  ...(origin.clips !== undefined && { clips: writeClips(origin.clips) }),
  ...(origin.thumbnailUrl !== undefined && { thumbnailUrl: origin.thumbnailUrl }),
})

/** Undefined where it does not say which media it is. */
export function readOrigin(origin: Origin | undefined): FlowOrigin | undefined {
  const mediaId = asText(at(origin, 'mediaId'))
  if (mediaId === undefined) return undefined
  const clips = readClips(at(origin, 'clips'))
  return {
    mediaId,
    projectId: asText(at(origin, 'projectId')) ?? '',
    kind: at(origin, 'kind') === 'image' ? 'image' : 'video',
    model: asText(at(origin, 'model')) ?? '',
    aspect: asText(at(origin, 'aspect')) ?? '',
    seconds: asNumber(at(origin, 'seconds')),
    base: asText(at(origin, 'base')),
    clips: clips.length > 1 ? clips : undefined,
    thumbnailUrl: asHttpUrl(at(origin, 'thumbnailUrl')),
  }
}

export const writeClips = (clips: readonly Clip[]): Json =>
  clips.map(({ mediaId, seconds }): Json => ({ mediaId, seconds }))

export const readClips = (value: unknown): readonly Clip[] =>
  asArray(value).flatMap(clip => {
    const mediaId = asText(at(clip, 'mediaId'))
    const seconds = asNumber(at(clip, 'seconds'))
    return mediaId === undefined || seconds === undefined || seconds <= 0 ? [] : [{ mediaId, seconds }]
  })

/** What a clip whose length is not known is taken to last: nearly all do (PROTOCOL.md 10.1). */
export const USUAL_SECONDS = 8

/** Every clip after the first repeats a second of the one before (PROTOCOL.md 2.13). */
export const OVERLAP_SECONDS = 1

export const joinedSeconds = (clips: readonly Clip[]): number =>
  clips.reduce((sum, { seconds }, index) => sum + seconds - (index === 0 ? 0 : OVERLAP_SECONDS), 0)
