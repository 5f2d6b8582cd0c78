/** `@google/genai` 1.x, as it is installed: pictures by `predict`, videos by `predictLongRunning`, polling and download. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ApiError, GoogleGenAI, VideoGenerationReferenceType } from 'genai-1'
import { jpg, png } from '../../fixtures/media.ts'
import { API_KEY, startWorld, type World } from '../../fixtures/world.ts'

let world: World
let ai: GoogleGenAI
beforeAll(async () => {
  world = await startWorld()
  ai = new GoogleGenAI({ apiKey: API_KEY, httpOptions: { baseUrl: world.url } })
})
afterAll(() => world[Symbol.asyncDispose]())

const IMAGEN = 'imagen-4.0-generate-001'
const VEO = 'veo-3.1-generate-preview'
const picture = (bytes: Uint8Array, mimeType = 'image/png') => ({ imageBytes: bytes.toBase64(), mimeType })

async function refusal(promise: Promise<unknown>): Promise<ApiError> {
  const cause = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(cause instanceof ApiError)) throw new Error(`no ApiError but ${cause}`)
  return cause
}

/** Polls as the documentation of the client shows it, without its pause of ten seconds. */
async function finished(operation: Awaited<ReturnType<typeof ai.models.generateVideos>>) {
  let current = operation
  while (!current.done) {
    await Bun.sleep(50)
    current = await ai.operations.getVideosOperation({ operation: current })
  }
  return current
}

describe('pictures', () => {
  test('generateImages makes as many as it is asked for, in the format that it is asked for', async () => {
    const { generatedImages = [] } = await ai.models.generateImages({
      model: IMAGEN,
      prompt: 'A lighthouse at dawn',
      config: { numberOfImages: 2, aspectRatio: '16:9', outputMimeType: 'image/png' },
    })
    expect(generatedImages).toHaveLength(2)
    for (const { image } of generatedImages) {
      expect(image?.mimeType).toBe('image/png')
      expect([...Uint8Array.fromBase64(image?.imageBytes ?? '').subarray(1, 4)]).toEqual([0x50, 0x4e, 0x47])
    }
  })

  test('a refused prompt is an entry with its reason, where that is asked for', async () => {
    const { generatedImages } = await ai.models.generateImages({
      model: IMAGEN,
      prompt: 'Something [refuse]',
      config: { includeRaiReason: true },
    })
    expect(generatedImages?.[0]?.raiFilteredReason).toContain('refused')
  })

  test('generateContentStream streams them', async () => {
    const stream = await ai.models.generateContentStream({
      model: 'gemini-2.5-flash-image',
      contents: 'A cat on a roof',
    })
    const mimes: unknown[] = []
    let reason: unknown
    for await (const chunk of stream) {
      mimes.push(...(chunk.candidates?.[0]?.content?.parts ?? []).map(part => part.inlineData?.mimeType))
      reason = chunk.candidates?.[0]?.finishReason ?? reason
    }
    expect(mimes).toEqual(['image/jpeg'])
    expect(reason as string).toBe('STOP')
  })
})

