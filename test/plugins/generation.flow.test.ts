import { expect, test } from 'bun:test'
import { domainFault, type JobStatus } from 'flow2api/contracts'
import { err, ok } from 'flow2api/plugin'
import { imageDone, PNG, settle, until, World } from './generation.world.ts'

const SECOND = 1_000

test('an image is one paid call, kept, reported and announced once', async () => {
  const world = new World()
  await using gateway = await world.boot()
  const admitted = await gateway.submit()
  expect(admitted.id).toMatch(/^job_[0-9a-f]{32}$/)
  const job = await gateway.end(admitted.id)
  expect(job).toMatchObject({ status: 'completed', progress: 100, requested: { size: '8x4' }, fault: null })
  expect(job.media).toMatchObject([{ url: 'https://media.test/a.png', file: 'kept.png', width: 8 }])
  expect(world.starts).toHaveLength(1)
  await settle()
  expect(world.leases).toEqual([{ accountId: 1, reports: [{ ok: true }], closed: 1 }])
  expect(world.finished.map(({ id }) => id)).toEqual([job.id])
  expect(await gateway.job(job.id)).toEqual(job)
})

test('the job is on disk before the call that is paid', async () => {
  const world = new World()
  await using gateway = await world.boot()
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  let seen: unknown
  world.start = async unit => {
    const { Database } = await import('bun:sqlite')
    using other = new Database(`${gateway.kernel.dataDir}/flow2api.db`, { readonly: true })
    seen = other
      .query('select state, account_id, intent_at from generation_units where job_id = ?')
      .get(unit.id.slice(0, -2))
    open()
    return ok(imageDone())
  }
  const { id } = await gateway.submit()
  await gate
  expect(seen).toEqual({ state: 'starting', account_id: 1, intent_at: world.clock.now() })
  expect((await gateway.end(id)).status).toBe('completed')
})

test('n pieces are n units, in order, on the accounts that are free', async () => {
  const world = new World()
  world.accounts = [1, 2, 3]
  world.slots = 1
  world.start = async unit => ok(imageDone(unit.id.slice(-1)))
  await using gateway = await world.boot()
  const job = await gateway.end((await gateway.submit({ count: 3 })).id)
  expect(job.media.map(({ url }) => url)).toEqual([0, 1, 2].map(n => `https://media.test/${n}.png`))
  expect(world.starts.map(({ account }) => account).sort()).toEqual([1, 2, 3])
})

test('what was paid is delivered though another piece of the same job failed', async () => {
  const world = new World()
  world.start = async unit =>
    unit.id.endsWith('0') ? err(domainFault('moderation_blocked', 'It was refused.')) : ok(imageDone())
  await using gateway = await world.boot()
  const job = await gateway.end((await gateway.submit({ count: 2 })).id)
  expect(job).toMatchObject({ status: 'completed', fault: null })
  expect(job.media).toHaveLength(1)
})

test('a throttled account is left for another, and it alone is blamed', async () => {
  const world = new World()
  world.accounts = [1, 2, 3, 4]
  const throttled = domainFault('account_throttled', 'Too many requests.')
  world.start = async (_unit, session) => (session.account?.id === 3 ? ok(imageDone()) : err(throttled))
  await using gateway = await world.boot()
  const job = await gateway.end((await gateway.submit()).id)
  expect(job.status).toBe('completed')
  expect(world.starts.map(({ account }) => account)).toEqual([1, 2, 3])
  await settle()
  const blamed = world.leases.filter(({ reports }) =>
    reports.some(report => !report.ok && report.fault.blame === 'account'),
  )
  expect(blamed.map(({ accountId }) => accountId)).toEqual([1])
  expect(world.leases.every(({ reports, closed }) => reports.length === 1 && closed === 1)).toBe(true)
})

test('after three accounts, or when none is left, the last refusal is the answer', async () => {
  const world = new World()
  world.start = async () => err(domainFault('account_throttled', 'Too many requests.'))
  await using gateway = await world.boot()
  expect((await gateway.end((await gateway.submit()).id)).fault?.code).toBe('account_throttled')
  expect(world.starts).toHaveLength(1)
  world.accounts = [1, 2, 3, 4, 5]
  expect((await gateway.end((await gateway.submit()).id)).status).toBe('failed')
  expect(world.starts).toHaveLength(4)
})

