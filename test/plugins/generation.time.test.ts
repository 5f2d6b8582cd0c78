import { expect, test } from 'bun:test'
import { domainFault, type JobStatus, type Started } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import { running, settle, until, World } from './generation.world.ts'

const SECOND = 1_000
const done = (name: string) => ({ state: 'done' as const, media: [{ url: `https://media.test/${name}.mp4` }] })

test('twenty videos on two accounts cost one inquiry an account and round', async () => {
  const world = new World()
  world.accounts = [1, 2]
  world.slots = 10
  world.start = async unit => ok(running(unit.id))
  const ready = new Set<string>()
  world.status = ({ id }) => (ready.has(String(id)) ? done(String(id)) : { state: 'running', progress: 40 })
  await using gateway = await world.boot()
  const ids: string[] = []
  for (let n = 0; n < 20; n++) ids.push((await gateway.submit({ kind: 'video', model: 'vid' })).id)
  await until(() => world.starts.length === 20)
  await settle()
  const rounds = 4
  for (let round = 0; round < rounds; round++) {
    if (round === rounds - 1) for (const { unit } of world.starts) ready.add(unit.id)
    await world.clock.advance(3 * SECOND)
    if (round === 0) expect(await gateway.job(ids[0] ?? '')).toMatchObject({ status: 'running', progress: 40 })
  }
  for (const id of ids) expect((await gateway.end(id)).status).toBe('completed')
  expect(world.statusCalls.length).toBeLessThanOrEqual(2 * rounds)
  expect(world.statusCalls.every(({ operations }) => operations.length === 10)).toBe(true)
  await world.clock.advance(60 * SECOND)
  expect(world.statusCalls.length).toBeLessThanOrEqual(2 * rounds)
})

test('two hundred videos on ten accounts, each with a further step, cost one inquiry an account and round', async () => {
  const world = new World()
  world.accounts = Array.from({ length: 10 }, (_, index) => index + 1)
  world.slots = 20
  world.start = async unit => ok(running(`${unit.id} ${unit.step === undefined ? 1 : 2}`))
  const polls = new Map<string, number>()
  world.status = ({ id }) => {
    const name = String(id)
    const count = (polls.get(name) ?? 0) + 1
    polls.set(name, count)
    if (count < 3) return { state: 'running' }
    return name.endsWith('1') ? { state: 'next', step: 'up' } : done(name)
  }
  await using gateway = await world.boot()
  const jobs = await Promise.all(Array.from({ length: 200 }, () => gateway.submit({ kind: 'video', model: 'vid' })))
  await until(() => world.starts.length === 200)
  await settle()
  let rounds = 0
  await until(async () => {
    rounds++
    await world.clock.advance(3 * SECOND)
    return world.finished.length === 200
  })
  for (const { id } of jobs) expect((await gateway.job(id)).status).toBe('completed')
  expect(rounds).toBeLessThanOrEqual(7)
  expect(world.statusCalls.length).toBeLessThanOrEqual(10 * rounds)
  expect(world.starts).toHaveLength(400)
  for (const account of world.accounts)
    expect(world.statusCalls.filter(call => call.account === account).length).toBeLessThanOrEqual(rounds)
})

test('polling goes on through faults, renews access, and counts only answered rounds', async () => {
  const world = new World()
  world.maxAttempts = 3
  world.start = async () => ok(running('op'))
  let fault = domainFault('upstream_unreachable', 'Nobody answered.')
  world.statusFault = () => fault
  await using gateway = await world.boot()
  const { id } = await gateway.submit({ kind: 'video', model: 'vid' })
  await until(() => world.starts.length === 1)
  await settle()
  await world.clock.advance(60 * SECOND)
  expect(world.statusCalls).toHaveLength(20)
  expect((await gateway.job(id)).status).toBe('running')

  fault = domainFault('access_expired', 'The access is no longer valid.')
  await world.clock.advance(3 * SECOND)
  expect(world.statusCalls).toHaveLength(22)
  expect(world.renewals).toBe(1)

  world.statusFault = () => undefined
  await world.clock.advance(9 * SECOND)
  expect(await gateway.job(id)).toMatchObject({ status: 'failed', fault: { code: 'generation_timeout' } })
})

test('a further paid step runs on the same account, behind an intent of its own', async () => {
  const world = new World()
  world.accounts = [1, 2]
  world.start = async unit => (unit.step === undefined ? ok(running('first')) : ok(running('second')))
  world.status = ({ id }) => (id === 'first' ? { state: 'next', step: { upsample: 'first' } } : done('large'))
  await using gateway = await world.boot()
  const { id } = await gateway.submit({ kind: 'video', model: 'vid' })
  await until(() => world.starts.length === 1)
  await settle()
  await world.clock.advance(3 * SECOND)
  await until(() => world.starts.length === 2)
  await settle()
  await world.clock.advance(3 * SECOND)
  expect((await gateway.end(id)).media).toMatchObject([{ url: 'https://media.test/large.mp4' }])
  expect(world.starts.map(({ unit, account }) => [unit.step, account])).toEqual([
    [undefined, 1],
    [{ upsample: 'first' }, 1],
  ])
  expect(world.leases).toHaveLength(1)
})

