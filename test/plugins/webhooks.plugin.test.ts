/** Deliveries from the end of a job to the receiver, over failures, reloads and crashes. */
import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import { manualClock } from 'flow2api/testing'
import { domainFault } from '../../plugins/contracts/index.ts'
import { dataDirectory, FakeJobs, HOUR_MS, jobOf, startWebhooks } from './webhooks.world.ts'

const HOOK = 'https://hooks.example/a'
const GLOBAL = 'https://global.example/'
const never = () => new Promise<Result<number, Fault>>(() => {})

describe('a callback', () => {
  test('is made when its job ends, and once', async () => {
    await using world = await startWebhooks()
    await world.end(jobOf('job_1', { callbackUrl: HOOK }))
    await world.end(jobOf('job_1', { callbackUrl: HOOK }))
    await world.end(jobOf('job_2'))
    expect(world.net.calls.map(({ url }) => url)).toEqual([HOOK])
    const [call] = world.net.calls
    expect(call?.want).toMatchObject({ method: 'POST', allowPrivate: false })
    expect(JSON.parse(call?.want.body ?? '')).toMatchObject({
      id: call?.id,
      type: 'video.completed',
      data: { id: 'job_1' },
    })
    expect((await world.log()).map(({ state, attempts }) => [state, attempts])).toEqual([['delivered', 1]])
  })

  test('is told of a failure too', async () => {
    await using world = await startWebhooks()
    await world.end(jobOf('job_1', { callbackUrl: HOOK, status: 'failed' }))
    expect(world.net.calls.map(({ want }) => JSON.parse(want.body ?? '').type)).toEqual(['video.failed'])
  })

  test('is refused for an address that is not allowed', async () => {
    await using world = await startWebhooks()
    for (const ask of [world.desk.check('http://private/'), world.desk.check(HOOK + 'x'.repeat(3000))])
      expect((await ask)._unsafeUnwrapErr()).toMatchObject({
        code: 'invalid_value',
        param: 'callback_url',
        blame: 'request',
      })
    expect(world.kernel.announced).toEqual([])
    await world.kernel.reload({ config: { webhooks: { allow_private: true } } })
    expect((await world.desk.check('http://private/')).isOk()).toBe(true)
  })
})

describe('the address of the settings', () => {
  test('is told of all jobs, as far as it wants to hear', async () => {
    await using world = await startWebhooks({ settings: { url: GLOBAL, events: ['image.failed', 'video.completed'] } })
    await world.end(jobOf('job_1'))
    await world.end(jobOf('job_2', { status: 'cancelled' }))
    await world.end(jobOf('job_3', { kind: 'image', status: 'outcome_unknown' }))
    expect(world.net.calls.map(({ want }) => JSON.parse(want.body ?? '').data.id)).toEqual(['job_1', 'job_3'])
  })

  test('is told once where a request names it too, and then of every end', async () => {
    await using world = await startWebhooks({ settings: { url: GLOBAL, events: ['image.failed'] } })
    await world.end(jobOf('job_1', { callbackUrl: GLOBAL }))
    await world.end(jobOf('job_2', { callbackUrl: GLOBAL, kind: 'image', status: 'failed' }))
    expect(world.net.calls.map(({ want }) => JSON.parse(want.body ?? '').type)).toEqual([
      'video.completed',
      'image.failed',
    ])
  })

  test('must be usable', async () => {
    const refused = startWebhooks({ settings: { url: 'http://private/' } })
    await expect(refused).rejects.toThrow(/webhooks\.url cannot be used: It is private\./)
    await using _allowed = await startWebhooks({ settings: { url: 'http://private/', allow_private: true } })
  })
})

