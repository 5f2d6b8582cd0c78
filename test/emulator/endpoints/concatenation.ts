/** PROTOCOL.md 2.14: clips joined to one. No verification, no credits. */
import { Type } from '@sinclair/typebox'
import type { Account } from '../accounts.ts'
import { googleError, json } from '../answers.ts'
import { defineEndpoint } from '../endpoint.ts'
import type { OutcomeFault } from '../faults.ts'
import { clipOf, videoFile } from '../files.ts'
import type { VideoMedia } from '../media.ts'
import { strictObject } from '../shapes.ts'
import { outcomeOf } from '../videos.ts'
import type { World } from '../world.ts'

const NAME_PREFIX = 'projects/123/locations/us-central1/jobs/'

/** `8s`, `8.000000000s`. */
const Offset = Type.String({ pattern: '^[0-9]+(\\.[0-9]+)?s$' })

/** How long each clip is is told in one of two fields: captured is `length`, the other is taken too. */
const InputVideo = strictObject({
  mediaGenerationId: Type.String(),
  length: Type.Optional(Type.String({ pattern: '^[0-9]+$' })),
  lengthNanos: Type.Optional(Type.Union([Type.Integer(), Type.String({ pattern: '^[0-9]+$' })])),
  startTimeOffset: Offset,
  endTimeOffset: Offset,
})

/** Also the body of a status request. */
const Operation = strictObject({ operation: strictObject({ operation: strictObject({ name: Type.String() }) }) })

export const concatenate = defineEndpoint({
  name: 'concatenate',
  method: 'POST',
  path: '{api}:runVideoFxConcatenation',
  auth: 'access',
  latency: 'submitMs',
  body: strictObject({ inputVideos: Type.Array(InputVideo, { minItems: 2 }) }),
  handle({ world, account, body, fault }) {
    const clips: VideoMedia[] = []
    let seconds = 0
    for (const { mediaGenerationId, length, lengthNanos, startTimeOffset, endTimeOffset } of body.inputVideos) {
      const clip = world.media.ofAccount(account, mediaGenerationId)
      if (!clip) return googleError(404)
      const [start, end] = [Number.parseFloat(startTimeOffset), Number.parseFloat(endTimeOffset)]
      if (clip.kind !== 'video' || !joinable(clip, clips[0]) || start >= end || end > clip.seconds)
        return googleError(400)
      if ((length === undefined) === (lengthNanos === undefined)) return googleError(400)
      clips.push(clip)
      seconds += end - start
    }
    const [first] = clips
    if (!first) return googleError(400)
    const { id } = join(world, account, { clips, first, seconds, outcome: outcomeOf('', fault) })
    const name = `${NAME_PREFIX}${id}`
    return json(world.settings.concatenationAnswers === 'flat' ? { name } : { operation: { operation: { name } } })
  },
})

/** Omni clips cannot be joined, nor can clips of unlike shape. */
function joinable(clip: VideoMedia, first = clip): boolean {
  const alike = clip.aspect === first.aspect && clip.resolution === first.resolution
  return clip.status === 'SUCCESSFUL' && !clip.model.startsWith('abra_') && alike
}

interface Joint {
  readonly clips: readonly VideoMedia[]
  readonly first: VideoMedia
  readonly seconds: number
  readonly outcome: OutcomeFault | undefined
}

function join(world: World, account: Account, { clips, first, seconds, outcome }: Joint): VideoMedia {
  const { projectId, batchId, prompt, seed, model, aspect, resolution } = first
  return world.media.submit({
    mode: 'CONCATENATION',
    id: crypto.randomUUID(),
    workflowId: crypto.randomUUID(),
    account,
    projectId,
    batchId,
    createdAt: world.settings.now(),
    prompt,
    seed,
    model,
    aspect,
    seconds,
    resolution,
    inputs: clips.map(clip => clip.id),
    extensions: Math.max(...clips.map(clip => clip.extensions)),
    price: 0,
    outcome,
  })
}

export const concatenationStatus = defineEndpoint({
  name: 'concatenationStatus',
  method: 'POST',
  path: '{api}:runVideoFxCheckConcatenationStatus',
  auth: 'access',
  latency: 'pollMs',
  body: Operation,
  async handle({ world, account, body }) {
    const { name } = body.operation.operation
    const id = name.startsWith(NAME_PREFIX) ? name.slice(NAME_PREFIX.length) : ''
    const joined = world.media.ofAccount(account, id)
    if (joined?.kind !== 'video' || joined.mode !== 'CONCATENATION') return googleError(404)
    world.media.poll(joined)
    const status = `MEDIA_GENERATION_STATUS_${joined.status === 'SCHEDULED' ? 'ACTIVE' : joined.status}`
    if (joined.status !== 'SUCCESSFUL') return json({ status })
    const answer = { status, inputsCount: joined.inputs.length, outputUri: '', mediaGenerationId: '' }
    if (world.settings.concatenation === 'uri')
      return json({ ...answer, outputUri: world.urls.sign('video', id), mediaGenerationId: id })
    return json({ ...answer, encodedVideo: (await videoFile(clipOf(joined), id)).toBase64() })
  },
})
