import { expect, test } from 'bun:test'
import { readdir } from 'node:fs/promises'
import { domainFault, type FaultCode, type MediaSource, type Started } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import { type Gateway, keptOf, PNG, running, settle, until, World } from './generation.world.ts'

const SECOND = 1_000
const SMALL = { url: 'https://media.test/small.png', width: 4, height: 2, origin: { id: 'small' } } as const
const LARGE = { url: 'https://media.test/large.png', width: 8, height: 4, origin: { id: 'large' } } as const
const next = (media: readonly MediaSource[] = [SMALL], credits?: number): Started => ({
  state: 'next',
  step: { upsample: 'small' },
  media,
  ...(credits !== undefined && { credits }),
})
const done = { state: 'done', media: [LARGE] } as const satisfies Started

/** An image whose second step answers as it is told. */
function imageChain(second: (nth: number) => Result<Started, Fault>, media?: readonly MediaSource[]): World {
  const world = new World()
  let tries = 0
  world.start = async unit => (unit.step === undefined ? ok(next(media)) : second(++tries))
  return world
}
const image = async (gateway: Gateway, more = {}) => gateway.end((await gateway.submit(more)).id)
const steps = (world: World) => world.starts.map(({ unit, account }) => [unit.step, account])

test('a further paid step follows at once, on the same account, behind an intent of its own', async () => {
  const world = new World()
  world.accounts = [1, 2]
  const seen: unknown[] = []
  await using gateway = await world.boot()
  world.start = async unit => {
    const { Database } = await import('bun:sqlite')
    using other = new Database(`${gateway.kernel.dataDir}/flow2api.db`, { readonly: true })
    seen.push(
      other.query('select state, intent_at is not null as intent, step, fallback, credits from generation_units').get(),
    )
    return ok(unit.step === undefined ? next([SMALL], 40) : { ...done, credits: 38 })
  }
  const job = await image(gateway)
  expect(job).toMatchObject({ status: 'completed', media: [{ url: LARGE.url, origin: { id: 'large' } }], fault: null })
  expect(job.delivered).toEqual({ size: '8x4' })
  const first = { state: 'starting', intent: 1, step: null, fallback: null, credits: null }
  expect(seen).toEqual([
    first,
    { ...first, step: '{"upsample":"small"}', fallback: JSON.stringify([SMALL]), credits: 40 },
  ])
  expect(steps(world)).toEqual([
    [undefined, 1],
    [{ upsample: 'small' }, 1],
  ])
  await settle()
  expect(world.leases).toEqual([{ accountId: 1, reports: [{ ok: true, credits: 38 }], closed: 1 }])
})

test('the credits of an earlier step count where the last says nothing', async () => {
  const world = new World()
  world.start = async unit => ok(unit.step === undefined ? next([SMALL], 40) : done)
  await using gateway = await world.boot()
  await image(gateway)
  await settle()
  expect(world.leases[0]?.reports).toEqual([{ ok: true, credits: 40 }])
})

test('three steps, the last through polling', async () => {
  const world = new World()
  world.start = async unit => {
    if (unit.step === undefined) return ok(next())
    return ok(JSON.stringify(unit.step).includes('upsample') ? { state: 'next', step: 'join' } : running('joining'))
  }
  world.status = () => done
  await using gateway = await world.boot()
  const { id } = await gateway.submit()
  await until(() => world.starts.length === 3)
  await settle()
  await world.clock.advance(3 * SECOND)
  expect(await gateway.end(id)).toMatchObject({ status: 'completed', media: [{ url: LARGE.url }] })
  expect(steps(world).map(([step]) => step)).toEqual([undefined, { upsample: 'small' }, 'join'])
})

