/** PROTOCOL.md 2.13: another 8 s, the first of which repeats the last second of the source. */
import { Type } from '@sinclair/typebox'
import { googleError } from '../answers.ts'
import { defineEndpoint } from '../endpoint.ts'
import { ClientContext, promptText, strictObject, TextInput, Uuid } from '../shapes.ts'
import { COMMON_FIELDS, METADATA_FIELDS, submitVideo, VideoSubmission } from '../submissions.ts'

const EXTENSION_LIMIT = 20

export const videoExtend = defineEndpoint({
  name: 'videoExtend',
  method: 'POST',
  path: '{api}/video:batchAsyncGenerateVideoExtendVideo',
  auth: 'access',
  latency: 'submitMs',
  body: VideoSubmission(
    {
      ...COMMON_FIELDS,
      textInput: TextInput,
      videoInput: strictObject({ mediaId: Type.String() }),
      metadata: strictObject({ ...METADATA_FIELDS, workflowId: Uuid }),
    },
    ClientContext,
  ),
  handle(call) {
    const { textInput, videoInput, metadata } = call.body.requests[0]
    return submitVideo(call, {
      endpoint: 'batchAsyncGenerateVideoExtendVideo',
      mode: 'VIDEO_EXTENSION',
      body: call.body,
      prompt: promptText(textInput.structuredPrompt),
      source: videoInput.mediaId,
      refuse: source =>
        source && source.extensions >= EXTENSION_LIMIT
          ? googleError(400, { reason: 'PUBLIC_ERROR_VIDEO_DURATION_TOO_LONG' })
          : undefined,
      shape: source => ({ workflowId: metadata.workflowId, extensions: (source?.extensions ?? 0) + 1 }),
    })
  },
})
