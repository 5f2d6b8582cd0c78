import { Database as Sqlite } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { drizzle } from 'drizzle-orm/bun-sqlite'
import { domainFault } from 'flow2api/contracts'
import { type Clock, err, fault, ok, type Secrets } from 'flow2api/plugin'
import { type Account, stateAt } from '../../plugins/token-pool/account.ts'
import { AccountBook, loadAccounts } from '../../plugins/token-pool/accounts.ts'
import {
  afterFault,
  afterSuccess,
  backToReady,
  into,
  type Rules,
  type Success,
} from '../../plugins/token-pool/consequences.ts'
import { Ledger } from '../../plugins/token-pool/ledger.ts'
import init from '../../plugins/token-pool/migrations/0000_init.sql' with { type: 'text' }
import held from '../../plugins/token-pool/migrations/0001_held_models.sql' with { type: 'text' }
import type { Want } from '../../plugins/token-pool/obstacles.ts'
import { FairQueue } from '../../plugins/token-pool/queue.ts'
import { Seating } from '../../plugins/token-pool/seating.ts'
import { choose } from '../../plugins/token-pool/select.ts'
import { maskProxy } from '../../plugins/token-pool/view.ts'
import { unusedAccount } from '../fixtures/pool.ts'

const NOW = Date.UTC(2026, 5, 1, 12)
const MINUTE = 60_000
const TIERS = ['free', 'pro', 'ultra']

const account = unusedAccount