test('a step that fails for good: what is there is delivered, and the job says that it is less', async () => {
  const world = imageChain(() => err(domainFault('moderation_blocked', 'It was refused.')))
  world.requested = { size: '8x4', resolution: '4K' }
  await using gateway = await world.boot()
  const job = await image(gateway)
  expect(job).toMatchObject({ status: 'failed', delivered: { size: '4x2' }, fault: { code: 'downgraded' } })
  expect(job.media).toMatchObject([{ url: SMALL.url, file: 'kept.png', origin: { id: 'small' } }])
  expect(job.fault?.message).toMatch(/4K \(8x4\) was asked for, 4x2 was delivered: It was refused\..*allow_downgrade/)
  expect(world.starts).toHaveLength(2)
  expect(await gateway.job(job.id)).toEqual({ ...job, fault: expect.objectContaining({ code: 'downgraded' }) })
  expect((await gateway.jobs.open(job.id, 0)).isOk()).toBe(true)
})

test('… unless the request takes less', async () => {
  const world = imageChain(() => err(domainFault('moderation_blocked', 'It was refused.')))
  await using gateway = await world.boot()
  const job = await image(gateway, { parameters: { allowDowngrade: true } })
  expect(job).toMatchObject({ status: 'completed', progress: 100, media: [{ url: SMALL.url }], fault: null })
  expect(job.delivered).toEqual({ size: '4x2' })
})

test('a step whose outcome is not known: that is said, with what is there', async () => {
  const world = imageChain(() => err(domainFault('outcome_unknown', 'The connection broke off.')))
  await using gateway = await world.boot()
  for (const allowDowngrade of [false, true]) {
    const job = await image(gateway, { parameters: { allowDowngrade } })
    expect(job).toMatchObject({ status: 'outcome_unknown', media: [{ url: SMALL.url }], delivered: { size: '4x2' } })
    expect(job.fault?.message).toMatch(/broke off\. What was finished before/)
  }
})

test('a step without anything to fall back on fails as itself', async () => {
  const world = imageChain(() => err(domainFault('moderation_blocked', 'It was refused.')), [])
  await using gateway = await world.boot()
  expect(await image(gateway)).toMatchObject({ status: 'failed', media: [], fault: { code: 'moderation_blocked' } })
})

test('a step never leaves its account: a throttled one is waited for, any other refusal is final', async () => {
  const refuse = (code: FaultCode) => err(domainFault(code, 'Not this one.'))
  const patient = imageChain(nth => (nth === 1 ? refuse('account_throttled') : ok(done)))
  patient.accounts = [1, 2]
  {
    await using gateway = await patient.boot()
    const { id } = await gateway.submit()
    await until(() => patient.starts.length === 2)
    await settle()
    expect((await gateway.job(id)).status).toBe('starting')
    await patient.clock.advance(15 * SECOND)
    expect((await gateway.end(id)).status).toBe('completed')
    expect(steps(patient).map(([, account]) => account)).toEqual([1, 1, 1])
  }
  const spent = imageChain(() => refuse('account_quota_spent'))
  spent.accounts = [1, 2]
  await using gateway = await spent.boot()
  expect((await image(gateway)).fault?.code).toBe('downgraded')
  expect(spent.starts).toHaveLength(2)
  await settle()
  expect(spent.leases).toMatchObject([
    { accountId: 1, reports: [{ ok: false, fault: { code: 'account_quota_spent' } }] },
  ])
})

test('access that ran out is renewed once in each step', async () => {
  const world = new World()
  const expired = err(domainFault('access_expired', 'The access is no longer valid.'))
  world.start = async (unit, session) => {
    const fresh = session.account?.access === (unit.step === undefined ? 'access 1' : 'access 2')
    return fresh ? ok(unit.step === undefined ? next() : done) : expired
  }
  await using gateway = await world.boot()
  expect((await image(gateway)).status).toBe('completed')
  expect([world.renewals, world.starts.length]).toEqual([2, 4])
})