test('access that ran out is renewed once', async () => {
  const world = new World()
  const expired = domainFault('access_expired', 'The access is no longer valid.')
  world.start = async (_unit, session) => (session.account?.access === 'access 0' ? err(expired) : ok(imageDone()))
  await using gateway = await world.boot()
  expect((await gateway.end((await gateway.submit()).id)).status).toBe('completed')
  expect(world.renewals).toBe(1)
  expect(world.leases).toHaveLength(1)

  world.start = async () => err(expired)
  const job = await gateway.end((await gateway.submit()).id)
  expect(job.status).toBe('failed')
  expect(world.renewals).toBe(2)
  expect(world.starts).toHaveLength(4)
})

test('a refused prompt is not sent again and punishes nobody', async () => {
  const world = new World()
  world.accounts = [1, 2, 3]
  world.start = async () => err(domainFault('moderation_blocked', 'It was refused.'))
  await using gateway = await world.boot()
  const job = await gateway.end((await gateway.submit()).id)
  expect(job).toMatchObject({ status: 'failed', fault: { code: 'moderation_blocked' } })
  expect(world.starts).toHaveLength(1)
  await settle()
  expect(world.leases[0]?.reports).toMatchObject([{ ok: false, fault: { blame: 'request' } }])
})

test('an unknown outcome is a state of its own and is never sent again', async () => {
  const world = new World()
  world.accounts = [1, 2]
  world.start = async () => err(domainFault('outcome_unknown', 'The connection broke off.'))
  await using gateway = await world.boot()
  const job = await gateway.end((await gateway.submit()).id)
  expect(job).toMatchObject({ status: 'outcome_unknown', fault: { code: 'outcome_unknown' } })
  world.start = async () => {
    throw new Error('a bug')
  }
  expect((await gateway.end((await gateway.submit()).id)).status).toBe('outcome_unknown')
  await world.clock.advance(3_600 * SECOND)
  expect(world.starts).toHaveLength(2)
})

test('an upstream that was not reached is asked twice more, with growing patience', async () => {
  const world = new World()
  world.start = async (_unit, _session, nth) =>
    nth < 3 ? err(domainFault('upstream_unreachable', 'Nobody answered.')) : ok(imageDone())
  await using gateway = await world.boot()
  const { id } = await gateway.submit()
  await until(() => world.starts.length === 1)
  await world.clock.advance(1 * SECOND)
  expect(world.starts).toHaveLength(2)
  await world.clock.advance(3 * SECOND)
  expect(world.starts).toHaveLength(2)
  await world.clock.advance(1 * SECOND)
  expect((await gateway.end(id)).status).toBe('completed')
  expect(world.leases).toHaveLength(1)

  world.start = async () => err(domainFault('upstream_unreachable', 'Nobody answered.'))
  const second = await gateway.submit()
  await world.clock.advance(10 * SECOND)
  expect(await gateway.job(second.id)).toMatchObject({ status: 'failed', fault: { code: 'upstream_unreachable' } })
  expect(world.starts).toHaveLength(6)
})

test('a pool that is being replaced is asked again; one that has nobody is believed', async () => {
  const world = new World()
  world.refusals.push(domainFault('cancelled', 'It is leaving.'))
  await using gateway = await world.boot()
  const { id } = await gateway.submit()
  await until(() => world.refusals.length === 0)
  await world.clock.advance(1 * SECOND)
  expect((await gateway.end(id)).status).toBe('completed')
  world.refusals.push(domainFault('accounts_cooling', 'All rest.', { retryAfterMs: 5_000 }))
  const job = await gateway.end((await gateway.submit()).id)
  expect(job).toMatchObject({ status: 'failed', fault: { code: 'accounts_cooling', retryAfterMs: 5_000 } })
  expect(world.starts).toHaveLength(1)
})

