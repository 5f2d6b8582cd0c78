/** Videos, which are only taken on: making, extending, enlarging one (PROTOCOL.md 2.9 to 2.13, 2.15). */

import { domainFault, type Started } from 'flow2api/contracts'
import { err, errAsync, type Fault, ok, type Result, type ResultAsync } from 'flow2api/plugin'
import { shapeOf } from './aspects.ts'
import type { Answer } from './client.ts'
import { type VideoOperation, writeOperation } from './operation.ts'
import type { Generation, Order } from './order.ts'
import { creditsOf, paidCall, takenUnreadably } from './paid.ts'
import type { Prepared } from './prepared.ts'
import { sessionIdAt, uuidOf } from './requests.ts'
import { seedOf } from './seeds.ts'
import { finalSize } from './sizes.ts'
import type { VideoUpsampleStep } from './steps.ts'
import type { Tools } from './tools.ts'
import { readVideos } from './video-readers.ts'
import { type VideoMedia, videoParts, videoRequest, videoUpsampleRequest } from './video-requests.ts'

export function startVideo(tools: Tools, generation: Generation): ResultAsync<Started, Fault> {
  const { unit, model, seat, session, prepared, call, key } = generation
  const projectId = prepared.projectId ?? seat.projectId
  const shape = shapeOf('video', model.aspect)
  const parts = videoParts(call, mediaOf(prepared), uuidOf(`${unit.id} workflow`))
  if (parts === undefined)
    return errAsync(domainFault('internal_error', `Nobody has described the call "${call}".`, { retry: 'never' }))
  const follow = model.upsample !== undefined ? 'upsample' : model.mode === 'extend' ? 'concatenate' : undefined
  return paidCall(tools, session, {
    kind: 'video',
    path: `/${call}`,
    action: 'video',
    projectId,
    body: verification =>
      videoRequest(
        { projectId, tier: seat.tier, sessionId: sessionIdAt(tools.clock.now()), verification },
        {
          batchId: uuidOf(unit.id),
          model: key,
          aspect: shape.wire,
          prompt: unit.prompt,
          seed: seedOf(unit, tools.random),
          parts,
        },
      ),
  }).andThen(answer =>
    accepted(answer, {
      kind: 'video',
      projectId,
      model: model.id,
      width: shape.width,
      height: shape.height,
      seconds: model.seconds,
      follow,
      clips: follow === 'concatenate' ? prepared.clips : undefined,
    }),
  )
}

const mediaOf = ({ media }: Prepared): VideoMedia => {
  const only = (role: string) => media.find(item => item.role === role)?.id
  return {
    first: only('first_frame'),
    last: only('last_frame'),
    source: only('source_video'),
    references: media.filter(({ role }) => role === 'reference').map(({ id }) => id),
  }
}

export function upsampleVideo(tools: Tools, order: Order, step: VideoUpsampleStep): ResultAsync<Started, Fault> {
  const { unit, model, seat, session } = order
  const { mediaId, projectId, seconds } = step
  const { upsample } = model
  const key = upsample?.key
  if (upsample === undefined || key === undefined)
    return errAsync(domainFault('internal_error', `"${model.id}" is not enlarged.`, { retry: 'never' }))
  return paidCall(tools, session, {
    kind: 'video',
    path: `/${upsample.call}`,
    action: 'video_upsample',
    projectId,
    body: verification =>
      videoUpsampleRequest(
        { projectId, tier: seat.tier, sessionId: sessionIdAt(tools.clock.now()), verification },
        {
          batchId: uuidOf(`${unit.id} upsample`),
          model: key,
          aspect: shapeOf('video', model.aspect).wire,
          seed: seedOf(unit, tools.random),
          mediaId,
          target: upsample.target,
          sceneId: uuidOf(`${unit.id} scene`),
        },
      ),
  }).andThen(answer =>
    accepted(answer, { kind: 'video', projectId, model: model.id, ...finalSize(model), seconds, base: mediaId }),
  )
}

function accepted(answer: Answer, operation: Omit<VideoOperation, 'name'>): Result<Started, Fault> {
  const video = readVideos(answer.body)[0]
  if (video === undefined) return err(takenUnreadably())
  const { name } = video
  const projectId = video.projectId ?? operation.projectId
  return ok({
    state: 'running',
    operation: writeOperation({ ...operation, name, projectId }),
    ...creditsOf(answer),
  })
}
