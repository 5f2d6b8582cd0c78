/** Pages of other origins, and players: which of them may read answers, and where results are to be had. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { API_KEY, startWorld, type World } from '../fixtures/world.ts'

const PUBLIC = 'https://gateway.example/media'
const APP = 'https://app.example'

let world: World
beforeAll(async () => {
  world = await startWorld({ settings: `[server]\npublic_url = "${PUBLIC}"\ncors_origins = ["${APP}"]\n` })
})
afterAll(() => world[Symbol.asyncDispose]())

const post = async (path: string, body: unknown, headers: Record<string, string> = {}) =>
  world.call(path, { method: 'POST', body: JSON.stringify(body), headers })
/** As the reverse proxy behind the public address would ask. */
const inside = (url: string, init: RequestInit = {}) => {
  expect(url).toStartWith(`${PUBLIC}/tmp/`)
  return fetch(url.replace(PUBLIC, world.url), init)
}
const allowed = ({ headers }: Response) => headers.get('access-control-allow-origin')

test('results stand under the public address, open to players: no key, ranges, the right type', async () => {
  const picture = await (await post('/v1/images/generations', { prompt: 'A boat', response_format: 'url' })).json()
  const chat = await (
    await post('/v1/chat/completions', { model: 'sora-2', messages: [{ role: 'user', content: 'It leaves' }] })
  ).json()
  const video = /\((\S+\.mp4)\)$/.exec(chat.choices[0].message.content)?.[1] ?? ''
  for (const [url, type] of [
    [picture.data[0].url, 'image/jpeg'],
    [video, 'video/mp4'],
  ] as const) {
    const whole = await inside(url, { headers: { origin: APP } })
    expect([whole.status, whole.headers.get('content-type'), allowed(whole)]).toEqual([200, type, APP])
    expect(whole.headers.get('accept-ranges')).toBe('bytes')
    const bytes = await whole.bytes()
    const part = await inside(url, { headers: { range: 'bytes=2-5' } })
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 2-5/${bytes.length}`])
    expect(await part.bytes()).toEqual(bytes.slice(2, 6))
    const head = await inside(url, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(bytes.length)])
  }
})

test('a result that comes back as an input is read from disk, though nobody answers at its address', async () => {
  const { data } = await (await post('/v1/images/generations', { prompt: 'Once', response_format: 'url' })).json()
  const edited = await post('/v1/images/edits', { prompt: 'and again', images: [{ image_url: data[0].url }] })
  expect([edited.status, world.emulator.record.paid({ kind: 'image' }).at(-1)?.inputs.length]).toEqual([200, 1])
})

test.each([
  ['GET', '/v1/models', 200],
  ['POST', '/v1/images/generations', 400],
  ['DELETE', '/v1/videos/video_0', 404],
  ['POST', '/v1/responses', 404],
  ['GET', '/tmp/nothing.png', 404],
])(
  '%s %s may be read by pages of that origin alone, errors too, and never with cookies',
  async (method, path, status) => {
    const ask = (origin: string) =>
      fetch(`${world.url}${path}`, {
        method,
        headers: { origin, authorization: `Bearer ${API_KEY}` },
        ...(method === 'POST' && { body: '{}' }),
      })
    const answer = await ask(APP)
    expect([answer.status, allowed(answer), answer.headers.get('vary')]).toEqual([status, APP, 'Origin'])
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
    const exposed = answer.headers.get('access-control-expose-headers') ?? ''
    for (const name of ['x-request-id', 'x-flow2api-job', 'x-flow2api-ignored', 'retry-after', 'openai-poll-after-ms'])
      expect(exposed).toContain(name)
    expect(allowed(await ask('https://other.example'))).toBeNull()
  },
)

test('preflights are answered before any key, with the headers that were asked for', async () => {
  const headers = { origin: APP, 'access-control-request-headers': 'authorization,x-stainless-retry-count' }
  const preflight = await fetch(`${world.url}/v1/videos/video_0`, { method: 'OPTIONS', headers })
  expect(Object.fromEntries(preflight.headers)).toMatchObject({
    'access-control-allow-origin': APP,
    'access-control-allow-methods': 'GET, DELETE, OPTIONS',
    'access-control-allow-headers': headers['access-control-request-headers'],
    'access-control-max-age': '86400',
  })
  expect(preflight.status).toBe(204)
})

test('administration is for no page of another origin', async () => {
  const headers = { origin: APP }
  for (const method of ['GET', 'OPTIONS'])
    expect(allowed(await fetch(`${world.url}/admin/api/tokens`, { method, headers }))).toBeNull()
})
