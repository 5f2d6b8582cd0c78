/** The process dies at every boundary of a chain. Each paid step is paid once, or its outcome is said not to be known. */
import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { domainFault, type MediaSource } from 'flow2api/contracts'
import { err, ok } from 'flow2api/plugin'
import { imageDone, keptOf, PNG, running, settle, until, World } from './generation.world.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'flow2api-chains-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

const SECOND = 1_000
const never = new Promise<never>(() => {})
const dataDir = () => join(root, crypto.randomUUID())
const SMALL = { url: 'https://media.test/small.mp4', width: 4, height: 2, origin: { id: 'small' } } as const
const LARGE = { url: 'https://media.test/large.mp4', width: 8, height: 4, origin: { id: 'large' } } as const
const done = { state: 'done', media: [LARGE] } as const
const next = (media: readonly MediaSource[] = [SMALL]) => ({ state: 'next', step: { up: 1 }, media }) as const
const video = { kind: 'video', model: 'vid' } as const

/** A video that is upsampled: two operations, each of which takes a round. */
function videoChain(): World {
  const world = new World()
  world.accounts = [1, 2]
  world.prepare = async () => ok({ uploaded: world.prepares.length })
  world.start = async unit => ok(running(unit.step === undefined ? 'first' : 'second'))
  world.status = ({ id }) => (id === 'first' ? next() : done)
  return world
}
const paid = (world: World) => world.starts.map(({ unit, account }) => [unit.step ?? 'first', account])
const BOTH = [
  ['first', 1],
  [{ up: 1 }, 1],
]

interface Boundary {
  readonly at: string
  /** Makes the world stop there. */
  readonly stop: (world: World) => void
  readonly reached: (world: World) => boolean
  readonly ends: 'completed' | 'outcome_unknown' | 'outcome_unknown with the first'
}

const boundaries: readonly Boundary[] = [
  {
    at: 'in the queue',
    stop: world => {
      world.slots = 0
    },
    reached: world => world.waiting.length === 1,
    ends: 'completed',
  },
  {
    at: 'in the preparation',
    stop: world => {
      world.prepare = () => never
    },
    reached: world => world.prepares.length === 1,
    ends: 'completed',
  },
  {
    at: 'between the preparation and the intent of the first step',
    stop: world => gateAt(world, 2),
    reached: world => world.prepares.length === 1 && gates(world) === 2,
    ends: 'completed',
  },
  {
    at: 'between the intent of the first step and its answer',
    stop: world => {
      world.start = () => never
    },
    reached: world => world.starts.length === 1,
    ends: 'outcome_unknown',
  },
  {
    at: 'while the first operation is polled',
    stop: world => {
      world.statusGate = () => never
    },
    reached: world => world.statusCalls.length === 1,
    ends: 'completed',
  },
  {
    // Access is asked for twice before the first step, once for its round, and then for the second step.
    at: 'between the first step and the intent of the second',
    stop: world => gateAt(world, 4),
    reached: world => gates(world) === 4,
    ends: 'completed',
  },
  {
    at: 'between the intent of the second step and its answer',
    stop: world => {
      world.start = async unit => (unit.step === undefined ? ok(running('first')) : never)
    },
    reached: world => world.starts.length === 2,
    ends: 'outcome_unknown with the first',
  },
  {
    at: 'while the second operation is polled',
    stop: world => {
      world.statusGate = () => (world.statusCalls.length === 1 ? Promise.resolve() : never)
    },
    reached: world => world.statusCalls.length === 2,
    ends: 'completed',
  },
  {
    at: 'in the delivery',
    stop: world => {
      world.keep = () => never
    },
    reached: world => world.statusCalls.length === 2 && world.leases[0]?.reports.length === 1,
    ends: 'completed',
  },
]

const asked = new WeakMap<World, number>()
const gates = (world: World) => asked.get(world) ?? 0
/** The process hangs where it asks for access for the `nth` time. */
function gateAt(world: World, nth: number): void {
  world.sessionGate = () => {
    asked.set(world, gates(world) + 1)
    return gates(world) === nth ? never : Promise.resolve()
  }
}

for (const { at, stop, reached, ends } of boundaries)
  test(`killed ${at}: ${ends}`, async () => {
    const world = videoChain()
    const first = await world.boot({ dataDir: dataDir() })
    stop(world)
    const { id } = await first.submit(video)
    await until(async () => {
      if (world.starts.length > 0) await world.clock.advance(SECOND)
      return reached(world)
    })
    await settle()
    const again = world.crash(first)
    const healthy = videoChain()
    Object.assign(world, {
      start: healthy.start,
      status: healthy.status,
      statusGate: healthy.statusGate,
      sessionGate: healthy.sessionGate,
      keep: async (source: MediaSource) => ok({ ...keptOf(source), file: 'kept.mp4' }),
      slots: Number.POSITIVE_INFINITY,
      prepare: async () => ok({ uploaded: world.prepares.length }),
    })
    await using second = await world.boot({ dataDir: again })
    await until(async () => {
      await world.clock.advance(SECOND)
      return (await second.job(id)).finishedAt !== null
    })
    const job = await second.end(id)
    expect(job.status).toBe(ends === 'completed' ? 'completed' : 'outcome_unknown')
    if (ends === 'completed') {
      expect(paid(world)).toEqual(BOTH)
      expect(job).toMatchObject({ delivered: { size: '8x4' }, media: [{ url: LARGE.url, file: 'kept.mp4' }] })
      // What was prepared last is what was used.
      expect(world.starts[0]?.unit.prepared).toEqual({ uploaded: world.prepares.length })
    } else {
      expect(paid(world)).toEqual(ends === 'outcome_unknown' ? BOTH.slice(0, 1) : BOTH)
      expect(job.media.map(({ url }) => url)).toEqual(ends === 'outcome_unknown' ? [] : [SMALL.url])
      expect(job.fault?.code).toBe('outcome_unknown')
    }
    expect(world.finished).toHaveLength(1)
  })

