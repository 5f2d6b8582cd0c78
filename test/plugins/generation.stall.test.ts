import { expect, test } from 'bun:test'
import { domainFault, type OperationStatus } from 'flow2api/contracts'
import { ok } from 'flow2api/plugin'
import { type Gateway, running, settle, until, World } from './generation.world.ts'

const SECOND = 1_000
const config = { generation: { stall_timeout_s: 30 } }

/** One video under way, asked for every three seconds. */
async function begin(world: World, more: Record<string, unknown> = {}): Promise<{ gateway: Gateway; id: string }> {
  world.maxAttempts = 10_000
  world.start = async () => ok(running('op'))
  const gateway = await world.boot({ config: { generation: { ...config.generation, ...more } } })
  const { id } = await gateway.submit({ kind: 'video', model: 'vid' })
  await until(() => world.starts.length === 1)
  await settle()
  return { gateway, id }
}

async function rounds(world: World, count: number): Promise<void> {
  for (let round = 0; round < count; round++) {
    await world.clock.advance(3 * SECOND)
    await settle()
  }
}

test('work that runs without any progress is given up, and the message says which setting decided', async () => {
  const world = new World()
  const { gateway, id } = await begin(world)
  await using _ = gateway
  // The first answer begins the count.
  await rounds(world, 10)
  expect((await gateway.job(id)).status).toBe('running')
  await rounds(world, 1)
  const { status, fault } = await gateway.job(id)
  expect(status).toBe('failed')
  expect(fault).toMatchObject({ code: 'generation_timeout', blame: 'upstream' })
  expect(fault?.message).toContain('stall_timeout_s')
  expect(world.leases.every(({ closed }) => closed === 1)).toBe(true)
})

test('any progress begins the count anew', async () => {
  const world = new World()
  let progress = 20
  world.status = (): OperationStatus => ({ state: 'running', progress })
  const { gateway, id } = await begin(world)
  await using _ = gateway
  for (const next of [20, 21, 22]) {
    progress = next
    await rounds(world, 10)
  }
  expect((await gateway.job(id)).status).toBe('running')
  await rounds(world, 1)
  expect((await gateway.job(id)).status).toBe('failed')
})

test('a provider that does not answer has not said that nothing moves', async () => {
  const world = new World()
  const { gateway, id } = await begin(world)
  await using _ = gateway
  await rounds(world, 5)
  world.statusFault = () => domainFault('upstream_unreachable', 'Nobody answered.')
  await rounds(world, 50)
  world.statusFault = () => undefined
  await rounds(world, 6)
  expect((await gateway.job(id)).status).toBe('running')
  await rounds(world, 1)
  expect((await gateway.job(id)).fault?.code).toBe('generation_timeout')
})

test('a restart begins the count anew; a reload does not', async () => {
  const world = new World()
  const { gateway, id } = await begin(world)
  await rounds(world, 8)
  const dataDir = world.crash(gateway)
  await using after = await world.boot({ dataDir, config })
  await settle()
  await rounds(world, 6)
  ;(await after.kernel.reload({ config: { generation: { ...config.generation, max_queue: 7 } } }))._unsafeUnwrap()
  await settle()
  await rounds(world, 4)
  expect((await after.job(id)).status).toBe('running')
  await rounds(world, 1)
  expect((await after.job(id)).fault?.code).toBe('generation_timeout')
})

test('0 switches it off: only the time limit ends the work', async () => {
  const world = new World()
  const { gateway, id } = await begin(world, { stall_timeout_s: 0 })
  await using _ = gateway
  await rounds(world, 100)
  expect((await gateway.job(id)).status).toBe('running')
})
