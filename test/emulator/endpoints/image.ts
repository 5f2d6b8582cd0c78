/** PROTOCOL.md 2.7 */
import { type Static, Type } from '@sinclair/typebox'
import type { Account } from '../accounts.ts'
import { googleError, json } from '../answers.ts'
import { IMAGE_MODELS, IMAGE_SIZES, imageAspectOf } from '../catalogue.ts'
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
  async handle({ world, account, body, path, paid }) {
    const { projectId } = body.clientContext
    if (projectId !== path['projectId']) return googleError(400)
    const refused = checkVerification(world, body.clientContext) ?? checkProject(account, projectId)
    if (refused) return refused
    for (const request of body.requests) {
      if (!IMAGE_MODELS.has(request.imageModelName)) return googleError(404)
      const rejected = checkPrompt(promptText(request.structuredPrompt))
      if (rejected) return rejected
      if (!hasItsMedia(world, account, request)) return googleError(400)
    }

    const images = body.requests.map((request): ImageMedia => {
      // Also in `instant` mode, whose file is smaller: the answer is that of a picture as it was asked for.
      const [width, height] = IMAGE_SIZES[aspectOf(world, request)] ?? INSTANT_SIZE
      return {
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
        inputs: request.imageInputs.map(input => input.name),
      }
    })
    for (const { id: mediaId, model, batchId, prompt, inputs } of images)
      paid({ kind: 'image', model, mediaId, inputs, batchId, credits: 0, prompt })
    await world.wait(world.settings.latency.imageMs)
    for (const each of images) world.media.add(each)
    return json({ media: images.map(each => mediaItem(each, world)), workflows: images.map(workflowOf) })
  },
})

/** PROTOCOL.md 2.7: pictures of the account, and no two mentions of the same one. */
function hasItsMedia(world: World, account: Account, request: Static<typeof ImageRequest>): boolean {
  const mentions = request.structuredPrompt.parts.flatMap(part => part.reference?.media.mediaId ?? [])
  const ids = [...request.imageInputs.map(input => input.name), ...mentions]
  return (
    new Set(mentions).size === mentions.length && ids.every(id => world.media.ofAccount(account, id)?.kind === 'image')
  )
}

/** An unspecified one is that of the base image, if there is one. */
function aspectOf(world: World, request: Static<typeof ImageRequest>): string {
  const base = request.imageInputs.find(input => input.imageInputType === 'IMAGE_INPUT_TYPE_BASE_IMAGE')
  const media = base && world.media.get(base.name)
  if (request.imageAspectRatio !== 'IMAGE_ASPECT_RATIO_UNSPECIFIED' || media?.kind !== 'image')
    return request.imageAspectRatio
  return imageAspectOf(media.width, media.height)
}

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
          // The fields of an entry are assumed to be those of the request.
          imageGenerationRequestData: { imageGenerationImageInputs: image.inputs.map(name => ({ name })) },
        },
        mediaId: image.id,
      },
      dimensions: { width: image.width, height: image.height },
    },
  }
}
