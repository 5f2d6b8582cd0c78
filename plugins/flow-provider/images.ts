/** Pictures, which come at once: making one, and enlarging it (PROTOCOL.md 2.7, 2.8). */

import { domainFault, type MediaSource, type Started } from 'flow2api/contracts'
import { err, errAsync, type Fault, ok, type Result, type ResultAsync } from 'flow2api/plugin'
import { shapeOf } from './aspects.ts'
import { fromBase64, pictureType } from './bytes.ts'
import type { CatalogueModel } from './catalogue.ts'
import type { Answer } from './client.ts'
import { unreadableAnswer } from './errors.ts'
import { imageRequest, imageUpsampleRequest } from './image-requests.ts'
import { type ImageAnswer, readEncodedImage, readImages } from './media-readers.ts'
import type { Generation, Order } from './order.ts'
import { writeOrigin } from './origin.ts'
import { creditsOf, paidCall } from './paid.ts'
import { sessionIdAt, uuidOf } from './requests.ts'
import { seedOf } from './seeds.ts'
import { type ImageUpsampleStep, writeStep } from './steps.ts'
import type { Tools } from './tools.ts'

export function startImage(tools: Tools, generation: Generation): ResultAsync<Started, Fault> {
  const { unit, model, seat, session, prepared, call, key } = generation
  const { projectId } = seat
  const sessionId = sessionIdAt(tools.clock.now())
  return paidCall(tools, session, {
    kind: 'image',
    path: `/projects/${encodeURIComponent(projectId)}/${call}`,
    action: 'image',
    projectId,
    body: verification =>
      imageRequest(
        { projectId, sessionId, verification },
        {
          batchId: uuidOf(unit.id),
          model: key,
          aspect: shapeOf('image', model.aspect).wire,
          prompt: unit.prompt,
          seed: seedOf(unit, tools.random),
          references: prepared.media.map(({ id }) => id),
        },
      ),
  }).andThen(answer => made(tools, generation, sessionId, answer))
}

function made(
  { judge }: Tools,
  { model, seat: { projectId } }: Generation,
  sessionId: string,
  answer: Answer,
): Result<Started, Fault> {
  const images = readImages(answer.body)
  const found = images.flatMap(image => {
    const media = sourceOf(image, model, projectId)
    return media === undefined ? [] : [{ media, name: image.name }]
  })
  const [first] = found
  if (first === undefined) {
    const filtered = images.some(image => image.filtered)
    return err(filtered ? judge.failure({ token: undefined, reasons: [], filtered }) : unreadableAnswer('picture'))
  }
  const media = found.map(one => one.media)
  if (model.upsample === undefined) return ok({ state: 'done', media, ...creditsOf(answer) })
  const step = writeStep({ kind: 'image_upsample', model: model.id, projectId, sessionId, mediaId: first.name })
  return ok({ state: 'next', step, media, ...creditsOf(answer) })
}

function sourceOf(image: ImageAnswer, { id, aspect }: CatalogueModel, projectId: string): MediaSource | undefined {
  const { name, url, encoded } = image
  const usual = shapeOf('image', aspect)
  const common = {
    width: image.width ?? usual.width,
    height: image.height ?? usual.height,
    ...(name !== undefined && {
      origin: writeOrigin({ mediaId: name, projectId, kind: 'image', model: id, aspect }),
    }),
  }
  if (url !== undefined) return { url, ...common }
  const bytes = encoded === undefined ? undefined : fromBase64(encoded)
  return bytes === undefined || pictureType(bytes) === undefined ? undefined : { bytes, ...common }
}

/** Answers with the picture itself, which has no media name of its own: its origin is what it was enlarged from. */
export function upsampleImage(tools: Tools, { model, seat, session }: Order, step: ImageUpsampleStep) {
  const { mediaId, projectId, sessionId } = step
  const { upsample } = model
  if (mediaId === undefined)
    return errAsync<Started, Fault>(unreadableAnswer('name of the picture that is to be enlarged'))
  if (upsample === undefined)
    return errAsync<Started, Fault>(domainFault('internal_error', `"${model.id}" is not enlarged.`, { retry: 'never' }))
  return paidCall(tools, session, {
    kind: 'image_upsample',
    path: `/${upsample.call}`,
    action: 'image_upsample',
    projectId,
    body: verification =>
      imageUpsampleRequest(
        { projectId, sessionId, tier: seat.tier, verification },
        { mediaId, target: upsample.target },
      ),
  }).andThen((answer): Result<Started, Fault> => {
    const bytes = fromBase64(readEncodedImage(answer.body) ?? '')
    const type = pictureType(bytes)
    // Flow says with an empty text that it could not.
    if (type === undefined) return err(unreadableAnswer('enlarged picture'))
    const origin = writeOrigin({ mediaId, projectId, kind: 'image', model: model.id, aspect: model.aspect })
    return ok({ state: 'done', media: [{ bytes, mime: type.mime, origin }], ...creditsOf(answer) })
  })
}
