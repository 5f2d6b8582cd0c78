/** PROTOCOL.md 2.15: the same clip with more pixels, under the source's id with `_upsampled`. */
import { Type } from '@sinclair/typebox'
import { googleError } from '../answers.ts'
import { VIDEO_MODELS } from '../catalogue.ts'
import { defineEndpoint } from '../endpoint.ts'
import { isFinal } from '../media.ts'
import { strictObject, UpsampleContext, Uuid } from '../shapes.ts'
import { COMMON_FIELDS, METADATA_FIELDS, submitVideo, VideoSubmission } from '../submissions.ts'

const SUFFIX = '_upsampled'

export const upsampleVideo = defineEndpoint({
  name: 'upsampleVideo',
  method: 'POST',
  path: '{api}/video:batchAsyncGenerateVideoUpsampleVideo',
  auth: 'access',
  latency: 'submitMs',
  body: VideoSubmission(
    {
      ...COMMON_FIELDS,
      videoInput: strictObject({ mediaId: Type.String() }),
      resolution: Type.Union([Type.Literal('VIDEO_RESOLUTION_1080P'), Type.Literal('VIDEO_RESOLUTION_4K')]),
      metadata: strictObject({ ...METADATA_FIELDS, sceneId: Uuid }),
    },
    UpsampleContext,
  ),
  handle(call) {
    const { videoInput, resolution, videoModelKey, metadata } = call.body.requests[0]
    const id = `${videoInput.mediaId}${SUFFIX}`
    return submitVideo(call, {
      endpoint: 'batchAsyncGenerateVideoUpsampleVideo',
      mode: 'UPSAMPLE',
      body: call.body,
      prompt: undefined,
      source: videoInput.mediaId,
      refuse: source => {
        const wrong = source?.resolution !== '720p' || VIDEO_MODELS.get(videoModelKey)?.resolution !== resolution
        if (wrong) return googleError(400)
        // Assumed: the id leaves room for one at a time.
        const earlier = call.world.media.ofAccount(call.account, id)
        if (earlier?.kind !== 'video' || isFinal(earlier.status)) return undefined
        return googleError(429, { reason: 'PUBLIC_ERROR_GENERATION_ALREADY_IN_PROGRESS' })
      },
      shape: source => ({
        id,
        sceneId: metadata.sceneId,
        seed: 0,
        resolution: resolution === 'VIDEO_RESOLUTION_4K' ? '4k' : '1080p',
        smaller: call.fault !== undefined && 'deliver' in call.fault,
        extensions: source?.extensions ?? 0,
      }),
    })
  },
})
