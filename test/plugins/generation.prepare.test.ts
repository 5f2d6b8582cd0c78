import { expect, test } from 'bun:test'
import { domainFault, type FaultCode, type Json } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import { imageDone, settle, until, World } from './generation.world.ts'

const SECOND = 1_000
const refuse = (code: FaultCode) => err(domainFault(code, `It said ${code}.`))

function preparing(prepare: NonNullable<World['prepare']>): World {
  const world = new World()
  world.accounts = [1, 2]
  world.prepare = prepare
  return world
}

test('free work comes before the paid call, without an intent, and its answer is handed over', async () => {
  const world = preparing(async () => ok(null))
  await using gateway = await world.boot()
  const { Database } = await import('bun:sqlite')
  const states: unknown[] = []
  const look = () => {
    using other = new Database(`${gateway.kernel.dataDir}/flow2api.db`, { readonly: true })
    states.push(other.query('select state, intent_at is not null as intent, prepared from generation_units').get())
  }
  world.prepare = async () => {
    await settle()
    look()
    return ok({ media: ['a', 'b'] })
  }
  world.start = async () => {
    look()
    return ok(imageDone())
  }
  const { id } = await gateway.submit()
  await until(() => world.prepares.length === 1)
  expect((await gateway.job(id)).status).toBe('starting')
  expect((await gateway.end(id)).status).toBe('completed')
  expect(states).toEqual([
    { state: 'queued', intent: 0, prepared: null },
    { state: 'starting', intent: 1, prepared: '{"media":["a","b"]}' },
  ])
  expect(world.prepares.map(({ unit }) => 'prepared' in unit)).toEqual([false])
  expect(world.starts.map(({ unit }) => unit.prepared)).toEqual([{ media: ['a', 'b'] }])
})

test('an answer that is null is an answer', async () => {
  const world = preparing(async () => ok(null))
  world.start = async (_unit, _session, nth) => (nth === 1 ? refuse('access_expired') : ok(imageDone()))
  await using gateway = await world.boot()
  expect((await gateway.end((await gateway.submit()).id)).status).toBe('completed')
  expect(world.prepares).toHaveLength(1)
  expect(world.starts.map(({ unit }) => unit.prepared)).toEqual([null, null])
})

test('each fault has the consequence that it has before a paid call', async () => {
  const script: (Result<Json, Fault> | undefined)[] = []
  const world = preparing(async () => script.shift() ?? ok('ready'))
  await using gateway = await world.boot()
  const run = async (...faults: FaultCode[]) => {
    script.splice(0, script.length, ...faults.map(refuse))
    world.prepares.length = 0
    world.starts.length = 0
    world.renewals = 0
    const { id } = await gateway.submit()
    await until(async () => {
      await world.clock.advance(SECOND)
      return (await gateway.job(id)).finishedAt !== null
    })
    const { status, fault } = await gateway.job(id)
    return [fault?.code ?? status, world.prepares.map(({ account }) => account), world.renewals, world.starts.length]
  }
  expect(await run('access_expired')).toEqual(['completed', [1, 1], 1, 1])
  expect(await run('access_expired', 'access_expired')).toEqual(['completed', [1, 1, 2], 1, 1])
  expect(await run('account_throttled')).toEqual(['completed', [1, 2], 0, 1])
  expect(await run('upstream_unreachable', 'proxy_unreachable')).toEqual(['completed', [1, 1, 1], 0, 1])
  expect(await run('upstream_error', 'upstream_error', 'upstream_error')).toEqual(['upstream_error', [1, 1, 1], 0, 0])
  expect(await run('invalid_image_file')).toEqual(['invalid_image_file', [1], 0, 0])
  expect(await run('verification_required')).toEqual(['verification_required', [1], 0, 0])
})

test('a provider that throws in it has paid for nothing', async () => {
  const world = preparing(async () => {
    throw new Error('a bug')
  })
  await using gateway = await world.boot()
  expect(await gateway.end((await gateway.submit()).id)).toMatchObject({
    status: 'failed',
    fault: { code: 'plugin_bug' },
  })
  expect(world.starts).toHaveLength(0)
})

test('what was prepared on an account that refused is of no use on the next', async () => {
  const world = preparing(async () => ok(`on ${world.prepares.at(-1)?.account}`))
  world.start = async (_unit, session) => (session.account?.id === 1 ? refuse('account_throttled') : ok(imageDone()))
  await using gateway = await world.boot()
  await gateway.end((await gateway.submit()).id)
  expect(world.starts.map(({ unit, account }) => [unit.prepared, account])).toEqual([
    ['on 1', 1],
    ['on 2', 2],
  ])
})

test('a further step has it, too, and none of its own', async () => {
  const world = preparing(async () => ok('ready'))
  world.start = async unit => ok(unit.step === undefined ? { state: 'next', step: 2 } : imageDone())
  await using gateway = await world.boot()
  await gateway.end((await gateway.submit()).id)
  expect(world.prepares).toHaveLength(1)
  expect(world.starts.map(({ unit }) => unit.prepared)).toEqual(['ready', 'ready'])
})

test('cancelled, too late, reloaded meanwhile', async () => {
  const signals: AbortSignal[] = []
  const world = preparing(
    (_unit, session) =>
      new Promise(resolve => {
        signals.push(session.signal)
        session.signal.addEventListener('abort', () => resolve(refuse('cancelled')))
      }),
  )
  await using gateway = await world.boot({ config: { generation: { image_timeout: 100 } } })
  const cancelled = await gateway.submit()
  const late = await gateway.submit()
  await until(() => signals.length === 2)
  expect((await gateway.jobs.cancel(cancelled.id))._unsafeUnwrap().status).toBe('cancelled')
  await world.clock.advance(100 * SECOND)
  expect((await gateway.job(late.id)).fault?.code).toBe('generation_timeout')
  expect(world.starts).toHaveLength(0)

  const moved = await gateway.submit()
  await until(() => signals.length === 3)
  const config = { generation: { image_timeout: 101 } }
  expect((await gateway.kernel.reload({ config })).isOk()).toBe(true)
  expect(signals[2]?.aborted).toBe(false)
  // The old instance has no more patience: its successor begins it again.
  world.prepare = async () => ok('again')
  await world.clock.advance(10 * SECOND)
  await until(async () => (await gateway.job(moved.id)).finishedAt !== null)
  expect(signals[2]?.aborted).toBe(true)
  expect(world.starts.map(({ unit }) => unit.prepared)).toEqual(['again'])
  await settle()
  expect(world.leases.every(({ closed }) => closed === 1)).toBe(true)
})

test('without a preparation the job and its first intent are one commit', async () => {
  const world = new World()
  world.start = () => new Promise(() => {})
  const gateway = await world.boot()
  const { id } = await gateway.submit()
  const { Database } = await import('bun:sqlite')
  using other = new Database(`${gateway.kernel.dataDir}/flow2api.db`, { readonly: true })
  expect(other.query('select state, intent_at from generation_units where job_id = ?').get(id)).toEqual({
    state: 'starting',
    intent_at: world.clock.now(),
  })
  gateway.kernel.abandon()
})

test('where nothing was supplied there is nothing to prepare', async () => {
  const world = preparing(async () => ok('never'))
  await using gateway = await world.boot()
  const { id } = await gateway.submit({ inputs: [] })
  expect((await gateway.end(id)).status).toBe('completed')
  expect(world.prepares).toEqual([])
  expect(world.starts.map(({ unit }) => 'prepared' in unit)).toEqual([false])
})
