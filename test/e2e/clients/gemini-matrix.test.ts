/**
 * A request of each client in the matrix of api-surfaces that speaks Gemini's API, as it was recorded or read in its
 * source, and whether its answer has what that client reads.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { imageSize } from 'image-size'
import { png } from '../../fixtures/media.ts'
import { API_KEY, startWorld, type World } from '../../fixtures/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

type Headers = Readonly<Record<string, string>>

const ask = (method: string, path: string, headers: Headers, body?: unknown) =>
  fetch(`${world.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })

async function json(response: Response) {
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    expect.stringContaining('application/json'),
  ])
  // What each client reads of it is said at its test.
  // biome-ignore lint/suspicious/noExplicitAny: the answer of a server, as these clients have it
  return (await response.json()) as any
}

const picture = () => png(64, 36)
const typeOf = (base64: string) => imageSize(Buffer.from(base64, 'base64')).type
const lastInputs = () => world.emulator.record.paid({ kind: 'image' }).at(-1)?.inputs ?? []

async function polled(path: string, headers: Headers) {
  for (;;) {
    const operation = await json(await ask('GET', path, headers))
    if (operation.done) return operation
    await Bun.sleep(50)
  }
}

describe('Open WebUI, engine "gemini"', () => {
  const headers = { 'x-goog-api-key': API_KEY }

  test('predict with one instance that is no list', async () => {
    const body = {
      instances: { prompt: 'a fox in snow' },
      parameters: { sampleCount: 2, outputOptions: { mimeType: 'image/png' } },
    }
    const { predictions } = await json(
      await ask('POST', '/v1beta/models/imagen-4.0-generate-001:predict', headers, body),
    )
    expect(predictions).toHaveLength(2)
    for (const { bytesBase64Encoded } of predictions) expect(typeOf(bytesBase64Encoded)).toBe('png')
  })

  test('generateContent without roles', async () => {
    const body = { contents: [{ parts: [{ text: 'a fox in snow' }] }] }
    const { candidates } = await json(
      await ask('POST', '/v1beta/models/gemini-2.5-flash-image:generateContent', headers, body),
    )
    const images = candidates.flatMap((candidate: { content: { parts: { inlineData?: { data: string } }[] } }) =>
      candidate.content.parts.filter(part => part.inlineData).map(part => part.inlineData?.data ?? ''),
    )
    expect(images.map(typeOf)).toEqual(['jpg'])
  })

  test('an edit, with the names in snake_case', async () => {
    const data = picture().toBase64()
    const body = {
      contents: [{ parts: [{ text: 'at night' }, { inline_data: { mime_type: 'image/png', data } }] }],
    }
    await json(await ask('POST', '/v1beta/models/gemini-2.5-flash-image:generateContent', headers, body))
    expect(lastInputs()).toHaveLength(1)
  })
})

describe('google-genai 2.25 for Python', () => {
  const headers = {
    'x-goog-api-key': API_KEY,
    'x-goog-api-client': 'google-genai-sdk/2.25.0 gl-python/3.12.3',
    'user-agent': 'google-genai-sdk/2.25.0 gl-python/3.12.3',
  }
  const urlSafe = () => picture().toBase64({ alphabet: 'base64url' })

  test('generate_content, with camelCase and snake_case in one object, and base64url', async () => {
    const body = {
      contents: [
        { parts: [{ text: 'at night' }, { inlineData: { data: urlSafe(), mime_type: 'image/png' } }], role: 'user' },
      ],
      generationConfig: { responseModalities: ['IMAGE'], imageConfig: { aspectRatio: '16:9' } },
    }
    const answer = await json(await ask('POST', '/v1beta/models/gemini-3-pro-image:generateContent', headers, body))
    expect(typeOf(answer.candidates[0].content.parts[0].inlineData.data)).toBe('jpg')
    expect(answer.candidates[0].finishReason).toBe('STOP')
    expect(lastInputs()).toHaveLength(1)
  })

  test('generate_videos: the file’s id is read out of `files/…`', async () => {
    const body = {
      instances: [{ prompt: 'it moves', image: { bytesBase64Encoded: urlSafe(), mimeType: 'image/png' } }],
      parameters: { sampleCount: 1, aspectRatio: '16:9' },
    }
    const path = '/v1beta/models/veo-3.1-fast-generate-preview:predictLongRunning'
    const { name } = await json(await ask('POST', path, headers, body))
    const { response } = await polled(`/v1beta/${name}`, headers)
    const { uri } = response.generateVideoResponse.generatedSamples[0].video
    expect(uri).toMatch(/^files\/[a-z0-9]+$/)
    const file = await ask('GET', `/v1beta/${uri}:download?alt=media`, headers)
    expect([file.status, file.headers.get('content-type')]).toEqual([200, 'video/mp4'])
  })

  test('interactions.create and .get', async () => {
    const body = { model: 'gemini-3-pro-image', input: 'a fox in snow', background: true }
    const { id, status } = await json(await ask('POST', '/v1beta/interactions', headers, body))
    expect(status).toBe('in_progress')
    for (;;) {
      const interaction = await json(await ask('GET', `/v1beta/interactions/${id}?stream=false`, headers))
      if (interaction.status === 'in_progress') continue
      expect(interaction).toMatchObject({ id, status: 'completed' })
      expect(typeOf(interaction.steps.at(-1).content[0].data)).toBe('jpg')
      break
    }
  })
})

describe('@google/genai 3.1 for JavaScript', () => {
  const headers = {
    'x-goog-api-key': API_KEY,
    'x-goog-api-client': 'google-genai-sdk/3.1.0 gl-node/v22.0.0',
    'user-agent': 'google-genai-sdk/3.1.0 gl-node/v22.0.0',
    cookie: '',
  }

  test('lists models at OpenAI’s address, without any parameter', async () => {
    const { models, data } = await json(await ask('GET', '/v1/models', headers))
    expect([models.length > 10, data]).toEqual([true, undefined])
  })

  test('streamGenerateContent: events without a name, and a blank line at the end', async () => {
    const body = { contents: [{ role: 'user', parts: [{ text: 'a fox in snow' }] }] }
    const path = '/v1/models/gemini-3.1-flash-image-preview:streamGenerateContent?alt=sse'
    const response = await ask('POST', path, headers, body)
    expect(response.headers.get('content-type')).toStartWith('text/event-stream')
    const text = await response.text()
    expect([text.endsWith('\n\n'), /^event:/m.test(text), text.includes('[DONE]')]).toEqual([true, false, false])
  })
})

describe('Vercel AI SDK, @ai-sdk/google', () => {
  const headers = { 'x-goog-api-key': API_KEY, 'user-agent': 'ai/7.0.173 ai-sdk/google/4.0.121' }

  test('a video: the address is fetched as it is, with the key in its query', async () => {
    const body = { instances: [{ prompt: 'a paper boat' }], parameters: { sampleCount: 1, resolution: '720p' } }
    const path = '/v1beta/models/veo-3.1-fast-generate-preview:predictLongRunning'
    const { name } = await json(await ask('POST', path, headers, body))
    const { response } = await polled(`/v1beta/${name}`, headers)
    const { uri } = response.generateVideoResponse.generatedSamples[0].video
    expect(uri).toStartWith(`${world.url}/v1beta/files/`)
    const file = await fetch(`${uri}&key=${API_KEY}`, { headers: { range: 'bytes=4-7' } })
    expect([file.status, await file.text()]).toEqual([206, 'ftyp'])
    expect((await fetch(uri)).status).toBe(403)
  })
})

describe('curl, as Google’s documentation shows it', () => {
  test('the key in the address, names in snake_case', async () => {
    const body = { contents: [{ parts: [{ text: 'a fox' }] }], generation_config: { response_modalities: ['Image'] } }
    const path = `/v1beta/models/gemini-2.5-flash-image:generateContent?key=${API_KEY}`
    const { candidates } = await json(await ask('POST', path, {}, body))
    expect(candidates).toHaveLength(1)
  })

  test('without alt=sse the stream is an array', async () => {
    const body = { contents: [{ parts: [{ text: 'a fox' }] }] }
    const path = `/v1beta/models/gemini-2.5-flash-image:streamGenerateContent?key=${API_KEY}`
    const chunks = await json(await ask('POST', path, {}, body))
    expect(chunks).toHaveLength(2)
    expect(chunks[1].candidates[0].finishReason).toBe('STOP')
  })

  test('a token as of Vertex', async () => {
    const { models } = await json(await ask('GET', '/v1beta/models?pageSize=1', { authorization: `Bearer ${API_KEY}` }))
    expect(models).toHaveLength(1)
    const refused = await ask('GET', '/v1beta/models', { authorization: 'Bearer ya29.none' })
    expect([refused.status, await refused.json()]).toMatchObject([401, { error: { status: 'UNAUTHENTICATED' } }])
  })
})

test('a browser may ask from anywhere, errors included', async () => {
  const asked = { origin: 'https://page.example', 'access-control-request-headers': 'x-goog-api-key,content-type' }
  const preflight = await fetch(`${world.url}/v1beta/models/x:generateContent`, { method: 'OPTIONS', headers: asked })
  expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
    204,
    'x-goog-api-key,content-type',
  ])
  const refused = await ask('POST', '/v1beta/models/x:generateContent', { origin: 'https://page.example' }, {})
  expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([403, '*'])
})

test('the examples of the documentation work when pasted', async () => {
  const document = await json(await fetch(`${world.url}/swagger/json`))
  const examples = (path: string): Record<string, { value: object }> =>
    document.paths[path].post.requestBody.content['application/json'].examples
  const { generateContent, edit, predict, predictLongRunning } = examples('/v1beta/models/{call}')
  const headers = { 'x-goog-api-key': API_KEY }
  const calls = [
    ['gemini-3.0-pro-image:generateContent', generateContent],
    ['gemini-3.0-pro-image:streamGenerateContent', generateContent],
    ['gemini-3.0-pro-image:generateContent', edit],
    ['imagen-4.0-generate-001:predict', predict],
    ['veo-3.1-generate-preview:predictLongRunning', predictLongRunning],
  ] as const
  for (const [call, example] of calls)
    expect([call, (await ask('POST', `/v1beta/models/${call}`, headers, example?.value)).status]).toEqual([call, 200])
  for (const { value } of Object.values(examples('/v1beta/interactions')))
    expect((await ask('POST', '/v1beta/interactions', headers, value)).status).toBe(200)
})
