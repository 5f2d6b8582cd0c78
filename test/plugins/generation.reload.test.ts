import { expect, test } from 'bun:test'
import { domainFault, type KeptMedia, type Started } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import { type Gateway, imageDone, keptOf, providerPlugin, running, settle, until, World } from './generation.world.ts'

const SECOND = 1_000
const done = { state: 'done', media: [{ url: 'https://media.test/v.mp4' }] } as const

let round = 100
/** Replaces the plugin, and says so if it did not. */
async function reload(gateway: Gateway): Promise<void> {
  const report = await gateway.kernel.reload({ config: { generation: { max_queue: ++round } } })
  const changed = report._unsafeUnwrap().plugins.filter(({ outcome }) => outcome !== 'unchanged')
  expect(changed).toMatchObject([{ id: 'generation', outcome: 'reloaded' }])
}

/** Only the newest instance is left. */
const drained = (gateway: Gateway) => until(() => gateway.kernel.status().every(({ state }) => state === 'live'))

/** Waits as a surface does: whoever is answered early asks again. */
async function patiently(gateway: Gateway, id: string) {
  for (;;) {
    const job = await gateway.end(id)
    if (job.finishedAt !== null) return job
    await settle()
  }
}

test('in the queue: the order is kept and the old instance goes at once', async () => {
  const world = new World()
  world.slots = 0
  await using gateway = await world.boot()
  const ids: string[] = []
  for (let n = 0; n < 3; n++) ids.push((await gateway.submit({ prompt: `${n}` })).id)
  await until(() => world.waiting.length === 3)
  const ends = ids.map(id => patiently(gateway, id))
  await reload(gateway)
  await drained(gateway)
  await until(() => world.waiting.length === 3)
  world.slots = 1
  for (const waiter of world.waiting.splice(0)) waiter.resolve(ok(world.lease(1)))
  for (const job of await Promise.all(ends)) expect(job.status).toBe('completed')
  expect(world.starts.map(({ unit }) => unit.prompt)).toEqual(['0', '1', '2'])
})

test('during a paid call: it ends where it began, and its successor goes on', async () => {
  const world = new World()
  const { promise: answer, resolve } = Promise.withResolvers<Result<Started, Fault>>()
  let signal: AbortSignal | undefined
  world.start = (_unit, session) => {
    signal = session.signal
    return answer
  }
  await using gateway = await world.boot()
  const { id } = await gateway.submit({ kind: 'video', model: 'vid' })
  await until(() => world.starts.length === 1)
  await reload(gateway)
  expect((await gateway.job(id)).status).toBe('starting')
  expect(gateway.kernel.status().find(({ id }) => id === 'generation')).toMatchObject({ generation: 2 })
  world.status = () => done
  resolve(ok(running('op')))
  await until(async () => (await gateway.job(id)).status === 'running')
  await drained(gateway)
  await world.clock.advance(3 * SECOND)
  expect((await patiently(gateway, id)).status).toBe('completed')
  expect(signal?.aborted).toBe(false)
  expect(world.starts).toHaveLength(1)
  await settle()
  expect(world.leases).toMatchObject([{ closed: 1, reports: [{ ok: true }] }])
  expect(world.finished).toHaveLength(1)
})

test('during a paid call that outlasts the patience of the drain: its answer is not lost', async () => {
  const world = new World()
  const { promise: answer, resolve } = Promise.withResolvers<Result<Started, Fault>>()
  let signal: AbortSignal | undefined
  world.start = (_unit, session) => {
    signal = session.signal
    return answer
  }
  await using gateway = await world.boot()
  const { id } = await gateway.submit()
  await until(() => world.starts.length === 1)
  await reload(gateway)
  await world.clock.advance(60 * SECOND)
  await drained(gateway)
  expect((await gateway.job(id)).status).toBe('starting')
  expect(signal?.aborted).toBe(false)
  resolve(ok(imageDone()))
  expect((await patiently(gateway, id)).status).toBe('completed')
  expect(world.starts).toHaveLength(1)
})

