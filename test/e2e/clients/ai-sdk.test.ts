/**
 * The Vercel AI SDK, unchanged, by its OpenAI providers. Neither of them makes videos (`experimental_generateVideo`):
 * with them, videos come through chat. OpenRouter's provider does, at the same paths.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { createOpenRouter } from '@openrouter/ai-sdk-provider'
import {
  APICallError,
  generateImage,
  generateText,
  experimental_generateVideo as generateVideo,
  RetryError,
  streamText,
} from 'ai'
import { imageSize } from 'image-size'
import { API_KEY, startWorld, type World } from '../../fixtures/world.ts'
import { Contract } from './contract.ts'
import { dataUrl, picture } from './pictures.ts'

let world: World
const contract = new Contract()
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

/** The SDK's type of `fetch` has a member of Bun's that nobody calls. */
const fetcher = Object.assign(contract.fetch, { preconnect: fetch.preconnect })
const openai = (apiKey = API_KEY) => createOpenAI({ baseURL: `${world.url}/v1`, apiKey, fetch: fetcher })
const compatible = () =>
  createOpenAICompatible({ name: 'flow2api', baseURL: `${world.url}/v1`, apiKey: API_KEY, fetch: fetcher })

const refusal = (call: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(call).then(
    () => expect.unreachable('the call was not refused'),
    (cause: unknown) => cause,
  )

describe('generateImage', () => {
  test.each(['gpt-image-1', 'dall-e-3', 'gemini-3.0-pro-image'])('@ai-sdk/openai, %s', async id => {
    const { images } = await generateImage({ model: openai().image(id), prompt: 'A boat', n: 2, size: '1536x1024' })
    expect(images).toHaveLength(2)
    for (const { uint8Array } of images) expect(imageSize(uint8Array)).toMatchObject({ type: 'jpg' })
  })

  test.each([1, 2])('@ai-sdk/openai, from %i pictures', async count => {
    const images = await Promise.all(Array.from({ length: count }, (_, index) => picture(50 + index).bytes()))
    const prompt = { text: 'at night', images }
    expect((await generateImage({ model: openai().image('gpt-image-1'), prompt })).image.base64).toBeString()
    expect(world.emulator.record.paid({ kind: 'image' }).at(-1)?.inputs).toHaveLength(count)
  })

  test('@ai-sdk/openai-compatible', async () => {
    const model = compatible().imageModel('gemini-3.0-pro-image')
    expect(imageSize((await generateImage({ model, prompt: 'A boat', n: 2 })).image.uint8Array).type).toBe('jpg')
  })

  test('is refused for the reasons that the gateway gives', async () => {
    const make = (id: string, prompt: string, key?: string) =>
      refusal(generateImage({ model: openai(key).image(id), prompt, maxRetries: 0 }))
    const wrongKey = await make('gpt-image-1', 'x', 'sk-wrong')
    const unknown = await make('gemini-3.0-pro-imgae', 'x')
    const refused = await make('gpt-image-1', 'Something [refuse]')
    for (const cause of [wrongKey, unknown, refused]) expect(APICallError.isInstance(cause)).toBe(true)
    expect(wrongKey).toMatchObject({ statusCode: 401, isRetryable: false })
    expect(unknown).toMatchObject({ statusCode: 404, message: expect.stringContaining('Did you mean') })
    expect(refused).toMatchObject({ statusCode: 400, isRetryable: false })
  })

  test('does not repeat what was refused', async () => {
    const before = world.emulator.record.of('image').length
    const cause = await refusal(generateImage({ model: openai().image('gpt-image-1'), prompt: 'Once more [refuse]' }))
    expect(RetryError.isInstance(cause)).toBe(false)
    expect(world.emulator.record.of('image')).toHaveLength(before + 1)
  })

  test('does not repeat what was paid for and came to nothing', async () => {
    const before = world.emulator.record.paid().length
    // Taken on and done, and half of the answer: nobody knows what it came to.
    const prompt = 'A boat [[fault:truncated]]'
    const cause = await refusal(generateImage({ model: openai().image('gpt-image-1'), prompt }))
    expect(cause).toMatchObject({ statusCode: 422, isRetryable: false })
    expect(world.emulator.record.paid()).toHaveLength(before + 1)
  })
})

describe('text', () => {
  test('whole: Markdown, and why it ended', async () => {
    const { text, finishReason } = await generateText({ model: openai().chat('gpt-image-1'), prompt: 'A cat' })
    expect([finishReason, text]).toEqual(['stop', expect.stringMatching(/^!\[image\]\(http\S+\.jpg\)$/)])
  })

  test('streamed: a video as a link', async () => {
    const stream = streamText({ model: openai().chat('sora-2'), prompt: 'A boat leaves' })
    expect(await stream.text).toMatch(/^\[video\.mp4\]\(http\S+\.mp4\)$/)
    expect(await stream.finishReason).toBe('stop')
  })

  test('streamed: progress as reasoning, where the provider reads it', async () => {
    const stream = streamText({ model: compatible().chatModel('sora-2'), prompt: 'A boat returns' })
    const types = new Set<string>()
    for await (const { type } of stream.fullStream) types.add(type)
    expect([...types]).toEqual(expect.arrayContaining(['reasoning-delta', 'text-delta', 'finish']))
  })

  test('with a picture in the message', async () => {
    const messages = [
      {
        role: 'user' as const,
        content: [
          { type: 'text' as const, text: 'the same at night' },
          { type: 'file' as const, mediaType: 'image/jpeg', data: await dataUrl(picture(99)) },
        ],
      },
    ]
    await generateText({ model: openai().chat('gpt-image-1'), messages })
    expect(world.emulator.record.paid({ kind: 'image' }).at(-1)?.inputs).toHaveLength(1)
  })

  test('what goes wrong: before, and in the stream', async () => {
    // Its usual kind of model asks at /v1/responses, which is not there.
    const elsewhere = await refusal(generateText({ model: openai()('gpt-image-1'), prompt: 'x', maxRetries: 0 }))
    expect(elsewhere).toMatchObject({ statusCode: 404, message: expect.stringContaining('/v1/responses') })
    const unknown = await refusal(generateText({ model: openai().chat('nope'), prompt: 'x', maxRetries: 0 }))
    expect(unknown).toMatchObject({ statusCode: 404 })
    const before = world.emulator.record.of('submission').length
    const errors: unknown[] = []
    for (const [id, prompt] of [
      ['gpt-image-1', 'Something [refuse]'],
      // Taken on and paid; the SDK would ask again, as nothing of the answer had come yet.
      ['sora-2', 'Something [fail]'],
    ] as const) {
      const onError = ({ error }: { readonly error: unknown }) => void errors.push(error)
      await streamText({ model: openai().chat(id), prompt, onError }).consumeStream()
    }
    expect(errors).toMatchObject([{ isRetryable: false }, { isRetryable: false }])
    expect(JSON.stringify(errors[0])).toContain('moderation_blocked')
    expect(world.emulator.record.of('submission')).toHaveLength(before + 2)
  })
})

describe('generateVideo', () => {
  // It asks for objects of its own, which OpenAI's document does not have; the usual pause is two seconds.
  const model = (id: string) =>
    createOpenRouter({ baseURL: `${world.url}/v1`, apiKey: API_KEY }).videoModel(id, { pollIntervalMs: 20 })
  // The SDK's own download refuses every address of this machine.
  const download = async ({ url }: { readonly url: URL }) => {
    const response = await fetch(url)
    return { data: await response.bytes(), mediaType: response.headers.get('content-type') ?? undefined }
  }

  test('@openrouter/ai-sdk-provider: from a prompt, and from a picture', async () => {
    const image = await picture(70, 'a.jpg', 36, 64).bytes()
    for (const prompt of ['A boat leaves', { text: 'It moves', image }]) {
      const { video } = await generateVideo({
        model: model('sora-2'),
        prompt,
        aspectRatio: '9:16',
        duration: 8,
        download,
      })
      expect([video.mediaType, new TextDecoder().decode(video.uint8Array.slice(4, 8))]).toEqual(['video/mp4', 'ftyp'])
    }
    expect(world.emulator.record.paid({ kind: 'video' }).at(-1)?.inputs).toHaveLength(1)
  })

  test('what goes wrong: the reason of a failed video, and refusals', async () => {
    const make = (id: string, prompt: string) =>
      refusal(generateVideo({ model: model(id), prompt, download, maxRetries: 0 }))
    expect(await make('sora-2', 'Something [fail]')).toMatchObject({ message: expect.stringContaining('Flow') })
    expect(await make('nope', 'x')).toMatchObject({ statusCode: 404 })
    expect(await make('sora-2', ' ')).toMatchObject({ statusCode: 400 })
  })
})

test('every answer kept to OpenAI’s document', async () => {
  expect(await contract.mistakes()).toEqual([])
  expect([...contract.seen]).toEqual(
    expect.arrayContaining([
      'POST /images/generations 200 application/json',
      'POST /images/edits 200 application/json',
      'POST /chat/completions 200 application/json',
      'POST /chat/completions 200 text/event-stream',
      'POST /images/generations 400 application/json',
      'POST /images/generations 401 application/json',
      'POST /images/generations 404 application/json',
    ]),
  )
})
