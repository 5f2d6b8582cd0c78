import { expect, test } from 'bun:test'
import { ok } from 'flow2api/plugin'
import { Pace } from '../../plugins/generation/pace.ts'
import { imageDone, settle, until, World } from './generation.world.ts'

const SECOND = 1_000
const headers = { authorization: 'Bearer right' }

test('a place is worth the usual time of its kind, shared by what is under way', () => {
  const working = (kind: 'image' | 'video', state: 'running' | 'queued') => ({
    job: { record: { kind } },
    record: { state },
  })
  const units = [working('video', 'running'), working('video', 'queued'), working('image', 'running')]
  const pace = new Pace(() => units)
  expect(pace.etaSeconds('video', 1, 0)).toBeNull()
  pace.learn('video', 100 * SECOND)
  expect(pace.etaSeconds('image', 1, 0)).toBeNull()
  expect(pace.etaSeconds('video', 3, 0)).toBe(300)
  pace.learn('video', 200 * SECOND)
  expect(pace.etaSeconds('video', 1, 0)).toBe(120)
  units.push(working('video', 'running'))
  expect(pace.etaSeconds('video', 1, 2 * SECOND)).toBe(60)
  units.length = 0
  expect(pace.etaSeconds('video', 1, 4 * SECOND)).toBe(120)
})

test('work that takes no time at all still takes a second', () => {
  const pace = new Pace(() => [])
  pace.learn('image', 0)
  expect(pace.etaSeconds('image', 5, 0)).toBe(1)
})

test('who waits is told how long, also after a restart', async () => {
  const world = new World()
  world.slots = 1
  let gate = Promise.withResolvers<void>()
  world.start = async () => gate.promise.then(() => ok(imageDone()))
  const before = await world.boot()
  const { id: first } = await before.submit()
  const { id } = await before.submit()
  await until(() => world.waiting.length === 1)
  const queueOf = async (gateway: typeof before) => {
    const response = await gateway.kernel.fetch(`/v1/jobs/${id}`, { headers })
    const { queue } = (await response.json()) as { queue: unknown }
    return queue
  }
  expect(await queueOf(before)).toEqual({ position: 1, eta_s: null })
  await world.clock.advance(30 * SECOND)
  // The next one takes longer than this test.
  const finished = gate
  gate = Promise.withResolvers()
  finished.resolve()
  await before.end(first)
  await settle()
  const dataDir = world.crash(before)
  world.slots = 0
  await using after = await world.boot({ dataDir })
  const { id: third } = await after.submit()
  await until(async () => (await after.job(third)).queuePosition !== null)
  const response = await after.kernel.fetch(`/v1/jobs/${third}`, { headers })
  expect(await response.json()).toMatchObject({ queue: { eta_s: 30 } })
})
