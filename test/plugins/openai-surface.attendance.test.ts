/** Heartbeats and cancellation by themselves, where it does not depend on what a server tells and when. */
import { expect, test } from 'bun:test'
import { attend, faultResponse, readRequestHeaders, type SurfaceWorld, withHeartbeats } from 'flow2api/contracts'
import type { Fault } from 'flow2api/plugin'
import { manualClock } from 'flow2api/testing'
import pino from 'pino'
import { FakeEngine } from './openai-surface.engine.ts'
import { sampleJob } from './openai-surface.fixtures.ts'
import { until } from './openai-surface.world.ts'

const job = sampleJob()

function setUp(word = 'cancel') {
  const clock = manualClock()
  const engine = new FakeEngine()
  engine.add(job)
  const held = new Set<string>()
  const world: SurfaceWorld = {
    auth: { verify: () => expect.unreachable() },
    jobs: engine,
    webhooks: { current: undefined },
    guard: { current: undefined },
    media: { current: undefined },
    publicUrl: () => '',
    clock,
    log: pino({ level: 'silent' }),
    begin: label => {
      held.add(label)
      return { [Symbol.asyncDispose]: async () => void held.delete(label) }
    },
    refuse: (fault, jobId) => faultResponse(fault, jobId === undefined ? {} : { jobId }),
  }
  const headers = readRequestHeaders(new Headers({ 'x-flow2api-on-disconnect': word }))._unsafeUnwrap()
  const request = new Request('http://localhost/', { method: 'POST' })
  return { clock, engine, world, held, admitted: { job, headers, request } }
}

test('a signal that aborts after the work has ended cancels nothing', async () => {
  const { engine, world, admitted } = setUp()
  const leaving = new AbortController()
  expect(await attend(world, admitted, leaving.signal, async () => 'done')).toBe('done')
  leaving.abort()
  expect(engine.cancelled).toEqual([])
})

test('one that had aborted before cancels at once, and one of a detached request never', async () => {
  for (const [word, cancelled] of [
    ['cancel', [job.id]],
    ['detach', []],
  ] as const) {
    const { engine, world, admitted } = setUp(word)
    await attend(world, admitted, AbortSignal.abort(), async () => 'done')
    expect(engine.cancelled).toEqual([...cancelled])
  }
})

test('a body whose reader leaves tells the work so, stops beating, and takes what comes too late', async () => {
  const { clock, world, held, admitted } = setUp()
  const { promise: left, resolve } = Promise.withResolvers<void>()
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  const answer = withHeartbeats(world, admitted, async signal => {
    signal.addEventListener('abort', () => resolve())
    await left
    await gate
    return Response.json({ late: true })
  })
  await clock.advance(20_000)
  const response = await answer
  expect([response.status, [...held]]).toEqual([200, [`answer for ${job.id}`]])
  await response.body?.cancel()
  await left
  await clock.advance(60_000)
  expect([clock.waiting, held.size]).toEqual([0, 1])
  open()
  await until(() => held.size === 0)
})

test('a body that nobody reads for a while has all its heartbeats and then the answer', async () => {
  const { clock, world, admitted } = setUp()
  const { promise, resolve } = Promise.withResolvers<Response>()
  const answer = withHeartbeats(world, admitted, () => promise)
  await clock.advance(20_000)
  const response = await answer
  await clock.advance(60_000)
  resolve(new Response(null, { status: 499 }))
  expect(await response.text()).toBe(' '.repeat(5))
  expect(clock.waiting).toBe(0)
})

test('what is thrown within the grace has a real status and the job', async () => {
  const { clock, world, held, admitted } = setUp()
  const response = await withHeartbeats(world, admitted, async () => {
    throw new Error('secret detail')
  })
  expect([response.status, response.headers.get('x-flow2api-job')]).toEqual([500, job.id])
  const { error } = (await response.json()) as { error: Fault }
  expect([error.code, error.message.includes('secret')]).toEqual(['internal_error', false])
  expect([clock.waiting, held.size]).toEqual([0, 0])
})
