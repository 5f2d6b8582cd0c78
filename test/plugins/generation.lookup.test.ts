import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { domainFault } from 'flow2api/contracts'
import { err, ok } from 'flow2api/plugin'
import { imageDone, running, until, World } from './generation.world.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'flow2api-lookup-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

const SECOND = 1_000
const never = new Promise<never>(() => {})

/** A gateway that died while the upstream had the request, and nobody heard the answer. */
async function died(world: World) {
  world.start = () => never
  const first = await world.boot({ dataDir: join(root, crypto.randomUUID()) })
  const { id } = await first.submit()
  await until(() => world.starts.length === 1)
  world.start = async () => ok(imageDone('again'))
  return { id, dataDir: world.crash(first) }
}

test('what was finished is delivered after a restart, and not made again', async () => {
  const world = new World()
  world.accounts = [3, 4]
  world.lookup = async () => ok(imageDone('found'))
  const { id, dataDir } = await died(world)
  await using second = await world.boot({ dataDir })
  expect(await second.end(id)).toMatchObject({ status: 'completed', media: [{ url: 'https://media.test/found.png' }] })
  expect(world.starts).toHaveLength(1)
  // On the account that had the call, and with just what the call was to be made of.
  expect(world.lookups).toEqual([{ unit: world.starts[0]?.unit as never, account: 3 }])
  // The one of the process that died was never closed.
  await until(() => world.leases.at(-1)?.closed === 1)
})

test('what runs is adopted', async () => {
  const world = new World()
  world.lookup = async () => ok(running('found'))
  world.status = () => ({ state: 'done', media: [{ url: 'https://media.test/late.png' }] })
  const { id, dataDir } = await died(world)
  await using second = await world.boot({ dataDir })
  await until(async () => (await second.job(id)).status === 'running')
  await world.clock.advance(3 * SECOND)
  expect((await second.end(id)).media).toMatchObject([{ url: 'https://media.test/late.png' }])
  expect(world.starts).toHaveLength(1)
})

test('what was not taken is sent again', async () => {
  const world = new World()
  world.lookup = async () => ok({ state: 'not_taken' })
  const { id, dataDir } = await died(world)
  await using second = await world.boot({ dataDir })
  expect((await second.end(id)).media).toMatchObject([{ url: 'https://media.test/again.png' }])
  expect(world.starts).toHaveLength(2)
})

test('what failed upstream has failed for that reason', async () => {
  const world = new World()
  world.lookup = async () => ok({ state: 'failed', fault: domainFault('moderation_blocked', 'Refused.') })
  const { id, dataDir } = await died(world)
  await using second = await world.boot({ dataDir })
  expect(await second.end(id)).toMatchObject({ status: 'failed', fault: { code: 'moderation_blocked' } })
  expect(world.starts).toHaveLength(1)
})

test('what cannot be told stays unknown, however often the way is blocked', async () => {
  const world = new World()
  world.lookup = async () => err(domainFault('upstream_unreachable', 'Nobody answers.'))
  const { id, dataDir } = await died(world)
  await using second = await world.boot({ dataDir })
  await until(async () => {
    await world.clock.advance(SECOND)
    return (await second.job(id)).finishedAt !== null
  })
  expect(await second.job(id)).toMatchObject({ status: 'outcome_unknown' })
  expect(world.lookups).toHaveLength(5)
  expect(world.starts).toHaveLength(1)
})

test('a deadline that passes meanwhile does not hide that the outcome is unknown', async () => {
  const world = new World()
  world.lookup = async () => {
    await world.clock.advance(10_000 * SECOND)
    return ok({ state: 'unknown' })
  }
  const { id, dataDir } = await died(world)
  await using second = await world.boot({ dataDir })
  expect(await second.end(id)).toMatchObject({ status: 'outcome_unknown' })
})

test('an answer that was lost on the way is looked up in the same process', async () => {
  const world = new World()
  world.start = async () => err(domainFault('outcome_unknown', 'The connection broke.'))
  world.lookup = async () => ok(imageDone('found'))
  await using gateway = await world.boot()
  expect(await gateway.end((await gateway.submit()).id)).toMatchObject({
    status: 'completed',
    media: [{ url: 'https://media.test/found.png' }],
  })
  expect(world.starts).toHaveLength(1)
})

test('a job that is cancelled while it is looked up ends cancelled', async () => {
  const world = new World()
  world.lookup = () => never
  const { id, dataDir } = await died(world)
  await using second = await world.boot({ dataDir })
  await until(() => world.lookups.length === 1)
  await second.jobs.cancel(id)
  expect((await second.job(id)).status).toBe('cancelled')
})
