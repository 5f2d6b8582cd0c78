/** `POST /v1/images/generations` over real HTTP. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { join } from 'node:path'
import { domainFault } from 'flow2api/contracts'
import { clip, failing, PNG, pending } from './openai-surface.fixtures.ts'
import { authorization, events, openWorld, until, type World } from './openai-surface.world.ts'

let kernel: World['kernel']
let engine: World['engine']
let post: World['post']

beforeEach(async () => {
  ;({ kernel, engine, post } = await openWorld())
})
afterEach(() => kernel.stop())

const image = (fields: Record<string, unknown> = {}, init?: RequestInit) =>
  post('/v1/images/generations', { prompt: 'a fox', ...fields }, init)

test('as base64 by default, from a file', async () => {
  const path = join(kernel.tmpDir, 'piece.png')
  await Bun.write(path, PNG)
  engine.contents = { path }
  const response = await image({ n: 2, model: 'gpt-image-1' })
  expect(response.status).toBe(200)
  expect(response.headers.get('x-flow2api-job')).toBe('job_00a1')
  expect(await response.json()).toEqual({
    created: 1790000005,
    data: [{ b64_json: PNG.toBase64() }, { b64_json: PNG.toBase64() }],
    output_format: 'png',
    size: '1024x768',
    usage: {
      total_tokens: 0,
      input_tokens: 0,
      output_tokens: 0,
      input_tokens_details: { text_tokens: 0, image_tokens: 0 },
      output_tokens_details: { text_tokens: 0, image_tokens: 0 },
    },
    requested: {},
    delivered: { size: '1024x768' },
  })
  expect(engine.submitted[0]?.options).toEqual({
    caller: { kind: 'api_key', id: 'key-1' },
    surface: 'images.generations',
    idempotency: { fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/), retry: false },
  })
})

test('as addresses, from a form too', async () => {
  const form = new FormData()
  form.set('prompt', '{"a":1}')
  form.set('response_format', 'url')
  form.set('n', '2')
  const init = { method: 'POST', headers: { authorization }, body: form }
  const body = await (await kernel.fetch('/v1/images/generations', init)).json()
  expect(body.data).toEqual([{ url: 'http://media.test/tmp/1.png' }, { url: 'http://media.test/tmp/2.png' }])
  expect(engine.submitted[0]?.request).toMatchObject({ prompt: '{"a":1}', count: 2, kind: 'image' })
})

test('waits for the job, also when the engine answers early', async () => {
  engine.fate = pending
  engine.impatient = true
  const answer = image({ response_format: 'url' })
  await until(() => engine.submitted.length === 1)
  const media = [{ ...clip, url: 'http://media.test/late.png', mime: 'image/png' }]
  engine.update('job_00a1', { status: 'completed', media })
  expect((await (await answer).json()).data).toEqual([{ url: 'http://media.test/late.png' }])
})

test('a hang-up leaves the job alone', async () => {
  engine.fate = pending
  const leaving = new AbortController()
  const answer = image({}, { signal: leaving.signal }).catch(() => 'gone')
  await until(() => engine.submitted.length === 1)
  leaving.abort()
  expect(await answer).toBe('gone')
  await until(() => kernel.status().every(plugin => plugin.in_flight.length === 0))
  expect(engine.jobs.get('job_00a1')?.status).toBe('queued')
})

test('a mistake of the request is 400 with its parameter, and names no job', async () => {
  const response = await image({ n: 99 })
  expect(response.status).toBe(400)
  expect(response.headers.get('x-flow2api-job')).toBeNull()
  expect(await response.json()).toMatchObject({ error: { param: 'n', code: 'invalid_value' } })
  const broken = await post('/v1/images/generations', undefined, { body: '{"prompt":' })
  expect([broken.status, (await broken.json()).error.code]).toEqual([400, 'invalid_json'])
})

test('a refused admission tells when to come back', async () => {
  engine.refusal = domainFault('queue_full', 'The queue is full.', { retryAfterMs: 4200 })
  const response = await image()
  expect([response.status, response.headers.get('retry-after')]).toEqual([429, '5'])
  expect(response.headers.get('x-flow2api-job')).toBeNull()
})

test.each([
  ['moderation_blocked', 400, null],
  ['verification_required', 502, 'false'],
  ['upstream_error', 502, null],
  ['downgraded', 502, 'false'],
] as const)('a job that failed with %s is %i and names the job', async (code, status, retried) => {
  engine.fate = failing(domainFault(code, 'It went wrong.'))
  const response = await image()
  expect(response.status).toBe(status)
  expect(response.headers.get('x-flow2api-job')).toBe('job_00a1')
  expect(response.headers.get('x-should-retry')).toBe(retried)
  expect(await response.json()).toMatchObject({ error: { code, message: 'It went wrong.' } })
})

test.each([
  ['cancelled', 400, 'cancelled'],
  ['outcome_unknown', 502, 'outcome_unknown'],
  ['completed', 502, 'generation_failed'],
] as const)('a job that ended %s with nothing is %i', async (status, expected, code) => {
  engine.fate = () => ({ status })
  const response = await image()
  expect([response.status, (await response.json()).error.code]).toEqual([expected, code])
})

test('a file that is gone is said, not sent as an empty picture', async () => {
  engine.contents = { path: join(kernel.tmpDir, 'missing.png') }
  const response = await image()
  expect([response.status, (await response.json()).error.code]).toEqual([502, 'media_unavailable'])
})

test('streamed: one event a picture', async () => {
  const response = await image({ stream: true, n: 2, quality: 'high', aspect_ratio: '4:3' })
  expect(response.headers.get('content-type')).toStartWith('text/event-stream')
  expect(response.headers.get('x-flow2api-job')).toBe('job_00a1')
  const text = await response.text()
  expect(text.match(/^event: image_generation.completed$/gm)).toHaveLength(2)
  const [first, , done] = events(text)
  expect(first).toMatchObject({
    type: 'image_generation.completed',
    b64_json: PNG.toBase64(),
    size: '1024x768',
    quality: 'high',
    background: 'opaque',
    output_format: 'png',
    requested: { aspect_ratio: '4:3' },
    delivered: { size: '1024x768' },
  })
  expect(done).toBe('[DONE]')
})

test('streamed: what fails before the stream is an HTTP error, what fails in it an event', async () => {
  expect((await image({ stream: true, n: 0 })).status).toBe(400)
  engine.fate = failing(domainFault('moderation_blocked', 'Refused.'))
  const response = await image({ stream: true })
  expect(response.status).toBe(200)
  expect(events(await response.text())).toMatchObject([{ error: { code: 'moderation_blocked' } }, '[DONE]'])
})

test.each([
  ['generation_failed', undefined, 502, 422],
  // Waiting helps: let it wait.
  ['upstream_error', undefined, 502, 502],
  ['accounts_cooling', 3_600_000, 503, 503],
  ['moderation_blocked', undefined, 400, 400],
] as const)(
  '%s is for good where the client says that it looks at the status alone',
  async (code, retryAfterMs, usual, told) => {
    engine.fate = failing(domainFault(code, 'It failed.', retryAfterMs === undefined ? {} : { retryAfterMs }))
    const agents = ['OpenAI/JS 7.57.0', 'ai-sdk-openai/4.0.118 ai-sdk-provider-utils/5.0.81']
    const answers = await Promise.all(
      agents.map(agent => post('/v1/images/generations', { prompt: 'x' }, { headers: { 'user-agent': agent } })),
    )
    expect(answers.map(({ status }) => status)).toEqual([usual, told])
    for (const answer of answers) {
      expect(answer.headers.get('x-flow2api-job')).toStartWith('job_')
      expect((await answer.json()).error.code).toBe(code)
    }
  },
)
