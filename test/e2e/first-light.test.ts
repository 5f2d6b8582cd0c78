/** The official client, its base URL and key changed and nothing else, against the gateway and the emulator. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { imageSize } from 'image-size'
import OpenAI, { AuthenticationError, BadRequestError, NotFoundError } from 'openai'
import { API_KEY, startWorld, type World } from '../fixtures/world.ts'

let world: World
let client: OpenAI
beforeAll(async () => {
  world = await startWorld()
  client = new OpenAI({ baseURL: `${world.url}/v1`, apiKey: API_KEY, maxRetries: 0 })
})
afterAll(() => world[Symbol.asyncDispose]())

/** What a call of the client was refused with; its promises run only when they are asked. */
const refusal = async (call: PromiseLike<unknown>): Promise<unknown> => {
  try {
    await call
  } catch (cause) {
    return cause
  }
  throw new Error('the call was not refused')
}

/** A video that has ended. */
async function settled(id: string) {
  for (;;) {
    const video = await client.videos.retrieve(id)
    if (video.status === 'completed' || video.status === 'failed') return video
    await Bun.sleep(20)
  }
}

describe('models', () => {
  test('are listed and told one by one', async () => {
    const models = await Array.fromAsync(await client.models.list())
    const ids = models.map(({ id }) => id)
    expect(ids).toContain('gemini-3.0-pro-image')
    expect(ids).toContain('veo_3_1_t2v_fast_landscape')
    expect(await client.models.retrieve('veo_3_1_t2v_fast_portrait')).toMatchObject({
      object: 'model',
      capabilities: { kind: 'video', aspect_ratios: ['9:16'], seconds: [8] },
    })
    expect(await refusal(client.models.retrieve('veo_9'))).toBeInstanceOf(NotFoundError)
  })
})

describe('images', () => {
  test('as a URL that leads to a real picture', async () => {
    const answer = await client.images.generate({
      model: 'gemini-3.0-pro-image',
      prompt: 'A lighthouse',
      size: '1024x1024',
      response_format: 'url',
    })
    const { url, b64_json } = answer.data?.[0] ?? {}
    expect(b64_json).toBeUndefined()
    const file = await fetch(url ?? '')
    expect(file.headers.get('content-type')).toBe('image/jpeg')
    expect(imageSize(await file.bytes())).toMatchObject({ type: 'jpg', width: 1024, height: 1024 })
  })

  test('as base64, which is the default', async () => {
    const answer = await client.images.generate({ model: 'gpt-image-1', prompt: 'A boat', size: '1536x1024' })
    const bytes = Buffer.from(answer.data?.[0]?.b64_json ?? '', 'base64')
    const { type, width, height } = imageSize(bytes)
    expect([type, width > height]).toEqual(['jpg', true])
  })

  test('several at once', async () => {
    const answer = await client.images.generate({
      model: 'gemini-3.1-flash-image',
      prompt: 'Three birds',
      n: 3,
      response_format: 'url',
    })
    expect(new Set(answer.data?.map(({ url }) => url)).size).toBe(3)
  })

  test('streamed', async () => {
    const stream = await client.images.generate({ model: 'gemini-3.0-pro-image', prompt: 'A stream', stream: true })
    const types = []
    for await (const event of stream) types.push(event.type)
    expect(types.at(-1)).toBe('image_generation.completed')
  })
})

describe('chat', () => {
  const messages = [{ role: 'user' as const, content: 'A cat on a roof' }]

  test('answers with a picture that can be fetched', async () => {
    const answer = await client.chat.completions.create({ model: 'gemini-3.0-pro-image', messages })
    const [choice] = answer.choices
    expect(choice?.finish_reason).toBe('stop')
    const url = choice?.message.content?.match(/!\[[^\]]*\]\((\S+)\)/)?.[1]
    expect((await fetch(url ?? '')).headers.get('content-type')).toBe('image/jpeg')
  })

  test('streams progress beside the answer, under one id', async () => {
    const stream = await client.chat.completions.create({
      model: 'veo_3_1_t2v_fast',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    })
    const chunks = await Array.fromAsync(stream)
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1)
    const deltas = chunks.flatMap(({ choices }) =>
      choices.map(({ delta }) => delta as { content?: string; reasoning_content?: string }),
    ) // reasoning_content is not in the SDK's type
    expect(deltas.some(({ reasoning_content }) => reasoning_content)).toBe(true)
    expect(deltas.map(({ content }) => content ?? '').join('')).toMatch(/\]\(http\S+\.mp4\)/)
    expect(chunks.at(-1)?.usage).toBeDefined()
    expect(chunks.flatMap(({ choices }) => choices).at(-1)?.finish_reason).toBe('stop')
  })
})

