/** PROTOCOL.md 2.9 to 2.12: new clips, from a text, a first frame, both frames, or references. */
import { Type } from '@sinclair/typebox'
import { googleError } from '../answers.ts'
import { VIDEO_MODELS } from '../catalogue.ts'
import { defineEndpoint } from '../endpoint.ts'
import { ClientContext, CropCoordinates, promptText, strictObject, TextInput } from '../shapes.ts'
import { CLIP_FIELDS, submitVideo, VideoSubmission } from '../submissions.ts'

const Frame = strictObject({ mediaId: Type.String(), cropCoordinates: Type.Optional(CropCoordinates) })
const Prompted = { ...CLIP_FIELDS, textInput: TextInput }

/** Keys for references are taken here too: whether Flow does is not known, and clients send them. PROTOCOL.md 2.9. */
export const videoText = defineEndpoint({
  name: 'videoText',
  method: 'POST',
  path: '{api}/video:batchAsyncGenerateVideoText',
  auth: 'access',
  latency: 'submitMs',
  body: VideoSubmission(Prompted, ClientContext),
  handle(call) {
    const prompt = promptText(call.body.requests[0].textInput.structuredPrompt)
    return submitVideo(call, {
      endpoint: 'batchAsyncGenerateVideoText',
      mode: 'TEXT_TO_VIDEO',
      body: call.body,
      prompt,
    })
  },
})

export const videoStart = defineEndpoint({
  name: 'videoStart',
  method: 'POST',
  path: '{api}/video:batchAsyncGenerateVideoStartImage',
  auth: 'access',
  latency: 'submitMs',
  body: VideoSubmission({ ...Prompted, startImage: Frame }, ClientContext),
  handle(call) {
    const { textInput, startImage } = call.body.requests[0]
    return submitVideo(call, {
      endpoint: 'batchAsyncGenerateVideoStartImage',
      mode: 'IMAGE_TO_VIDEO',
      body: call.body,
      prompt: promptText(textInput.structuredPrompt),
      images: [startImage.mediaId],
    })
  },
})

export const videoStartEnd = defineEndpoint({
  name: 'videoStartEnd',
  method: 'POST',
  path: '{api}/video:batchAsyncGenerateVideoStartAndEndImage',
  auth: 'access',
  latency: 'submitMs',
  body: VideoSubmission({ ...Prompted, startImage: Frame, endImage: Frame }, ClientContext),
  handle(call) {
    const { textInput, startImage, endImage } = call.body.requests[0]
    return submitVideo(call, {
      endpoint: 'batchAsyncGenerateVideoStartAndEndImage',
      mode: 'IMAGE_TO_VIDEO',
      body: call.body,
      prompt: promptText(textInput.structuredPrompt),
      images: [startImage.mediaId, endImage.mediaId],
    })
  },
})

const Reference = strictObject({ imageUsageType: Type.Literal('IMAGE_USAGE_TYPE_ASSET'), mediaId: Type.String() })

export const videoReferences = defineEndpoint({
  name: 'videoReferences',
  method: 'POST',
  path: '{api}/video:batchAsyncGenerateVideoReferenceImages',
  auth: 'access',
  latency: 'submitMs',
  body: VideoSubmission({ ...Prompted, referenceImages: Type.Array(Reference, { minItems: 1 }) }, ClientContext),
  handle(call) {
    const { textInput, referenceImages, videoModelKey } = call.body.requests[0]
    const most = VIDEO_MODELS.get(videoModelKey)?.references ?? 0
    return submitVideo(call, {
      endpoint: 'batchAsyncGenerateVideoReferenceImages',
      mode: 'REFERENCE_TO_VIDEO',
      body: call.body,
      prompt: promptText(textInput.structuredPrompt),
      images: referenceImages.map(({ mediaId }) => mediaId),
      refuse: () => (referenceImages.length > most ? googleError(400) : undefined),
    })
  },
})
