import { describe, expect, test } from 'bun:test'
import { domainFault } from 'flow2api/contracts'
import { Breaker, showsLife } from '../../plugins/token-pool/breaker.ts'
import { Bench, MINUTE } from './token-pool.fixture.ts'

const SECOND = 1000
const down = domainFault('upstream_error', 'It is ill.')

function setup(serving = 26) {
  const breaker = new Breaker('flow', () => 0)
  const fail = (account: number, at: number, fault = down) => breaker.failed(account, fault, at, serving)
  return { breaker, fail }
}

describe('the breaker opens', () => {
  test('where five accounts fail alike within a minute', () => {
    const { breaker, fail } = setup()
    expect([1, 2, 3, 4].map(id => fail(id, id * SECOND))).toEqual([false, false, false, false])
    expect(breaker.passage(4 * SECOND).pass).toBe(true)
    expect(fail(5, 5 * SECOND)).toBe(true)
    expect(breaker.state(5 * SECOND)).toBe('open')
    expect(breaker.passage(6 * SECOND)).toMatchObject({
      pass: false,
      fault: { code: 'upstream_down', blame: 'upstream', retry: 'later', retryAfterMs: 29 * SECOND },
    })
    expect(breaker.openings).toBe(1)
  })
  test('where the upstream takes paid work and loses the answers; not where a proxy does', () => {
    for (const [code, blame, state] of [
      ['outcome_unknown', 'upstream', 'open'],
      ['outcome_unknown', 'proxy', 'closed'],
      ['upstream_unreadable', 'upstream', 'open'],
    ] as const) {
      const { breaker, fail } = setup()
      // One after the other, each waited for.
      for (let id = 0; id < 5; id++) fail(id, id * 2 * MINUTE, domainFault(code, 'Silence.', { blame }))
      expect(breaker.state(8 * MINUTE)).toBe(state)
    }
  })
  test('not over a longer time, not unalike, not of one account, not with a success in between', () => {
    for (const times of [
      [0, 20, 40, 60, 81],
      [0, 1, 2, 3],
    ]) {
      const { breaker, fail } = setup()
      for (const [id, at] of times.entries()) fail(id, at * SECOND)
      expect(breaker.state(90 * SECOND)).toBe('closed')
    }
    const unalike = setup()
    for (let id = 0; id < 8; id++)
      unalike.fail(id, id, domainFault(id % 2 ? 'upstream_error' : 'upstream_timeout', 'Ill.'))
    const same = setup()
    for (let count = 0; count < 20; count++) same.fail(7, count)
    const well = setup()
    for (let id = 0; id < 20; id++) {
      well.fail(id, id * SECOND)
      if (id % 4 === 3) well.breaker.answered(id * SECOND + 1)
    }
    for (const { breaker } of [unalike, same, well]) expect(breaker.state(0)).toBe('closed')
  })
  test('where all of a small pool fail', () => {
    const { breaker, fail } = setup(2)
    for (let count = 0; count < 4; count++) expect(fail(count % 2, count)).toBe(false)
    expect(fail(0, 5)).toBe(true)
    expect(breaker.state(5)).toBe('open')
  })
  test('the success of what began before the trouble says nothing', () => {
    const { breaker, fail } = setup()
    for (let id = 0; id < 5; id++) {
      breaker.answered(SECOND)
      fail(id, 2 * SECOND + id)
    }
    expect(breaker.state(2 * SECOND + 5)).toBe('open')
    breaker.answered(SECOND)
    expect(breaker.state(2 * SECOND + 5)).toBe('open')
  })
  test('no request can do it alone, nor a proxy, nor what is an account’s own', () => {
    for (const code of [
      'moderation_blocked',
      'upstream_rejected',
      'proxy_unreachable',
      'verification_required',
      'generation_failed',
      'generation_timeout',
      'account_quota_spent',
      'model_quota_spent',
      'account_not_entitled',
      'outcome_unknown',
      'cancelled',
    ] as const) {
      const { breaker, fail } = setup()
      for (let id = 0; id < 20; id++) fail(id, id, domainFault(code, 'x'))
      expect(breaker.state(20)).toBe('closed')
    }
    const { breaker, fail } = setup()
    // A model that is gone, on account after account.
    for (let id = 0; id < 20; id++) fail(id, id, { ...down, retry: 'other-account' })
    expect(breaker.state(20)).toBe('closed')
  })
  test('where account after account seems to be refused; those faults are then the upstream’s', () => {
    const { breaker, fail } = setup(3)
    const lost = domainFault('account_needs_session', 'Over.')
    for (let id = 0; id < 4; id++) {
      expect(fail(id, id, lost)).toBe(false)
      expect(breaker.excuses(lost)).toBe(false)
    }
    expect(fail(4, 4, lost)).toBe(true)
    expect(breaker.excuses(lost)).toBe(true)
    expect(breaker.excuses(domainFault('account_throttled', 'x'))).toBe(false)
    // Some are lost while others are opened: that is life.
    const mixed = setup()
    for (let id = 0; id < 20; id++) {
      mixed.fail(id, id * SECOND, lost)
      if (id % 4 === 3) mixed.breaker.sessionOpened()
    }
    expect(mixed.breaker.state(20 * SECOND)).toBe('closed')
  })
})