describe('choosing an account', () => {
  const want: Want = { provider: 'flow', kind: 'image', model: 'pencil' }
  /** A seating in which `load` runs; `uses` were taken and given back before, in that order. */
  const seat = (accounts: readonly Account[], load: Record<number, number> = {}, uses: readonly number[] = []) => {
    const seating = new Seating(accounts, { now: () => NOW })
    const occupy = (id: number, kind: 'image' | 'video' = 'image') => {
      const one = seating.accounts.get(id)
      return one ? seating.occupy(one, seating.use(id), kind, 0, false) : () => {}
    }
    for (const id of uses) occupy(id)()
    for (const [id, count] of Object.entries(load)) for (let i = 0; i < count; i++) occupy(Number(id))
    return seating
  }
  const rank = (tier: string) => Math.max(0, TIERS.indexOf(tier))
  const decide = (seating: Seating, over: Partial<Want> = {}) => {
    const asked = { ...want, ...over }
    return choose(seating.roster(asked.provider, asked.kind), asked, { now: NOW, rank })
  }
  const pick = (
    accounts: readonly Account[],
    over: Partial<Want> = {},
    load: Record<number, number> = {},
    uses: readonly number[] = [],
  ) => {
    const choice = decide(seat(accounts, load, uses), over)
    return choice.outcome === 'chosen' ? choice.seat.id : choice.outcome === 'busy' ? 'busy' : choice.fault.code
  }
  const sentence = (accounts: readonly Account[], over: Partial<Want> = {}, load: Record<number, number> = {}) => {
    const choice = decide(seat(accounts, load), over)
    return choice.outcome === 'refused' ? choice.fault.message : choice.outcome === 'chosen' ? choice.why : ''
  }

  test('the one with the fewest in flight', () => {
    expect(pick([account(1), account(2)], {}, { 1: 1 })).toBe(2)
  })
  test('then the one with the most head-room', () => {
    const accounts = [account(1, { imageConcurrency: 2 }), account(2, { imageConcurrency: 5 })]
    expect(pick(accounts)).toBe(2)
    expect(pick([...accounts, account(3)])).toBe(3)
  })
  test('then the one whose last use is longest ago', () => {
    expect(pick([account(1), account(2)], {}, {}, [2, 1])).toBe(2)
    expect(pick([account(1, { lastUsedAt: NOW }), account(2, { lastUsedAt: NOW - 1 })])).toBe(2)
  })
  test('limits count for their kind alone', () => {
    const accounts = [account(1, { imageConcurrency: 1, videoConcurrency: 0 })]
    expect(pick(accounts)).toBe(1)
    expect(pick(accounts, {}, { 1: 1 })).toBe('busy')
    expect(pick(accounts, { kind: 'video' })).toBe('no_account')
  })
  test('a tier below the model does not serve; an unknown one counts as the least', () => {
    const accounts = [account(1), account(2, { tier: 'pro' }), account(3, { tier: '' })]
    expect(pick(accounts, { tier: 'pro' })).toBe(2)
    expect(pick(accounts, { tier: 'ultra' })).toBe('no_account')
    expect(pick(accounts, { tier: 'free' }, { 1: 1, 2: 1 })).toBe(3)
  })
  test('other providers, excluded ones and those in a bad state are passed over', () => {
    const accounts = [
      account(1, { provider: 'acme' }),
      account(2, { state: 'disabled' }),
      account(3, { state: 'needs_session' }),
      account(4, { state: 'migrated' }),
      account(5, { state: 'cooling', stateUntil: NOW + 1 }),
      account(6, { imageEnabled: false }),
      account(7),
      account(8),
    ]
    expect(pick(accounts, { exclude: [7] })).toBe(8)
  })
  test('cooling is over when its time has come', () => {
    expect(pick([account(1, { state: 'cooling', stateUntil: NOW })])).toBe(1)
  })
  test('what cannot be served says what the reason is', () => {
    const busy = account(1, { imageConcurrency: 1 })
    const cooling = account(2, { state: 'cooling', stateUntil: NOW + MINUTE })
    const spent = account(3, { state: 'quota_spent', stateUntil: NOW + 5 * MINUTE })
    const off = account(4, { state: 'disabled' })
    expect(pick([busy, cooling, spent, off], {}, { 1: 1 })).toBe('busy')
    expect(pick([cooling, spent, off])).toBe('accounts_cooling')
    expect(pick([spent, off])).toBe('insufficient_quota')
    expect(pick([off])).toBe('no_account')
    expect(pick([busy], { exclude: [1] }, { 1: 1 })).toBe('no_account')
    expect(sentence([])).toContain('No account of flow has been added')
    const text = sentence([off, account(5), account(6), account(7, { imageEnabled: false })], { tier: 'pro' })
    expect(text).toContain('needs pro')
    expect(text).toContain('1 disabled, 1 switched off for this kind, 2 of too low a tier')
  })
  test('work that one account alone can do waits for that one, and for nothing else', () => {
    const busy = account(1, { imageConcurrency: 1 })
    expect(pick([busy, account(2)], { only: 1 })).toBe(1)
    expect(pick([busy, account(2)], { only: 1 }, { 1: 1 })).toBe('busy')
    const bound = (one: Account, over: Partial<Want> = {}) => {
      const choice = decide(seat([account(2), one]), { only: 1, ...over })
      return choice.outcome === 'refused' ? choice.fault : undefined
    }
    const away = { stateUntil: NOW + MINUTE }
    for (const [one, code, reason] of [
      [account(3), 'no_account', 'not in the pool any more'],
      [account(1, { provider: 'acme' }), 'no_account', 'not in the pool any more'],
      [account(1, { state: 'disabled' }), 'no_account', 'which is disabled'],
      [account(1, { state: 'needs_session' }), 'no_account', 'waiting for a new session'],
      [account(1, { state: 'migrated' }), 'no_account', 'moved away upstream'],
      [account(1, { imageEnabled: false }), 'no_account', 'switched off for this kind'],
      [account(1, { state: 'cooling', ...away }), 'accounts_cooling', 'cooling down'],
      [account(1, { state: 'quota_spent', ...away }), 'insufficient_quota', 'out of quota'],
    ] as const) {
      const refused = bound(one)
      expect(refused).toMatchObject({ code })
      expect(refused?.message).toContain('account #1')
      expect(refused?.message).toContain(reason)
      expect(refused?.retryAfterMs).toBe(code === 'no_account' ? undefined : MINUTE)
    }
    expect(bound(account(1), { tier: 'pro' })?.message).toContain('pencil needs pro')
    expect(bound(account(1), { exclude: [1] })?.code).toBe('no_account')
  })
  test('cooling tells when the nearest comes back', () => {
    const until = (id: number, minutes: number) => account(id, { state: 'cooling', stateUntil: NOW + minutes * MINUTE })
    const choice = decide(seat([until(1, 5), until(2, 2), until(3, 9)]))
    expect(choice).toMatchObject({ outcome: 'refused', fault: { retry: 'later', retryAfterMs: 2 * MINUTE } })
  })
  test('resting accounts are waited for as long as there is patience', () => {
    const cooling = account(1, { state: 'cooling', stateUntil: NOW + MINUTE })
    expect(pick([cooling], { patienceMs: MINUTE })).toBe('busy')
    expect(pick([cooling], { patienceMs: MINUTE - 1 })).toBe('accounts_cooling')
    expect(pick([cooling], { patienceMs: MINUTE, only: 1 })).toBe('busy')
    expect(pick([cooling], { patienceMs: MINUTE, exclude: [1] })).toBe('no_account')
  })
  test('access that can be used comes before access that must be opened first', () => {
    const fresh = { access: 'a', accessExpiresAt: NOW + 60 * MINUTE }
    expect(pick([account(1), account(2, fresh)])).toBe(2)
    expect(pick([account(1), account(2, { ...fresh, accessExpiresAt: NOW + 4 * MINUTE })], {}, {}, [2])).toBe(1)
    expect(pick([account(1), account(2, fresh)], {}, { 2: 1 })).toBe(1)
  })
  test('a model that is held back is passed over on that account alone', () => {
    const hold = (state: 'quota_spent' | 'not_entitled', minutes: number) => ({
      heldModels: { pencil: { state, reason: 'It said so.', since: NOW, until: NOW + minutes * MINUTE } },
    })
    const spent = account(1, hold('quota_spent', 5))
    expect(pick([spent, account(2)], {}, { 2: 3 })).toBe(2)
    expect(pick([spent], { model: 'brush' })).toBe(1)
    expect(pick([account(1, hold('quota_spent', 0))])).toBe(1)
    const refused = decide(seat([spent, account(2, hold('quota_spent', 3))]))
    expect(refused).toMatchObject({ fault: { code: 'insufficient_quota', retryAfterMs: 3 * MINUTE } })
    expect(pick([spent], { only: 1 })).toBe('insufficient_quota')
    expect(pick([account(1, hold('not_entitled', 5))])).toBe('no_account')
    expect(sentence([account(1, hold('not_entitled', 5))])).toContain('1 not entitled to this model')
    // Being busy or resting does not make it serve the model later.
    const resting = account(3, { ...hold('quota_spent', 5), state: 'cooling', stateUntil: NOW + 1 })
    const busy = account(4, { ...hold('quota_spent', 5), imageConcurrency: 1 })
    expect(pick([resting, busy], { patienceMs: MINUTE }, { 4: 1 })).toBe('insufficient_quota')
  })
  test('an account without the credits is passed over; unknown ones are enough', () => {
    const poor = account(1, { credits: 9 })
    expect(pick([poor, account(2, { credits: 10 })], { credits: 10 }, { 2: 5 })).toBe(2)
    expect(pick([poor, account(2)], { credits: 10 }, { 2: 5 })).toBe(2)
    expect(pick([poor], {})).toBe(1)
    expect(pick([poor], { credits: 10 })).toBe('insufficient_quota')
    expect(sentence([poor], { credits: 10 })).toContain('1 short of credits')
    expect(sentence([poor, account(2, { credits: 10 })], { credits: 10 })).toContain('not #1 short of credits')
  })
  test('reserved credits are waited for', () => {
    const seating = seat([account(1, { credits: 15 })])
    const [one] = seating.accounts.values()
    if (!one) throw new Error('no account')
    const release = seating.occupy(one, seating.use(1), 'video', 10, true)
    expect(decide(seating, { credits: 10 })).toEqual({ outcome: 'busy' })
    expect(decide(seating, { credits: 5 })).toMatchObject({ outcome: 'chosen' })
    expect(decide(seating, { credits: 20 })).toMatchObject({ outcome: 'refused' })
    release()
    expect(decide(seating, { credits: 10 })).toMatchObject({ outcome: 'chosen' })
  })
  test('after a throttling one unit tries the account, of either kind', () => {
    const seating = seat([account(1, { consecutiveThrottles: 2 })])
    const [one] = seating.accounts.values()
    if (!one) throw new Error('no account')
    const release = seating.occupy(one, seating.use(1), 'image', 0, true)
    expect(decide(seating)).toEqual({ outcome: 'busy' })
    expect(decide(seating, { kind: 'video' })).toEqual({ outcome: 'busy' })
    release()
    expect(decide(seating, { kind: 'video' })).toMatchObject({ outcome: 'chosen' })
    seating.occupy(one, seating.use(1), 'image', 0, true)
    seating.set({ ...one, consecutiveThrottles: 0 })
    expect(decide(seating)).toMatchObject({ outcome: 'chosen' })
  })
  test('strictly in turn, where that is wanted', () => {
    const accounts = [account(1), account(2, { imageConcurrency: 1 }), account(3, { imageConcurrency: 9 })]
    const seating = seat(accounts)
    seating.orderBy('round_robin')
    const next = () => {
      const choice = decide(seating)
      if (choice.outcome !== 'chosen') throw new Error(choice.outcome)
      const { seat } = choice
      return { id: seat.id, release: seating.occupy(seat.account, seat.use, 'image', 0, true) }
    }
    const taken = [next(), next(), next()]
    expect(taken.map(({ id }) => id)).toEqual([1, 2, 3])
    // Giving back does not change whose turn it is; who is busy is passed over.
    taken[0]?.release()
    expect([next(), next(), next()].map(({ id }) => id)).toEqual([1, 3, 1])
    taken[1]?.release()
    expect(next().id).toBe(2)
  })
  test('the record says what decided, and names who was passed over and why', () => {
    const accounts = [account(1), account(2, { state: 'disabled' }), account(3, { imageConcurrency: 1 })]
    expect(sentence(accounts, {}, { 3: 1 })).toBe(
      '#1 1@example.com: the only one that fits (0 of any number in flight); not #2 disabled; #3 busy',
    )
    expect(sentence([account(1), account(2), account(3, { name: 'Tri' })], {}, { 1: 1, 2: 1 })).toBe(
      '#3 Tri: fewest in flight of 3 that fit (0 of any number in flight), before #1, #2',
    )
    expect(sentence([account(1, { imageConcurrency: 3 }), account(2)])).toContain(
      '#2 2@example.com: most head-room of 2',
    )
    expect(sentence([account(1), account(2)], { exclude: [1] })).toContain('not #1 already tried')
    const many = Array.from({ length: 26 }, (_, n) => account(n + 1, n < 10 ? {} : { state: 'disabled' }))
    expect(sentence(many)).toBe(
      '#1 1@example.com: longest unused of 10 that fit (0 of any number in flight), before #2 and 8 more; not #11, #12, #13, #14, #15, #16, #17, #18 and 8 more disabled',
    )
    expect(sentence([account(1), account(2)], { only: 2 })).toBe(
      '#2 2@example.com: the work needs this account (0 of any number in flight)',
    )
  })
})

