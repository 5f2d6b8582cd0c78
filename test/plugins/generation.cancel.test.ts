import { expect, test } from 'bun:test'
import { domainFault, type Started } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import { imageDone, keptOf, running, settle, until, World } from './generation.world.ts'

const cancel = async (gateway: Awaited<ReturnType<World['boot']>>, id: string) =>
  (await gateway.jobs.cancel(id))._unsafeUnwrap()

test('queued: it leaves the queue and nothing is paid', async () => {
  const world = new World()
  world.slots = 0
  await using gateway = await world.boot()
  const { id } = await gateway.submit()
  await until(() => world.waiting.length === 1)
  expect(await cancel(gateway, id)).toMatchObject({ status: 'cancelled', fault: { code: 'cancelled' } })
  expect(world.waiting).toHaveLength(0)
  expect(world.starts).toHaveLength(0)
  expect(world.finished.map(({ status }) => status)).toEqual(['cancelled'])
})

test('starting: the call is stopped, the slot comes back with it, and what it still started is called off', async () => {
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
  expect((await cancel(gateway, id)).status).toBe('cancelled')
  expect(signal?.aborted).toBe(true)
  expect(world.leases[0]?.closed).toBe(0)
  resolve(ok(running('op')))
  await until(() => world.leases[0]?.closed === 1)
  expect(world.cancels).toEqual([{ id: 'op' }])
  await world.clock.advance(60_000)
  expect(world.statusCalls).toHaveLength(0)
})

test('running: the upstream is told, the slot is freed and polling ends', async () => {
  const world = new World()
  world.start = async () => ok(running('op'))
  await using gateway = await world.boot()
  const { id } = await gateway.submit({ kind: 'video', model: 'vid' })
  await until(() => world.starts.length === 1)
  await settle()
  expect((await cancel(gateway, id)).status).toBe('cancelled')
  await until(() => world.leases[0]?.closed === 1)
  expect(world.cancels).toEqual([{ id: 'op' }])
  expect(world.leases[0]?.reports).toMatchObject([{ ok: false, fault: { blame: 'request' } }])
  await world.clock.advance(60_000)
  expect(world.statusCalls).toHaveLength(0)
})

test('between two tries: there is no second', async () => {
  const world = new World()
  world.start = async () => err(domainFault('upstream_unreachable', 'Nobody answered.'))
  await using gateway = await world.boot()
  const { id } = await gateway.submit()
  await until(() => world.starts.length === 1)
  await settle()
  expect((await cancel(gateway, id)).status).toBe('cancelled')
  await world.clock.advance(60_000)
  expect(world.starts).toHaveLength(1)
  expect(world.leases[0]?.closed).toBe(1)
})

test('delivering: the download is stopped', async () => {
  const world = new World()
  let stopped = false
  world.keep = (source, signal) =>
    new Promise(resolve =>
      signal.addEventListener('abort', () => {
        stopped = true
        resolve(ok(keptOf(source)))
      }),
    )
  await using gateway = await world.boot()
  const { id } = await gateway.submit()
  await until(async () => (await gateway.job(id)).status === 'delivering')
  expect((await cancel(gateway, id)).status).toBe('cancelled')
  expect(stopped).toBe(true)
})

test('ended: it is answered as it is; unknown: it is not found', async () => {
  const world = new World()
  await using gateway = await world.boot()
  const job = await gateway.end((await gateway.submit()).id)
  expect(await cancel(gateway, job.id)).toEqual(job)
  expect((await gateway.jobs.cancel('job_0'))._unsafeUnwrapErr().code).toBe('not_found')
})

test('some pieces done: they stay with the cancelled job', async () => {
  const world = new World()
  world.start = async unit => (unit.id.endsWith('0') ? ok(imageDone()) : ok(running('op')))
  await using gateway = await world.boot()
  const { id } = await gateway.submit({ count: 2 })
  await until(async () => (await gateway.job(id)).media.length === 1)
  const job = await cancel(gateway, id)
  expect(job.status).toBe('cancelled')
  expect(job.media).toHaveLength(1)
  expect(world.finished).toHaveLength(1)
})

test('a running job is not removed', async () => {
  const world = new World()
  world.slots = 0
  await using gateway = await world.boot()
  const { id } = await gateway.submit()
  expect((await gateway.jobs.remove(id))._unsafeUnwrapErr().code).toBe('invalid_value')
})
