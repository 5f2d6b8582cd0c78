/** Calls that start from pictures: pictures with inputs, larger pictures, videos. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { decode as decodeJpeg } from 'jpeg-js'
import { at, FlowClient, jsonOf, reasonOf } from './client.ts'
import { type Emulator, startEmulator } from './index.ts'

let emulator: Emulator
let pro: FlowClient
let ultra: FlowClient
let stranger: FlowClient
beforeAll(async () => {
  emulator = await startEmulator({ videoPolls: 1 })
  pro = await FlowClient.open(emulator)
  ultra = await FlowClient.open(emulator, 'emulator-session-ultra')
  stranger = await FlowClient.open(emulator, 'emulator-session-free')
})
afterAll(() => emulator.stop())
beforeEach(() => emulator.record.clear())

const statusOf = async (response: Promise<Response>) => (await response).status
const idOf = async (response: Response | Promise<Response>) =>
  String(at(await (await response).json(), 'media', 0, 'name'))

describe('pictures from pictures', () => {
  const withInputs = (prompt: string, ids: readonly string[], imageInputType = 'IMAGE_INPUT_TYPE_REFERENCE') => {
    const body = pro.imageBody(prompt)
    Object.assign(body.requests[0] ?? {}, { imageInputs: ids.map(name => ({ name, imageInputType })) })
    return body
  }

  test('take several in order, uploaded and generated', async () => {
    const ids = [await pro.uploadId(), await pro.imageId(), await pro.uploadId()]
    emulator.record.clear()
    const id = await idOf(pro.image(withInputs('a boat', ids)))
    expect(emulator.media.get(id)?.inputs).toEqual(ids)
    expect(emulator.record.paid({ kind: 'image' })).toMatchObject([{ inputs: ids, mediaId: id, model: 'NARWHAL' }])
  })

  test('of others, gone, too many, or no pictures are refused', async () => {
    const id = await pro.uploadId()
    const video = await pro.finishedVideo()
    for (const ids of [[await stranger.uploadId()], [crypto.randomUUID()], [video], Array(11).fill(id)])
      expect(await statusOf(pro.image(withInputs('a boat', ids)))).toBe(400)
    expect(await statusOf(pro.image(withInputs('a boat', Array(10).fill(id))))).toBe(200)
    emulator.media.forget(id)
    expect(await statusOf(pro.image(withInputs('a boat', [id])))).toBe(400)
  })

  test('a base image gives its aspect to one that is unspecified', async () => {
    const portrait = await idOf(pro.image(pro.imageBody('a mast', 'IMAGE_ASPECT_RATIO_PORTRAIT')))
    const body = withInputs('a boat', [portrait], 'IMAGE_INPUT_TYPE_BASE_IMAGE')
    Object.assign(body.requests[0] ?? {}, { imageAspectRatio: 'IMAGE_ASPECT_RATIO_UNSPECIFIED' })
    expect(emulator.media.get(await idOf(pro.image(body)))).toMatchObject({ width: 768, height: 1376 })
  })

  test('a mention binds a picture once', async () => {
    const mediaId = await pro.uploadId()
    const mention = { reference: { media: { handle: 'cat', mediaId } } }
    const send = (parts: readonly unknown[]) => {
      const body = pro.imageBody('x')
      Object.assign(body.requests[0] ?? {}, { structuredPrompt: { parts: [{ text: 'this cat' }, ...parts] } })
      return statusOf(pro.image(body))
    }
    expect(await send([mention])).toBe(200)
    expect(await send([mention, mention])).toBe(400)
  })
})

describe('larger pictures', () => {
  test('are two and four times as wide and high, in every aspect', async () => {
    for (const [aspect, width, height] of [
      ['LANDSCAPE', 1376, 768],
      ['SQUARE', 1024, 1024],
      ['PORTRAIT_THREE_FOUR', 896, 1200],
    ] as const) {
      const id = await idOf(ultra.image(ultra.imageBody('a boat', `IMAGE_ASPECT_RATIO_${aspect}`)))
      for (const [size, factor] of [
        ['2K', 2],
        ['4K', 4],
      ] as const) {
        const { encodedImage } = await jsonOf(await ultra.upsampleImage(id, size))
        const facts = await new Bun.Image(Uint8Array.fromBase64(String(encodedImage))).metadata()
        expect(facts).toMatchObject({ format: 'jpeg', width: width * factor, height: height * factor })
      }
    }
  })

  test('can be decoded by another decoder and show the picture', async () => {
    const id = await ultra.imageId()
    const small = decodeJpeg(await ultra.download(id), { useTArray: true, formatAsRGBA: true })
    const { encodedImage } = await jsonOf(await ultra.upsampleImage(id, '2K'))
    const large = decodeJpeg(Uint8Array.fromBase64(String(encodedImage)), { useTArray: true, formatAsRGBA: true })
    for (const [x, y] of [
      [10, 10],
      [1000, 700],
    ] as const)
      for (const channel of [0, 1, 2])
        expect(
          Math.abs(
            (large.data[(y * 2 * large.width + x * 2) * 4 + channel] ?? 0) -
              (small.data[(y * small.width + x) * 4 + channel] ?? 0),
          ),
        ).toBeLessThan(24)
  })

  test('need their tier, a generated picture of the account, and exact fields', async () => {
    const id = await pro.imageId()
    const denied = await pro.upsampleImage(id, '4K')
    expect(denied.status).toBe(403)
    expect(await reasonOf(denied)).toBe('PUBLIC_ERROR_MODEL_ACCESS_DENIED')
    expect(await statusOf(stranger.upsampleImage(await stranger.imageId(), '2K'))).toBe(403)
    expect(await statusOf(pro.upsampleImage(crypto.randomUUID()))).toBe(404)
    expect(await statusOf(ultra.upsampleImage(id))).toBe(404)
    expect(await statusOf(pro.upsampleImage(await pro.uploadId()))).toBe(400)
    expect(await statusOf(pro.upsampleImage(id, '2K', { seed: 1 }))).toBe(400)
    expect(await statusOf(pro.upsampleImage(id, '2K', { targetResolution: 'UPSAMPLE_IMAGE_RESOLUTION_8K' }))).toBe(400)
    expect(emulator.record.paid({ kind: 'upsample_image' })).toEqual([])
    expect(await statusOf(pro.upsampleImage(id))).toBe(200)
    expect(emulator.record.paid({ kind: 'upsample_image' })).toMatchObject([{ mediaId: id, credits: 0 }])
  })
})

describe('videos from pictures', () => {
  const frame = (mediaId: string) => ({ mediaId })
  const reference = (mediaId: string) => ({ imageUsageType: 'IMAGE_USAGE_TYPE_ASSET', mediaId })
  const send = (ending: string, videoModelKey: string, fields: Record<string, unknown>, client = pro) =>
    client.submit(ending, client.videoBodyWith({ videoModelKey, ...fields }))

  test('a first frame, both frames, and references each have their path, keys and mode', async () => {
    const [first, last] = [await pro.uploadId(), await pro.imageId()]
    emulator.record.clear()
    for (const [ending, key, fields, mode, inputs] of [
      ['StartImage', 'veo_3_1_i2v_s_fast', { startImage: frame(first) }, 'IMAGE_TO_VIDEO', [first]],
      [
        'StartAndEndImage',
        'veo_3_1_i2v_s_fast_fl',
        { startImage: frame(last), endImage: frame(first) },
        'IMAGE_TO_VIDEO',
        [last, first],
      ],
      [
        'ReferenceImages',
        'veo_3_1_r2v_fast_landscape',
        { referenceImages: [last, first, last].map(reference) },
        'REFERENCE_TO_VIDEO',
        [last, first, last],
      ],
    ] as const) {
      const answer = await jsonOf(await send(ending, key, fields))
      const item = at(answer, 'media', 0)
      expect(at(item, 'mediaMetadata', 'mediaStatus', 'mediaGenerationStatus')).toBe(
        'MEDIA_GENERATION_STATUS_SCHEDULED',
      )
      const control = at(item, 'mediaMetadata', 'requestData', 'videoGenerationRequestData', 'videoModelControlInput')
      expect(control).toMatchObject({ videoModelName: key, videoGenerationMode: `VIDEO_GENERATION_MODE_${mode}` })
      expect(emulator.record.paid({ model: key })).toMatchObject([{ kind: 'video', inputs, credits: 20 }])
    }
    expect(emulator.record.of('video')).toHaveLength(3)
    expect(emulator.record.of('videoStartEnd')).toHaveLength(1)
  })

  test('extras of the web page are accepted where it sends them', async () => {
    const id = await pro.uploadId()
    const startImage = { mediaId: id, cropCoordinates: { top: 0, left: 0.1, bottom: 1, right: 0.9 } }
    const extras = {
      startImage,
      outputSpec: { resolution: 'VIDEO_RESOLUTION_720P' },
      referenceAudio: [{ mediaId: 'x' }],
      metadata: { mediaIdSeed: 'a', workflowIdSeed: 'b', sceneId: 'c', collectionId: 'd' },
    }
    expect(await statusOf(send('StartImage', 'veo_3_1_i2v_s_fast', extras))).toBe(200)
    const beyond = { startImage: { mediaId: id, cropCoordinates: { top: 2 } } }
    expect(await statusOf(send('StartImage', 'veo_3_1_i2v_s_fast', beyond))).toBe(400)
  })

  test('every field in the wrong place is refused by name', async () => {
    const id = await pro.uploadId()
    const startImage = frame(id)
    for (const [ending, key, fields, named] of [
      ['Text', 'veo_3_1_t2v_fast', { startImage }, 'startImage'],
      ['StartImage', 'veo_3_1_i2v_s_fast', {}, 'startImage'],
      ['StartImage', 'veo_3_1_i2v_s_fast', { startImage, endImage: startImage }, 'endImage'],
      ['StartAndEndImage', 'veo_3_1_i2v_s_fast_fl', { startImage }, 'endImage'],
      ['ReferenceImages', 'veo_3_1_r2v_fast_landscape', {}, 'referenceImages'],
      ['ReferenceImages', 'veo_3_1_r2v_fast_landscape', { referenceImages: [] }, 'referenceImages'],
      ['StartImage', 'veo_3_1_i2v_s_fast', { startImage, metadata: { workflowId: crypto.randomUUID() } }, 'workflowId'],
      ['StartImage', 'veo_3_1_i2v_s_fast', { startImage, resolution: 'VIDEO_RESOLUTION_1080P' }, 'resolution'],
      ['StartImage', 'veo_3_1_i2v_s_fast', { startImage, textInput: { prompt: 'x' } }, 'prompt'],
    ] as const) {
      const refused = await send(ending, key, fields)
      expect(refused.status).toBe(400)
      expect(String(at(await refused.json(), 'error', 'message'))).toContain(named)
    }
  })

  test('a key serves on its own paths alone; one for references also on that of text', async () => {
    const startImage = frame(await pro.uploadId())
    expect(await statusOf(send('StartImage', 'veo_3_1_i2v_s_fast_fl', { startImage }))).toBe(400)
    expect(await statusOf(send('StartImage', 'veo_3_1_t2v_fast', { startImage }))).toBe(400)
    expect(await statusOf(send('Text', 'veo_3_1_r2v_fast_landscape', {}))).toBe(200)
  })

  test('Veo takes three references, Omni seven', async () => {
    const ids = (count: number) => ({ referenceImages: Array.from({ length: count }, () => reference(id)) })
    const id = await pro.uploadId()
    expect(await statusOf(send('ReferenceImages', 'veo_3_1_r2v_fast_landscape', ids(4)))).toBe(400)
    expect(await statusOf(send('ReferenceImages', 'abra_r2v_8s', ids(7)))).toBe(200)
    expect(await statusOf(send('ReferenceImages', 'abra_r2v_8s', ids(8)))).toBe(400)
  })

  test('pictures of others are not found, videos are no pictures', async () => {
    const startWith = async (mediaId: string) =>
      statusOf(send('StartImage', 'veo_3_1_i2v_s_fast', { startImage: frame(mediaId) }))
    expect(await startWith(await stranger.uploadId())).toBe(404)
    expect(await startWith(crypto.randomUUID())).toBe(404)
    expect(await startWith(await pro.finishedVideo())).toBe(400)
  })
})
