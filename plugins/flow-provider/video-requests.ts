/** Bodies of the calls about videos: making, extending, enlarging, joining. Pure. */
import { type Clip, OVERLAP_SECONDS } from './origin.ts'
import { type Caller, clientContext, structuredPrompt } from './requests.ts'

/** Media ids by what they are for. */
export interface VideoMedia {
  readonly first?: string | undefined
  readonly last?: string | undefined
  readonly references: readonly string[]
  readonly source?: string | undefined
}

type Parts = Readonly<Record<string, unknown>>

/** What distinguishes the calls (PROTOCOL.md 2.9 to 2.13). `workflowId` is made by the client. */
const PARTS: Readonly<Record<string, (media: VideoMedia, workflowId: string) => Parts>> = {
  'video:batchAsyncGenerateVideoText': () => ({ metadata: {} }),
  'video:batchAsyncGenerateVideoStartImage': ({ first }) => ({ startImage: { mediaId: first }, metadata: {} }),
  'video:batchAsyncGenerateVideoStartAndEndImage': ({ first, last }) => ({
    startImage: { mediaId: first },
    endImage: { mediaId: last },
    metadata: {},
  }),
  'video:batchAsyncGenerateVideoReferenceImages': ({ references }) => ({
    referenceImages: references.map(mediaId => ({ imageUsageType: 'IMAGE_USAGE_TYPE_ASSET', mediaId })),
    metadata: {},
  }),
  'video:batchAsyncGenerateVideoExtendVideo': ({ source }, workflowId) => ({
    videoInput: { mediaId: source },
    metadata: { workflowId },
  }),
}

/** Undefined for a call that nobody has described. */
export const videoParts = (call: string, media: VideoMedia, workflowId: string): Parts | undefined =>
  Object.hasOwn(PARTS, call) ? PARTS[call]?.(media, workflowId) : undefined

/** The envelope of all submissions. The client context may not be repeated inside `requests`. */
const envelope = (caller: Caller, batchId: string, request: Parts) => ({
  mediaGenerationContext: { batchId, audioFailurePreference: 'BLOCK_SILENCED_VIDEOS' },
  clientContext: clientContext(caller),
  requests: [request],
  useV2ModelConfig: true,
})

export interface VideoWork {
  readonly batchId: string
  /** The upstream's own name of the model. */
  readonly model: string
  readonly aspect: string
  readonly seed: number
}

/** PROTOCOL.md 2.9 to 2.13. */
export const videoRequest = (
  caller: Caller & { readonly tier: string },
  work: VideoWork & { readonly prompt: string; readonly parts: Parts },
) =>
  envelope(caller, work.batchId, {
    aspectRatio: work.aspect,
    seed: work.seed,
    textInput: { structuredPrompt: structuredPrompt(work.prompt) },
    videoModelKey: work.model,
    ...work.parts,
  })

/** PROTOCOL.md 2.15. */
export const videoUpsampleRequest = (
  caller: Caller & { readonly tier: string },
  work: VideoWork & { readonly mediaId: string; readonly target: string; readonly sceneId: string },
) =>
  envelope(caller, work.batchId, {
    aspectRatio: work.aspect,
    seed: work.seed,
    videoModelKey: work.model,
    metadata: { sceneId: work.sceneId },
    videoInput: { mediaId: work.mediaId },
    resolution: work.target,
  })

/** PROTOCOL.md 2.14: the captured form, `length` as text in nanoseconds. */
export const concatenationRequest = (clips: readonly Clip[]) => ({
  inputVideos: clips.map(({ mediaId, seconds }, index) => ({
    mediaGenerationId: mediaId,
    length: String(Math.round(seconds * 1e9)),
    startTimeOffset: offset(index === 0 ? 0 : OVERLAP_SECONDS),
    endTimeOffset: offset(seconds),
  })),
})

const offset = (seconds: number): string => `${seconds.toFixed(9)}s`

export const concatenationStatusRequest = (name: string) => ({ operation: { operation: { name } } })