describe('what a fault means for its account', () => {
  const rules: Rules = { now: NOW, banThreshold: 3, model: 'pencil', random: () => 0 }
  const well: Success = { kind: 'image', credits: undefined, reserved: 0, takenAt: NOW, throttledSince: false }
  const apply = (one: Account, code: Parameters<typeof domainFault>[0], details = {}, at = rules): Account => ({
    ...one,
    ...afterFault(one, domainFault(code, 'It said so.', details), at),
  })

  test('nothing, unless the account is to blame', () => {
    for (const blame of ['request', 'proxy', 'upstream', 'gateway'] as const)
      expect(afterFault(account(1), fault('any', 'x', { blame, retry: 'never' }), rules)).toEqual({})
    expect(afterFault(account(1), domainFault('insufficient_quota', 'x'), rules)).toEqual({})
  })
  test('throttled: rests as long as was asked, else longer each time, up to a quarter of an hour', () => {
    expect(apply(account(1), 'account_throttled', { retryAfterMs: 1234 })).toMatchObject({
      state: 'cooling',
      stateUntil: NOW + 1234,
      stateReason: 'It said so.',
    })
    let one = account(1)
    const rests: number[] = []
    for (let now = NOW; rests.length < 7; now = one.stateUntil ?? 0) {
      one = apply(one, 'account_throttled', {}, { ...rules, now })
      rests.push(((one.stateUntil ?? 0) - now) / 1000)
    }
    expect(rests).toEqual([30, 60, 120, 240, 480, 900, 900])
    expect(afterSuccess(one, { ...well, throttledSince: true }, NOW)).not.toHaveProperty('consecutiveThrottles')
    one = { ...one, ...afterSuccess(one, well, NOW) }
    expect(one.consecutiveThrottles).toBe(0)
  })
  test('throttled: those who are told at once do not all come back at once, and never too early', () => {
    const late = { ...rules, random: () => 1 }
    expect(apply(account(1), 'account_throttled', {}, late).stateUntil).toBe(NOW + 36_000)
    expect(apply(account(1), 'account_throttled', { retryAfterMs: 600_000 }, late).stateUntil).toBe(NOW + 630_000)
  })
  test('the quota of one model, or no right to it, holds back that model alone', () => {
    const one = apply(account(1), 'model_quota_spent')
    const until = Date.UTC(2026, 5, 2)
    expect(one).toMatchObject({
      state: 'ready',
      errors: 1,
      consecutiveErrors: 0,
      heldModels: { pencil: { state: 'quota_spent', reason: 'It said so.', since: NOW, until } },
    })
    const two = apply(one, 'account_not_entitled', {}, { ...rules, model: 'brush' })
    expect(Object.keys(two.heldModels)).toEqual(['pencil', 'brush'])
    expect(two).toMatchObject({ errors: 1, heldModels: { brush: { state: 'not_entitled' } } })
    const later = apply(two, 'model_quota_spent', { retryAfterMs: MINUTE }, { ...rules, model: 'pen', now: until })
    expect(later.heldModels).toEqual({
      pen: { state: 'quota_spent', reason: 'It said so.', since: until, until: until + MINUTE },
    })
    expect({ ...two, ...backToReady(NOW) }.heldModels).toEqual({})
  })
  test('credits are what the upstream said last, and the least of what it said meanwhile', () => {
    const rich = account(1, { credits: 100, creditsAt: NOW - MINUTE })
    const after = (one: Account, over: Partial<Success>) => ({
      ...one,
      ...afterSuccess(one, { ...well, ...over }, NOW),
    })
    expect(after(rich, { credits: 80 })).toMatchObject({ credits: 80, creditsAt: NOW })
    // More than before: they were bought.
    expect(after(rich, { credits: 500 }).credits).toBe(500)
    // Another unit that began later has already said less.
    const overtaken = account(1, { credits: 60, creditsAt: NOW })
    expect(after(overtaken, { credits: 80, takenAt: NOW - MINUTE }).credits).toBe(60)
    // Nothing was said.
    expect(after(rich, { reserved: 20 })).toMatchObject({ credits: 80, creditsAt: NOW - MINUTE })
    expect(after(overtaken, { reserved: 20, takenAt: NOW - MINUTE }).credits).toBe(60)
    expect(after(account(1), { reserved: 20 }).credits).toBeNull()
  })
  test('throttled many times at once is throttled once', () => {
    const one = apply(apply(apply(account(1), 'account_throttled'), 'account_throttled'), 'account_throttled')
    expect(one).toMatchObject({ stateUntil: NOW + 30_000, consecutiveThrottles: 1, errors: 3, consecutiveErrors: 0 })
  })
  test('quota spent: until the next day', () => {
    const one = apply(account(1), 'account_quota_spent')
    expect(one).toMatchObject({ state: 'quota_spent', stateUntil: Date.UTC(2026, 5, 2) })
    expect(stateAt(one, Date.UTC(2026, 5, 2))).toBe('ready')
  })
  test('a lost session waits for a person, and is not forgotten over a throttling', () => {
    const lost = apply(account(1), 'account_needs_session')
    expect(lost).toMatchObject({ state: 'needs_session', stateUntil: null, consecutiveErrors: 0 })
    expect(apply(lost, 'account_throttled').state).toBe('needs_session')
    expect(apply(account(1), 'account_migrated').state).toBe('migrated')
    expect(apply(account(1, { state: 'disabled' }), 'account_needs_session').state).toBe('disabled')
  })
  test('other faults of the account add up, and the threshold disables it', () => {
    const twice = apply(apply(account(1), 'access_expired'), 'access_expired')
    expect(twice).toMatchObject({ state: 'ready', consecutiveErrors: 2, errors: 2 })
    const thrice = apply(twice, 'access_expired')
    expect(thrice).toMatchObject({ state: 'disabled', stateReason: '3 errors in a row, the last: It said so.' })
    const saved = { ...twice, ...afterSuccess(twice, { ...well, kind: 'video', credits: 70 }, NOW) }
    expect(saved).toMatchObject({ consecutiveErrors: 0, videos: 1, images: 0, credits: 70, creditsAt: NOW })
    expect(apply(saved, 'access_expired').state).toBe('ready')
    expect(apply(twice, 'access_expired', {}, { ...rules, banThreshold: 0 }).state).toBe('ready')
  })
  test('back to ready forgets everything', () => {
    const one = { ...apply(account(1), 'account_throttled'), ...backToReady(NOW + 1) }
    expect(one).toMatchObject({ state: 'ready', stateReason: '', stateUntil: null, consecutiveThrottles: 0 })
  })
  test('the same state again only lasts longer', () => {
    const one = { ...account(1), ...into(account(1), 'cooling', 'a', NOW, NOW + 10) }
    expect(into(one, 'cooling', 'b', NOW, NOW + 5)).toEqual({})
    expect(into(one, 'cooling', 'b', NOW, NOW + 20)).toEqual({ stateUntil: NOW + 20, stateReason: 'b' })
  })
})

