/** Calls that start from finished videos: extension, upsampling, joining. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { at, FlowClient, jsonOf, PORTRAIT, reasonOf } from './client.ts'
import { type Emulator, startEmulator } from './index.ts'
import { videoFacts } from './mp4.ts'

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

describe('extension', () => {
  test('makes a new clip of 8 s from a finished one, and takes credits', async () => {
    const source = await pro.finishedVideo()
    const before = await pro.credits()
    const id = await idOf(pro.extend(source))
    expect(id).not.toBe(source)
    expect(await pro.credits()).toBe(before - 20)
    expect(emulator.record.paid({ kind: 'extend' })).toMatchObject([
      { inputs: [source], mediaId: id, model: 'veo_3_1_extend_landscape', endpoint: 'videoExtend' },
    ])
    expect(await pro.statusOf(id)).toBe('SUCCESSFUL')
    expect(videoFacts(await pro.download(id)).filmSeconds).toBe(8)
  })

  test('needs a source of the account that is finished and of the same aspect, and a workflow', async () => {
    const source = await pro.finishedVideo()
    const portrait = { aspectRatio: PORTRAIT, videoModelKey: 'veo_3_1_extend_portrait' }
    for (const [status, response] of [
      [400, pro.extend(source, portrait)],
      [400, pro.extend(source, { aspectRatio: PORTRAIT })],
      [400, pro.extend(await pro.videoId('a boat'))],
      [400, pro.extend(await pro.imageId())],
      [400, pro.extend(source, { metadata: {} })],
      [400, pro.extend(source, { outputSpec: { resolution: 'VIDEO_RESOLUTION_720P' } })],
      [404, pro.extend(crypto.randomUUID())],
      [404, stranger.extend(source)],
    ] as const)
      expect(await statusOf(response)).toBe(status)
  })

  test('ends after twenty', async () => {
    emulator.accounts.get(pro.st).credits += 1000
    let source = await pro.finishedVideo()
    for (let count = 0; count < 20; count++) {
      source = await idOf(pro.extend(source))
      await pro.poll(source)
    }
    const refused = await pro.extend(source)
    expect(refused.status).toBe(400)
    expect(await reasonOf(refused)).toBe('PUBLIC_ERROR_VIDEO_DURATION_TOO_LONG')
  })
})

describe('larger videos', () => {
  test('have the id of their source with an ending, come in both lists, and are larger', async () => {
    const source = await ultra.finishedVideo(ultra.videoBody('a boat', 'veo_3_1_t2v_fast_4s'))
    for (const [size, width, height, price] of [
      ['1080p', 1920, 1080, 0],
      ['4k', 3840, 2160, 50],
    ] as const) {
      const before = await ultra.credits()
      const submitted = await jsonOf(await ultra.upsampleVideo(source, size))
      const id = `${source}_upsampled`
      expect(at(submitted, 'media', 0, 'name')).toBe(id)
      expect(at(submitted, 'operations', 0, 'operation', 'name')).toBe(id)
      expect(at(submitted, 'operations', 0, 'status')).toBe('MEDIA_GENERATION_STATUS_PENDING')
      expect(at(submitted, 'media', 0, 'video', 'dimensions', 'length')).toBe('0s')
      expect(at(submitted, 'media', 0, 'video', 'generatedVideo')).toMatchObject({
        seed: 0,
        upsampleMetadata: { videoUpsampleResolution: `VIDEO_UPSAMPLE_RESOLUTION_${size.toUpperCase()}` },
      })
      expect(submitted['remainingCredits']).toBe(before - price)
      expect(await ultra.statusOf(id)).toBe('SUCCESSFUL')
      const file = await ultra.download(id)
      expect(file.length).toBeLessThan(200_000)
      expect(videoFacts(file)).toMatchObject({ width, height, filmSeconds: 4 })
    }
  })

  test('portrait, too', async () => {
    const source = await ultra.finishedVideo(ultra.videoBody('a boat', 'veo_3_1_t2v_fast_portrait_ultra', PORTRAIT))
    await ultra.upsampleVideo(source, '4k', { aspectRatio: PORTRAIT })
    await ultra.poll(`${source}_upsampled`)
    expect(videoFacts(await ultra.download(`${source}_upsampled`))).toMatchObject({ width: 2160, height: 3840 })
  })

  test('need their tier, exact fields, and a source that is not larger already', async () => {
    const source = await pro.finishedVideo()
    for (const [status, response] of [
      [403, pro.upsampleVideo(source, '4k')],
      [400, pro.upsampleVideo(source, '1080p', { textInput: { structuredPrompt: { parts: [{ text: 'x' }] } } })],
      [400, pro.upsampleVideo(source, '1080p', { resolution: 'VIDEO_RESOLUTION_4K' })],
      [400, pro.upsampleVideo(source, '1080p', { aspectRatio: PORTRAIT })],
      [400, pro.upsampleVideo(source, '1080p', { metadata: {} })],
      [404, pro.upsampleVideo(crypto.randomUUID())],
      [200, pro.upsampleVideo(source)],
    ] as const)
      expect(await statusOf(response)).toBe(status)
    const twice = await pro.upsampleVideo(source)
    expect(twice.status).toBe(429)
    expect(await reasonOf(twice)).toBe('PUBLIC_ERROR_GENERATION_ALREADY_IN_PROGRESS')
    await pro.poll(`${source}_upsampled`)
    expect(await statusOf(pro.upsampleVideo(`${source}_upsampled`))).toBe(400)
    const free = await stranger.finishedVideo(stranger.videoBody('a boat', 'veo_3_1_t2v_lite'))
    expect(await statusOf(stranger.upsampleVideo(free))).toBe(403)
    expect(emulator.record.paid({ kind: 'upsample_video' })).toHaveLength(1)
  })

  test('are accepted without project, tool and tier', async () => {
    const source = await pro.finishedVideo()
    const body = pro.videoBodyWith({
      videoModelKey: 'veo_3_1_upsampler_1080p',
      resolution: 'VIDEO_RESOLUTION_1080P',
      videoInput: { mediaId: source },
      metadata: { sceneId: crypto.randomUUID() },
      textInput: undefined,
    })
    const { sessionId } = body.clientContext
    expect(await statusOf(pro.submit('UpsampleVideo', { ...body, clientContext: { sessionId } }))).toBe(200)
  })
})

describe('joining', () => {
  const part = (mediaGenerationId: string, start = 0, fields: Record<string, unknown> = {}) => ({
    mediaGenerationId,
    length: '8000000000',
    startTimeOffset: `${start}.000000000s`,
    endTimeOffset: '8.000000000s',
    ...fields,
  })
  const concatenate = (inputVideos: readonly unknown[], client = pro) =>
    client.api(':runVideoFxConcatenation', { inputVideos })
  const check = (name: unknown, client = pro) =>
    client.api(':runVideoFxCheckConcatenationStatus', { operation: { operation: { name } } })
  const nameOf = async (response: Response) => at(await response.json(), 'operation', 'operation', 'name')

  test('gives one clip as long as its parts, within the answer', async () => {
    const source = await pro.finishedVideo()
    const extension = await idOf(pro.extend(source))
    await pro.poll(extension)
    const before = await pro.credits()
    emulator.record.clear()
    const name = await nameOf(await concatenate([part(source), part(extension, 1)]))
    expect(name).toStartWith('projects/123/locations/us-central1/jobs/')
    const done = await jsonOf(await check(name))
    expect(done).toMatchObject({
      status: 'MEDIA_GENERATION_STATUS_SUCCESSFUL',
      inputsCount: 2,
      outputUri: '',
      mediaGenerationId: '',
    })
    const facts = videoFacts(Uint8Array.fromBase64(String(done['encodedVideo'])))
    expect(facts.filmSeconds).toBeCloseTo(15, 3)
    expect(facts).toMatchObject({ width: 1280, height: 720 })
    expect(await pro.credits()).toBe(before)
    expect(emulator.record.paid()).toEqual([])
  })

  test('takes the older fields, and refuses what does not fit', async () => {
    const [one, two] = [await pro.finishedVideo(), await pro.finishedVideo()]
    const older = { length: undefined, lengthNanos: 8000, startTimeOffset: '0s', endTimeOffset: '8s' }
    expect(await statusOf(concatenate([part(one, 0, older), part(two, 0, older)]))).toBe(200)
    const portrait = await pro.finishedVideo(pro.videoBody('a boat', 'veo_3_1_t2v_fast_portrait', PORTRAIT))
    const omni = await pro.finishedVideo(pro.videoBody('a boat', 'abra_t2v_8s'))
    for (const [status, second] of [
      [400, part(portrait)],
      [400, part(omni)],
      [400, part(await pro.videoId('a boat'))],
      [400, part(two, 8)],
      [400, part(two, 0, { endTimeOffset: '9s' })],
      [400, part(two, 0, { lengthNanos: 8000 })],
      [400, part(two, 0, { length: undefined })],
      [400, part(two, 0, { foo: 1 })],
      [404, part(crypto.randomUUID())],
    ] as const)
      expect(await statusOf(concatenate([part(one), second]))).toBe(status)
    expect(await statusOf(concatenate([part(one)]))).toBe(400)
    expect(await statusOf(concatenate([part(one), part(two)], stranger))).toBe(404)
  })

  test('an operation is known to its account alone, and is no video', async () => {
    const [one, two] = [await pro.finishedVideo(), await pro.finishedVideo()]
    const name = await nameOf(await concatenate([part(one), part(two)]))
    expect(await statusOf(check(name, stranger))).toBe(404)
    expect(await statusOf(check('projects/123/locations/us-central1/jobs/none'))).toBe(404)
    expect(await statusOf(check(one))).toBe(404)
    expect(await statusOf(pro.poll(String(name).slice('projects/123/locations/us-central1/jobs/'.length)))).toBe(404)
  })

  test('runs for a while, answers with a flat name and an address, as set', async () => {
    await using other = await startEmulator({ concatenation: 'uri', concatenationAnswers: 'flat' })
    const client = await FlowClient.open(other)
    const ids = [await client.videoId('a boat'), await client.videoId('a ship')]
    await client.poll(...ids)
    await client.poll(...ids)
    const { name } = await jsonOf(
      await concatenate(
        ids.map(id => part(id)),
        client,
      ),
    )
    expect(await jsonOf(await check(name, client))).toEqual({ status: 'MEDIA_GENERATION_STATUS_ACTIVE' })
    const { outputUri } = await jsonOf(await check(name, client))
    expect(videoFacts(await (await fetch(String(outputUri))).bytes()).filmSeconds).toBeCloseTo(16, 3)
  })
})
