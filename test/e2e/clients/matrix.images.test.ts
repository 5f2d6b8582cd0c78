/** Clients that make pictures: what each was seen to send, and whether it could use what it gets (api-surfaces C.1). */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { imageSize } from 'image-size'
import { startWorld, type World } from '../../fixtures/world.ts'
import { Contract } from './contract.ts'
import { dataUrl, picture } from './pictures.ts'
import { initOf, type Part, type Recorded, stainless } from './recorded.ts'

let world: World
const contract = new Contract()
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

interface Answer {
  readonly data: readonly { readonly url?: string; readonly b64_json?: string }[]
}

async function send(request: Recorded): Promise<Answer> {
  const response = await contract.fetch(`${world.url}${request.path}`, initOf(request))
  const text = await response.text()
  expect([response.status, response.status === 200 ? '' : text]).toEqual([200, ''])
  return JSON.parse(text) as Answer // the documented answer; the contract checks it
}

/** Pictures in the answers themselves, as most clients read them: exactly one form, plain base64. */
function encoded({ data }: Answer, count = 1): void {
  expect(data).toHaveLength(count)
  for (const { url, b64_json } of data) {
    expect(url).toBeUndefined()
    expect(imageSize(Buffer.from(b64_json ?? '', 'base64')).type).toBe('jpg')
  }
}
const inputs = () => world.emulator.record.paid({ kind: 'image' }).at(-1)?.inputs.length
const bytes = await picture(30).bytes()
const other = await picture(200).bytes()
const file = (name: string, filename: string, type = 'image/png', content = bytes): Part => [
  name,
  content,
  filename,
  type,
]

test('openai JS: what the caller passes, and one file named `image`', async () => {
  const headers = stainless('js', '7.57.0')
  encoded(await send({ path: '/v1/images/generations', headers, json: { model: 'gpt-image-2', prompt: 'A boat' } }))
  const form: Part[] = [['model', 'gpt-image-2'], ['prompt', 'make it night'], file('image', 'a.png'), ['n', '2']]
  encoded(await send({ path: '/v1/images/edits', headers, form }), 2)
})

test('openai Python: bytes without a name or a true type', async () => {
  const headers = stainless('python', '3.22.1')
  const upload = (content: Uint8Array): Part => ['image[]', content, 'upload', 'application/octet-stream']
  const form: Part[] = [['prompt', 'both'], ['model', 'gpt-image-2'], upload(bytes), upload(other)]
  encoded(await send({ path: '/v1/images/edits', headers, form }))
  expect(inputs()).toBe(2)
})

test('Open WebUI: its usual 512x512, headers of its own, a version in the query', async () => {
  const headers = { 'x-openwebui-user-name': 'Ada', 'x-openwebui-user-id': '7', 'x-openwebui-user-role': 'admin' }
  const json = { model: 'gpt-image-1', prompt: 'A boat', n: 1, size: '512x512', response_format: 'b64_json' }
  encoded(await send({ path: '/v1/images/generations?api-version=2025-04-01-preview', headers, json }))
  // Its administrators may add any JSON, and its URL models get no `response_format`.
  encoded(await send({ path: '/v1/images/generations', json: { prompt: 'A boat', steps: 30, cfg: { scale: 7 } } }))
  const form: Part[] = [
    ['model', 'gpt-image-1'],
    ['prompt', 'x'],
    ['n', '1'],
    ['background', 'auto'],
  ]
  encoded(await send({ path: '/v1/images/edits', headers, form: [...form, file('image', 'image.png')] }))
  const several = [file('image[]', '1.png'), file('image[]', '2.png', 'image/png', other)]
  encoded(await send({ path: '/v1/images/edits', headers, form: [...form, ...several] }))
  expect(inputs()).toBe(2)
})

test('LobeChat: parameters of the model card, and always `input_fidelity`', async () => {
  const headers = stainless('js', '4.104.0')
  const json = { model: 'gpt-image-1', n: 1, prompt: 'A boat', aspectRatio: '16:9', seed: 42, quality: 'auto' }
  const { data } = await send({ path: '/v1/images/generations', headers, json })
  const { width, height } = imageSize(Buffer.from(data[0]?.b64_json ?? '', 'base64'))
  expect(width / height).toBeCloseTo(16 / 9, 1)
  const form: Part[] = [file('image', 'image.png'), ['input_fidelity', 'high'], ['model', 'gpt-image-1'], ['n', '1']]
  encoded(await send({ path: '/v1/images/edits', headers, form: [...form, ['prompt', 'x']] }))
})

test('LobeChat, models ending in `:image`: chat, whole, with the picture beside the text', async () => {
  const messages = [{ role: 'user', content: [{ type: 'text', text: 'A boat' }] }]
  const response = await contract.fetch(
    `${world.url}/v1/chat/completions`,
    initOf({ path: '', headers: stainless('js', '4.104.0'), json: { model: 'gpt-image-1', messages, stream: false } }),
  )
  const { choices } = (await response.json()) as {
    choices: { message: { images: { image_url: { url: string } }[] } }[]
  } // the documented answer
  const url = choices[0]?.message.images[0]?.image_url.url ?? ''
  expect((await fetch(url)).headers.get('content-type')).toBe('image/jpeg')
})

