/** PROTOCOL.md 2.7 */
import { Type } from '@sinclair/typebox'
import { googleError, json } from '../answers.ts'
import { IMAGE_MODELS, IMAGE_SIZES } from '../catalogue.ts'
import { checkProject, checkPrompt, checkVerification } from '../checks.ts'
import { defineEndpoint } from '../endpoint.ts'
import { INSTANT_SIZE } from '../files.ts'
import type { ImageMedia } from '../media.ts'
import { ClientContext, promptText, StructuredPrompt, strictObject, Uuid } from '../shapes.ts'
import { workflowOf } from '../workflows.ts'
import type { World } from '../world.ts'

const ImageRequest = strictObject({
  clientContext: Type.Optional(ClientContext),
  seed: Type.Integer(),
  imageModelName: Type.String(),
  imageAspectRatio: Type.Union(Object.keys(IMAGE_SIZES).map(name => Type.Literal(name))),
  structuredPrompt: StructuredPrompt,
  imageInputs: Type.Array(
    strictObject({
      name: Type.String(),
      imageInputType: Type.Union([
        Type.Literal('IMAGE_INPUT_TYPE_REFERENCE'),
        Type.Literal('IMAGE_INPUT_TYPE_BASE_IMAGE'),
      ]),
    }),
    { maxItems: 10 },
  ),
})

export const image = defineEndpoint({
  name: 'image',
  method: 'POST',
  path: '{api}/projects/{projectId}/flowMedia:batchGenerateImages',
  auth: 'access',
  body: strictObject({
    clientContext: ClientContext,
    mediaGenerationContext: strictObject({ batchId: Uuid }),
    useNewMedia: Type.Literal(true),
    requests: Type.Array(ImageRequest, { minItems: 1 }),
  }),
  async handle({ world, account, body, path }) {
    const { projectId } = body.clientContext
    if (projectId !== path['projectId']) return googleError(400)
    const refused = checkVerification(world, body.clientContext) ?? checkProject(account, projectId)
    if (refused) return refused
    for (const request of body.requests) {
      if (!IMAGE_MODELS.has(request.imageModelName)) return googleError(404)
      const rejected = checkPrompt(promptText(request.structuredPrompt))
      if (rejected) return rejected
      if (request.imageInputs.some(input => !world.media.ofAccount(account, input.name))) return googleError(400)
    }

    await world.wait(world.settings.latency.imageMs)
    const images = body.requests.map((request): ImageMedia => {
      const usual = IMAGE_SIZES[request.imageAspectRatio] ?? INSTANT_SIZE
      const [width, height] = world.settings.instant ? INSTANT_SIZE : usual
      return world.media.add({
        kind: 'image',
        id: crypto.randomUUID(),
        workflowId: crypto.randomUUID(),
        account,
        projectId,
        batchId: body.mediaGenerationContext.batchId,
        createdAt: world.settings.now(),
        prompt: promptText(request.structuredPrompt),
        seed: request.seed,
        model: request.imageModelName,
        aspect: request.imageAspectRatio,
        width,
        height,
      })
    })
    return json({ media: images.map(each => mediaItem(each, world)), workflows: images.map(workflowOf) })
  },
})

function mediaItem(image: ImageMedia, world: World) {
  return {
    name: image.id,
    workflowId: image.workflowId,
    image: {
      generatedImage: {
        seed: image.seed,
        mediaGenerationId: image.id,
        mediaVisibility: 'PRIVATE',
        prompt: image.prompt,
        modelNameType: image.model,
        workflowId: image.workflowId,
        fifeUrl: world.urls.sign('image', image.id),
        aspectRatio: image.aspect,
        requestData: {
          promptInputs: [{ textInput: image.prompt }],
          imageGenerationRequestData: { imageGenerationImageInputs: [] },
        },
        mediaId: image.id,
      },
      dimensions: { width: image.width, height: image.height },
    },
  }
}