describe('failures', () => {
  test('are repeated with growing waits for a day, then given up', async () => {
    await using world = await startWebhooks({ settings: { url: GLOBAL } })
    world.net.receiver = () => ok(500)
    await world.end(jobOf('job_1'))
    const begun = world.clock.now()
    await world.clock.advance(30 * HOUR_MS)
    const gaps = world.net.calls.map(({ at }, index, all) => (at - (all[index - 1]?.at ?? begun)) / 1000)
    const expected = [0, 5, 30, 120, 600, 1800, 3600, 7200, 14_400, 14_400, 14_400, 14_400]
    expect(gaps.length).toBeGreaterThanOrEqual(11)
    for (const [index, gap] of gaps.entries()) {
      const middle = expected[index] ?? 14_400
      expect(gap).toBeWithin(middle * 0.8, middle * 1.2 + 0.001)
    }
    expect((world.net.calls.at(-1)?.at ?? 0) - begun).toBeLessThanOrEqual(24 * HOUR_MS)
    expect(new Set(world.net.calls.map(({ id }) => id)).size).toBe(1)
    expect(new Set(world.net.calls.map(({ want }) => want.body)).size).toBe(1)
    expect(new Set(world.net.calls.map(({ want }) => want.headers?.['webhook-signature'])).size).toBe(
      world.net.calls.length,
    )
    expect(await world.log()).toMatchObject([
      { state: 'given_up', last_status: 500, attempts: gaps.length, next_attempt_at: null },
    ])
  })

  test('410 ends it, a success ends it, a late answer and a refused redirect do not', async () => {
    await using world = await startWebhooks({ settings: { url: GLOBAL } })
    const answers = [() => err(domainFault('url_refused', 'It redirects.')), never, () => ok(503), () => ok(204)]
    world.net.receiver = call => answers[world.net.calls.indexOf(call)]?.() ?? ok(410)
    await world.end(jobOf('job_1'))
    await world.clock.advance(10_000)
    expect(world.net.calls).toHaveLength(2)
    await world.clock.advance(10_000)
    expect(await world.log()).toMatchObject([
      { state: 'pending', attempts: 2, last_status: null, last_error: 'The upstream did not answer in time.' },
    ])
    await world.clock.advance(HOUR_MS)
    expect(await world.log()).toMatchObject([{ state: 'delivered', attempts: 4, last_status: 204, last_error: null }])
    await world.end(jobOf('job_2'))
    await world.clock.advance(HOUR_MS)
    expect((await world.log())[0]).toMatchObject({ state: 'given_up', attempts: 1, last_status: 410 })
    expect(world.net.calls).toHaveLength(5)
  })

  test('when deliveries cannot be written down, they pause instead of going out again and again', async () => {
    await using directory = await dataDirectory()
    await using world = await startWebhooks({ settings: { url: GLOBAL }, dataDir: directory.path })
    using outside = new Database(join(directory.path, 'flow2api.db'))
    outside.run(
      "CREATE TRIGGER full BEFORE UPDATE ON webhooks_deliveries BEGIN SELECT RAISE(ABORT, 'disk is full'); END",
    )
    await world.end(jobOf('job_1'))
    await world.clock.advance(59_000)
    expect(world.net.calls).toHaveLength(1)
    outside.run('DROP TRIGGER full')
    await world.clock.advance(2_000)
    expect(world.net.calls).toHaveLength(2)
    expect(await world.log()).toMatchObject([{ state: 'delivered', attempts: 1 }])
  })
})

describe('many at once', () => {
  test('are eight at most, four to one receiver, and each only once', async () => {
    await using world = await startWebhooks({ settings: { url: GLOBAL } })
    const open: (() => void)[] = []
    world.net.receiver = () => new Promise(resolve => open.push(() => resolve(ok(200))))
    for (let n = 0; n < 10; n++) await world.end(jobOf(`job_${n}`, { callbackUrl: `https://hooks-${n % 3}.example/` }))
    expect(world.net.running).toHaveLength(8)
    const toGlobal = () => world.net.running.filter(({ url }) => url === GLOBAL).length
    expect(toGlobal()).toBeLessThanOrEqual(4)
    while (open.length > 0) {
      open.shift()?.()
      await world.clock.advance(0)
      expect(toGlobal()).toBeLessThanOrEqual(4)
    }
    expect(world.net.most).toBe(8)
    expect(world.net.calls).toHaveLength(20)
    expect(new Set(world.net.calls.map(({ id }) => id)).size).toBe(20)
  })

  test('a receiver that is down does not hold up the others', async () => {
    await using world = await startWebhooks({ settings: { url: GLOBAL } })
    world.net.receiver = ({ url }) => (url === GLOBAL ? never() : ok(200))
    for (let n = 0; n < 50; n++) await world.end(jobOf(`job_${n}`))
    await world.end(jobOf('job_x', { callbackUrl: HOOK }))
    expect(world.net.calls.at(-1)?.url).toBe(HOOK)
  })
})

