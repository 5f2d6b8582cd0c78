/** PROTOCOL.md 2.5, 2.6: pictures of the user, in the current form and in the older one. */
import { Type } from '@sinclair/typebox'
import type { Account } from '../accounts.ts'
import { googleError, json } from '../answers.ts'
import { IMAGE_SIZES, imageAspectOf } from '../catalogue.ts'
import { checkProject } from '../checks.ts'
import { defineEndpoint } from '../endpoint.ts'
import type { ImageMedia } from '../media.ts'
import { readPicture } from '../pictures/read.ts'
import { ClientContext, CropCoordinates, strictObject, UploadContext, Uuid } from '../shapes.ts'
import { workflowOf } from '../workflows.ts'
import type { World } from '../world.ts'

interface Upload {
  /** Name of the field with the bytes, as Google spells it in messages. */
  readonly field: string
  readonly base64: string
  readonly mimeType: string
  readonly projectId: string
  readonly id: string
  readonly batchId?: string
  /** Undefined: by the shape of the picture. */
  readonly aspect?: string
}

export const upload = defineEndpoint({
  name: 'upload',
  method: 'POST',
  path: '{api}/flow/uploadImage',
  auth: 'access',
  latency: 'uploadMs',
  body: strictObject({
    clientContext: ClientContext,
    fileName: Type.String({ minLength: 1 }),
    imageBytes: Type.String(),
    isHidden: Type.Boolean(),
    isUserUploaded: Type.Literal(true),
    mimeType: Type.String(),
    cropCoordinates: Type.Optional(CropCoordinates),
    isNotIngredient: Type.Optional(Type.Boolean()),
    parentMediaGenerationId: Type.Optional(Type.String()),
    mediaGenerationContext: Type.Optional(strictObject({ batchId: Uuid })),
    mediaIdSeed: Type.Optional(Type.String()),
    workflowIdSeed: Type.Optional(Type.String()),
  }),
  async handle({ world, account, body }) {
    const { projectId } = body.clientContext
    const refused = checkProject(account, projectId)
    if (refused) return refused
    const kept = await keep(world, account, {
      field: 'image_bytes',
      base64: body.imageBytes,
      mimeType: body.mimeType,
      projectId,
      id: crypto.randomUUID(),
      ...(body.mediaGenerationContext ? { batchId: body.mediaGenerationContext.batchId } : {}),
    })
    if (kept instanceof Response) return kept
    if (world.settings.uploadAnswers === 'older') return olderAnswer(kept)
    const item = mediaItem(kept)
    return json({ media: world.settings.uploadAnswers === 'list' ? [item] : item, workflow: workflowOf(kept) })
  },
})

export const uploadOlder = defineEndpoint({
  name: 'uploadOlder',
  method: 'POST',
  path: '{api}:uploadUserImage',
  auth: 'access',
  latency: 'uploadMs',
  body: strictObject({
    imageInput: strictObject({
      rawImageBytes: Type.String(),
      mimeType: Type.String(),
      isUserUploaded: Type.Literal(true),
      aspectRatio: Type.Union(Object.keys(IMAGE_SIZES).map(name => Type.Literal(name))),
    }),
    clientContext: UploadContext,
  }),
  async handle({ world, account, body }) {
    const { rawImageBytes, mimeType, aspectRatio } = body.imageInput
    const kept = await keep(world, account, {
      field: 'image_input.raw_image_bytes',
      base64: rawImageBytes,
      mimeType,
      projectId: '',
      // PROTOCOL.md 1.3: ids of this form begin so.
      id: `CAMa${crypto.getRandomValues(new Uint8Array(24)).toBase64({ alphabet: 'base64url' })}`,
      aspect: aspectRatio,
    })
    return kept instanceof Response ? kept : olderAnswer(kept)
  },
})

async function keep(world: World, account: Account, upload: Upload): Promise<ImageMedia | Response> {
  const { uploadLimitBytes, uploadMinPixels, now } = world.settings
  const { field, base64, mimeType, id, projectId, batchId = '' } = upload
  if (!/^[\w+/-]*={0,2}$/.test(base64)) {
    const message = `Invalid value at '${field}' (TYPE_BYTES), Base64 decoding failed for "${base64.slice(0, 40)}"`
    return googleError(400, { message, violation: { field, description: message } })
  }
  const bytes = new Uint8Array(Buffer.from(base64, 'base64'))
  if (bytes.length > uploadLimitBytes) return googleError(400, { reason: 'PUBLIC_ERROR_IMAGE_TOO_LARGE' })
  const picture = await readPicture(bytes)
  if (picture === undefined || `image/${picture.format}` !== mimeType)
    return googleError(400, { reason: 'PUBLIC_ERROR_UNKNOWN_IMAGE_FILE_FORMAT' })
  const { width, height } = picture
  if (Math.min(width, height) < uploadMinPixels) return googleError(400, { reason: 'PUBLIC_ERROR_IMAGE_TOO_SMALL' })
  return world.media.add({
    kind: 'image',
    id,
    workflowId: crypto.randomUUID(),
    account,
    projectId,
    batchId,
    createdAt: now(),
    prompt: '',
    seed: 0,
    model: '',
    aspect: upload.aspect ?? imageAspectOf(width, height),
    width,
    height,
    inputs: [],
    file: { mime: mimeType, bytes },
  })
}

function mediaItem(image: ImageMedia) {
  return {
    name: image.id,
    projectId: image.projectId,
    workflowId: image.workflowId,
    workflowStepId: 'CAE',
    image: {
      userUploadedImage: { aspectRatio: image.aspect },
      dimensions: { width: image.width, height: image.height },
    },
    mediaMetadata: {
      createTime: new Date(image.createdAt).toISOString(),
      visibility: 'PRIVATE',
      mediaBlobSize: String(image.file?.bytes.length ?? 0),
    },
  }
}

function olderAnswer({ id, width, height }: ImageMedia): Response {
  return json({ mediaGenerationId: { mediaGenerationId: id }, width, height })
}
