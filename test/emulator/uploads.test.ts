import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { encode as encodePng } from 'fast-png'
import { at, FlowClient, jsonOf, reasonOf } from './client.ts'
import { instantImage } from './files.ts'
import { type Emulator, startEmulator } from './index.ts'

let emulator: Emulator
let client: FlowClient
beforeAll(async () => {
  emulator = await startEmulator({ uploadLimitBytes: 50_000 })
  client = await FlowClient.open(emulator)
})
afterAll(() => emulator.stop())

const png = (width: number, height: number) =>
  new Uint8Array(encodePng({ width, height, data: new Uint8Array(width * height * 4).fill(200), channels: 4 }))
const webp = async () => new Bun.Image(await instantImage()).webp().bytes()
const gif = Uint8Array.fromBase64(
  'R0lGODlhIAAgAIAAAAAAAP///yH5BAEAAAAALAAAAAAgACAAAAIehI+py+0Po5y02ouz3rz7D4biSJbmiabqyrbuC8dnAQA7',
)

describe('an upload', () => {
  test('answers a media id, the dimensions and the nearest aspect, and keeps every byte', async () => {
    const bytes = png(96, 128)
    const answer = await jsonOf(await client.upload(bytes, 'image/png'))
    expect(at(answer, 'media', 'image', 'dimensions')).toEqual({ width: 96, height: 128 })
    expect(at(answer, 'media', 'image', 'userUploadedImage', 'aspectRatio')).toBe(
      'IMAGE_ASPECT_RATIO_PORTRAIT_THREE_FOUR',
    )
    expect(at(answer, 'media', 'projectId')).toBe(client.projectId)
    const id = String(at(answer, 'media', 'name'))
    expect(at(answer, 'workflow', 'metadata', 'primaryMediaId')).toBe(id)
    expect(await client.download(id)).toEqual(bytes)
    expect(emulator.media.get(id)).toMatchObject({ kind: 'image', file: { mime: 'image/png' } })
  })

  test('may be JPEG, PNG, WebP or GIF, said truly', async () => {
    for (const [bytes, mime] of [
      [await instantImage(), 'image/jpeg'],
      [png(32, 32), 'image/png'],
      [await webp(), 'image/webp'],
      [gif, 'image/gif'],
    ] as const) {
      expect((await client.upload(bytes, mime)).status).toBe(200)
      const lie = mime === 'image/png' ? 'image/jpeg' : 'image/png'
      expect(await reasonOf(await client.upload(bytes, lie))).toBe('PUBLIC_ERROR_UNKNOWN_IMAGE_FILE_FORMAT')
    }
  })

  test('that is no picture, too large or too small is refused with its reason', async () => {
    for (const [bytes, mime, reason] of [
      [new Uint8Array(), 'image/jpeg', 'UNKNOWN_IMAGE_FILE_FORMAT'],
      [
        new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>'),
        'image/svg+xml',
        'UNKNOWN_IMAGE_FILE_FORMAT',
      ],
      [(await instantImage()).slice(0, 20), 'image/jpeg', 'UNKNOWN_IMAGE_FILE_FORMAT'],
      [new Uint8Array(50_001), 'image/jpeg', 'IMAGE_TOO_LARGE'],
      [png(15, 400), 'image/png', 'IMAGE_TOO_SMALL'],
    ] as const) {
      const refused = await client.upload(bytes, mime)
      expect(refused.status).toBe(400)
      expect(await reasonOf(refused)).toBe(`PUBLIC_ERROR_${reason}`)
    }
  })

  test('needs base64, exact fields and a project of the account', async () => {
    const send = (change: Record<string, unknown>) =>
      client.api('flow/uploadImage', { ...client.uploadBody(png(32, 32), 'image/png'), ...change })
    const broken = await send({ imageBytes: 'data:image/png;base64,AAAA' })
    expect(broken.status).toBe(400)
    expect(at(await broken.json(), 'error', 'message')).toContain('Base64 decoding failed')
    for (const wrong of [{ isUserUploaded: undefined }, { foo: 1 }, { fileName: '' }, { aspectRatio: 'x' }])
      expect((await send(wrong)).status).toBe(400)
    expect(
      (await send({ clientContext: { ...Object(client.uploadBody(gif)['clientContext']), projectId: 'x' } })).status,
    ).toBe(404)
    const extras = { cropCoordinates: {}, isNotIngredient: false, parentMediaGenerationId: '', mediaIdSeed: 'x' }
    expect((await send({ ...extras, mediaGenerationContext: { batchId: crypto.randomUUID() } })).status).toBe(200)
  })

  test('in the older form has an id of the older form, which works everywhere', async () => {
    const older = (aspectRatio: string, mimeType = 'image/jpeg') => ({
      imageInput: { rawImageBytes: '', mimeType, isUserUploaded: true, aspectRatio },
      clientContext: { sessionId: ';1', tool: 'ASSET_MANAGER' },
    })
    const body = older('IMAGE_ASPECT_RATIO_SQUARE')
    body.imageInput.rawImageBytes = (await instantImage()).toBase64()
    const sent = await client.api(':uploadUserImage', body)
    const { mediaGenerationId, width, height } = await jsonOf(sent)
    expect([width, height]).toEqual([320, 180])
    const id = String(at(mediaGenerationId, 'mediaGenerationId'))
    expect(id).toStartWith('CAMa')
    const request = client.videoBodyWith({ videoModelKey: 'veo_3_1_i2v_s_fast', startImage: { mediaId: id } })
    expect((await client.submit('StartImage', request)).status).toBe(200)
  })

  test('answers in each of its shapes, as set', async () => {
    for (const uploadAnswers of ['list', 'older'] as const) {
      await using other = await startEmulator({ uploadAnswers })
      const answer = await jsonOf(await (await FlowClient.open(other)).upload(await instantImage()))
      const id =
        uploadAnswers === 'list' ? at(answer, 'media', 0, 'name') : at(answer, 'mediaGenerationId', 'mediaGenerationId')
      expect(other.media.get(String(id))?.kind).toBe('image')
    }
  })

  test('is recorded without its bytes', async () => {
    emulator.record.clear()
    await client.upload(png(300, 300), 'image/png')
    await client.api('flow/uploadImage', { ...client.uploadBody(gif), imageBytes: 'A'.repeat(60_000) })
    const [, long] = emulator.record.of('upload')
    expect(String(at(long?.body, 'imageBytes'))).toEndWith('(60000 characters)')
    expect(at(long?.body, 'mimeType')).toBe('image/jpeg')
    expect(emulator.record.paid()).toEqual([])
  })
})