test('an operation of a further step that fails brings what is there, and leaves the account where it is', async () => {
  const world = new World()
  world.accounts = [1, 2]
  world.start = async unit => ok(running(unit.step === undefined ? 'first' : 'second'))
  world.status = ({ id }) =>
    id === 'first'
      ? { state: 'next', step: 'up', media: [SMALL] }
      : { state: 'failed', fault: domainFault('account_quota_spent', 'Nothing is left.') }
  await using gateway = await world.boot()
  const { id } = await gateway.submit({ kind: 'video', model: 'vid' })
  await until(() => world.starts.length === 1)
  await settle()
  await world.clock.advance(3 * SECOND)
  await until(() => world.starts.length === 2)
  await settle()
  await world.clock.advance(3 * SECOND)
  expect(await gateway.end(id)).toMatchObject({ fault: { code: 'downgraded' }, media: [{ url: SMALL.url }] })
  expect(world.starts).toHaveLength(2)
})

test('the deadline is one for all steps, and what is there when it passes is delivered', async () => {
  const world = new World()
  world.start = async unit => ok(unit.step === undefined ? next() : running('slow'))
  await using gateway = await world.boot({ config: { generation: { image_timeout: 100 } } })
  const { id } = await gateway.submit()
  await until(() => world.starts.length === 2)
  await settle()
  await world.clock.advance(99 * SECOND)
  expect((await gateway.job(id)).status).toBe('running')
  await world.clock.advance(1 * SECOND)
  const job = await gateway.end(id)
  expect(job).toMatchObject({ status: 'failed', media: [{ url: SMALL.url }], fault: { code: 'downgraded' } })
  expect(job.fault?.message).toContain('image_timeout')
})

test('a step that overruns and ignores being stopped is not waited for; its slot is', async () => {
  const world = new World()
  const { promise: answer, resolve } = Promise.withResolvers<Result<Started, Fault>>()
  world.start = async unit => (unit.step === undefined ? ok(next()) : answer)
  await using gateway = await world.boot()
  const { id } = await gateway.submit()
  await until(() => world.starts.length === 2)
  await world.clock.advance(305 * SECOND)
  expect(await gateway.end(id)).toMatchObject({ fault: { code: 'downgraded' }, media: [{ url: SMALL.url }] })
  expect(world.leases[0]?.closed).toBe(0)
  resolve(ok(running('late')))
  await until(() => world.leases.every(({ closed }) => closed === 1))
  expect(world.cancels).toEqual([{ id: 'late' }])
})

test('a reload between two steps: the successor takes the second', async () => {
  const world = new World()
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  world.start = async unit => {
    if (unit.step === undefined) await gate
    return ok(unit.step === undefined ? next() : done)
  }
  await using gateway = await world.boot()
  const { id } = await gateway.submit()
  await until(() => world.starts.length === 1)
  expect((await gateway.kernel.reload({ config: { generation: { max_queue: 7 } } })).isOk()).toBe(true)
  open()
  await until(async () => (await gateway.job(id)).finishedAt !== null)
  expect((await gateway.job(id)).status).toBe('completed')
  expect(steps(world)).toHaveLength(2)
})

test('cancelled between two steps: the second is not paid', async () => {
  const world = new World()
  world.start = async unit => ok(unit.step === undefined ? next() : done)
  await using gateway = await world.boot()
  let asked = 0
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  world.sessionGate = () => (++asked === 2 ? gate : Promise.resolve())
  const { id } = await gateway.submit()
  await until(() => asked === 2)
  expect((await gateway.jobs.cancel(id))._unsafeUnwrap().status).toBe('cancelled')
  open()
  await until(() => world.leases[0]?.closed === 1)
  expect(world.starts).toHaveLength(1)
})

