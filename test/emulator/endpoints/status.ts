/** PROTOCOL.md 2.16 */
import { Type } from '@sinclair/typebox'
import { googleError, json, unknownField } from '../answers.ts'
import { defineEndpoint } from '../endpoint.ts'
import type { VideoMedia } from '../media.ts'
import { strictObject } from '../shapes.ts'
import { videoLists } from '../videos.ts'

const StatusBody = strictObject({
  media: Type.Optional(
    Type.Array(strictObject({ name: Type.String(), projectId: Type.Optional(Type.String()) }), { minItems: 1 }),
  ),
  /** The older form, which a strict emulator refuses. */
  operations: Type.Optional(
    Type.Array(
      strictObject({
        operation: Type.Object({ name: Type.String() }),
        sceneId: Type.Optional(Type.String()),
        status: Type.Optional(Type.String()),
      }),
      { minItems: 1 },
    ),
  ),
})

export const status = defineEndpoint({
  name: 'status',
  method: 'POST',
  path: '{api}/video:batchCheckAsyncVideoGenerationStatus',
  auth: 'access',
  latency: 'pollMs',
  body: StatusBody,
  handle({ world, account, body }) {
    if (body.operations && world.settings.strict) return unknownField('operations')
    const older = body.operations?.map(({ operation }) => ({ name: operation.name, projectId: undefined }))
    const wanted = older ?? body.media
    if (!wanted) return googleError(400)
    const videos: VideoMedia[] = []
    for (const { name, projectId } of wanted) {
      const found = world.media.ofAccount(account, name)
      if (found?.kind !== 'video' || found.mode === 'CONCATENATION') return googleError(404)
      if (projectId !== undefined && projectId !== found.projectId) return googleError(404)
      videos.push(found)
    }
    for (const video of videos) world.media.poll(video)
    const succeeded = videos.some(video => video.status === 'SUCCESSFUL')
    return json({
      ...videoLists(world, videos, older ? 'operations' : world.settings.videoAnswers),
      ...(succeeded ? { remainingCredits: account.credits } : {}),
    })
  },
})