test('killed between two tries after the preparation: it is not repeated on the same account, but on another', async () => {
  for (const account of [1, 2]) {
    const world = new World()
    world.prepare = async () => ok(`on ${world.prepares.at(-1)?.account}`)
    world.start = async () => err(domainFault('upstream_unreachable', 'Nobody answered.'))
    const first = await world.boot({ dataDir: dataDir() })
    const { id } = await first.submit()
    await until(() => world.starts.length === 1)
    await settle()
    const again = world.crash(first)
    world.accounts = [account]
    world.start = async () => ok(imageDone())
    await using second = await world.boot({ dataDir: again })
    expect((await second.end(id)).status).toBe('completed')
    expect(world.prepares).toHaveLength(account)
    expect(world.starts.map(({ unit }) => unit.prepared)).toEqual(['on 1', `on ${account}`])
  }
})

test('killed between two steps with bytes to fall back on: they are delivered when the second fails', async () => {
  const world = new World()
  gateAt(world, 2)
  world.start = async () => ok(next([{ bytes: PNG, origin: { id: 's' } }]))
  const first = await world.boot({ dataDir: dataDir() })
  const { id } = await first.submit()
  await until(() => gates(world) === 2)
  const again = world.crash(first)
  {
    using disk = new Database(join(again, 'flow2api.db'), { readonly: true })
    expect(disk.query('select state, intent_at, step, fallback from generation_units').get()).toEqual({
      state: 'starting',
      intent_at: null,
      step: '{"up":1}',
      fallback: '[{"origin":{"id":"s"},"held":"made-0-1-0"}]',
    })
  }
  world.sessionGate = async () => {}
  const kept: MediaSource[] = []
  world.keep = async source => {
    kept.push(source)
    return ok(keptOf(source))
  }
  world.start = async () => err(domainFault('moderation_blocked', 'It was refused.'))
  await using second = await world.boot({ dataDir: again })
  expect(await second.end(id)).toMatchObject({ fault: { code: 'downgraded' }, media: [{ origin: { id: 's' } }] })
  expect(kept).toMatchObject([{ bytes: PNG }])
  expect(world.starts).toHaveLength(2)
})

test('killed while less is being delivered: it is delivered, and the reason is still known', async () => {
  const world = new World()
  world.start = async unit =>
    unit.step === undefined ? ok(next()) : err(domainFault('moderation_blocked', 'It was refused.'))
  world.keep = () => never
  const first = await world.boot({ dataDir: dataDir() })
  const { id } = await first.submit()
  await until(async () => (await first.job(id)).status === 'delivering')
  await settle()
  const again = world.crash(first)
  world.keep = async source => ok(keptOf(source))
  await using second = await world.boot({ dataDir: again })
  const job = await second.end(id)
  expect(job).toMatchObject({ status: 'failed', media: [{ url: SMALL.url }], fault: { code: 'downgraded' } })
  expect(job.fault?.message).toContain('It was refused.')
  expect(world.starts).toHaveLength(2)
})

test('the account of a further step is gone after the restart: it is not taken elsewhere', async () => {
  const world = videoChain()
  const first = await world.boot({ dataDir: dataDir() })
  gateAt(world, 4)
  const { id } = await first.submit(video)
  await until(async () => {
    await world.clock.advance(SECOND)
    return gates(world) === 4
  })
  await settle()
  const again = world.crash(first)
  world.accounts = [2]
  await using second = await world.boot({ dataDir: again })
  const job = await second.end(id)
  expect(job).toMatchObject({ status: 'failed', media: [{ url: SMALL.url }], fault: { code: 'downgraded' } })
  expect(job.fault?.message).toContain('The account was deleted.')
  expect(paid(world)).toEqual(BOTH.slice(0, 1))
})

test('a deadline that passed while the gateway was away leaves a paid chain its chance', async () => {
  const world = videoChain()
  const first = await world.boot({ dataDir: dataDir() })
  gateAt(world, 4)
  const { id } = await first.submit(video)
  await until(async () => {
    await world.clock.advance(SECOND)
    return gates(world) === 4
  })
  await settle()
  const again = world.crash(first)
  world.sessionGate = async () => {}
  await world.clock.advance(10_000 * SECOND)
  await using second = await world.boot({ dataDir: again })
  await until(() => world.starts.length === 2)
  await settle()
  await world.clock.advance(3 * SECOND)
  expect((await second.end(id)).status).toBe('completed')
})
