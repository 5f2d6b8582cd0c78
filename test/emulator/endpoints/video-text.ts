/** PROTOCOL.md 2.9 */
import { Type } from '@sinclair/typebox'
import { VIDEO_ASPECTS, VIDEO_MODELS } from '../catalogue.ts'
import { checkProject, checkPrompt, checkVerification, checkVideoModel } from '../checks.ts'
import { defineEndpoint } from '../endpoint.ts'
import { promptText, StructuredPrompt, strictObject } from '../shapes.ts'
import { outcomeOf, submitAnswer, VideoSubmission } from '../videos.ts'

export const videoText = defineEndpoint({
  name: 'video',
  method: 'POST',
  path: '{api}/video:batchAsyncGenerateVideoText',
  auth: 'access',
  latency: 'submitMs',
  body: VideoSubmission({
    aspectRatio: Type.Union(VIDEO_ASPECTS.map(name => Type.Literal(name))),
    seed: Type.Integer(),
    textInput: strictObject({ structuredPrompt: StructuredPrompt }),
    videoModelKey: Type.String(),
    metadata: strictObject({
      mediaIdSeed: Type.Optional(Type.String()),
      workflowIdSeed: Type.Optional(Type.String()),
      sceneId: Type.Optional(Type.String()),
      collectionId: Type.Optional(Type.String()),
    }),
    outputSpec: Type.Optional(strictObject({ resolution: Type.String() })),
  }),
  handle({ world, account, body, fault }) {
    const { clientContext, mediaGenerationContext, requests } = body
    const [{ aspectRatio, seed, textInput, videoModelKey }] = requests
    const { projectId } = clientContext
    const prompt = promptText(textInput.structuredPrompt)
    const model = VIDEO_MODELS.get(videoModelKey)
    const refused =
      checkVerification(world, clientContext) ??
      checkProject(account, projectId) ??
      checkVideoModel(account, model, 'batchAsyncGenerateVideoText', aspectRatio) ??
      checkPrompt(prompt)
    if (refused) return refused

    const video = world.media.submit({
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
      seconds: model?.seconds ?? 8,
      price: model?.credits[account.tier] ?? 0,
      outcome: outcomeOf(prompt, fault),
    })
    return submitAnswer(world, video)
  },
})