test('between two tries: the successor tries again', async () => {
  const world = new World()
  world.start = async () => err(domainFault('upstream_unreachable', 'Nobody answered.'))
  await using gateway = await world.boot()
  const { id } = await gateway.submit()
  await until(() => world.starts.length === 1)
  await settle()
  world.start = async () => ok(imageDone())
  await reload(gateway)
  await drained(gateway)
  expect((await patiently(gateway, id)).status).toBe('completed')
  expect(world.leases).toHaveLength(1)
})

test('during polling: the successor polls on, with the same slot and deadline', async () => {
  const world = new World()
  world.start = async () => ok(running('op'))
  await using gateway = await world.boot({ config: { generation: { video_timeout: 100 } } })
  const { id } = await gateway.submit({ kind: 'video', model: 'vid' })
  const other = await gateway.submit({ kind: 'video', model: 'vid' })
  await until(() => world.starts.length === 2)
  await settle()
  for (let n = 0; n < 5; n++) {
    await world.clock.advance(10 * SECOND)
    await reload(gateway)
    await drained(gateway)
  }
  // Never two that poll: three whole rounds fit between two reloads.
  expect(world.statusCalls).toHaveLength(15)
  let asked = 0
  world.status = () => (asked++ === 0 ? done : { state: 'running' })
  await world.clock.advance(3 * SECOND)
  expect((await patiently(gateway, id)).status).toBe('completed')
  expect((await gateway.job(other.id)).status).toBe('running')
  await world.clock.advance(50 * SECOND)
  expect((await patiently(gateway, other.id)).fault?.code).toBe('generation_timeout')
  expect(world.leases.map(({ closed }) => closed)).toEqual([1, 1])
})

test('during an inquiry: its answer counts, and counts once', async () => {
  const world = new World()
  const gates: (() => void)[] = []
  world.start = async () => ok(running('op'))
  world.statusGate = () => new Promise<void>(resolve => void gates.push(resolve))
  let answered = 0
  world.status = () =>
    answered++ === 0 ? done : { state: 'failed', fault: domainFault('generation_failed', 'It came too late.') }
  await using gateway = await world.boot()
  const { id } = await gateway.submit({ kind: 'video', model: 'vid' })
  await until(() => world.starts.length === 1)
  await settle()
  await world.clock.advance(3 * SECOND)
  await until(() => gates.length === 1)
  await reload(gateway)
  await world.clock.advance(3 * SECOND)
  await until(() => gates.length === 2)
  for (const open of gates) open()
  expect((await patiently(gateway, id)).status).toBe('completed')
  await drained(gateway)
  await settle()
  expect(world.finished).toHaveLength(1)
  expect(world.leases).toMatchObject([{ closed: 1, reports: [{ ok: true }] }])
})

test('during delivery: it ends where it began, or begins again when patience is over', async () => {
  for (const patient of [true, false]) {
    const world = new World()
    const answers: ((result: Result<KeptMedia, Fault>) => void)[] = []
    world.keep = (_source, signal) =>
      new Promise(resolve => {
        answers.push(resolve)
        signal.addEventListener('abort', () => resolve(err(domainFault('cancelled', 'It was stopped.'))))
      })
    await using gateway = await world.boot()
    const { id } = await gateway.submit()
    await until(() => answers.length === 1)
    await reload(gateway)
    if (!patient) {
      await world.clock.advance(10 * SECOND)
      await until(() => answers.length === 2)
    }
    answers.at(-1)?.(ok({ ...keptOf({ url: 'https://media.test/a.png' }), file: 'a.png' }))
    expect((await patiently(gateway, id)).media).toMatchObject([{ file: 'a.png' }])
    await drained(gateway)
    expect(world.starts).toHaveLength(1)
    expect(world.finished).toHaveLength(1)
  }
})