test('an operation that its account failed begins again on another; a refused one does not', async () => {
  const world = new World()
  world.accounts = [1, 2]
  world.start = async (_unit, session) => ok(running(`on ${session.account?.id}`))
  world.status = ({ id }) =>
    id === 'on 1' ? { state: 'failed', fault: domainFault('account_quota_spent', 'Nothing is left.') } : done('v')
  await using gateway = await world.boot()
  const { id } = await gateway.submit({ kind: 'video', model: 'vid' })
  await until(() => world.starts.length === 1)
  await settle()
  await world.clock.advance(3 * SECOND)
  await until(() => world.starts.length === 2)
  await settle()
  await world.clock.advance(3 * SECOND)
  expect((await gateway.end(id)).status).toBe('completed')

  world.status = () => ({ state: 'failed', fault: domainFault('moderation_blocked', 'It was refused.') })
  const refused = await gateway.submit({ kind: 'video', model: 'vid' })
  await until(() => world.starts.length === 3)
  await settle()
  await world.clock.advance(3 * SECOND)
  expect((await gateway.end(refused.id)).fault?.code).toBe('moderation_blocked')
  expect(world.starts).toHaveLength(3)
})

test('the deadline counts from the start, not from the queue, and names its setting', async () => {
  const world = new World()
  world.slots = 1
  world.start = async unit => ok(running(unit.id))
  await using gateway = await world.boot({ config: { generation: { video_timeout: 100 } } })
  const first = await gateway.submit({ kind: 'video', model: 'vid' })
  const second = await gateway.submit({ kind: 'video', model: 'vid' })
  await until(() => world.starts.length === 1)
  await settle()
  expect(await gateway.job(second.id)).toMatchObject({ status: 'queued', queuePosition: 1, startedAt: null })
  await world.clock.advance(99 * SECOND)
  expect((await gateway.job(first.id)).status).toBe('running')
  await world.clock.advance(1 * SECOND)
  const late = await gateway.job(first.id)
  expect(late).toMatchObject({ status: 'failed', fault: { code: 'generation_timeout' } })
  expect(late.fault?.message).toContain('video_timeout')
  await until(() => world.starts.length === 2)
  await settle()
  await world.clock.advance(99 * SECOND)
  expect((await gateway.job(second.id)).status).toBe('running')
})

test('a paid call that overruns is stopped, and one that ignores that is not waited for', async () => {
  const world = new World()
  const stopped: unknown[] = []
  world.start = (_unit, session, nth) => {
    const { promise, resolve } = Promise.withResolvers<Result<Started, Fault>>()
    if (nth === 1)
      session.signal.addEventListener('abort', () => {
        stopped.push(session.signal.reason)
        resolve(err(domainFault('outcome_unknown', 'It was cut off.')))
      })
    return promise
  }
  await using gateway = await world.boot()
  const polite = await gateway.submit()
  await until(() => world.starts.length === 1)
  const deaf = await gateway.submit()
  await until(() => world.starts.length === 2)
  await world.clock.advance(300 * SECOND)
  expect((await gateway.job(polite.id)).fault?.code).toBe('generation_timeout')
  expect(stopped).toMatchObject([{ name: 'TimeoutError' }])
  expect((await gateway.job(deaf.id)).status).toBe('starting')
  await world.clock.advance(5 * SECOND)
  expect((await gateway.job(deaf.id)).fault?.code).toBe('generation_timeout')
  // Its account is not free before the call has returned.
  expect(world.leases.map(({ closed }) => closed)).toEqual([1, 0])
})

test('a watcher sees progress rise to the end, once', async () => {
  const world = new World()
  world.start = async () => ok(running('op'))
  const reported = [10, 60, 30, 90]
  world.status = () => {
    const progress = reported.shift()
    return progress === undefined ? done('v') : { state: 'running', progress }
  }
  await using gateway = await world.boot()
  const { id } = await gateway.submit({ kind: 'video', model: 'vid' })
  const seen: [JobStatus, number][] = []
  await gateway.jobs.watch(id, job => void seen.push([job.status, job.progress]))
  await until(() => world.starts.length === 1)
  await settle()
  await world.clock.advance(20 * SECOND)
  const progress = seen.map(([, percent]) => percent)
  expect(progress).toEqual([...progress].sort((a, b) => a - b))
  expect(seen.slice(-4)).toEqual([
    ['running', 60],
    ['running', 90],
    ['delivering', 95],
    ['completed', 100],
  ])
})