describe('the queue', () => {
  const never = new AbortController().signal
  const setup = () => {
    const free = { a: 0, b: 0 }
    const served: string[] = []
    const queue = new FairQueue<string, string>()
    queue.serveWith(want => {
      const key = want.startsWith('a') ? 'a' : 'b'
      if (free[key] === 0) return undefined
      free[key] -= 1
      served.push(want)
      return `served ${want}`
    })
    const enter = (want: string, signal = never, onQueue?: (position: number) => void, caller = '') =>
      queue.enter({ want, line: 'line', key: () => want.charAt(0), lane: 'lane', caller, signal, onQueue })
    return { free, served, queue, enter }
  }

  test('serves in turn, and past those who want something else', async () => {
    const { free, served, queue, enter } = setup()
    const waiting = ['a1', 'b1', 'a2', 'b2'].map(want => enter(want))
    free.b = 2
    queue.pump()
    free.a = 1
    queue.pump()
    expect(served).toEqual(['b1', 'b2', 'a1'])
    expect(await Promise.all([waiting[0], waiting[1]])).toEqual(['served a1', 'served b1'])
    expect(queue.size).toBe(1)
  })
  test('tells positions, and only when they change', async () => {
    const { free, queue, enter } = setup()
    const told: string[] = []
    const leaving = new AbortController()
    enter('a1', never, position => told.push(`a1:${position}`))
    const second = enter('a2', leaving.signal, position => told.push(`a2:${position}`))
    enter('a3', never, position => told.push(`a3:${position}`))
    leaving.abort()
    expect(await second).toBe('cancelled')
    free.a = 1
    queue.pump()
    expect(told).toEqual(['a1:1', 'a2:2', 'a3:3', 'a3:2', 'a3:1'])
  })
  test('callers take turns, however many pieces each of them has there', () => {
    const { free, served, queue, enter } = setup()
    const many = ['a1', 'a2', 'a3', 'a4', 'a5']
    for (const want of many) void enter(want, never, undefined, 'greedy')
    const positions: number[] = []
    void enter('a-x1', never, position => positions.push(position), 'late')
    void enter('a-x2', never, undefined, 'late')
    expect(positions).toEqual([2])
    for (let turn = 0; turn < 3; turn++) {
      free.a = 1
      queue.pump()
    }
    void enter('a-y', never, undefined, 'later still')
    free.a = 9
    queue.pump()
    expect(served).toEqual(['a1', 'a-x1', 'a2', 'a-x2', 'a3', 'a-y', 'a4', 'a5'])
  })
  test('giving up gives the turn back', () => {
    const { free, served, queue, enter } = setup()
    const leaving = new AbortController()
    void enter('a1', never, undefined, 'one')
    for (const want of ['a2', 'a3', 'a4']) void enter(want, leaving.signal, undefined, 'one')
    for (const want of ['a-x', 'a-y', 'a-z']) void enter(want, never, undefined, 'other')
    leaving.abort()
    void enter('a5', never, undefined, 'one')
    free.a = 9
    queue.pump()
    expect(served).toEqual(['a1', 'a-x', 'a-y', 'a5', 'a-z'])
  })
  test('whoever has left before is not served', async () => {
    const { free, served, enter } = setup()
    free.a = 1
    expect(await enter('a1', AbortSignal.abort())).toBe('cancelled')
    expect(served).toEqual([])
  })
  test('a callback that throws or asks again disturbs nobody', async () => {
    const { free, served, queue, enter } = setup()
    enter('a1', never, () => {
      throw new Error('mine alone')
    })
    enter('a2', never, () => {
      free.a = 2
      queue.pump()
    })
    expect(served).toEqual(['a1', 'a2'])
  })
  test('closing answers everybody', async () => {
    const { queue, enter } = setup()
    const waiting = [enter('a1'), enter('b1')]
    queue.close('gone')
    expect(await Promise.all(waiting)).toEqual(['gone', 'gone'])
  })
})

