/** The Vercel AI SDK, unchanged, by its Google provider: pictures, chat with pictures, and videos. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createGoogleGenerativeAI } from '@ai-sdk/google'
import {
  APICallError,
  generateImage,
  generateText,
  experimental_generateVideo as generateVideo,
  NoImageGeneratedError,
  streamText,
} from 'ai'
import { imageSize } from 'image-size'
import { png } from '../../fixtures/media.ts'
import { API_KEY, startWorld, type World } from '../../fixtures/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const MODEL = 'gemini-2.5-flash-image'
const VEO = 'veo-3.1-fast-generate-preview'
const google = (apiKey = API_KEY) => createGoogleGenerativeAI({ baseURL: `${world.url}/v1beta`, apiKey })

const refusal = (call: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(call).then(
    () => expect.unreachable('the call was not refused'),
    (cause: unknown) => cause,
  )

describe('generateImage', () => {
  test('from a prompt', async () => {
    const { image } = await generateImage({ model: google().image(MODEL), prompt: 'A boat', aspectRatio: '16:9' })
    const { type, width, height } = imageSize(image.uint8Array)
    expect([type, width > height]).toEqual(['jpg', true])
  })

  test('several, and from a picture', async () => {
    const prompt = { text: 'at night', images: [png(64, 36)] }
    const { images } = await generateImage({ model: google().image(MODEL), prompt, n: 2 })
    expect(images).toHaveLength(2)
    expect(world.emulator.record.paid({ kind: 'image' }).at(-1)?.inputs).toHaveLength(1)
  })

  test('is refused for the reasons that the gateway gives', async () => {
    const make = (id: string, prompt: string, key?: string) =>
      refusal(generateImage({ model: google(key).image(id), prompt, maxRetries: 0 }))
    const wrongKey = await make(MODEL, 'x', 'AIza-wrong')
    const unknown = await make('gemini-3.1-flash-imgae', 'x')
    const unverified = await make(MODEL, 'Something [[fault:reason:UNUSUAL_ACTIVITY]]')
    for (const cause of [wrongKey, unknown, unverified]) expect(APICallError.isInstance(cause)).toBe(true)
    expect(wrongKey).toMatchObject({ statusCode: 400, isRetryable: false })
    expect(unknown).toMatchObject({ statusCode: 404, message: expect.stringContaining('Did you mean') })
    expect(unverified).toMatchObject({ statusCode: 400, isRetryable: false })
    expect(NoImageGeneratedError.isInstance(await make(MODEL, 'Something [refuse]'))).toBe(true)
  })

  test('what is temporary is repeated by the client itself', async () => {
    const before = world.emulator.record.of('image').length
    const { image } = await generateImage({
      model: google().image(MODEL),
      prompt: 'Busy for a while [[fault:reason:HIGH_TRAFFIC:3]]',
    })
    expect(image.uint8Array.length).toBeGreaterThan(0)
    expect(world.emulator.record.of('image').length).toBeGreaterThan(before + 1)
  })
})

describe('chat', () => {
  const options = { google: { responseModalities: ['TEXT', 'IMAGE'] } }

  test('generateText has the picture among its files', async () => {
    const { files, finishReason } = await generateText({
      model: google()(MODEL),
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Make it night' },
            { type: 'file', mediaType: 'image/png', data: png(64, 36) },
          ],
        },
      ],
      providerOptions: options,
    })
    expect([files.map(({ mediaType }) => mediaType), finishReason]).toEqual([['image/jpeg'], 'stop'])
    expect(world.emulator.record.paid({ kind: 'image' }).at(-1)?.inputs).toHaveLength(1)
  })

  test('streamText streams it', async () => {
    const { fullStream, finishReason } = streamText({
      model: google()(MODEL),
      prompt: 'A boat',
      providerOptions: options,
    })
    const types = (await Array.fromAsync(fullStream)).map(({ type }) => type)
    expect(types.filter(type => type === 'file')).toHaveLength(1)
    expect(types).not.toContain('error')
    expect(await finishReason).toBe('stop')
  })

  test('a refused prompt ends as content-filter, streamed or not', async () => {
    const asked = { model: google()(MODEL), prompt: 'Something [refuse]', maxRetries: 0 }
    expect((await generateText(asked)).finishReason).toBe('content-filter')
    const { fullStream, finishReason } = streamText({ ...asked, onError: () => {} })
    await Array.fromAsync(fullStream)
    expect(await finishReason).toBe('content-filter')
  })
})

describe('experimental_generateVideo', () => {
  /** The SDK itself refuses to download from private addresses, where this gateway runs; it lets others do it. */
  const download = async ({ url }: { readonly url: URL }) => {
    const response = await fetch(url)
    if (!response.ok) throw new Error(`${url.pathname}: ${response.status} ${await response.text()}`)
    return { data: await response.bytes(), mediaType: response.headers.get('content-type') ?? undefined }
  }
  const providerOptions = { google: { pollIntervalMs: 50 } }
  const poll = { intervalMs: 50 }

  test('polls and downloads with the key in the address', async () => {
    const { video } = await generateVideo({
      model: google().video(VEO),
      prompt: 'A paper boat on a river',
      aspectRatio: '16:9',
      duration: 8,
      download,
      poll,
      providerOptions,
    })
    expect(video.mediaType).toBe('video/mp4')
    expect(Buffer.from(video.uint8Array.subarray(4, 8)).toString()).toBe('ftyp')
    expect(world.gateway.output()).not.toContain(API_KEY)
  })

  test('from a first frame', async () => {
    const prompt = { text: 'It begins to move', image: png(64, 36) }
    const { videos } = await generateVideo({
      model: google().video(VEO),
      prompt,
      aspectRatio: '16:9',
      download,
      poll,
      providerOptions,
    })
    expect(videos).toHaveLength(1)
  })

  test('three kinds of error', async () => {
    const make = (id: string, prompt: string, key?: string) =>
      refusal(generateVideo({ model: google(key).video(id), prompt, maxRetries: 0, download, poll, providerOptions }))
    expect(await make(VEO, 'x', 'AIza-wrong')).toMatchObject({ statusCode: 400 })
    expect(await make('veo-9', 'x')).toMatchObject({ statusCode: 404 })
    expect(String(await make(VEO, 'Something [[fault:reason:UNUSUAL_ACTIVITY]]'))).toContain('verification')
  })
})