test('bytes to fall back on are a file meanwhile, and nothing stays of it', async () => {
  const world = imageChain(() => err(domainFault('moderation_blocked', 'It was refused.')), [{ bytes: PNG }])
  await using gateway = await world.boot()
  const inputs = `${gateway.kernel.dataDir}/inputs`
  const start = world.start
  const files: string[][] = []
  world.start = async (unit, session, nth) => {
    if (unit.step !== undefined) files.push(await readdir(`${inputs}/${unit.id.slice(0, -2)}`))
    return start(unit, session, nth)
  }
  const kept: MediaSource[] = []
  world.keep = async source => {
    kept.push(source)
    return ok(keptOf(source))
  }
  expect((await image(gateway)).fault?.code).toBe('downgraded')
  expect(files).toEqual([['made-0-1-0']])
  expect(kept).toMatchObject([{ bytes: PNG }])
  await until(async () => (await readdir(inputs)).length === 0)
})

test('a result that cannot be fetched is replaced by what was there before it', async () => {
  const world = imageChain(() => ok(done))
  world.keep = async source =>
    'url' in source && source.url === LARGE.url
      ? err(domainFault('media_unavailable', 'The address has expired.', { retry: 'never' }))
      : ok(keptOf(source))
  await using gateway = await world.boot()
  expect(await image(gateway)).toMatchObject({ fault: { code: 'downgraded' }, media: [{ url: SMALL.url }] })
})

test('each operation has its own number of rounds', async () => {
  const world = new World()
  world.maxAttempts = 3
  world.start = async unit => ok(running(unit.step === undefined ? 'first' : 'second'))
  const rounds = new Map<unknown, number>()
  world.status = ({ id }) => {
    const count = (rounds.get(id) ?? 0) + 1
    rounds.set(id, count)
    if (count < 3) return { state: 'running' }
    return id === 'first' ? { state: 'next', step: 'up' } : done
  }
  await using gateway = await world.boot()
  const { id } = await gateway.submit({ kind: 'video', model: 'vid' })
  await until(async () => {
    await world.clock.advance(SECOND)
    return (await gateway.job(id)).finishedAt !== null
  })
  expect((await gateway.job(id)).status).toBe('completed')
})

test('what one account has left is not said of the next', async () => {
  const world = new World()
  world.accounts = [1, 2]
  world.start = async (_unit, session) =>
    session.account?.id === 1 ? ok({ state: 'running', operation: { id: 'op' }, credits: 77 }) : ok(done)
  world.status = () => ({ state: 'failed', fault: domainFault('account_quota_spent', 'Nothing is left.') })
  await using gateway = await world.boot()
  const { id } = await gateway.submit()
  await until(() => world.starts.length === 1)
  await settle()
  await world.clock.advance(3 * SECOND)
  expect((await gateway.end(id)).status).toBe('completed')
  await settle()
  expect(world.leases[1]).toMatchObject({ accountId: 2, reports: [{ ok: true }] })
  expect(world.leases[1]?.reports[0]).not.toHaveProperty('credits')
})

test('finished is finished: neither the deadline nor another round undoes it while its bytes are written', async () => {
  const world = new World()
  world.start = async () => ok(running('op'))
  // Writing so much outlasts the tick in which the deadline passes.
  const bytes = new Uint8Array(48 * 1024 ** 2)
  let answered = 0
  const gates: (() => void)[] = []
  world.statusGate = () => new Promise<void>(resolve => void gates.push(resolve))
  world.status = () =>
    answered++ === 0
      ? { state: 'done', media: [{ bytes }] }
      : { state: 'failed', fault: domainFault('generation_failed', 'It came too late.') }
  await using gateway = await world.boot({ config: { generation: { video_timeout: 7 } } })
  const { id } = await gateway.submit({ kind: 'video', model: 'vid' })
  await until(() => world.starts.length === 1)
  await settle()
  await world.clock.advance(3 * SECOND)
  await gateway.kernel.reload({ config: { generation: { video_timeout: 8 } } })
  await world.clock.advance(3 * SECOND)
  await until(() => gates.length === 2)
  for (const open of gates) open()
  await world.clock.advance(1 * SECOND)
  await until(async () => (await gateway.job(id)).finishedAt !== null)
  expect((await gateway.job(id)).status).toBe('completed')
  expect(answered).toBe(2)
})