describe('a reload', () => {
  test('lets what is under way end where it began, and nothing goes out twice', async () => {
    await using world = await startWebhooks({ settings: { url: GLOBAL } })
    const answer = Promise.withResolvers<Result<number, Fault>>()
    world.net.receiver = call => (world.net.calls.indexOf(call) === 0 ? answer.promise : ok(200))
    await world.end(jobOf('job_1'))
    await world.kernel.reload({ config: { webhooks: { url: GLOBAL, timeout_s: 5 } } })
    await world.end(jobOf('job_2'))
    await world.clock.advance(1000)
    expect(world.net.calls.map(({ want }) => JSON.parse(want.body ?? '').data.id)).toEqual(['job_1', 'job_2'])
    answer.resolve(ok(200))
    await world.clock.advance(HOUR_MS)
    expect(world.net.calls).toHaveLength(2)
    expect((await world.log()).map(({ state }) => state)).toEqual(['delivered', 'delivered'])
    expect(world.kernel.leaks()).toEqual([])
  })

  test('takes over what was cut off', async () => {
    await using world = await startWebhooks({ settings: { url: GLOBAL, timeout_s: 1000 } })
    world.net.receiver = never
    await world.end(jobOf('job_1'))
    await world.kernel.reload({ config: { webhooks: { url: GLOBAL } } })
    world.net.receiver = () => ok(200)
    await world.end(jobOf('job_2', { callbackUrl: HOOK }))
    // Patience ends, the first attempt is cut off, and the successor makes it again.
    await world.clock.advance(20_000)
    expect(world.net.calls.map(({ url }) => url).sort()).toEqual([GLOBAL, GLOBAL, GLOBAL, HOOK])
    expect((await world.log()).map(({ state, attempts }) => [state, attempts])).toEqual(Array(3).fill(['delivered', 1]))
    expect(world.kernel.leaks()).toEqual([])
  })

  test('switched off, nothing goes out; switched on again, everything does', async () => {
    await using world = await startWebhooks({ settings: { url: GLOBAL } })
    const { around } = world.plugins
    await world.kernel.reload({ plugins: { around }, config: {} })
    await world.clock.advance(1000)
    await world.end(jobOf('job_1', { finishedAt: world.clock.now(), callbackUrl: HOOK }))
    expect(world.net.calls).toEqual([])
    expect(world.kernel.leaks()).toEqual([])
    await world.kernel.reload({ plugins: world.plugins, config: { webhooks: { url: GLOBAL } } })
    await world.clock.advance(1000)
    expect(world.net.calls.map(({ url }) => url).sort()).toEqual([GLOBAL, HOOK])
  })
})