describe('videos', () => {
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'flow2api-genai-'))
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  test('generateVideos, polled until it is done, and downloaded', async () => {
    const started = await ai.models.generateVideos({
      model: VEO,
      prompt: 'A paper boat on a river',
      config: { aspectRatio: '16:9', durationSeconds: 8, numberOfVideos: 1 },
    })
    expect(started.name).toStartWith(`models/${VEO}/operations/`)
    expect(started.done).toBeUndefined()
    const { response, error } = await finished(started)
    expect(error).toBeUndefined()
    const video = response?.generatedVideos?.[0]?.video
    if (!video) throw new Error('no video')
    const downloadPath = join(directory, 'boat.mp4')
    await ai.files.download({ file: video, downloadPath })
    // The client does not wait for its own file.
    const file = Bun.file(downloadPath)
    while (!(await file.exists()) || file.size === 0) await Bun.sleep(20)
    expect(Buffer.from((await file.bytes()).subarray(4, 8)).toString()).toBe('ftyp')
  })

  test('a first and a last frame, references, and a video to go on with', async () => {
    const both = await ai.models.generateVideos({
      model: VEO,
      prompt: 'From here to there',
      image: picture(png(64, 36)),
      config: { lastFrame: picture(jpg(64, 36), 'image/jpeg'), aspectRatio: '16:9' },
    })
    const first = await finished(both)
    const guided = await ai.models.generateVideos({
      model: VEO,
      prompt: 'With this on it',
      config: {
        referenceImages: [{ image: picture(png(32, 32)), referenceType: VideoGenerationReferenceType.ASSET }],
        aspectRatio: '16:9',
      },
    })
    expect((await finished(guided)).response?.generatedVideos).toHaveLength(1)
    const video = first.response?.generatedVideos?.[0]?.video
    if (!video) throw new Error('no video')
    const longer = await finished(await ai.models.generateVideos({ model: VEO, prompt: 'And then it rains', video }))
    expect(longer.response?.generatedVideos).toHaveLength(1)
  })

  test('a refused prompt is a finished operation without a video, and says why', async () => {
    const { response, error } = await finished(
      await ai.models.generateVideos({ model: VEO, prompt: 'Something [refuse]' }),
    )
    expect([error, response?.generatedVideos, response?.raiMediaFilteredCount]).toEqual([undefined, undefined, 1])
    expect(response?.raiMediaFilteredReasons?.[0]).toContain('refused')
  })

  test('a failed one is an operation with an error', async () => {
    const prompt = 'Something [[fault:reason:UNUSUAL_ACTIVITY]]'
    const { response, error } = await finished(await ai.models.generateVideos({ model: VEO, prompt }))
    // Numbers of gRPC: 9 is FAILED_PRECONDITION, which nobody repeats.
    expect(error).toMatchObject({ code: 9, message: expect.stringContaining('verification') })
    expect(response).toBeUndefined()
  })
})

describe('errors', () => {
  test('a wrong key', async () => {
    const stranger = new GoogleGenAI({ apiKey: 'AIza-wrong', httpOptions: { baseUrl: world.url } })
    const { status, message } = await refusal(stranger.models.generateImages({ model: IMAGEN, prompt: 'x' }))
    expect(status).toBe(400)
    expect(JSON.parse(message)).toMatchObject({
      error: { code: 400, status: 'INVALID_ARGUMENT', details: [{ reason: 'API_KEY_INVALID' }] },
    })
  })

  test('an unknown model', async () => {
    const { status, message } = await refusal(ai.models.generateVideos({ model: 'veo-9', prompt: 'x' }))
    expect(status).toBe(404)
    expect(JSON.parse(message)).toMatchObject({ error: { code: 404, status: 'NOT_FOUND' } })
  })

  test('a model of the other kind, named in the path', async () => {
    const { status, message } = await refusal(ai.models.generateVideos({ model: IMAGEN, prompt: 'x' }))
    expect(status).toBe(400)
    expect(JSON.parse(message)).toMatchObject({ error: { status: 'INVALID_ARGUMENT' } })
  })

  test('a refused prompt is the caller’s 400, asked upstream once', async () => {
    const before = world.emulator.record.of('image').length
    const { status } = await refusal(ai.models.generateImages({ model: IMAGEN, prompt: 'Something [refuse]' }))
    expect(status).toBe(400)
    expect(world.emulator.record.of('image').length).toBe(before + 1)
  })
})

test('models, page by page, and one of them', async () => {
  const pager = await ai.models.list({ config: { pageSize: 20 } })
  const names: (string | undefined)[] = []
  for await (const { name } of pager) names.push(name)
  expect(names).toContain(`models/${VEO}`)
  expect(new Set(names).size).toBe(names.length)
  expect(await ai.models.get({ model: IMAGEN })).toMatchObject({
    name: `models/${IMAGEN}`,
    supportedActions: expect.arrayContaining(['predict']),
  })
})
