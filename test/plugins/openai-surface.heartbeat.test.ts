/** Answers that take long: signs of life, late errors, readers that leave. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { domainFault } from 'flow2api/contracts'
import { type ManualClock, manualClock } from 'flow2api/testing'
import surface from '../../plugins/openai-surface/index.ts'
import { authPlugin, finished, jobsPlugin, pending } from './openai-surface.fixtures.ts'
import { rawPost } from './openai-surface.socket.ts'
import { openWorld, until, type World } from './openai-surface.world.ts'

const GRACE_MS = 20_000
const JOB = 'job_00a1'

let clock: ManualClock
let kernel: World['kernel']
let engine: World['engine']
let timers: World['timers']

beforeEach(async () => {
  clock = manualClock()
  ;({ kernel, engine, timers } = await openWorld({ clock }))
  engine.fate = pending
})
afterEach(() => kernel.stop())

const ENDPOINTS = [
  ['/v1/images/generations', { prompt: 'a fox', response_format: 'url' }],
  ['/v1/chat/completions', { model: 'img-1', messages: [{ role: 'user', content: 'a fox' }] }],
] as const

const [IMAGE, CHAT] = ENDPOINTS

/** A request whose job is under way. */
const waiting = async ([path, body]: readonly [string, unknown]) => {
  const before = engine.submitted.length
  const client = rawPost(kernel.url, path, body)
  await until(() => engine.submitted.length > before)
  // Until the request waits for its job, there is no timer that could fall due.
  await until(() => timers() > 0)
  return client
}
const complete = () => engine.update(JOB, finished(engine.add({ id: JOB }), { ...requestOf(), count: 1 }))
const requestOf = () => {
  const [first] = engine.submitted
  if (first === undefined) throw new Error('nothing was submitted')
  return first.request
}

describe.each(ENDPOINTS)('%s', (path, body) => {
  test('says nothing for twenty seconds, then 200 and a space in every silent interval', async () => {
    const client = await waiting([path, body])
    await clock.advance(GRACE_MS - 1)
    expect(client.received).toBe('')
    await clock.advance(1)
    await until(() => client.body === ' ')
    expect(client.received).toStartWith('HTTP/1.1 200')
    expect(client.received).toMatch(/content-type: application\/json\r\n/i)
    expect(client.received).toMatch(/x-flow2api-job: job_00a1\r\n/i)
    expect(client.received).toMatch(/x-accel-buffering: no\r\n/i)
    await clock.advance(14_999)
    expect(client.body).toBe(' ')
    await clock.advance(1)
    await until(() => client.body === '  ')
    await clock.advance(30_000)
    await until(() => client.body === '    ')
    complete()
    await until(() => client.ended)
    expect(client.body).toMatch(/^ {4}\{.*\}$/)
    expect(JSON.stringify(JSON.parse(client.body))).toContain('http://media.test/tmp/1.png')
    expect(timers()).toBe(0)
    client.hangUp()
  })

  test('an error has its real status within the grace, and is in the body after it', async () => {
    const early = await waiting([path, body])
    await clock.advance(GRACE_MS - 1)
    engine.update(JOB, { status: 'failed', fault: domainFault('moderation_blocked', 'Refused.') })
    await until(() => early.received.includes('Refused.'))
    expect(early.received).toStartWith('HTTP/1.1 400')
    early.hangUp()
    const late = await waiting([path, body])
    await clock.advance(GRACE_MS)
    await until(() => late.body === ' ')
    engine.update('job_00a2', { status: 'failed', fault: domainFault('upstream_error', 'It broke.') })
    await until(() => late.ended)
    expect(late.received).toStartWith('HTTP/1.1 200')
    expect(JSON.parse(late.body)).toEqual({
      error: { message: 'It broke.', type: 'server_error', param: null, code: 'upstream_error' },
    })
    expect(timers()).toBe(0)
    late.hangUp()
  })
})

test('an answer within the grace is what it always was', async () => {
  const client = await waiting(IMAGE)
  await clock.advance(GRACE_MS - 1)
  complete()
  await until(() => client.received.includes('"data"'))
  expect(client.received).toMatch(/content-length: \d+\r\n/i)
  expect(timers()).toBe(0)
  client.hangUp()
})

test('the interval is the engine’s, and the grace is never longer than two of it', async () => {
  engine.heartbeatMs = () => 5000
  const client = await waiting(IMAGE)
  await clock.advance(9999)
  expect(client.received).toBe('')
  await clock.advance(1)
  await until(() => client.body === ' ')
  await clock.advance(5000)
  await until(() => client.body === '  ')
  complete()
  await until(() => client.ended)
  client.hangUp()
})

test.each([0, GRACE_MS, GRACE_MS + 15_000])('a reader that leaves after %i ms leaves nothing behind', async after => {
  const client = await waiting(IMAGE)
  await clock.advance(after)
  if (after > 0) await until(() => client.body.startsWith(' '))
  client.hangUp()
  await until(() => timers() === 0)
  await until(() => kernel.status().every(plugin => plugin.in_flight.length === 0))
  expect([engine.jobs.get(JOB)?.status, engine.watchers]).toEqual(['queued', 0])
})

test('a bug in the late answer shows nothing of itself', async () => {
  const client = await waiting(CHAT)
  await clock.advance(GRACE_MS)
  // What no engine may answer, so that the surface stumbles over it.
  engine.update(JOB, { status: 'completed', media: [null as never] })
  await until(() => client.ended)
  expect(JSON.parse(client.body)).toMatchObject({
    error: { code: 'internal_error', message: expect.not.stringContaining('null') },
  })
  client.hangUp()
})

test('a late answer outlives the replacement of its plugin', async () => {
  const client = await waiting(IMAGE)
  await clock.advance(GRACE_MS)
  await until(() => client.body === ' ')
  const plugins = {
    auth: authPlugin,
    generation: jobsPlugin(engine),
    'openai-surface': { ...surface, version: '0.1.1' },
  }
  expect((await kernel.reload({ plugins })).isOk()).toBe(true)
  const held = () => kernel.status().flatMap(plugin => plugin.in_flight)
  expect(held()).toContain(`answer for ${JOB}`)
  complete()
  await until(() => client.ended)
  expect(JSON.parse(client.body)).toHaveProperty('data')
  await until(() => held().length === 0)
  client.hangUp()
})

test('streams send a comment in the engine’s interval', async () => {
  engine.heartbeatMs = () => 4000
  const client = rawPost(kernel.url, '/v1/images/generations', { prompt: 'a fox', stream: true })
  const beats = () => client.body.split(': keep-alive').length - 1
  await until(() => beats() === 1)
  await clock.advance(3999)
  expect(beats()).toBe(1)
  await clock.advance(1)
  await until(() => beats() === 2)
  client.hangUp()
  await until(() => timers() === 0)
  expect(engine.jobs.get(JOB)?.status).toBe('queued')
})