describe('the table', () => {
  // Reversed text stands for encryption: what is stored is not what was given.
  const reversed = (text: string) => [...text].reverse().join('')
  const secrets: Secrets = { seal: reversed, open: sealed => ok(reversed(sealed)) }
  const lost: Secrets = { seal: reversed, open: () => err(domainFault('internal_error', 'another key')) }
  const clock: Clock = { now: () => NOW, after: () => () => {} }

  const openBook = () => {
    const sqlite = new Sqlite(':memory:')
    for (const statement of `${init}--> statement-breakpoint${held}`.split('--> statement-breakpoint'))
      sqlite.run(statement)
    const db = drizzle(sqlite)
    const changes: string[] = []
    const ledger = new Ledger([], clock)
    const book = new AccountBook(ledger, db, secrets, clock, ({ account: { id }, state }) =>
      changes.push(`${id} ${state}`),
    )
    const stored = () => JSON.stringify(sqlite.query('select * from token_pool_accounts').all())
    return { db, book, ledger, changes, stored }
  }
  const given = { provider: 'flow', secret: 'st-hidden', access: 'at-hidden', proxyUrl: 'http://u:pw-hidden@p:1' }

  test('keeps what was given, sealed where it is secret', () => {
    const { db, book, stored } = openBook()
    const added = book.add({ ...given, attributes: { project_id: 'p' } })
    book.update(added.id, { secret: 'st-hidden-2', remark: 'mine' })
    expect(stored()).not.toContain('hidden')
    expect(stored()).toContain('mine')
    const [loaded] = loadAccounts(db, secrets, NOW)
    expect(loaded).toEqual(book.get(added.id))
    expect(loaded).toMatchObject({ ...given, secret: 'st-hidden-2', attributes: { project_id: 'p' } })
  })
  test('what cannot be unsealed waits for a new session, and is not thrown away', () => {
    const { db, book, stored } = openBook()
    book.add(given)
    const before = stored()
    const [loaded] = loadAccounts(db, lost, NOW)
    expect(loaded).toMatchObject({ state: 'needs_session', secret: '', access: null, proxyUrl: null })
    expect(loaded?.stateReason).toContain('secret key')
    expect(stored()).toBe(before)
  })
  test('an id is never used twice', () => {
    const { book } = openBook()
    const first = book.add(given)
    book.remove(first.id)
    expect(book.add(given).id).toBeGreaterThan(first.id)
  })
  test('tells of changes of state alone, and wakes those whose time has come', () => {
    const { book, changes } = openBook()
    const { id } = book.add(given)
    book.update(id, { remark: 'x' })
    book.update(id, { state: 'cooling', stateUntil: NOW })
    book.wake()
    expect(book.get(id)?.state).toBe('ready')
    book.remove(id)
    expect(changes).toEqual(['1 ready', '1 cooling', '1 ready', '1 deleted'])
    expect(book.update(id, { remark: 'y' })).toBeUndefined()
  })
})

describe('what is shown of a proxy', () => {
  test.each([
    ['http://user:pass@proxy.test:8080', 'http://user:***@proxy.test:8080'],
    ['socks5://user:p%40ss@10.0.0.1:1080', 'socks5://user:***@10.0.0.1:1080'],
    ['http://user:a@b@proxy.test:1', 'http://user:***@proxy.test:1'],
    ['http://proxy.test:8080', 'http://proxy.test:8080'],
    ['not a url with pass@word', '***'],
  ])('%s → %s', (url, shown) => {
    expect(maskProxy(url)).toBe(shown)
  })
})
