/** A repeated request finds the job of its first try. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import OpenAI from 'openai'
import { clip, KEY, PNG, pending, picture } from './openai-surface.fixtures.ts'
import { impatientProxy } from './openai-surface.socket.ts'
import { openWorld, pictureFile, until, type World } from './openai-surface.world.ts'

let kernel: World['kernel']
let engine: World['engine']
let post: World['post']
let send: World['send']

beforeEach(async () => {
  ;({ kernel, engine, post, send } = await openWorld())
  engine.add({ id: 'job_0e', kind: 'video', status: 'completed', media: [clip] })
})
afterEach(() => kernel.stop())

const dataUrl = `data:image/png;base64,${PNG.toBase64()}`

/** Each generating endpoint with two requests that are not the same. */
const ENDPOINTS: readonly (readonly [string, string, Record<string, unknown>, Record<string, unknown>])[] = [
  ['/v1/images/generations', 'images.generations', { prompt: 'a fox' }, { prompt: 'a fox', n: 2 }],
  ['/v1/images/edits', 'images.edits', { prompt: 'x', image: dataUrl }, { prompt: 'y', image: dataUrl }],
  ['/v1/videos', 'videos', { prompt: 'x', seconds: 8 }, { prompt: 'x', seconds: '8' }],
  [
    '/v1/videos/extensions',
    'videos.extensions',
    { prompt: 'x', video: { id: 'video_0e' } },
    { prompt: 'y', video: { id: 'video_0e' } },
  ],
  [
    '/v1/chat/completions',
    'chat.completions',
    { messages: [{ role: 'user', content: 'a' }] },
    { messages: [{ role: 'user', content: 'b' }] },
  ],
]

const jobOf = (response: Response) => response.headers.get('x-flow2api-job')
const fingerprints = () => engine.submitted.map(({ options }) => options.idempotency?.fingerprint)

test.each(ENDPOINTS)('%s: the same key is the same job, unless the body is another', async (path, name, one, other) => {
  const headers = { 'Idempotency-Key': 'order-1' }
  const first = await post(path, one, { headers })
  const again = await post(path, Object.fromEntries(Object.entries(one).reverse()), { headers })
  expect([first.status, again.status, jobOf(again)]).toEqual([200, 200, jobOf(first)])
  expect(await again.json()).toEqual(await first.json())
  expect(engine.submitted[0]?.options).toEqual({
    caller: { kind: 'api_key', id: 'key-1' },
    surface: name,
    idempotency: { key: 'order-1', fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/), retry: false },
  })
  const reused = await post(path, other, { headers })
  expect(reused.status).toBe(400)
  expect(await reused.json()).toMatchObject({ error: { code: 'idempotency_key_reused' } })
  const stranger = await post(path, one, { headers: { 'Idempotency-Key': 'order-2' } })
  expect(jobOf(stranger)).not.toBe(jobOf(first))
})

test.each(ENDPOINTS)('%s: a retry of the library needs no key', async (path, _name, one, other) => {
  const first = await post(path, one, { headers: { 'x-stainless-retry-count': '0' } })
  const retry = await post(path, one, { headers: { 'x-stainless-retry-count': '1' } })
  expect(jobOf(retry)).toBe(jobOf(first))
  expect(engine.submitted.map(({ options }) => options.idempotency?.retry)).toEqual([false, true])
  expect(jobOf(await post(path, one))).not.toBe(jobOf(first))
  expect(jobOf(await post(path, other, { headers: { 'x-stainless-retry-count': '1' } }))).not.toBe(jobOf(first))
})

test.each(ENDPOINTS)('%s: a key that is none is refused before anything is done', async (path, _name, one) => {
  for (const key of ['', 'two words', 'k'.repeat(256)]) {
    const response = await post(path, one, { headers: { 'Idempotency-Key': key } })
    expect([response.status, (await response.json()).error.param]).toEqual([400, 'Idempotency-Key'])
  }
  expect(engine.submitted).toHaveLength(0)
})

test('endpoints differ, though bodies be the same', async () => {
  const body = { prompt: 'x', image: dataUrl }
  for (const path of ['/v1/images/generations', '/v1/images/edits', '/v1/videos']) await post(path, body)
  expect(new Set(fingerprints()).size).toBe(3)
})

test('a form with the same files is the same request, whatever its boundary', async () => {
  const fields = [['prompt', 'x'] as const, ['image[]', pictureFile(1)] as const, ['image[]', pictureFile(2)] as const]
  const headers = { 'Idempotency-Key': 'form-1' }
  const first = await send('/v1/images/edits', fields, headers)
  const again = await send('/v1/images/edits', fields, headers)
  expect([first.status, jobOf(again)]).toEqual([200, jobOf(first)])
  const [prompt, one, two] = fields
  const swapped = await send(
    '/v1/images/edits',
    [prompt, two, one].flatMap(field => (field ? [field] : [])),
    headers,
  )
  expect([swapped.status, (await swapped.json()).error.code]).toEqual([400, 'idempotency_key_reused'])
})

test('a repetition waits for the running job and answers like the first', async () => {
  engine.fate = pending
  const headers = { 'Idempotency-Key': 'slow-1' }
  const both = [1, 2].map(() => post('/v1/images/generations', { prompt: 'x', response_format: 'url' }, { headers }))
  await until(() => engine.submitted.length === 2)
  engine.update('job_00a1', { status: 'completed', progress: 100, media: [picture()] })
  const [first, again] = await Promise.all(both.map(async answer => (await answer).json()))
  expect(first.data).toHaveLength(1)
  expect(again).toEqual(first)
})

test('the official client’s own retry finds the job of the try that was cut off', async () => {
  engine.fate = pending
  engine.heartbeatMs = () => 60_000
  using proxy = await impatientProxy(kernel.url, 100)
  const client = new OpenAI({ baseURL: `${proxy.url}/v1`, apiKey: KEY, maxRetries: 1 })
  const image = pictureFile(1)
  const answer = client.images.edit({ prompt: 'x', image, response_format: 'url' })
  await until(() => engine.submitted.length === 2)
  expect(proxy.cut).toBe(1)
  expect(engine.submitted.map(({ options }) => options.idempotency?.retry)).toEqual([false, true])
  expect(engine.jobs.size).toBe(2) // the one that beforeEach made, and one for both tries
  engine.update('job_00a1', { status: 'completed', progress: 100, media: [picture()] })
  expect((await answer).data).toHaveLength(1)
})
