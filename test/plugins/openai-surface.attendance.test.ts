/** Heartbeats, streams and cancellation by themselves, where it does not depend on what a server tells and when. */
import { describe, expect, test } from 'bun:test'
import {
  attend,
  domainFault,
  faultResponse,
  readRequestHeaders,
  type SurfaceWorld,
  withHeartbeats,
} from 'flow2api/contracts'
import type { Fault } from 'flow2api/plugin'
import { manualClock } from 'flow2api/testing'
import pino from 'pino'
import { streamAnswer } from '../../plugins/openai-surface/sse.ts'
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

describe('event streams', () => {
  test('a heartbeat in every silent interval, none after the end', async () => {
    const { clock, world, admitted } = setUp()
    const { promise, resolve } = Promise.withResolvers<void>()
    const response = streamAnswer(world, admitted, async sink => {
      await promise
      sink.send({ a: 1 }, 'named')
      return undefined
    })
    expect(Object.fromEntries(response.headers)).toEqual({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-flow2api-job': job.id,
    })
    await clock.advance(14_000)
    await clock.advance(31_000)
    resolve()
    expect(await response.text()).toBe(`${': keep-alive\n\n'.repeat(4)}event: named\ndata: {"a":1}\n\ndata: [DONE]\n\n`)
    expect(clock.waiting).toBe(0)
  })

  test('a fault becomes an error event, then the end', async () => {
    const { world, admitted } = setUp()
    const response = streamAnswer(world, admitted, async () => domainFault('moderation_blocked', 'Refused.'))
    const text = await response.text()
    expect(text).toEndWith(
      'data: {"error":{"message":"Refused.","type":"invalid_request_error","param":null,"code":"moderation_blocked"}}\n\ndata: [DONE]\n\n',
    )
  })

  test('a bug inside ends the stream cleanly and shows nothing of itself', async () => {
    const { world, admitted } = setUp()
    const response = streamAnswer(world, admitted, async () => {
      throw new Error('secret detail')
    })
    const text = await response.text()
    expect(text).toContain('"code":"internal_error"')
    expect(text).not.toContain('secret detail')
    expect(text).toEndWith('data: [DONE]\n\n')
  })

  test('a reader that leaves aborts the work and stops the heartbeat', async () => {
    const { clock, world, admitted } = setUp()
    const { promise, resolve } = Promise.withResolvers<void>()
    const response = streamAnswer(world, admitted, async sink => {
      sink.signal.addEventListener('abort', () => resolve())
      await promise
      sink.send('too late')
      return undefined
    })
    await response.body?.cancel()
    await promise
    expect(clock.waiting).toBe(0)
  })
})
