/** That the check of answers by OpenAI's document can fail; the suites beside it feed it all that clients were told. */
import { expect, test } from 'bun:test'
import { Contract, mistakesOf } from './contract.ts'

const bytes = (body: unknown) => new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body))
const json = (name: string, body: unknown, status = 200) => mistakesOf(name, status, 'application/json', bytes(body))
const events = (name: string, ...data: readonly unknown[]) =>
  mistakesOf(name, 200, 'text/event-stream', bytes(data.map(one => `data: ${JSON.stringify(one)}\n\n`).join('')))

const video = {
  id: 'video_1',
  object: 'video',
  model: 'any',
  status: 'queued',
  progress: 0,
  created_at: 1,
  completed_at: null,
  expires_at: null,
  prompt: 'x',
  size: '1376x768',
  seconds: '8',
  remixed_from_video_id: null,
  error: null,
}
const completed = {
  type: 'image_generation.completed',
  b64_json: '',
  created_at: 1,
  size: '1376x768',
  quality: 'auto',
  background: 'opaque',
  output_format: 'jpeg',
  usage: {
    total_tokens: 0,
    input_tokens: 0,
    output_tokens: 0,
    input_tokens_details: { text_tokens: 0, image_tokens: 0 },
  },
}
const error = { message: 'x', type: 'server_error', param: null, code: 'internal_error' }

test('additions are allowed', () => {
  expect(json('POST /videos', { ...video, requested: {}, delivered: null })).toEqual([])
  expect(events('POST /images/generations', { ...completed, url: 'http://x' })).toEqual([])
})

test.each([
  ['a status that clients do not know', { ...video, status: 'cancelled' }, '/status'],
  ['seconds as a number', { ...video, seconds: 8 }, '/seconds'],
  ['a size that is none', { ...video, size: '16:9' }, '/size'],
  ['an error without a code', { ...video, error: { message: 'x' } }, 'code'],
  ['a key that is missing', { ...video, expires_at: undefined }, 'expires_at'],
])('%s is a contradiction', (_, body, where) => {
  expect(json('POST /videos', body).join()).toContain(where)
})

test.each([
  ['an event without its picture', { ...completed, b64_json: undefined }],
  ['a quality of another API', { ...completed, quality: '4k' }],
  ['an event of another endpoint', { ...completed, type: 'image_edit.completed' }],
  ['an error without its four keys', { error: { message: 'x' } }],
])('in a stream: %s is one', (_, event) => {
  expect(events('POST /images/generations', event)).not.toEqual([])
})

test('so are errors in another envelope or form, other types, and streams where there are none', () => {
  expect(json('POST /images/generations', { error }, 500)).toEqual([])
  expect(json('POST /images/generations', { detail: 'x' }, 500)).not.toEqual([])
  expect(mistakesOf('POST /images/generations', 500, 'text/html', bytes('<p>'))).not.toEqual([])
  expect(mistakesOf('POST /videos', 200, 'text/event-stream', bytes(''))).not.toEqual([])
  expect(mistakesOf('GET /videos/{id}/content', 200, 'application/json', bytes('{}'))).not.toEqual([])
})

test('a client’s fetch is listened to, and told apart by endpoint', async () => {
  const contract = new Contract()
  await using server = Bun.serve({ port: 0, fetch: () => Response.json({ object: 'list', data: 'none' }) })
  for (const path of ['/v1/videos', '/v1/models', '/elsewhere']) await contract.fetch(`${server.url.origin}${path}`)
  expect([...contract.seen]).toEqual(['GET /videos 200 application/json', 'GET /models 200 application/json'])
  expect((await contract.mistakes()).join()).toContain('GET /models 200 application/json: /data must be array')
})
