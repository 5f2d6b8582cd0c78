import { describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Accounts, domainFault } from 'flow2api/contracts'
import { Bench, MINUTE, never } from './token-pool.fixture.ts'

describe('leases', () => {
  test('wait in turn for a free slot; an edit acts at once', async () => {
    await using bench = await Bench.open()
    await bench.add('one', { image_concurrency: 1 })
    const first = await bench.lease()
    const positions: number[] = []
    const waiting = [1, 2, 3].map(n =>
      bench.acquire({ onQueue: (position: number) => positions.push(n * 10 + position) }),
    )
    expect(positions).toEqual([11, 22, 33])
    const video = await bench.lease({ kind: 'video' })
    expect(await bench.shown(1)).toMatchObject({ in_flight: { image: 1, video: 1 } })
    await bench.call('PATCH', '/1', { image_concurrency: 2 })
    const second = (await waiting[0])?._unsafeUnwrap()
    expect(positions).toEqual([11, 22, 33, 21, 32])
    await first[Symbol.asyncDispose]()
    await first[Symbol.asyncDispose]()
    expect((await waiting[1])?.isOk()).toBe(true)
    await bench.call('POST', '/1/disable')
    expect((await waiting[2])?._unsafeUnwrapErr()).toMatchObject({ code: 'no_account' })
    await second?.[Symbol.asyncDispose]()
    await video[Symbol.asyncDispose]()
    expect(await bench.shown(1)).toMatchObject({ in_flight: { image: 1, video: 0 } })
  })

  test('who needs one account waits for it beside those who take any, and is told when it can never serve', async () => {
    await using bench = await Bench.open()
    await bench.add('one', { image_concurrency: 1 })
    await bench.add('two', { image_concurrency: 1 })
    const [one, two] = [await bench.lease({ only: 1 }), await bench.lease({ only: 2 })]
    expect([one.accountId, two.accountId]).toEqual([1, 2])
    const places: string[] = []
    const wait = (name: string, over: object = {}) =>
      bench.acquire({ ...over, onQueue: (position: number) => places.push(`${name} ${position}`) })
    const [bound, any, next, lost] = [
      wait('bound', { only: 1 }),
      wait('any'),
      wait('next', { only: 1 }),
      wait('lost', { only: 2 }),
    ]
    // A place among those who wait for the same.
    expect(places).toEqual(['bound 1', 'any 1', 'next 2', 'lost 1'])
    // Nobody who is behind it is held up.
    await two[Symbol.asyncDispose]()
    expect((await any)._unsafeUnwrap().accountId).toBe(2)
    await one[Symbol.asyncDispose]()
    expect((await bound)._unsafeUnwrap().accountId).toBe(1)
    expect(places.slice(4)).toEqual(['next 1'])
    await bench.call('POST', '/2/disable')
    expect((await lost)._unsafeUnwrapErr()).toMatchObject({
      code: 'no_account',
      message: expect.stringMatching(/account #2, which is disabled/),
    })
    await bench.call('DELETE', '/1')
    expect((await next)._unsafeUnwrapErr()).toMatchObject({
      code: 'no_account',
      message: expect.stringMatching(/account #1, which is not/),
    })
  })

  test('whoever gives up waiting is told so', async () => {
    await using bench = await Bench.open()
    await bench.add('one', { image_concurrency: 1 })
    const lease = await bench.lease()
    const leaving = new AbortController()
    const waiting = bench.acquire({}, leaving.signal)
    leaving.abort()
    expect((await waiting)._unsafeUnwrapErr()).toMatchObject({ code: 'cancelled' })
    await lease[Symbol.asyncDispose]()
    expect((await bench.acquire()).isOk()).toBe(true)
  })

  test('the tier is asked of the provider each time', async () => {
    await using bench = await Bench.open()
    await bench.add('one')
    expect((await bench.acquire({ tier: 'pro' }))._unsafeUnwrapErr().message).toContain('it needs pro')
    await bench.add('two-pro')
    const lease = await bench.lease({ tier: 'pro' })
    expect(lease).toMatchObject({ accountId: 2, label: 'two-pro@example.com' })
    expect(lease.why).toContain('not #1 of too low a tier')
    expect((await bench.acquire({ tier: 'pro', exclude: [2] })).isErr()).toBe(true)
  })

  test('an account that cooled down serves those who wait', async () => {
    await using bench = await Bench.open()
    await bench.add('one', { image_concurrency: 1 })
    await bench.add('two', { image_concurrency: 1 })
    const [one, two] = [await bench.lease(), await bench.lease()]
    one.report({ ok: false, fault: domainFault('account_throttled', 'Slow down.', { retryAfterMs: MINUTE }) })
    await one[Symbol.asyncDispose]()
    const waiting = bench.acquire()
    await bench.clock.advance(2 * MINUTE)
    expect((await waiting)._unsafeUnwrap()).toMatchObject({ accountId: 1 })
    await two[Symbol.asyncDispose]()
    expect(bench.states.slice(2)).toEqual(['1 cooling', '1 ready'])
  })

  test('outcomes are counted once, and the threshold of the configuration disables', async () => {
    await using bench = await Bench.open({ config: { admin: { error_ban_threshold: 2 } } })
    await bench.add('one')
    const failed = { ok: false as const, fault: domainFault('access_expired', 'Refused.') }
    const refused = { ok: false as const, fault: domainFault('moderation_blocked', 'Not this.') }
    const good = await bench.lease()
    good.report({ ok: true, credits: 42 })
    good.report({ ok: true, credits: 1 })
    ;(await bench.lease()).report(refused)
    ;(await bench.lease()).report(failed)
    expect(await bench.shown(1)).toMatchObject({
      state: 'ready',
      credits: 42,
      counts: { images: 1, videos: 0, errors: 1 },
      consecutive_errors: 1,
      last_used_at: bench.clock.now() / 1000,
    })
    ;(await bench.lease()).report(failed)
    expect(await bench.shown(1)).toMatchObject({
      state: 'disabled',
      state_reason: '2 errors in a row, the last: Refused.',
    })
    expect((await bench.call('POST', '/1/enable')).body).toMatchObject({ state: 'ready', consecutive_errors: 0 })
  })

  test('adopting waits for nothing', async () => {
    await using bench = await Bench.open()
    await bench.add('one', { image_concurrency: 1 })
    await bench.lease()
    const pool = bench.kernel.ask(Accounts)
    const adopted = await pool.adopt({ accountId: 1, provider: 'flow-provider', kind: 'image' })
    expect(adopted.isOk()).toBe(true)
    expect(await bench.shown(1)).toMatchObject({ in_flight: { image: 2 } })
    const foreign = await pool.adopt({ accountId: 1, provider: 'acme', kind: 'image' })
    expect(foreign._unsafeUnwrapErr()).toMatchObject({ code: 'no_account' })
  })
})

describe('access', () => {
  test('is kept while it is fresh, and opened once for all when it ages', async () => {
    await using bench = await Bench.open()
    await bench.add('one')
    const lease = await bench.lease()
    const first = (await lease.session(never))._unsafeUnwrap()
    expect(first).toMatchObject({
      id: 1,
      secret: 'one',
      access: 'at-one-1',
      attributes: { project_id: 'project of one' },
    })
    expect(bench.upstream.opened).toHaveLength(1)
    // The background finds no way to it.
    bench.upstream.openFaults.set('one', domainFault('upstream_unreachable', 'No way.'))
    await bench.clock.advance(56 * MINUTE)
    const before = bench.upstream.opened.length
    bench.upstream.openFaults.clear()
    const all = await Promise.all(Array.from({ length: 5 }, () => lease.session(never)))
    expect(new Set(all.map(one => one._unsafeUnwrap().access)).size).toBe(1)
    expect(bench.upstream.opened).toHaveLength(before + 1)
  })

  test('that was refused is renewed once, however many ask', async () => {
    await using bench = await Bench.open()
    await bench.add('one')
    const lease = await bench.lease()
    const renewed = await Promise.all([1, 2, 3].map(() => lease.renew('at-one-1', never)))
    expect(renewed.map(one => one._unsafeUnwrap().access)).toEqual(['at-one-2', 'at-one-2', 'at-one-2'])
    // Somebody who still has the old one gets the new one and opens nothing.
    expect((await lease.renew('at-one-1', never))._unsafeUnwrap().access).toBe('at-one-2')
    expect(bench.upstream.opened).toHaveLength(2)
  })

  test('whoever cannot wait leaves; the opening goes on for the others', async () => {
    await using bench = await Bench.open()
    await bench.add('one')
    const lease = await bench.lease()
    const gate = Promise.withResolvers<void>()
    bench.upstream.gate = gate.promise
    const leaving = new AbortController()
    const [hasty, patient] = [lease.renew('at-one-1', leaving.signal), lease.renew('at-one-1', never)]
    leaving.abort()
    expect((await hasty)._unsafeUnwrapErr().code).toBe('cancelled')
    expect(await bench.shown(1)).toMatchObject({ state: 'refreshing' })
    gate.resolve()
    expect((await patient)._unsafeUnwrap().access).toBe('at-one-2')
  })

  test('that the upstream does not give back in time is given up', async () => {
    await using bench = await Bench.open()
    await bench.add('one')
    const lease = await bench.lease()
    bench.upstream.gate = new Promise(() => {})
    const renewed = lease.renew('at-one-1', never)
    await bench.clock.advance(MINUTE)
    expect((await renewed)._unsafeUnwrapErr()).toMatchObject({ code: 'upstream_timeout', blame: 'upstream' })
  })

  test('a lost session takes the account out, and is not asked for at every poll', async () => {
    await using bench = await Bench.open()
    await bench.add('one')
    const lease = await bench.lease()
    bench.upstream.openFaults.set('one', domainFault('account_needs_session', 'Over.'))
    for (let i = 0; i < 3; i++)
      expect((await lease.renew('at-one-1', never))._unsafeUnwrapErr()).toMatchObject({ code: 'account_needs_session' })
    expect(bench.upstream.opened).toHaveLength(2)
    expect(await bench.shown(1)).toMatchObject({ state: 'needs_session', consecutive_errors: 0 })
    expect((await bench.acquire())._unsafeUnwrapErr().message).toContain('1 waiting for a new session')
  })

  test('is renewed in the background before anybody needs it, and credits are asked for', async () => {
    await using bench = await Bench.open()
    await bench.add('one')
    bench.upstream.credits = 5
    await bench.clock.advance(30 * MINUTE)
    expect(await bench.shown(1)).toMatchObject({ credits: 100 })
    // Which minute it is differs from account to account.
    await bench.clock.advance(11 * MINUTE)
    expect(await bench.shown(1)).toMatchObject({ credits: 5 })
    expect(bench.upstream.opened).toHaveLength(1)
    await bench.clock.advance(10 * MINUTE)
    expect(bench.upstream.opened).toHaveLength(2)
    await bench.call('POST', '/1/disable')
    await bench.clock.advance(120 * MINUTE)
    expect(bench.upstream.opened).toHaveLength(2)
  })
})

describe('a reload', () => {
  test('keeps leases, waiters and limits', async () => {
    await using bench = await Bench.open()
    await bench.add('one', { image_concurrency: 1 })
    const before = await bench.lease()
    const waiting = bench.acquire()
    const report = await bench.kernel.reload({ config: { admin: { error_ban_threshold: 1 } } })
    expect(report._unsafeUnwrap().plugins).toContainEqual(
      expect.objectContaining({ id: 'token-pool', outcome: 'reloaded', generation: 2 }),
    )
    const after = bench.acquire()
    expect(await bench.shown(1)).toMatchObject({ in_flight: { image: 1 } })
    // The lease of the old instance speaks to the new one, with its threshold.
    before.report({ ok: true })
    await before[Symbol.asyncDispose]()
    const lease = (await waiting)._unsafeUnwrap()
    expect((await lease.session(never)).isOk()).toBe(true)
    expect(await bench.shown(1)).toMatchObject({ in_flight: { image: 1 }, counts: { images: 1 } })
    lease.report({ ok: false, fault: domainFault('access_expired', 'Refused.') })
    expect(await bench.shown(1)).toMatchObject({ state: 'disabled' })
    expect((await after)._unsafeUnwrapErr().code).toBe('no_account')
    await lease[Symbol.asyncDispose]()
    expect(await bench.shown(1)).toMatchObject({ in_flight: { image: 0 } })
    expect(bench.kernel.leaks()).toEqual([])
  })

  test('without the plugin tells those who wait, and the leases, that it is gone', async () => {
    await using bench = await Bench.open()
    await bench.add('one', { image_concurrency: 1 })
    const lease = await bench.lease()
    const waiting = bench.acquire()
    const { 'token-pool': _, ...others } = bench.upstream.plugins()
    expect((await bench.kernel.reload({ plugins: others })).isOk()).toBe(true)
    // Longer than the kernel's patience with what drains.
    await bench.clock.advance(MINUTE)
    expect((await waiting)._unsafeUnwrapErr()).toMatchObject({ code: 'capability_gone', retry: 'later' })
    expect((await lease.session(never))._unsafeUnwrapErr().code).toBe('capability_gone')
    await lease[Symbol.asyncDispose]()
    expect(bench.kernel.leaks()).toEqual([])
  })

  test('a restart keeps the accounts; nothing secret stands in the files', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'flow2api-pool-'))
    try {
      const first = await Bench.open({ dataDir })
      await first.add('st-hidden', { project_id: 'p', proxy_url: 'http://u:pw-hidden@p:1' })
      const lease = await first.lease()
      lease.report({ ok: false, fault: domainFault('account_quota_spent', 'No more today.') })
      await lease[Symbol.asyncDispose]()
      const before = await first.shown(1)
      await first.kernel.stop()
      for await (const file of new Bun.Glob('**').scan({ cwd: dataDir, absolute: true })) {
        const text = Buffer.from(await Bun.file(file).arrayBuffer()).toString('latin1')
        expect(/(st|pw)-hidden(?!@)/.exec(text)?.[0]).toBeUndefined()
      }
      await using second = await Bench.open({ dataDir })
      expect(await second.shown(1)).toEqual(before)
      expect((await second.acquire())._unsafeUnwrapErr().code).toBe('insufficient_quota')
    } finally {
      await rm(dataDir, { recursive: true, force: true })
    }
  })
})
