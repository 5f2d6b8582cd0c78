/** `POST /v1/chat/completions` over real HTTP. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { domainFault } from 'flow2api/contracts'
import surface from '../../plugins/openai-surface/index.ts'
import { authPlugin, clip, failing, jobsPlugin, PNG, pending } from './openai-surface.fixtures.ts'
import { events, inputsOf, openWorld, until, type World } from './openai-surface.world.ts'

let kernel: World['kernel']
let engine: World['engine']
let post: World['post']

beforeEach(async () => {
  ;({ kernel, engine, post } = await openWorld())
})
afterEach(() => kernel.stop())

const chat = (fields: Record<string, unknown> = {}, init?: RequestInit) =>
  post('/v1/chat/completions', { model: 'img-1', messages: [{ role: 'user', content: 'a fox' }], ...fields }, init)

test('whole: a picture as markdown', async () => {
  const response = await chat({ tools: [{}], temperature: 1, image_config: { aspect_ratio: '16:9' } })
  expect(response.headers.get('x-flow2api-job')).toBe('job_00a1')
  expect(await response.json()).toEqual({
    id: 'chatcmpl-00a1',
    object: 'chat.completion',
    created: 1790000000,
    model: 'img-1',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: '![image](http://media.test/tmp/1.png)',
          refusal: null,
          images: [{ type: 'image_url', image_url: { url: 'http://media.test/tmp/1.png' }, index: 0 }],
        },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
    requested: { aspect_ratio: '16:9' },
    delivered: { size: '1024x768' },
  })
  expect(engine.submitted[0]?.request).toMatchObject({ kind: 'image', parameters: { aspectRatio: '16:9' } })
})

test('the model decides the kind: a video is a link', async () => {
  const body = await (await chat({ model: 'vid-1', seconds: 8 })).json()
  expect(body.choices[0].message.content).toBe('[video.mp4](http://media.test/tmp/1.mp4)')
  expect(engine.submitted[0]?.request).toMatchObject({ kind: 'video', parameters: { seconds: 8 } })
})

test('streamed: role, progress, content, stop, usage, done; one head for all', async () => {
  engine.fate = pending
  const response = await chat({ stream: true, stream_options: { include_usage: true } })
  const text = response.text()
  await until(() => engine.watchers > 0)
  const media = [{ ...clip, url: 'http://media.test/a.png', mime: 'image/png' }]
  engine.update('job_00a1', { status: 'completed', media, delivered: { size: '1280x720' } })
  const chunks = events(await text)
  expect(chunks.pop()).toBe('[DONE]')
  for (const chunk of chunks)
    expect(chunk).toMatchObject({
      id: 'chatcmpl-00a1',
      object: 'chat.completion.chunk',
      created: 1790000000,
      model: 'img-1',
    })
  const choice = (delta: unknown, finish_reason: string | null = null) => [{ index: 0, delta, finish_reason }]
  expect(chunks.map(chunk => (chunk as { choices: unknown }).choices)).toEqual([
    choice({ role: 'assistant', content: '' }),
    choice({ reasoning_content: 'Queued…\n' }),
    choice({ content: '![image](http://media.test/a.png)' }),
    choice({}, 'stop'),
    [],
  ])
  expect(chunks.at(-2)).toMatchObject({ requested: {}, delivered: { size: '1280x720' } })
  expect(engine.watchers).toBe(0)
})

test.each([
  ['img-refs', 3, ['reference', 'reference', 'reference']],
  ['vid-guided', 4, ['first_frame', 'last_frame', 'reference', 'reference']],
  ['vid-frames', 1, ['first_frame']],
  ['', 2, ['reference', 'reference']],
  ['sora-2', 2, ['first_frame', 'last_frame']],
])('%p takes %i pictures of a message in order', async (model, count, roles) => {
  const parts = Array.from({ length: count }, (_, index) => ({
    type: 'image_url',
    image_url: { url: `data:image/png;base64,${new Uint8Array([...PNG, index]).toBase64()}` },
  }))
  const messages = [{ role: 'user', content: [...parts, { type: 'text', text: 'mix them' }] }]
  expect((await chat({ model, messages, allow_downgrade: true })).status).toBe(200)
  expect(inputsOf(engine)).toEqual(roles.map((role, index) => [role, index]))
  expect(engine.submitted[0]?.request.parameters.allowDowngrade).toBe(true)
})

test('streamed without include_usage: every chunk has a choice', async () => {
  const chunks = events(await (await chat({ stream: true })).text())
  for (const chunk of chunks.slice(0, -1)) expect((chunk as { choices: unknown[] }).choices).toHaveLength(1)
})

test('streamed: a failure comes as an error event', async () => {
  engine.fate = failing(domainFault('generation_failed', 'It failed.'))
  const chunks = events(await (await chat({ stream: true })).text())
  expect(chunks.slice(-2)).toMatchObject([{ error: { code: 'generation_failed' } }, '[DONE]'])
})

test('a reader that leaves the stream leaves the job alone, and no watcher behind', async () => {
  engine.fate = pending
  const response = await chat({ stream: true })
  const reader = response.body?.getReader()
  await reader?.read()
  await until(() => engine.watchers > 0)
  await reader?.cancel()
  await until(() => engine.watchers === 0)
  expect(engine.jobs.get('job_00a1')?.status).toBe('queued')
  await until(() => kernel.status().every(plugin => plugin.in_flight.length === 0))
})

test.each([
  [{ messages: [] }, 400, 'messages'],
  [{ messages: undefined }, 400, 'messages'],
  [{ model: 'nope' }, 404, 'model'],
  [{ n: 0 }, 400, 'n'],
  [{ stream: 'yes' }, 400, 'stream'],
  [
    {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'x' },
            { type: 'image_url', image_url: PNG.toBase64() },
          ],
        },
      ],
    },
    400,
    'messages',
  ],
])('%j is a real HTTP error, also of a stream', async (fields, status, param) => {
  for (const stream of [true, false]) {
    const response = await chat({ stream, ...fields })
    expect([response.status, (await response.json()).error.param]).toEqual([status, param])
  }
  expect(engine.submitted).toHaveLength(0)
})

test('a stream outlives the replacement of its plugin', async () => {
  engine.fate = pending
  const text = chat({ stream: true }).then(response => response.text())
  await until(() => engine.watchers > 0)
  const successor = { ...surface, version: '0.1.1' }
  const plugins = { auth: authPlugin, generation: jobsPlugin(engine), 'openai-surface': successor }
  const report = await kernel.reload({ plugins })
  expect(report.isOk()).toBe(true)
  engine.update('job_00a1', { status: 'completed', media: [{ ...clip, url: 'http://media.test/after.mp4' }] })
  expect(await text).toContain('http://media.test/after.mp4')
})
