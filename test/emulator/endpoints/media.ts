/** PROTOCOL.md 2.18: a finished piece of media with its file in the answer. */
import { googleError, json } from '../answers.ts'
import { defineEndpoint } from '../endpoint.ts'
import { clipOf, videoFile } from '../files.ts'
import type { ImageMedia, VideoMedia } from '../media.ts'
import { imageFile } from '../pictures/file.ts'
import type { World } from '../world.ts'

export const media = defineEndpoint({
  name: 'media',
  method: 'GET',
  path: '{api}/media/{mediaId}',
  auth: 'access',
  latency: 'mediaMs',
  async handle({ world, account, path, query }) {
    const found = world.media.ofAccount(account, path['mediaId'] ?? '')
    // Assumed: what is not finished is not found.
    if (!found || (found.kind === 'video' && found.status !== 'SUCCESSFUL')) return googleError(404)
    const uriOnly = query.get('returnUriOnly') === 'true'
    const { id, projectId, workflowId, kind } = found
    return json({
      name: id,
      ...(kind === 'video' ? await videoParts(world, found, uriOnly) : await imageParts(world, found, uriOnly)),
      mediaGenerationId: {
        mediaType: kind === 'video' ? 'VIDEO' : 'IMAGE',
        projectId,
        workflowId,
        workflowStepId: 'CAE',
        mediaKey: id,
      },
    })
  },
})

async function videoParts(world: World, video: VideoMedia, uriOnly: boolean) {
  const { id, seed, prompt, model, aspect } = video
  return {
    video: {
      ...(uriOnly ? {} : { encodedVideo: (await videoFile(clipOf(video), id)).toBase64() }),
      seed,
      mediaGenerationId: id,
      prompt,
      fifeUrl: world.urls.sign('video', id),
      servingBaseUri: world.urls.sign('image', id),
      mediaVisibility: 'PRIVATE',
      model,
      isLooped: false,
      aspectRatio: aspect,
    },
  }
}

async function imageParts(world: World, image: ImageMedia, uriOnly: boolean) {
  const { id, seed, prompt, model, aspect, file } = image
  const base64 = uriOnly ? undefined : (await imageFile(world.settings, image)).bytes.toBase64()
  const address = { fifeUrl: world.urls.sign('image', id), aspectRatio: aspect }
  if (file) return { userUploadedImage: { ...(base64 ? { image: base64 } : {}), ...address } }
  return {
    image: {
      ...(base64 ? { encodedImage: base64 } : {}),
      seed,
      mediaGenerationId: id,
      prompt,
      modelNameType: model,
      mediaVisibility: 'PRIVATE',
      ...address,
    },
  }
}
