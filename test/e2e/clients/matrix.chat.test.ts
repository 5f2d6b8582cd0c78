/** Chat programs: what each was seen to send, and whether it could show what it gets (api-surfaces A.6, C.1). */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { startWorld, type World } from '../../fixtures/world.ts'
import { Contract } from './contract.ts'
import { dataUrl, picture } from './pictures.ts'
import { initOf, linesOf, stainless } from './recorded.ts'

let world: World
const contract = new Contract()
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

interface Delta {
  readonly content?: string
  readonly reasoning_content?: string
  readonly images?: readonly { readonly type: string; readonly image_url: { readonly url: string } }[]
}
interface Chunk {
  readonly choices: readonly { readonly delta: Delta; readonly finish_reason: string | null }[]
  readonly usage?: unknown
}

const path = '/v1/chat/completions'
const ask = (json: unknown, headers: Record<string, string> = {}) =>
  contract.fetch(`${world.url}${path}`, initOf({ path, json, headers }))

/** Read line by line, to `[DONE]`. */
async function stream(json: Record<string, unknown>, headers: Record<string, string> = {}): Promise<readonly Chunk[]> {
  const response = await ask({ ...json, stream: true }, headers)
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8'])
  const lines = linesOf(await response.text())
  expect(lines.at(-1)).toBe('[DONE]')
  return lines.slice(0, -1).map(line => JSON.parse(line) as Chunk) // the documented chunk; the contract checks it
}
const deltasOf = (chunks: readonly Chunk[]) => chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta))
const textOf = (chunks: readonly Chunk[]) =>
  deltasOf(chunks)
    .map(({ content }) => content ?? '')
    .join('')
const inputs = () => world.emulator.record.paid({ kind: 'image' }).at(-1)?.inputs.length
const paid = () => world.emulator.record.paid().length

const MARKDOWN = /^!\[image\]\((http\S+\.jpg)\)$/

test('Open WebUI: models, a chat with an attached picture, and the title that it asks for on the side', async () => {
  expect((await world.call('/v1/models')).status).toBe(200)
  const content = [
    { type: 'text', text: 'at night' },
    { type: 'image_url', image_url: { url: await dataUrl(picture(20)) } },
  ]
  const chunks = await stream({ model: 'gpt-image-1', messages: [{ role: 'user', content }] })
  expect(textOf(chunks)).toMatch(MARKDOWN)
  expect(inputs()).toBe(1)
  const before = paid()
  const task = [
    '### Task:\nGenerate a concise, 3-5 word title with an emoji summarizing the chat history.',
    '### Output:\nJSON format: { "title": "your concise title here" }',
    '### Chat History:\n<chat_history>\nUSER: at night\nASSISTANT: ![image](x)\n</chat_history>',
  ].join('\n')
  const answer = await ask({ model: 'gpt-image-1', messages: [{ role: 'user', content: task }], stream: false })
  const { choices } = (await answer.json()) as { choices: { message: { content: string } }[] } // the documented answer
  expect([JSON.parse(choices[0]?.message.content ?? ''), paid()]).toEqual([{ title: 'at night' }, before])
})

test('LobeChat: usage, one kind of content a delta, from a browser', async () => {
  const asked = 'authorization,content-type,x-stainless-lang,x-stainless-retry-count'
  const origin = 'https://lobe.example'
  const preflight = await fetch(`${world.url}${path}`, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': asked },
  })
  expect(preflight.headers.get('access-control-allow-headers')).toBe(asked)
  const headers = { ...stainless('js', '4.104.0'), origin }
  const messages = [{ role: 'user', content: 'A boat leaves' }]
  const chunks = await stream({ model: 'sora-2', messages, stream_options: { include_usage: true } }, headers)
  for (const delta of deltasOf(chunks)) {
    const kinds = [delta.content, delta.reasoning_content, delta.images].filter(
      kind => kind !== undefined && kind !== '',
    )
    expect(kinds.length).toBeLessThanOrEqual(1)
  }
  expect(textOf(chunks)).toMatch(/^\[video\.mp4\]\(http\S+\.mp4\)$/)
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 0 } })
})

test('NextChat: always with temperature, penalties and top_p; a link whose path ends in .mp4', async () => {
  const knobs = { temperature: 0.5, presence_penalty: 0, frequency_penalty: 0, top_p: 1, max_tokens: 4000 }
  const messages = [
    { role: 'system', content: 'You are ChatGPT.' },
    { role: 'user', content: 'A boat' },
  ]
  const chunks = await stream({ model: 'sora-2', messages, ...knobs })
  const url = /\((\S+)\)/.exec(textOf(chunks))?.[1] ?? ''
  expect(new URL(url).pathname).toEndWith('.mp4')
  // A player has no key, and Safari wants ranges.
  const part = await fetch(url, { headers: { range: 'bytes=0-1' } })
  expect([part.status, part.headers.get('content-type')]).toEqual([206, 'video/mp4'])
})

test('AI SDK: no `stream_options`, and so no chunk without a choice', async () => {
  const chunks = await stream({ model: 'gpt-image-1', messages: [{ role: 'user', content: 'A boat' }] })
  expect(chunks.every(({ choices }) => choices.length === 1)).toBe(true)
})

test('OpenRouter’s provider: pictures beside the text where `modalities` asks for them', async () => {
  const messages = [{ role: 'user', content: [{ type: 'text', text: 'A boat' }] }]
  const wanted = { modalities: ['image', 'text'], image_config: { aspect_ratio: '16:9' } }
  const chunks = await stream({ model: 'gpt-image-1', messages, ...wanted })
  const [image] = deltasOf(chunks).flatMap(({ images }) => images ?? [])
  expect(image).toMatchObject({
    type: 'image_url',
    image_url: { url: expect.stringMatching(/^(data:image\/jpeg|http)/) },
  })
  expect(textOf(chunks)).not.toContain('![')
})

test('LangChain and n8n: `n`, tools and text parts; the official libraries', async () => {
  const headers = stainless('js', '6.49.0')
  const messages = [
    { role: 'developer', content: 'Draw.' },
    { role: 'user', content: 'A cat' },
    { role: 'assistant', content: 'Which colour?', tool_calls: [] },
    { role: 'user', content: [{ type: 'text', text: 'A black cat' }], name: 'ada' },
  ]
  const json = { model: 'gpt-image-1', messages, n: 2, tools: [], parallel_tool_calls: true, temperature: 1 }
  const { choices } = (await (await ask(json, headers)).json()) as { choices: { message: { content: string } }[] } // documented
  expect(choices.map(({ message }) => message.content)).toEqual([
    expect.stringMatching(MARKDOWN),
    expect.stringMatching(MARKDOWN),
  ])
  expect(world.emulator.record.paid().at(-1)?.prompt).toBe('A black cat')
})

test('every answer kept to OpenAI’s document', async () => {
  expect(await contract.mistakes()).toEqual([])
})