test('a full queue refuses, with the time to come back', async () => {
  const world = new World()
  world.slots = 0
  await using gateway = await world.boot({ config: { generation: { max_queue: 2 } } })
  await gateway.submit()
  await gateway.submit()
  const refused = await gateway.trySubmit()
  expect(refused._unsafeUnwrapErr()).toMatchObject({ code: 'queue_full', retryAfterMs: 10_000 })
  expect(world.waiting).toHaveLength(2)
})

test('a provider without accounts needs no pool', async () => {
  const world = new World()
  world.withAccounts = false
  world.accounts = []
  await using gateway = await world.boot()
  expect((await gateway.end((await gateway.submit()).id)).status).toBe('completed')
  expect(world.starts[0]?.account).toBeUndefined()
  world.start = async () => err(domainFault('account_throttled', 'Too many requests.'))
  expect((await gateway.end((await gateway.submit()).id)).status).toBe('failed')
  expect(world.starts).toHaveLength(2)
})

test('whoever waits or watches and leaves, leaves the job alone', async () => {
  const world = new World()
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  world.start = async () => {
    await gate
    return ok(imageDone())
  }
  await using gateway = await world.boot()
  const { id } = await gateway.submit()
  const hangUp = new AbortController()
  const waiting = gateway.end(id, hangUp.signal)
  const seen: JobStatus[] = []
  const undo = (await gateway.jobs.watch(id, job => void seen.push(job.status)))._unsafeUnwrap()
  await until(() => world.starts.length === 1)
  undo()
  hangUp.abort()
  expect((await waiting).status).toBe('starting')
  open()
  expect((await gateway.end(id)).status).toBe('completed')
  expect(seen).not.toContain('completed')
})

test('jobs are listed newest first, page by page, and removed when they have ended', async () => {
  const world = new World()
  await using gateway = await world.boot()
  const ids: string[] = []
  for (let n = 0; n < 5; n++) ids.unshift((await gateway.end((await gateway.submit()).id)).id)
  const page = async (after?: string) =>
    (await gateway.jobs.list({ limit: 2, ...(after !== undefined && { after }) }))._unsafeUnwrap()
  const first = await page()
  expect(first.jobs.map(({ id }) => id)).toEqual(ids.slice(0, 2))
  expect(first.more).toBe(true)
  expect((await page(ids[3])).more).toBe(false)
  expect((await gateway.jobs.remove(ids[0] ?? '')).isOk()).toBe(true)
  expect((await gateway.jobs.get(ids[0] ?? ''))._unsafeUnwrapErr().code).toBe('not_found')
  expect((await gateway.jobs.list({ kind: 'video' }))._unsafeUnwrap().jobs).toEqual([])
})

test('old jobs are forgotten with their inputs', async () => {
  const world = new World()
  await using gateway = await world.boot({ config: { generation: { retention_days: 1 } } })
  const bytes = PNG
  const inputs = [{ role: 'reference', mime: 'image/png', bytes }] as const
  const { id } = await gateway.end((await gateway.submit({ model: 'pic-edit', inputs })).id)
  const path = `${gateway.kernel.dataDir}/inputs/${id}/0`
  expect(await Bun.file(path).bytes()).toEqual(bytes)
  expect(await world.starts[0]?.unit.inputs[0]?.bytes()).toEqual(bytes)
  await world.clock.advance(23 * 3_600 * SECOND)
  expect((await gateway.job(id)).status).toBe('completed')
  await world.clock.advance(2 * 3_600 * SECOND)
  await until(async () => {
    await world.clock.advance(600 * SECOND)
    return !(await Bun.file(path).exists())
  })
  expect((await gateway.jobs.get(id)).isErr()).toBe(true)
})

test('what cannot be recorded is not paid', async () => {
  const world = new World()
  const gateway = await world.boot()
  gateway.kernel.abandon()
  expect((await gateway.trySubmit())._unsafeUnwrapErr()).toMatchObject({ blame: 'gateway' })
  await settle()
  expect(world.starts).toHaveLength(0)
  expect(world.leases.every(({ closed }) => closed === 1)).toBe(true)
})

test('nothing is left behind', async () => {
  const world = new World()
  const gateway = await world.boot()
  await gateway.end((await gateway.submit()).id)
  await gateway.kernel.stop()
  expect(gateway.kernel.leaks()).toEqual([])
})