describe('after a crash', () => {
  test('between attempt and answer the delivery is made again', async () => {
    await using directory = await dataDirectory()
    const shared = { dataDir: directory.path, jobs: new FakeJobs(), clock: manualClock(), settings: { url: GLOBAL } }
    const first = await startWebhooks(shared)
    first.net.receiver = never
    await first.end(jobOf('job_1'))
    const sent = first.net.calls[0]
    first.kernel.abandon()
    await using second = await startWebhooks(shared)
    expect(second.net.calls.map(({ id, want }) => [id, want.body])).toEqual([[sent?.id ?? '', sent?.want.body]])
    expect(await second.log()).toMatchObject([{ id: sent?.id, state: 'delivered' }])
  })

  test('no end is lost that nobody was there to hear, and none is told twice', async () => {
    await using directory = await dataDirectory()
    const shared = { dataDir: directory.path, jobs: new FakeJobs(), clock: manualClock(), settings: { url: GLOBAL } }
    const first = await startWebhooks(shared)
    const { clock, jobs } = shared
    jobs.known.set('job_old', jobOf('job_old', { finishedAt: clock.now() - 1 }))
    await clock.advance(5000)
    await first.end(jobOf('job_told', { finishedAt: clock.now() }))
    first.kernel.abandon()
    // Their ends were written down by the engine, and then the process was gone.
    const finishedAt = clock.now()
    jobs.known.set('job_1', jobOf('job_1', { finishedAt, callbackUrl: HOOK }))
    for (let n = 0; n < 250; n++) jobs.known.set(`job_many_${n}`, jobOf(`job_many_${n}`, { finishedAt }))
    jobs.known.set('job_running', jobOf('job_running', { status: 'running', finishedAt: null, callbackUrl: HOOK }))
    await using second = await startWebhooks(shared)
    await clock.advance(1000)
    const told = second.net.calls.map(({ url, want }) => `${url} ${JSON.parse(want.body ?? '').data.id}`)
    const many = Array.from({ length: 250 }, (_, n) => `${GLOBAL} job_many_${n}`)
    expect(told.sort()).toEqual([`${GLOBAL} job_1`, `${HOOK} job_1`, ...many].sort())
    second.net.calls.length = 0
    await clock.advance(3 * HOUR_MS)
    expect(second.net.calls).toEqual([])
  })
})

describe('the secret', () => {
  test('is made when first needed, shown once, kept sealed, and stays', async () => {
    await using directory = await dataDirectory()
    const shared = { dataDir: directory.path, jobs: new FakeJobs() }
    const first = await startWebhooks(shared)
    expect(first.kernel.announced).toEqual([])
    await first.desk.check(HOOK)
    await first.desk.check(`${HOOK}b`)
    const [[line = ''] = []] = first.kernel.announced
    const secret = /whsec_\S+$/.exec(line)?.[0] ?? ''
    expect(Buffer.from(secret.slice(6), 'base64')).toHaveLength(32)
    expect(first.kernel.announced).toHaveLength(1)
    await first[Symbol.asyncDispose]()
    expect((await Bun.file(join(directory.path, 'flow2api.db')).text()).includes(secret.slice(6))).toBe(false)
    await using second = await startWebhooks({ ...shared, settings: { url: GLOBAL } })
    expect(second.kernel.announced).toEqual([])
    await second.end(jobOf('job_2'))
    const [call] = second.net.calls
    const { signedHeaders } = await import('flow2api/contracts')
    const again = signedHeaders(call?.id ?? '', call?.want.body ?? '', secret, call?.at ?? 0)
    expect(call?.want.headers).toEqual(again)
  })

  test('of the settings comes first, and a wrong one is not repeated', async () => {
    const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
    await using world = await startWebhooks({ settings: { url: GLOBAL, secret } })
    await world.end(jobOf('job_1'))
    expect(world.kernel.announced).toEqual([])
    const refused = startWebhooks({ settings: { secret: 'hunter2' } })
    await expect(refused).rejects.toThrow(/webhooks\.secret|configuration/i)
    await expect(refused).rejects.not.toThrow(/hunter2/)
  })

  test('that cannot be read any more stops the plugin and says what to do', async () => {
    await using directory = await dataDirectory()
    const first = await startWebhooks({ dataDir: directory.path, settings: { url: GLOBAL } })
    await first[Symbol.asyncDispose]()
    await Bun.write(join(directory.path, 'secret.key'), Buffer.alloc(32, 1).toString('base64'))
    await expect(startWebhooks({ dataDir: directory.path })).rejects.toThrow(/Or set \[webhooks\] secret/)
  })
})
