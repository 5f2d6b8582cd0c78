/** What all submissions of videos have in common: their body, their checks, the new video. PROTOCOL.md 2.9 to 2.15. */
import { type TProperties, type TSchema, Type } from '@sinclair/typebox'
import type { Account } from './accounts.ts'
import { googleError } from './answers.ts'
import { VIDEO_ASPECTS, VIDEO_MODELS, type VideoAspect } from './catalogue.ts'
import {
  checkEntitlement,
  checkImages,
  checkProject,
  checkPrompt,
  checkVerification,
  checkVideoModel,
} from './checks.ts'
import type { Call } from './endpoint.ts'
import type { Media, VideoMedia } from './media.ts'
import { type ClientContext, strictObject, Uuid } from './shapes.ts'
import { outcomeOf, submitAnswer } from './videos.ts'

/** The body of a submission with these fields in its one request. */
export const VideoSubmission = <P extends TProperties, C extends TSchema>(request: P, context: C) =>
  strictObject({
    mediaGenerationContext: strictObject({
      batchId: Uuid,
      audioFailurePreference: Type.Union([
        Type.Literal('BLOCK_SILENCED_VIDEOS'),
        Type.Literal('RETURN_SILENCED_VIDEOS'),
        Type.Literal('AUDIO_FAILURE_PREFERENCE_UNSPECIFIED'),
      ]),
    }),
    clientContext: context,
    requests: Type.Tuple([strictObject(request)]),
    useV2ModelConfig: Type.Literal(true),
  })

/** Fields of every request. */
export const COMMON_FIELDS = {
  aspectRatio: Type.Union(VIDEO_ASPECTS.map(name => Type.Literal(name))),
  seed: Type.Integer(),
  videoModelKey: Type.String(),
}

/** What the web page may put into `metadata` besides. */
export const METADATA_FIELDS = {
  mediaIdSeed: Type.Optional(Type.String()),
  workflowIdSeed: Type.Optional(Type.String()),
  sceneId: Type.Optional(Type.String()),
  collectionId: Type.Optional(Type.String()),
}

/** Fields that the web page sends with new clips and not with extensions and upsampling. */
export const CLIP_FIELDS = {
  ...COMMON_FIELDS,
  metadata: strictObject(METADATA_FIELDS),
  outputSpec: Type.Optional(strictObject({ resolution: Type.String() })),
  referenceAudio: Type.Optional(Type.Array(strictObject({ mediaId: Type.String() }))),
}

/** A submission, as far as its path makes no difference. */
export interface VideoOrder {
  /** The end of the path, as in `VideoModel.endpoints`. */
  readonly endpoint: string
  readonly mode: keyof typeof PAID_KINDS
  readonly body: {
    readonly clientContext: Partial<ClientContext>
    readonly mediaGenerationContext: { readonly batchId: string }
    readonly requests: readonly [
      { readonly aspectRatio: VideoAspect; readonly seed: number; readonly videoModelKey: string },
    ]
  }
  /** Undefined where the path has none. */
  readonly prompt: string | undefined
  /** Ids of the pictures that it is to be made from. */
  readonly images?: readonly string[]
  /** Id of the video that it is to be made from. */
  readonly source?: string
  /** What else may be wrong; asked once the model and all media are known. */
  readonly refuse?: (source: VideoMedia | undefined) => Response | undefined
  /** What is unlike a usual new clip. */
  readonly shape?: (source: VideoMedia | undefined) => Partial<VideoMedia>
}

const PAID_KINDS = {
  TEXT_TO_VIDEO: 'video',
  IMAGE_TO_VIDEO: 'video',
  REFERENCE_TO_VIDEO: 'video',
  VIDEO_EXTENSION: 'extend',
  UPSAMPLE: 'upsample_video',
} as const

/** Checks the order, takes the credits and answers. */
export function submitVideo(call: Call<unknown, Account>, order: VideoOrder): Response {
  const { world, account, fault } = call
  const { clientContext, mediaGenerationContext, requests } = order.body
  const [{ aspectRatio, seed, videoModelKey }] = requests
  const source = order.source === undefined ? undefined : world.media.ofAccount(account, order.source)
  const model = VIDEO_MODELS.get(videoModelKey)
  const video = source?.kind === 'video' ? source : undefined
  const projectId = clientContext.projectId ?? video?.projectId ?? ''
  const refused =
    checkVerification(world, clientContext) ??
    checkProject(account, projectId) ??
    checkVideoModel(model, order.endpoint, aspectRatio) ??
    checkImages(world, account, order.images ?? []) ??
    (order.source === undefined ? undefined : checkSource(source, aspectRatio)) ??
    order.refuse?.(video) ??
    checkEntitlement(account, model) ??
    (order.prompt === undefined ? undefined : checkPrompt(order.prompt))
  if (refused) return refused

  const prompt = order.prompt ?? video?.prompt ?? ''
  const made = world.media.submit({
    mode: order.mode,
    id: crypto.randomUUID(),
    workflowId: crypto.randomUUID(),
    account,
    projectId,
    batchId: mediaGenerationContext.batchId,
    createdAt: world.settings.now(),
    prompt,
    seed,
    model: videoModelKey,
    aspect: aspectRatio,
    seconds: model?.seconds || (video?.seconds ?? 8),
    resolution: '720p',
    inputs: [...(order.images ?? []), ...(order.source === undefined ? [] : [order.source])],
    extensions: 0,
    price: model?.credits[account.tier] ?? 0,
    outcome: outcomeOf(order.prompt ?? '', fault),
    ...order.shape?.(video),
  })
  call.paid({
    kind: PAID_KINDS[order.mode],
    model: videoModelKey,
    mediaId: made.id,
    inputs: made.inputs,
    batchId: made.batchId,
    credits: made.price,
    prompt: order.prompt ?? '',
  })
  return submitAnswer(world, made)
}

/** PROTOCOL.md 2.13: a finished video of the same account and aspect. */
function checkSource(source: Media | undefined, aspect: string): Response | undefined {
  if (!source) return googleError(404)
  if (source.kind !== 'video' || source.status !== 'SUCCESSFUL' || source.aspect !== aspect) return googleError(400)
  return undefined
}
