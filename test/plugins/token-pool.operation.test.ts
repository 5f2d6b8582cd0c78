/** What an operator sees of the pool and does to it, and what it does by itself. */
import { describe, expect, test } from 'bun:test'
import { Audited, domainFault, type Lease } from 'flow2api/contracts'
import { errAsync, ok } from 'flow2api/plugin'
import { manualClock } from 'flow2api/testing'
import type { Account } from '../../plugins/token-pool/account.ts'
import { Ledger } from '../../plugins/token-pool/ledger.ts'
import { Pool } from '../../plugins/token-pool/pool.ts'
import { Upkeep } from '../../plugins/token-pool/upkeep.ts'
import { silent, unusedAccount } from '../fixtures/pool.ts'
import { Bench, MINUTE, never } from './token-pool.fixture.ts'

describe('the operator', () => {
  test('is told of in the audit, without secrets, and only where something was done', async () => {
    await using bench = await Bench.open()
    const entries: string[] = []
    bench.kernel.on(Audited, ({ actor, action, target, detail }) => {
      entries.push([actor, action, target, detail].join(' | '))
    })
    await bench.add('st-hidden', { remark: 'mine' })
    await bench.call('POST', '', { st: 'st-hidden' })
    await bench.call('PATCH', '/1', { image_concurrency: 2, proxy_url: 'http://u:pw-hidden@p:1' })
    await bench.call('PATCH', '/1', { image_concurrency: -5 })
    for (const action of ['disable', 'enable', 'refresh', 'reset']) await bench.call('POST', `/1/${action}`)
    await bench.call('GET', '/1')
    await bench.call('DELETE', '/1')
    await bench.call('DELETE', '/1')
    const who = '#1 st-hidden@example.com'
    expect(entries).toEqual([
      `admin | account.add | ${who} | st, remark`,
      `admin | account.edit | ${who} | image_concurrency, proxy_url`,
      `admin | account.disable | ${who} | `,
      `admin | account.enable | ${who} | `,
      `admin | account.refresh | ${who} | `,
      `admin | account.reset | ${who} | `,
      `admin | account.delete | ${who} | `,
    ])
  })

  test('sees which model an account holds back, since when and until when, and takes it back', async () => {
    await using bench = await Bench.open()
    await bench.add('one')
    const lease = await bench.lease()
    lease.report({ ok: false, fault: domainFault('model_quota_spent', 'No more pencils today.') })
    await lease[Symbol.asyncDispose]()
    const now = bench.clock.now() / 1000
    expect(await bench.shown(1)).toMatchObject({
      state: 'ready',
      held_models: [
        { model: 'pencil', state: 'quota_spent', reason: 'No more pencils today.', since: now, until: now + 86_400 },
      ],
    })
    expect((await bench.acquire())._unsafeUnwrapErr()).toMatchObject({ code: 'insufficient_quota' })
    expect((await bench.acquire({ model: 'brush' })).isOk()).toBe(true)
    expect((await bench.call('POST', '/1/reset')).body).toMatchObject({ held_models: [] })
    expect((await bench.acquire()).isOk()).toBe(true)
  })

  test('sees reserved credits, and what the upstream says is left', async () => {
    await using bench = await Bench.open()
    await bench.add('one')
    const lease = await bench.lease({ credits: 70 })
    expect(await bench.shown(1)).toMatchObject({ credits: 100, credits_reserved: 70 })
    const waiting = bench.acquire({ credits: 40 })
    lease.report({ ok: true, credits: 45 })
    await lease[Symbol.asyncDispose]()
    const second = (await waiting)._unsafeUnwrap()
    expect(await bench.shown(1)).toMatchObject({ credits: 45, credits_reserved: 40 })
    // A failed unit gives its reservation back.
    second.report({ ok: false, fault: domainFault('moderation_blocked', 'No.') })
    await second[Symbol.asyncDispose]()
    expect(await bench.shown(1)).toMatchObject({ credits: 45, credits_reserved: 0 })
    expect((await bench.acquire({ credits: 46 }))._unsafeUnwrapErr()).toMatchObject({ code: 'insufficient_quota' })
  })

  test('changes the selection while it runs', async () => {
    await using bench = await Bench.open()
    for (const st of ['one', 'two', 'three']) await bench.add(st)
    const next = async () => {
      const lease = await bench.lease()
      await lease[Symbol.asyncDispose]()
      return lease.accountId
    }
    const held = await bench.lease()
    expect(held.accountId).toBe(1)
    expect([await next(), await next(), await next()]).toEqual([2, 3, 2])
    await bench.kernel.reload({ config: { admin: { selection: 'round_robin' } } })
    // The one that is busy has its turn like the others.
    expect([await next(), await next(), await next(), await next()]).toEqual([1, 3, 2, 1])
  })

  test('sees an account that is tried again after a throttling', async () => {
    await using bench = await Bench.open()
    await bench.add('one')
    const first = await bench.lease()
    const older = await bench.lease()
    first.report({ ok: false, fault: domainFault('account_throttled', 'Slow down.', { retryAfterMs: MINUTE }) })
    await first[Symbol.asyncDispose]()
    // It was accepted before: that it ends well does not mean that more is welcome.
    older.report({ ok: true })
    await older[Symbol.asyncDispose]()
    await bench.clock.advance(2 * MINUTE)
    expect(await bench.shown(1)).toMatchObject({ state: 'ready', state_reason: expect.stringContaining('one unit') })
    const probe = await bench.lease()
    const waiting = [bench.acquire(), bench.acquire({ kind: 'video' })]
    probe.report({ ok: true })
    expect((await Promise.all(waiting)).every(one => one.isOk())).toBe(true)
    expect(await bench.shown(1)).toMatchObject({ state: 'ready', state_reason: '' })
  })
})

