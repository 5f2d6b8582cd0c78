import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { domainFault, type MediaSource } from 'flow2api/contracts'
import { err, ok } from 'flow2api/plugin'
import { imageDone, keptOf, PNG, running, settle, until, World } from './generation.world.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'flow2api-restart-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

const SECOND = 1_000
const never = new Promise<never>(() => {})
const dataDir = () => join(root, crypto.randomUUID())
const done = { state: 'done', media: [{ url: 'https://media.test/v.mp4' }] } as const

test('queued: it is queued again and served', async () => {
  const world = new World()
  world.slots = 0
  const first = await world.boot({ dataDir: dataDir() })
  const { id } = await first.submit({ count: 2 })
  const again = world.crash(first)
  world.slots = 1
  await using second = await world.boot({ dataDir: again })
  expect(await second.end(id)).toMatchObject({ id, status: 'completed', prompt: 'a fox' })
  expect(world.starts).toHaveLength(2)
})

test('starting: nobody knows what the upstream did, so it is said and not repeated', async () => {
  const world = new World()
  world.start = () => never
  const first = await world.boot({ dataDir: dataDir() })
  const { id } = await first.submit()
  await until(() => world.starts.length === 1)
  const again = world.crash(first)
  world.start = async () => ok(imageDone())
  await using second = await world.boot({ dataDir: again })
  expect(await second.end(id)).toMatchObject({ status: 'outcome_unknown', fault: { code: 'outcome_unknown' } })
  expect(world.finished.map(({ status }) => status)).toEqual(['outcome_unknown'])
  await second.end((await second.submit()).id)
  expect(world.starts).toHaveLength(2)
})

test('between two tries: nothing had been taken, so it is begun again', async () => {
  const world = new World()
  world.start = async () => err(domainFault('upstream_unreachable', 'Nobody answered.'))
  const first = await world.boot({ dataDir: dataDir() })
  const { id } = await first.submit()
  await until(() => world.starts.length === 1)
  await settle()
  const again = world.crash(first)
  world.start = async () => ok(imageDone())
  await using second = await world.boot({ dataDir: again })
  expect((await second.end(id)).status).toBe('completed')
  expect(world.starts).toHaveLength(2)
})

test('running: the operation is adopted on its account and polled on', async () => {
  const world = new World()
  world.accounts = [1, 2]
  world.slots = 1
  world.start = async unit => ok(running(unit.id))
  const first = await world.boot({ dataDir: dataDir() })
  const one = await first.submit({ kind: 'video', model: 'vid' })
  const two = await first.submit({ kind: 'video', model: 'vid' })
  await until(() => world.starts.length === 2)
  await settle()
  const again = world.crash(first)
  world.statusCalls.length = 0
  world.status = () => done
  await using second = await world.boot({ dataDir: again })
  await settle()
  expect((await second.job(one.id)).status).toBe('running')
  await world.clock.advance(3 * SECOND)
  expect((await second.end(one.id)).status).toBe('completed')
  expect((await second.end(two.id)).status).toBe('completed')
  expect(world.starts).toHaveLength(2)
  expect(world.statusCalls.map(({ account, operations }) => [account, operations])).toEqual([
    [1, [{ id: `${one.id}-0` }]],
    [2, [{ id: `${two.id}-0` }]],
  ])
})

test('running past its deadline while the gateway was away: it is asked for before it is given up', async () => {
  const world = new World()
  world.start = async () => ok(running('op'))
  const first = await world.boot({ dataDir: dataDir() })
  const { id } = await first.submit({ kind: 'video', model: 'vid' })
  await until(() => world.starts.length === 1)
  await settle()
  const again = world.crash(first)
  await world.clock.advance(10_000 * SECOND)
  world.status = () => done
  await using second = await world.boot({ dataDir: again })
  await settle()
  await world.clock.advance(3 * SECOND)
  expect((await second.end(id)).status).toBe('completed')
})

test('running on an account that is gone: its outcome is not known', async () => {
  const world = new World()
  world.start = async () => ok(running('op'))
  const first = await world.boot({ dataDir: dataDir() })
  const { id } = await first.submit({ kind: 'video', model: 'vid' })
  await until(() => world.starts.length === 1)
  await settle()
  const again = world.crash(first)
  world.accounts = [2]
  await using second = await world.boot({ dataDir: again })
  expect((await second.end(id)).status).toBe('outcome_unknown')
})

test('delivering: it is delivered, without asking the upstream anything', async () => {
  const world = new World()
  world.keep = () => never
  const first = await world.boot({ dataDir: dataDir() })
  const { id } = await first.submit()
  await until(async () => (await first.job(id)).status === 'delivering')
  await settle()
  const again = world.crash(first)
  world.keep = async (source: MediaSource) => ok({ ...keptOf(source), file: 'kept.png' })
  await using second = await world.boot({ dataDir: again })
  expect((await second.end(id)).media).toMatchObject([{ url: 'https://media.test/a.png', file: 'kept.png' }])
  expect(world.starts).toHaveLength(1)
})

