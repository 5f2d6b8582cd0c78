/** Callers that hang up: their jobs go on, or are cancelled where they said so. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { ResultAsync } from 'flow2api/plugin'
import { type ManualClock, manualClock } from 'flow2api/testing'
import { pending, picture } from './openai-surface.fixtures.ts'
import { rawPost } from './openai-surface.socket.ts'
import { openWorld, until, type World } from './openai-surface.world.ts'

const JOB = 'job_00a1'
const CANCEL = { 'x-flow2api-on-disconnect': 'cancel' }

let clock: ManualClock
let kernel: World['kernel']
let engine: World['engine']
let timers: World['timers']
let post: World['post']

beforeEach(async () => {
  clock = manualClock()
  ;({ kernel, engine, timers, post } = await openWorld({ clock }))
  engine.fate = pending
})
afterEach(() => kernel.stop())

const chat = { model: 'img-1', messages: [{ role: 'user', content: 'a fox' }] }
const ENDPOINTS: readonly (readonly [string, Record<string, unknown>])[] = [
  ['/v1/images/generations', { prompt: 'a fox' }],
  ['/v1/images/generations', { prompt: 'a fox', stream: true }],
  ['/v1/chat/completions', chat],
  ['/v1/chat/completions', { ...chat, stream: true }],
]

const idle = () => until(() => kernel.status().every(plugin => plugin.in_flight.length === 0) && timers() === 0)

describe.each(ENDPOINTS)('%s %j', (path, body) => {
  const open = async (headers: Record<string, string>) => {
    const client = rawPost(kernel.url, path, body, headers)
    await until(() => engine.submitted.length === 1 && timers() > 0)
    return client
  }

  test.each([{}, { 'x-flow2api-on-disconnect': 'detach' }])('%j: the job goes on', async headers => {
    const client = await open(headers)
    client.hangUp()
    await idle()
    expect([engine.cancelled, engine.jobs.get(JOB)?.status]).toEqual([[], 'queued'])
  })

  test.each([0, 20_000, 50_000])('cancel, after %i ms: the job is cancelled, once', async afterMs => {
    const client = await open(CANCEL)
    await clock.advance(afterMs)
    client.hangUp()
    await until(() => engine.cancelled.length > 0)
    await idle()
    expect([engine.cancelled, engine.jobs.get(JOB)?.status]).toEqual([[JOB], 'cancelled'])
  })

  test('cancel, with an answer that was read to its end: nothing is cancelled', async () => {
    const client = await open(CANCEL)
    await clock.advance(20_000)
    engine.update(JOB, { status: 'completed', progress: 100, media: [picture()] })
    await until(() => client.ended)
    client.hangUp()
    await idle()
    await clock.advance(0)
    expect(engine.cancelled).toEqual([])
  })

  test('a word that means nothing is refused', async () => {
    const response = await post(path, body, { headers: { 'x-flow2api-on-disconnect': 'ignore' } })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      error: { code: 'invalid_value', param: 'x-flow2api-on-disconnect' },
    })
    expect(engine.submitted).toHaveLength(0)
  })
})

test('a body that is sent in chunks is answered, and its caller’s leaving noticed, like any other', async () => {
  const [path, body] = ['/v1/images/generations', JSON.stringify({ prompt: 'a fox' })]
  const client = rawPost(kernel.url, path, undefined, {
    ...CANCEL,
    'content-length': '',
    'transfer-encoding': 'chunked',
  })
  client.write(`${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`)
  await until(() => engine.submitted.length === 1 && timers() > 0)
  client.hangUp()
  await until(() => engine.cancelled.length > 0)
  await idle()
  expect(engine.cancelled).toEqual([JOB])
})

test('whoever was answered 202 has not hung up', async () => {
  const body = { prompt: 'a fox' }
  for (const prefer of ['respond-async', 'wait=0', 'wait=5']) {
    const client = rawPost(kernel.url, '/v1/images/generations', body, { ...CANCEL, prefer })
    if (prefer === 'wait=5') {
      await until(() => timers() > 0)
      await clock.advance(5000)
    }
    await until(() => client.received.includes('"object":"job"'))
    client.hangUp()
    await idle()
  }
  expect(engine.submitted).toHaveLength(3)
  expect(engine.cancelled).toEqual([])
})

test('hanging up while a wait runs is hanging up', async () => {
  const client = rawPost(kernel.url, '/v1/images/generations', { prompt: 'a' }, { ...CANCEL, prefer: 'wait=60' })
  await until(() => engine.submitted.length === 1 && timers() > 0)
  client.hangUp()
  await until(() => engine.cancelled.length > 0)
  await idle()
  expect(engine.cancelled).toEqual([JOB])
})

test.each([
  ['/v1/videos', 'cancel', [JOB]],
  ['/v1/videos', 'detach', []],
  ['/v1/images/generations', 'cancel', [JOB]],
])('%s, %s: hanging up before the job was admitted counts as well', async (path, word, cancelled) => {
  const { promise: admittance, resolve: admitAll } = Promise.withResolvers<void>()
  let asked = false
  const submit = engine.submit
  engine.submit = (request, options) => {
    asked = true
    return ResultAsync.fromSafePromise(admittance).andThen(() => submit(request, options))
  }
  const client = rawPost(kernel.url, path, { prompt: 'a fox' }, { 'x-flow2api-on-disconnect': word })
  await until(() => asked)
  client.hangUp()
  // The server learns of it by the loop that also carries this.
  for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve))
  admitAll()
  await until(() => engine.submitted.length === 1)
  await idle()
  expect(engine.cancelled).toEqual(cancelled)
})

test('a video was answered already: nothing to hang up on', async () => {
  const client = rawPost(kernel.url, '/v1/videos', { prompt: 'a fox' }, CANCEL)
  await until(() => client.received.includes('"object":"video"'))
  client.hangUp()
  await idle()
  expect(engine.cancelled).toEqual([])
})

test('a job that cannot be cancelled any more troubles nobody', async () => {
  engine.cancel = () => {
    throw new Error('gone')
  }
  const client = rawPost(kernel.url, '/v1/images/generations', { prompt: 'a fox' }, CANCEL)
  await until(() => engine.submitted.length === 1 && timers() > 0)
  client.hangUp()
  await idle()
  expect((await post('/v1/images/generations', { prompt: 'x' }, { headers: { prefer: 'wait=0' } })).status).toBe(202)
})
