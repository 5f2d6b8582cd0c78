import { expect, test } from 'bun:test'
import { domainFault } from 'flow2api/contracts'
import { err, ok } from 'flow2api/plugin'
import { imageDone, running, until, World } from './generation.world.ts'

const SECOND = 1_000

test('ended jobs are counted by span, model, state and fault', async () => {
  const world = new World()
  await using gateway = await world.boot()
  const from = world.clock.now()
  world.start = async () => {
    await world.clock.advance(2 * SECOND)
    return ok(imageDone())
  }
  await gateway.end((await gateway.submit()).id)
  await gateway.end((await gateway.submit()).id)
  await world.clock.advance(56 * SECOND)
  world.start = async () => err(domainFault('moderation_blocked', 'No.'))
  await gateway.end((await gateway.submit()).id)
  const tally = async (spanMs: number) =>
    (await gateway.jobs.tally({ from, to: from + 120 * SECOND, spanMs }))._unsafeUnwrap()
  const alike = { kind: 'image', model: 'pic', provider: 'upstream', waitedMs: 0 } as const
  expect(await tally(60 * SECOND)).toEqual([
    { ...alike, from, status: 'completed', code: null, blame: null, count: 2, tookMs: 4 * SECOND },
    {
      ...alike,
      from: from + 60 * SECOND,
      status: 'failed',
      code: 'moderation_blocked',
      blame: 'request',
      count: 1,
      tookMs: 0,
    },
  ])
  expect((await tally(120 * SECOND)).map(({ from: begin, count }) => [begin, count])).toEqual([
    [from, 2],
    [from, 1],
  ])
  const refused = await gateway.jobs.tally({ from, to: from + 120 * SECOND, spanMs: 1 })
  expect(refused._unsafeUnwrapErr().code).toBe('invalid_value')
})

test('what is under way is told apart by kind', async () => {
  const world = new World()
  world.slots = 1
  world.start = async () => ok(running('op'))
  await using gateway = await world.boot()
  await gateway.submit({ kind: 'video', model: 'vid' })
  await gateway.submit({ count: 3 })
  await until(() => world.waiting.length === 3)
  expect(gateway.jobs.underWay()).toEqual({ image: { queued: 3, running: 0 }, video: { queued: 0, running: 1 } })
})
