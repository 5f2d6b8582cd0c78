/** `callback_url`: where the end of a job is to be told. */
import { afterEach, expect, test } from 'bun:test'
import { domainFault, type WebhookDesk } from 'flow2api/contracts'
import { errAsync, okAsync } from 'flow2api/plugin'
import { clip, PNG } from './openai-surface.fixtures.ts'
import { openWorld, type World } from './openai-surface.world.ts'

const URL = 'https://hooks.test/done'
const dataUrl = `data:image/png;base64,${PNG.toBase64()}`

let world: World
afterEach(() => world.kernel.stop())

/** What was asked of it, in order. */
class FakeDesk implements WebhookDesk {
  readonly asked: string[] = []

  check = (url: string) => {
    this.asked.push(`check ${url}`)
    return url.startsWith('https://hooks.test/')
      ? okAsync(undefined)
      : errAsync(domainFault('url_refused', 'This address is private.'))
  }
}

const open = async (webhooks?: WebhookDesk) => {
  world = await openWorld(webhooks === undefined ? {} : { webhooks })
  world.engine.add({ id: 'job_0e', kind: 'video', status: 'completed', media: [clip] })
}

const ENDPOINTS: readonly (readonly [string, Record<string, unknown>])[] = [
  ['/v1/images/generations', { prompt: 'a fox' }],
  ['/v1/images/generations', { prompt: 'a fox', stream: true }],
  ['/v1/images/edits', { prompt: 'x', image: dataUrl }],
  ['/v1/videos', { prompt: 'x' }],
  ['/v1/videos/extensions', { prompt: 'x', video: { id: 'video_0e' } }],
  ['/v1/chat/completions', { messages: [{ role: 'user', content: 'a' }] }],
]

test.each(ENDPOINTS)('%s %j: checked before the job, submitted with it', async (path, body) => {
  const desk = new FakeDesk()
  await open(desk)
  expect((await world.post(path, { ...body, callback_url: URL })).status).toBe(200)
  expect(desk.asked).toEqual([`check ${URL}`])
  expect(world.engine.submitted[0]?.options.callbackUrl).toBe(URL)
})

test.each(ENDPOINTS)('%s %j: an address that may not be is refused, and nothing made', async (path, body) => {
  const desk = new FakeDesk()
  await open(desk)
  const response = await world.post(path, { ...body, callback_url: 'http://10.0.0.1/' })
  expect([response.status, response.headers.get('x-flow2api-job')]).toEqual([400, null])
  expect(await response.json()).toMatchObject({ error: { code: 'url_refused', param: 'callback_url' } })
  expect([world.engine.submitted.length, desk.asked]).toEqual([0, ['check http://10.0.0.1/']])
})

test.each(ENDPOINTS)('%s %j: without webhooks it is refused', async (path, body) => {
  await open()
  const response = await world.post(path, { ...body, callback_url: URL })
  expect(response.status).toBe(400)
  const { error } = await response.json()
  expect(error).toMatchObject({ code: 'invalid_value', param: 'callback_url' })
  expect(error.message).toContain('Webhooks are switched off')
  expect(world.engine.submitted).toHaveLength(0)
})

test('without the field nobody is asked, with or without webhooks', async () => {
  const desk = new FakeDesk()
  await open(desk)
  expect((await world.post('/v1/videos', { prompt: 'x', callback_url: null })).status).toBe(200)
  expect(desk.asked).toEqual([])
  expect(world.engine.submitted[0]?.options).not.toHaveProperty('callbackUrl')
})

test('it is text in a form, and nothing but text in JSON', async () => {
  const desk = new FakeDesk()
  await open(desk)
  const fields = [['prompt', 'x'] as const, ['callback_url', URL] as const]
  expect((await world.send('/v1/videos', fields)).status).toBe(200)
  expect(world.engine.submitted[0]?.options.callbackUrl).toBe(URL)
  const response = await world.post('/v1/videos', { prompt: 'x', callback_url: [URL] })
  expect([response.status, (await response.json()).error.param]).toEqual([400, 'callback_url'])
})

test('another callback is another request', async () => {
  await open(new FakeDesk())
  const headers = { 'Idempotency-Key': 'one' }
  await world.post('/v1/videos', { prompt: 'x', callback_url: URL }, { headers })
  const reused = await world.post('/v1/videos', { prompt: 'x', callback_url: `${URL}/2` }, { headers })
  expect((await reused.json()).error.code).toBe('idempotency_key_reused')
})