describe('the breaker closes', () => {
  const open = () => {
    const all = setup()
    for (let id = 0; id < 5; id++) all.fail(id, 0)
    return all
  }
  test('when a probe succeeds; one at a time is let through', () => {
    const { breaker } = open()
    expect(breaker.passage(30 * SECOND - 1).pass).toBe(false)
    expect(breaker.state(30 * SECOND)).toBe('half_open')
    expect(breaker.passage(30 * SECOND).pass).toBe(true)
    breaker.began(30 * SECOND)
    expect(breaker.passage(31 * SECOND)).toMatchObject({ pass: false, fault: { retryAfterMs: 9 * SECOND } })
    // Of the first nothing is heard, and then of the second.
    expect(breaker.passage(40 * SECOND).pass).toBe(true)
    breaker.began(40 * SECOND)
    expect(breaker.passage(41 * SECOND)).toMatchObject({ pass: false, fault: { retryAfterMs: 19 * SECOND } })
    expect(breaker.passage(60 * SECOND).pass).toBe(true)
    expect(breaker.answered(30 * SECOND)).toBe(true)
    expect(breaker.passage(61 * SECOND).pass).toBe(true)
    expect(breaker.view(61 * SECOND)).toEqual({ state: 'closed', reason: '', since: null, until: null })
  })
  test('or stays open longer each time, up to five minutes, and as long as the upstream says', () => {
    const { breaker, fail } = open()
    const waits: number[] = []
    let now = 30 * SECOND
    for (let round = 0; round < 5; round++) {
      expect(fail(1, now)).toBe(true)
      const { until } = breaker.view(now)
      waits.push(((until ?? 0) - now) / SECOND)
      now = until ?? 0
    }
    expect(waits).toEqual([60, 120, 240, 300, 300])
    expect(breaker.openings).toBe(1)
    expect(breaker.view(now).since).toBe(0)
    const named = setup()
    for (let id = 0; id < 5; id++) named.fail(id, 0, { ...down, retryAfterMs: 2 * MINUTE })
    expect(named.breaker.view(0).until).toBe(2 * MINUTE)
  })
  test('a refused prompt shows that the upstream works; a cancelled one does not', () => {
    expect(showsLife(domainFault('moderation_blocked', 'x'))).toBe(true)
    expect(showsLife(domainFault('account_quota_spent', 'x'))).toBe(true)
    for (const code of ['cancelled', 'proxy_refused', 'upstream_error', 'account_throttled', 'internal_error'] as const)
      expect(showsLife(domainFault(code, 'x'))).toBe(false)
  })
})

describe('in the pool', () => {
  const accounts = async (bench: Bench, count: number) => {
    for (let id = 1; id <= count; id++) await bench.add(`st-${id}`, { image_concurrency: 1 })
  }
  const states = async (bench: Bench) => {
    const { data } = (await bench.call('GET')).body as unknown as { data: { state: string }[] } // the list
    return data.map(({ state }) => state)
  }

  test('those who wait are told at once, and a reload changes nothing about it', async () => {
    await using bench = await Bench.open()
    await accounts(bench, 5)
    const leases = await Promise.all([1, 2, 3, 4, 5].map(() => bench.lease()))
    const waiting = bench.acquire()
    for (const lease of leases) lease.report({ ok: false, fault: down })
    expect((await waiting)._unsafeUnwrapErr()).toMatchObject({ code: 'upstream_down' })
    for (const lease of leases) await lease[Symbol.asyncDispose]()
    await bench.kernel.reload({ config: { admin: { error_ban_threshold: 9 } } })
    expect((await bench.acquire())._unsafeUnwrapErr()).toMatchObject({ code: 'upstream_down' })
    // Work that runs already goes on.
    expect((await bench.adopt(1)).isOk()).toBe(true)
    expect(await states(bench)).toEqual(Array(5).fill('ready'))
  })

  test('lost sessions all over the pool burn no more of it; an operator can see and end it', async () => {
    await using bench = await Bench.open()
    await accounts(bench, 8)
    for (let id = 1; id <= 8; id++)
      bench.upstream.openFaults.set(`st-${id}`, domainFault('account_needs_session', 'Over.'))
    await bench.clock.advance(60 * MINUTE)
    expect((await states(bench)).filter(state => state === 'needs_session')).toHaveLength(4)
    const { body } = await bench.ask('GET', '/admin/api/upstreams')
    expect(body).toMatchObject({
      data: [
        { provider: 'flow-provider', state: expect.stringMatching(/open/), reason: expect.stringMatching(/Over\./) },
      ],
    })
    bench.upstream.openFaults.clear()
    expect((await bench.ask('POST', '/admin/api/upstreams/flow-provider/reset')).body).toMatchObject({
      state: 'closed',
    })
    expect((await bench.acquire()).isOk()).toBe(true)
    expect((await bench.ask('POST', '/admin/api/upstreams/nobody/reset')).status).toBe(404)
  })
})
