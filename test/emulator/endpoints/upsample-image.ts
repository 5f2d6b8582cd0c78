/** PROTOCOL.md 2.8: a generated picture with more pixels, within the answer. */
import { Type } from '@sinclair/typebox'
import { googleError, json } from '../answers.ts'
import { UPSAMPLE_FACTORS, UPSAMPLE_TIERS } from '../catalogue.ts'
import { checkProject, checkVerification } from '../checks.ts'
import { defineEndpoint } from '../endpoint.ts'
import { imageFile } from '../pictures/file.ts'
import { ClientContext, strictObject } from '../shapes.ts'

/** Low, since 4K is a lot of data. */
const JPEG_QUALITY = 60

export const upsampleImage = defineEndpoint({
  name: 'upsampleImage',
  method: 'POST',
  path: '{api}/flow/upsampleImage',
  auth: 'access',
  body: strictObject({
    mediaId: Type.String(),
    targetResolution: Type.Union([
      Type.Literal('UPSAMPLE_IMAGE_RESOLUTION_2K'),
      Type.Literal('UPSAMPLE_IMAGE_RESOLUTION_4K'),
    ]),
    clientContext: ClientContext,
  }),
  async handle({ world, account, body, paid, fault }) {
    const { mediaId, targetResolution, clientContext } = body
    const refused = checkVerification(world, clientContext) ?? checkProject(account, clientContext.projectId)
    if (refused) return refused
    const media = world.media.ofAccount(account, mediaId)
    if (!media) return googleError(404)
    if (media.kind !== 'image' || media.file) return googleError(400)
    if (!UPSAMPLE_TIERS[targetResolution].includes(account.tier))
      return googleError(403, { reason: 'PUBLIC_ERROR_MODEL_ACCESS_DENIED' })

    paid({
      kind: 'upsample_image',
      model: targetResolution,
      mediaId,
      inputs: [mediaId],
      batchId: null,
      credits: 0,
      prompt: '',
    })
    await world.wait(world.settings.latency.upsampleImageMs)
    if (fault && 'outcome' in fault && fault.outcome === 'failed')
      return googleError(500, fault.reason === undefined ? {} : { reason: fault.reason })
    const delivered = fault && 'deliver' in fault ? fault.deliver : 'whole'
    if (delivered === 'empty') return json({ encodedImage: '' })
    const factor = delivered === 'smaller' ? 1 : UPSAMPLE_FACTORS[targetResolution]
    const { bytes } = await imageFile(world.settings, media)
    const larger = await new Bun.Image(bytes)
      .resize(media.width * factor, media.height * factor, { filter: 'bilinear' })
      .jpeg({ quality: JPEG_QUALITY })
      .buffer()
    return json({ encodedImage: larger.toString('base64') })
  },
})