test('resting accounts are waited for while there is patience', async () => {
  await using bench = await Bench.open()
  await bench.add('one')
  const lease = await bench.lease()
  lease.report({ ok: false, fault: domainFault('account_throttled', 'Slow down.', { retryAfterMs: MINUTE }) })
  await lease[Symbol.asyncDispose]()
  expect((await bench.acquire())._unsafeUnwrapErr()).toMatchObject({ code: 'accounts_cooling' })
  const waiting = bench.acquire({ patienceMs: 5 * MINUTE })
  await bench.clock.advance(2 * MINUTE)
  expect((await waiting)._unsafeUnwrap().accountId).toBe(1)
})

test('a lease that nobody holds any more gives its place back', async () => {
  const ledger = new Ledger([unusedAccount(1, { imageConcurrency: 4 })], { now: () => 0 })
  const session = () => errAsync(domainFault('cancelled', 'Not here.'))
  ledger.attach({ selection: 'least_loaded', tiers: () => [], session, renew: session, report: () => {} })
  const pool = new Pool(ledger)
  const take = async () =>
    (await pool.acquire({ provider: 'flow', kind: 'image', model: 'm', signal: never }))._unsafeUnwrap()
  const kept: Lease = await take()
  // Their holder forgets them, as one does that was cut down in the middle of its work.
  for (let count = 0; count < 3; count++) await take()
  const next = take()
  for (let turn = 0; ledger.queue.size > 0 && turn < 1000; turn++) {
    Bun.gc(true)
    await new Promise(resolve => setImmediate(resolve))
  }
  const lease = await next
  expect(lease.accountId).toBe(1)
  expect(ledger.seating.inFlight(1).image).toBeGreaterThanOrEqual(2)
  expect(ledger.tally.get('leases_orphaned')).toBeGreaterThan(0)
  await Promise.all([kept, lease].map(one => one[Symbol.asyncDispose]()))
})

