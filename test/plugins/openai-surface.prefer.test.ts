/** `Prefer`: the job instead of its result. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { domainFault } from 'flow2api/contracts'
import { type ManualClock, manualClock } from 'flow2api/testing'
import { failing, pending, picture } from './openai-surface.fixtures.ts'
import { openWorld, until, type World } from './openai-surface.world.ts'

const JOB = 'job_00a1'

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

const ENDPOINTS: readonly (readonly [string, Record<string, unknown>])[] = [
  ['/v1/images/generations', { prompt: 'a fox', response_format: 'url' }],
  ['/v1/chat/completions', { model: 'img-1', messages: [{ role: 'user', content: 'a fox' }] }],
]

describe.each(ENDPOINTS)('%s', (path, body) => {
  const ask = (prefer: string) => post(path, body, { headers: { prefer } })

  test('respond-async: 202 with the job at once', async () => {
    const response = await ask('respond-async')
    expect(response.status).toBe(202)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      location: `/v1/jobs/${JOB}`,
      'preference-applied': 'respond-async',
      'x-flow2api-job': JOB,
    })
    expect(await response.json()).toMatchObject({ id: JOB, object: 'job', status: 'queued', media: [], error: null })
    expect([timers(), engine.watchers]).toEqual([0, 0])
  })

  test('respond-async: also where the job has ended already, whatever became of it', async () => {
    engine.fate = failing(domainFault('moderation_blocked', 'Refused.'))
    const response = await ask('respond-async')
    expect([response.status, await response.json()]).toMatchObject([
      202,
      { status: 'failed', error: { code: 'moderation_blocked' } },
    ])
  })

  test.each(['wait=30', 'respond-async, wait=30'])('%s: the result where it comes in time', async prefer => {
    const answer = ask(prefer)
    await until(() => timers() > 0)
    await clock.advance(29_999)
    engine.update(JOB, { status: 'completed', progress: 100, media: [picture()] })
    const response = await answer
    expect([response.status, response.headers.get('location')]).toEqual([200, null])
    expect(JSON.stringify(await response.json())).toContain('http://media.test/tmp/1.png')
    expect(timers()).toBe(0)
  })

  test('wait: an error has its real status, however late', async () => {
    const answer = ask('wait=300')
    await until(() => timers() > 0)
    await clock.advance(299_000)
    engine.update(JOB, { status: 'failed', fault: domainFault('upstream_error', 'It broke.') })
    const response = await answer
    expect([response.status, response.headers.get('x-flow2api-job')]).toEqual([502, JOB])
    expect(await response.json()).toMatchObject({ error: { code: 'upstream_error' } })
  })

  test('wait: then 202 with the job as it is', async () => {
    const answer = ask('wait=30')
    await until(() => timers() > 0)
    engine.update(JOB, { status: 'running', progress: 40 })
    await clock.advance(30_000)
    const response = await answer
    expect([response.status, response.headers.get('preference-applied')]).toEqual([202, 'wait=30'])
    expect(await response.json()).toMatchObject({ id: JOB, status: 'running', progress: 40 })
    expect([timers(), engine.watchers]).toEqual([0, 0])
    expect(engine.jobs.get(JOB)?.status).toBe('running')
  })

  test('wait=0: the result if there is one, else the job', async () => {
    expect((await ask('wait=0')).status).toBe(202)
    engine.fate = () => ({ status: 'completed', progress: 100, media: [picture()] })
    expect((await ask('wait=0')).status).toBe(200)
  })

  test('is not heeded by streams', async () => {
    const answer = await post(path, { ...body, stream: true }, { headers: { prefer: 'respond-async' } })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8'])
    await answer.body?.cancel()
  })

  test('changes nothing about what is refused', async () => {
    const response = await post(path, { ...body, n: 99 }, { headers: { prefer: 'respond-async' } })
    expect([response.status, response.headers.get('location')]).toEqual([400, null])
  })
})

test('is not heeded by videos, which are asynchronous anyway', async () => {
  const response = await post('/v1/videos', { prompt: 'x' }, { headers: { prefer: 'respond-async' } })
  expect([response.status, (await response.json()).object]).toEqual([200, 'video'])
})