test('delivering bytes: they are in a file and are delivered, without asking the upstream anything', async () => {
  const world = new World()
  world.keep = () => never
  world.start = async unit =>
    unit.kind === 'video' ? ok(running('op')) : ok({ state: 'done', media: [{ bytes: PNG, mime: 'image/png' }] })
  world.status = () => ({ state: 'done', media: [{ bytes: PNG }] })
  const first = await world.boot({ dataDir: dataDir() })
  const video = await first.submit({ kind: 'video', model: 'vid' })
  const image = await first.submit()
  await until(() => world.starts.length === 2)
  await settle()
  await world.clock.advance(3 * SECOND)
  for (const { id } of [video, image]) await until(async () => (await first.job(id)).status === 'delivering')
  await settle()
  const again = world.crash(first)
  world.statusCalls.length = 0
  const kept: MediaSource[] = []
  world.keep = async source => {
    kept.push(source)
    return ok({ ...keptOf(source), file: 'kept.png' })
  }
  await using second = await world.boot({ dataDir: again })
  for (const { id } of [video, image]) expect((await second.end(id)).status).toBe('completed')
  expect(kept.map(source => ('bytes' in source ? source.bytes : undefined))).toEqual([PNG, PNG])
  expect([world.starts.length, world.statusCalls.length]).toEqual([2, 0])
  // Nothing of it stays behind.
  await until(async () => (await readdir(join(again, 'inputs'))).length === 0)
})

test('delivering with a key that no disk has: the operation is asked again; without one the outcome is not known', async () => {
  const world = new World()
  const media = [{ url: 'https://media.test/a', headers: { authorization: 'Bearer key' } }]
  world.keep = () => never
  world.start = async unit => (unit.kind === 'video' ? ok(running('op')) : ok({ state: 'done', media }))
  world.status = () => ({ state: 'done', media })
  const first = await world.boot({ dataDir: dataDir() })
  const video = await first.submit({ kind: 'video', model: 'vid' })
  const image = await first.submit()
  await until(() => world.starts.length === 2)
  await settle()
  await world.clock.advance(3 * SECOND)
  await until(async () => (await first.job(video.id)).status === 'delivering')
  await settle()
  const again = world.crash(first)
  world.keep = async source => ok(keptOf(source))
  await using second = await world.boot({ dataDir: again })
  await settle()
  await world.clock.advance(3 * SECOND)
  expect((await second.end(video.id)).status).toBe('completed')
  expect((await second.end(image.id)).status).toBe('outcome_unknown')
  expect(world.starts).toHaveLength(2)
})

test('a further step that was announced: its outcome is not known', async () => {
  const world = new World()
  world.start = unit => (unit.step === undefined ? Promise.resolve(ok(running('first'))) : never)
  world.status = () => ({ state: 'next', step: null })
  const first = await world.boot({ dataDir: dataDir() })
  const { id } = await first.submit({ kind: 'video', model: 'vid' })
  await until(() => world.starts.length === 1)
  await settle()
  await world.clock.advance(3 * SECOND)
  await until(() => world.starts.length === 2)
  const again = world.crash(first)
  await using second = await world.boot({ dataDir: again })
  expect((await second.end(id)).status).toBe('outcome_unknown')
  expect(world.starts).toHaveLength(2)
})

test('a further step that was not announced yet: it is taken, on the account that has the work', async () => {
  const world = new World()
  world.accounts = [2]
  world.start = async unit => ok(running(unit.id))
  const first = await world.boot({ dataDir: dataDir() })
  const { id } = await first.submit({ kind: 'video', model: 'vid' })
  await until(() => world.starts.length === 1)
  await settle()
  const again = world.crash(first)
  // The process died between learning of the step and announcing it.
  using disk = new Database(join(again, 'flow2api.db'))
  disk.run(
    "update generation_units set state = 'starting', intent_at = null, operation = null, step = '{\"large\":true}' where job_id = ?",
    [id],
  )
  world.accounts = [1, 2]
  world.start = async () => ok(imageDone('large'))
  await using second = await world.boot({ dataDir: again })
  expect((await second.end(id)).status).toBe('completed')
  expect(world.starts.slice(1)).toMatchObject([{ account: 2, unit: { step: { large: true } } }])
})

test('some pieces had ended: the others go on, and the job ends with all', async () => {
  const world = new World()
  world.start = async unit => (unit.id.endsWith('0') ? ok(imageDone('first')) : ok(running('op')))
  const first = await world.boot({ dataDir: dataDir() })
  const { id } = await first.submit({ count: 2 })
  await until(async () => (await first.job(id)).media.length === 1 && world.starts.length === 2)
  await settle()
  const again = world.crash(first)
  world.status = () => done
  await using second = await world.boot({ dataDir: again })
  await settle()
  await world.clock.advance(3 * SECOND)
  expect((await second.end(id)).media).toHaveLength(2)
})

test('a clean stop with work under way is a restart like any other', async () => {
  const world = new World()
  // The image's call is cut off at the end of patience, and its provider takes that for a fault of the line.
  world.start = (unit, session) =>
    new Promise(resolve => {
      if (unit.kind === 'video') resolve(ok(running('op')))
      const cutOff = err(domainFault('upstream_unreachable', 'The connection broke off.'))
      session.signal.addEventListener('abort', () => resolve(cutOff))
    })
  const dir = dataDir()
  const first = await world.boot({ dataDir: dir, config: { server: { drain_timeout_s: 1 } } })
  const video = await first.submit({ kind: 'video', model: 'vid' })
  const image = await first.submit()
  await until(() => world.starts.length === 2)
  await settle()
  const waiting = first.jobs.wait(video.id, new AbortController().signal)
  const stopped = first.kernel.stop()
  // Who waits is let go at once, as the work will not go on here.
  await waiting
  await until(async () => {
    await world.clock.advance(1 * SECOND)
    return Promise.race([stopped.then(() => true), settle().then(() => false)])
  })
  expect(world.leases.map(({ closed }) => closed)).toEqual([1, 1])
  world.status = () => done
  await using second = await world.boot({ dataDir: dir })
  await settle()
  await world.clock.advance(3 * SECOND)
  expect((await second.end(video.id)).status).toBe('completed')
  expect((await second.end(image.id)).status).toBe('outcome_unknown')
})