test('Cherry Studio: the AI SDK with its usual size', async () => {
  const headers = { 'user-agent': 'ai-sdk-openai/4.0.118 ai-sdk-provider-utils/5.0.81' }
  const json = { model: 'gpt-image-1', prompt: 'A boat', n: 1, size: '1024x1024' }
  encoded(await send({ path: '/v1/images/generations', headers, json }))
})

test('@ai-sdk/openai: `response_format` for ids that it does not know, files called `blob`', async () => {
  const json = { model: 'gemini-3.0-pro-image', prompt: 'A boat', n: 1, response_format: 'b64_json' }
  encoded(await send({ path: '/v1/images/generations', json }))
  const form: Part[] = [['model', 'gpt-image-1'], ['prompt', 'x'], file('image', 'blob', 'image/jpeg'), ['n', '1']]
  encoded(await send({ path: '/v1/images/edits', form }))
})

test('@ai-sdk/openai-compatible: no `response_format`', async () => {
  const json = { model: 'gemini-3.0-pro-image', prompt: 'A boat', n: 2, size: '1792x1024' }
  encoded(await send({ path: '/v1/images/generations', json }), 2)
})

test('@openrouter/ai-sdk-provider: `POST /images`, references by address', async () => {
  const input_references = [{ type: 'image_url', image_url: { url: await dataUrl(picture(30)) } }]
  const json = { model: 'gpt-image-1', prompt: 'A boat', n: 1, aspect_ratio: '16:9', seed: 1, input_references }
  encoded(await send({ path: '/v1/images', json }))
  expect(inputs()).toBe(1)
})

test('n8n: encoded unless told otherwise; edits of one picture as `image[]`', async () => {
  const json = { model: 'dall-e-3', prompt: 'A boat', quality: 'hd', size: '1792x1024', style: 'vivid' }
  encoded(await send({ path: '/v1/images/generations', json: { ...json, response_format: 'b64_json' } }))
  const { data } = await send({ path: '/v1/images/generations', json: { ...json, response_format: 'url' } })
  expect((await fetch(data[0]?.url ?? '')).headers.get('content-type')).toBe('image/jpeg')
  const form: Part[] = [['model', 'gpt-image-1'], ['prompt', 'x'], file('image[]', 'data.png'), ['size', 'auto']]
  encoded(await send({ path: '/v1/images/edits', form }))
})

test('n8n lists what it can offer: ids with `dall-e` or `gpt-image`, and with `sora`', async () => {
  const { data } = await world
    .call('/v1/models')
    .then(response => response.json() as Promise<{ data: { id: string }[] }>)
  const offered = (part: RegExp) => data.filter(({ id }) => part.test(id)).length
  expect([offered(/dall-e|gpt-image/) > 0, offered(/sora/) > 0, offered(/^(gpt-|chatgpt-)/) > 0]).toEqual([
    true,
    true,
    true,
  ])
})

test('LangChain JS: addresses, one picture a request', async () => {
  const json = { model: 'dall-e-3', prompt: 'A boat', n: 1, size: '1024x1024', style: 'vivid', quality: 'standard' }
  const { data } = await send({ path: '/v1/images/generations', json: { ...json, response_format: 'url', user: 'u' } })
  expect(data[0]).toEqual({ url: expect.stringMatching(/^http/) })
})

test('LibreChat: `gpt-image-1` hard-coded, `auto` everywhere, axios forms', async () => {
  const auto = { model: 'gpt-image-1', background: 'auto', quality: 'auto', size: 'auto' }
  const path = '/v1/images/generations'
  const { data } = await send({ path, json: { ...auto, prompt: 'A boat', n: 1, output_format: 'png' } })
  expect(imageSize(Buffer.from(data[0]?.b64_json ?? '', 'base64')).type).toBe('png')
  const fields = Object.entries({ ...auto, prompt: 'x', n: '1' })
  encoded(await send({ path: '/v1/images/edits', form: [...fields, file('image[]', 'image_0.png')] }))
})

test('NextChat: `dall-e-3` from a browser', async () => {
  const origin = 'https://nextchat.example'
  const preflight = await fetch(`${world.url}/v1/images/generations`, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
  })
  expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([204, 'authorization'])
  const json = { model: 'dall-e-3', prompt: 'A boat', response_format: 'b64_json', n: 1, size: '1024x1024' }
  const response = await contract.fetch(
    `${world.url}/v1/images/generations`,
    initOf({ path: '', headers: { origin }, json: { ...json, quality: 'standard', style: 'vivid' } }),
  )
  expect(response.headers.get('access-control-allow-origin')).toBe('*')
  encoded((await response.json()) as Answer) // the documented answer
})

test('LiteLLM: the Python library with more in the body', async () => {
  const headers = stainless('python', '2.8.0')
  const json = { model: 'gpt-image-1', prompt: 'A boat', n: 1, user: 'default_user_id', extra_headers: null }
  encoded(await send({ path: '/v1/images/generations', headers, json: { ...json, extra_body: { seed: 3 } } }))
})

test('every answer kept to OpenAI’s document', async () => {
  expect(await contract.mistakes()).toEqual([])
})