test('the provider is replaced in every state: nothing is lost, nothing is paid twice', async () => {
  const world = new World()
  const { promise: answer, resolve } = Promise.withResolvers<Result<Started, Fault>>()
  world.start = unit => (unit.prompt === 'slow' ? answer : Promise.resolve(ok(running(unit.id))))
  await using gateway = await world.boot()
  const slow = await gateway.submit({ prompt: 'slow' })
  const video = await gateway.submit({ kind: 'video', model: 'vid' })
  await until(() => world.starts.length === 2)
  await settle()
  const report = await gateway.kernel.reload({ plugins: { ...world.plugins, upstream: providerPlugin(world) } })
  expect(report._unsafeUnwrap().plugins.filter(({ outcome }) => outcome === 'reloaded')).toMatchObject([
    { id: 'upstream' },
  ])
  resolve(ok(imageDone()))
  world.status = () => done
  await world.clock.advance(3 * SECOND)
  expect((await patiently(gateway, slow.id)).status).toBe('completed')
  expect((await patiently(gateway, video.id)).status).toBe('completed')
  expect(world.starts).toHaveLength(2)
})

test('everything is replaced at once, twice', async () => {
  const world = new World()
  world.slots = 1
  world.start = async unit => ok(running(unit.id))
  await using gateway = await world.boot()
  const first = await gateway.submit({ kind: 'video', model: 'vid' })
  const second = await gateway.submit({ kind: 'video', model: 'vid' })
  await until(() => world.starts.length === 1)
  await settle()
  for (let n = 0; n < 2; n++) {
    const plugins = { ...world.plugins, ...world.freshPlugins() }
    const report = await gateway.kernel.reload({ plugins, config: { generation: { max_queue: 50 + n } } })
    expect(report._unsafeUnwrap().plugins.filter(({ outcome }) => outcome === 'reloaded')).toHaveLength(5)
  }
  world.status = () => done
  await world.clock.advance(3 * SECOND)
  expect((await patiently(gateway, first.id)).status).toBe('completed')
  await settle()
  await world.clock.advance(3 * SECOND)
  expect((await patiently(gateway, second.id)).status).toBe('completed')
  await drained(gateway)
  expect(world.starts).toHaveLength(2)
})

test('the provider is switched off: running work waits for it, new work is refused', async () => {
  const world = new World()
  world.start = async () => ok(running('op'))
  await using gateway = await world.boot()
  const { id } = await gateway.submit({ kind: 'video', model: 'vid' })
  await until(() => world.starts.length === 1)
  await settle()
  const { upstream: _, ...rest } = world.plugins
  expect((await gateway.kernel.reload({ plugins: rest })).isOk()).toBe(true)
  await world.clock.advance(60 * SECOND)
  expect((await gateway.job(id)).status).toBe('running')
  expect((await gateway.trySubmit())._unsafeUnwrapErr().code).toBe('model_not_found')
  world.status = () => done
  await gateway.kernel.reload({ plugins: world.plugins })
  await world.clock.advance(10 * SECOND)
  expect((await patiently(gateway, id)).status).toBe('completed')
})

test('the engine is switched off and on again: what ran goes on', async () => {
  const world = new World()
  world.start = async () => ok(running('op'))
  await using gateway = await world.boot()
  const { id } = await gateway.submit({ kind: 'video', model: 'vid' })
  await until(() => world.starts.length === 1)
  await settle()
  const waiting = gateway.jobs.wait(id, new AbortController().signal)
  const { generation: _, ...rest } = world.plugins
  await gateway.kernel.reload({ plugins: rest })
  await waiting
  await drained(gateway)
  expect(world.leases.map(({ closed }) => closed)).toEqual([1])
  expect(gateway.kernel.leaks()).toEqual([])
  world.status = () => done
  await gateway.kernel.reload({ plugins: world.plugins })
  await settle()
  await world.clock.advance(3 * SECOND)
  expect((await patiently(gateway, id)).status).toBe('completed')
  expect(world.starts).toHaveLength(1)
})