describe('videos', () => {
  test('are created, polled until completed, and downloaded', async () => {
    const video = await client.videos.create({
      model: 'sora-2',
      prompt: 'A paper boat',
      size: '1280x720',
      seconds: '8',
    })
    expect(video).toMatchObject({
      object: 'video',
      status: expect.stringMatching(/^(queued|in_progress)$/),
      error: null,
    })
    expect(await settled(video.id)).toMatchObject({
      id: video.id,
      status: 'completed',
      progress: 100,
      seconds: '8',
      size: '1280x720',
    })
    const content = await client.videos.downloadContent(video.id)
    expect(content.headers.get('content-type')).toBe('video/mp4')
    const bytes = await content.bytes()
    expect(new TextDecoder().decode(bytes.slice(4, 8))).toBe('ftyp')
    const part = await world.call(`/v1/videos/${video.id}/content`, { headers: { range: 'bytes=4-7' } })
    expect([part.status, await part.text()]).toEqual([206, 'ftyp'])
  })

  test('that were asked upright are upright', async () => {
    const { id } = await client.videos.create({ model: 'veo_3_1_t2v_fast', prompt: 'A tower', size: '720x1280' })
    expect(await settled(id)).toMatchObject({ size: '720x1280' })
  })

  test('that fail upstream say why, and their account is not blamed', async () => {
    const { id } = await client.videos.create({ model: 'veo_3_1_t2v_fast', prompt: 'Something [fail]' })
    const video = await settled(id)
    expect(video.status).toBe('failed')
    expect(video.error?.message).toBeTruthy()
    // The shape of the account list is the console API's.
    const { data } = (await (await world.admin('/admin/api/tokens')).json()) as {
      data: { state: string; consecutive_errors: number }[]
    }
    expect(data.map(({ state, consecutive_errors }) => [state, consecutive_errors])).toEqual(
      Array(3).fill(['ready', 0]),
    )
  })
})

describe('what goes wrong', () => {
  test('a refused prompt is the caller’s 400, asked upstream once, and punishes nobody', async () => {
    const before = world.emulator.record.of('image').length
    const refused = client.images.generate({ model: 'gemini-3.0-pro-image', prompt: 'Something [refuse]' })
    expect(await refusal(refused)).toBeInstanceOf(BadRequestError)
    expect(world.emulator.record.of('image').length).toBe(before + 1)
  })

  test('a wrong key, an unknown model, a missing prompt', async () => {
    const stranger = new OpenAI({ baseURL: `${world.url}/v1`, apiKey: 'sk-wrong', maxRetries: 0 })
    expect(await refusal(stranger.models.list())).toBeInstanceOf(AuthenticationError)
    const unknown = client.images.generate({ model: 'gemini-3.0-pro-imgae', prompt: 'x' })
    expect(await refusal(unknown)).toMatchObject({
      status: 404,
      code: 'model_not_found',
      message: expect.stringContaining('gemini-3.0-pro-image'),
    })
    expect(await refusal(client.images.generate({ model: 'gpt-image-1', prompt: '' }))).toMatchObject({
      status: 400,
      param: 'prompt',
    })
  })

  test('every answer to an admitted request names its job, and the job can be looked up', async () => {
    const { response } = await client.images
      .generate({ model: 'gpt-image-1', prompt: 'A job', response_format: 'url' })
      .withResponse()
    const id = response.headers.get('x-flow2api-job')
    expect(id).toStartWith('job_')
    expect(await (await world.call(`/v1/jobs/${id}`)).json()).toMatchObject({
      id,
      object: 'job',
      status: 'completed',
      progress: 100,
      media: [{ mime: 'image/jpeg' }],
    })
    const failed = await world.call('/v1/images/generations', {
      method: 'POST',
      body: JSON.stringify({ prompt: 'x [refuse]' }),
    })
    expect(failed.headers.get('x-flow2api-job')).toStartWith('job_')
  })
})

test('health, readiness and the documentation of every endpoint', async () => {
  for (const path of ['/health', '/ready', '/swagger']) expect((await fetch(`${world.url}${path}`)).status).toBe(200)
  const document = (await (await fetch(`${world.url}/swagger/json`)).json()) as { paths: Record<string, unknown> } // an OpenAPI document
  const served = [
    '/v1/models',
    '/v1/images/generations',
    '/v1/videos',
    '/v1/videos/{id}',
    '/v1/videos/{id}/content',
    '/v1/chat/completions',
    '/v1/jobs/{id}',
    '/admin/reload-config',
    '/admin/api/tokens',
    '/admin/api/login',
    '/admin/api/plugins',
    '/health',
    '/ready',
  ]
  expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(served))
})
