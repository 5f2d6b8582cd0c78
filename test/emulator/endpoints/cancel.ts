/** PROTOCOL.md 2.19: cancelling a running video; images cannot be cancelled. */
import { Type } from '@sinclair/typebox'
import { googleError, json } from '../answers.ts'
import { defineEndpoint } from '../endpoint.ts'
import { strictObject } from '../shapes.ts'

export const cancel = defineEndpoint({
  name: 'cancel',
  method: 'POST',
  path: '{api}/flowMedia:cancelGeneration',
  auth: 'access',
  body: strictObject({ mediaId: Type.String() }),
  handle({ world, account, body }) {
    const media = world.media.ofAccount(account, body.mediaId)
    if (media?.kind !== 'video' || media.mode === 'CONCATENATION') return googleError(404)
    if (!world.media.cancel(media))
      return googleError(400, { reason: 'PUBLIC_ERROR_MEDIA_GENERATION_CANNOT_BE_CANCELED' })
    return json({})
  },
})