describe('upkeep', () => {
  /** Accounts whose access and credits are both old. */
  const old = (count: number) =>
    Array.from({ length: count }, (_, n) =>
      unusedAccount(n + 1, { access: 'a', accessExpiresAt: 0, credits: 1, creditsAt: -60 * MINUTE }),
    )

  function setup(accounts: readonly Account[]) {
    const clock = manualClock(0)
    const ledger = new Ledger(accounts, clock)
    const calls = { open: { now: 0, most: 0, total: 0 }, measure: { now: 0, most: 0, total: 0 } }
    const call = (what: keyof typeof calls) => async (id: number) => {
      const count = calls[what]
      count.now++
      count.total++
      count.most = Math.max(count.most, count.now)
      await new Promise(resolve => setImmediate(resolve))
      count.now--
      const account = ledger.accounts.get(id)
      if (!account) throw new Error('gone')
      ledger.seating.set({
        ...account,
        ...(what === 'open' ? { accessExpiresAt: clock.now() + 60 * MINUTE } : { creditsAt: clock.now() }),
      })
      return ok(account)
    }
    const book = { all: () => [...ledger.accounts.values()], get: (id: number) => ledger.accounts.get(id) }
    const keeper = { open: call('open'), measure: call('measure') }
    return { upkeep: new Upkeep({ ledger, book, keeper, clock, log: silent }), ledger, clock, calls }
  }

  test('does a few at a time, however many are due', async () => {
    const { upkeep, calls } = setup(old(100))
    await upkeep.run(never)
    expect(calls).toEqual({ open: { now: 0, most: 4, total: 100 }, measure: { now: 0, most: 2, total: 100 } })
  })

  test('does not come to all accounts in the same minute', async () => {
    const { upkeep, calls, clock } = setup(old(100))
    await upkeep.run(never)
    const [opened, measured]: [number[], number[]] = [[], []]
    for (let minute = 1; minute <= 50; minute++) {
      const before = { open: calls.open.total, measure: calls.measure.total }
      await clock.advance(MINUTE)
      await upkeep.run(never)
      if (calls.open.total > before.open) opened.push(calls.open.total - before.open)
      if (calls.measure.total > before.measure) measured.push(calls.measure.total - before.measure)
    }
    for (const rounds of [opened, measured]) {
      expect(rounds.reduce((sum, one) => sum + one)).toBe(100)
      expect(Math.max(...rounds)).toBeLessThan(35)
    }
  })

  test('leaves an upstream alone that is held to be down', async () => {
    const { upkeep, ledger, calls } = setup(old(6))
    const breaker = ledger.breaker('flow')
    for (let id = 1; id <= 5; id++) breaker.failed(id, domainFault('upstream_error', 'Ill.'), 0, 6)
    await upkeep.run(never)
    expect(calls.open.total + calls.measure.total).toBe(0)
  })
})

test('figures are of states and kinds, not of accounts', async () => {
  await using bench = await Bench.open()
  for (let n = 0; n < 12; n++) await bench.add(`st-${n}`, { image_concurrency: 2, video_concurrency: n === 0 ? -1 : 0 })
  await bench.call('POST', '/12/disable')
  const lease = await bench.lease({ credits: 30 })
  const done = await bench.lease()
  done.report({ ok: false, fault: domainFault('moderation_blocked', 'No.') })
  await done[Symbol.asyncDispose]()
  const bound = [await bench.lease({ only: 3 }), await bench.lease({ only: 3 })]
  void bench.acquire({ only: 3 })
  const families = bench.collect()
  const of = (name: string) =>
    Object.fromEntries(
      (families.find(one => one.name === `flow2api_${name}`)?.samples ?? []).map(({ labels = {}, value }) => [
        Object.values(labels).slice(1).join(' '),
        value,
      ]),
    )
  expect(of('accounts')).toEqual({ ready: 11, disabled: 1 })
  expect(of('account_leases')).toEqual({ image: 3, video: 0 })
  expect(of('account_limits')).toEqual({ image: 22, video: 0 })
  expect(of('accounts_unlimited')).toEqual({ image: 0, video: 1 })
  expect(of('account_queue_length')).toEqual({ image: 1 })
  expect(of('account_credits')).toEqual({ '': 1200 })
  expect(of('account_credits_reserved')).toEqual({ '': 30 })
  expect(of('upstream_breaker_state')).toEqual({ '': 0 })
  expect(of('account_units_total')).toEqual({ request: 1 })
  expect(of('account_refreshes_total')).toEqual({})
  expect(families.reduce((sum, { samples }) => sum + samples.length, 0)).toBeLessThan(30)
  expect(JSON.stringify(families)).not.toContain('example.com')
  for (const one of [lease, ...bound]) await one[Symbol.asyncDispose]()
})
