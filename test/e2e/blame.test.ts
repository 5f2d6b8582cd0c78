/** Who pays for what goes wrong: 26 accounts, and the whole gateway in between. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import type { Fault } from '../emulator/faults.ts'
import { type Inside, startInside } from '../fixtures/inside.ts'

const ACCOUNTS = Array.from({ length: 26 }, (_, n) => ({
  st: `st-blame-${n}`,
  email: `blame${n}@example.com`,
  name: `Blame ${n}`,
  credits: 1000,
  tier: 'PAYGATE_TIER_ONE' as const,
}))
/** Nobody listens there. */
const DEAD_PROXY = 'http://127.0.0.1:9'
const PICTURE = { prompt: 'x', response_format: 'url' }

let world: Inside

beforeAll(async () => {
  world = await startInside({
    emulator: { seedAccounts: ACCOUNTS },
    accounts: ACCOUNTS,
    config: { proxy: { fallback: 'none' } },
  })
})
afterAll(() => world[Symbol.asyncDispose]())

interface Shown {
  readonly id: number
  readonly state: string
  readonly state_reason: string
  readonly state_until: number | null
  readonly consecutive_errors: number
  readonly held_models: readonly { readonly model: string; readonly state: string }[]
}

/** The shapes are those of the console's API. */
const accounts = async () =>
  ((await (await world.admin('/admin/api/tokens')).json()) as { data: readonly Shown[] }).data
const healthy = async () =>
  (await accounts()).filter(
    ({ state, consecutive_errors, held_models }) =>
      state === 'ready' && consecutive_errors === 0 && held_models.length === 0,
  ).length
const breaker = async () => {
  const answer = await world.admin('/admin/api/upstreams')
  return ((await answer.json()) as { data: { state: string; until: number | null }[] }).data[0]
}
const change = (path: string, method: string, body?: object) =>
  world.kernel.fetch(path, {
    method,
    headers: { authorization: `Basic ${btoa('admin:inside-password')}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })

beforeEach(async () => {
  for (const { id } of await accounts()) await change(`/admin/api/tokens/${id}/reset`, 'POST')
  await change('/admin/api/upstreams/flow-provider/reset', 'POST')
  world.emulator.record.clear()
})

async function ask(body: object = PICTURE) {
  const answer = await world.whileTimePasses(
    world.call('/v1/images/generations', { method: 'POST', body: JSON.stringify(body) }),
  )
  const { error } = (await answer.json()) as { error?: { code: string; message: string } } // the envelope
  return {
    status: answer.status,
    code: error?.code,
    message: error?.message ?? '',
    retryAfter: answer.headers.get('retry-after'),
    job: answer.headers.get('x-flow2api-job') ?? '',
  }
}
const many = (count: number, body?: object) => Promise.all(Array.from({ length: count }, () => ask(body)))

async function whileFailing<T>(endpoint: 'image' | 'session', fault: Record<string, unknown>, act: () => Promise<T>) {
  const undo = world.emulator.faults.always(endpoint, fault as unknown as Fault) // one of the emulator's
  try {
    return await act()
  } finally {
    undo()
  }
}

describe('of 26 accounts', () => {
  test('a poison request leaves 26 healthy, however often it comes', async () => {
    const refused = await whileFailing('image', { status: 400, reason: 'PUBLIC_ERROR_UNSAFE_GENERATION' }, () =>
      many(30),
    )
    expect(new Set(refused.map(({ status, code }) => `${status} ${code}`))).toEqual(new Set(['400 moderation_blocked']))
    // One try each: no other account is bothered with it.
    expect(world.emulator.record.of('image').length).toBe(30)
    expect(await healthy()).toBe(26)
    const malformed = await whileFailing(
      'image',
      { status: 400, message: 'Request contains an invalid argument.' },
      () => many(30),
    )
    expect(new Set(malformed.map(({ code }) => code))).toEqual(new Set(['upstream_rejected']))
    const unknown = await many(3, { ...PICTURE, model: 'no-such-model' })
    expect(unknown.map(({ status }) => status)).toEqual([404, 404, 404])
    expect(await healthy()).toBe(26)
    expect((await breaker())?.state).toBe('closed')
  })

  test('a throttled account leaves 25, and the request is served by another', async () => {
    world.emulator.faults.next('image', { status: 429, reason: 'PUBLIC_ERROR_USER_REQUESTS_THROTTLED' })
    const answer = await ask()
    expect(answer.status).toBe(200)
    expect(await healthy()).toBe(25)
    const [resting] = (await accounts()).filter(({ state }) => state !== 'ready')
    expect(resting).toMatchObject({
      state: 'cooling',
      state_reason: expect.stringContaining('USER_REQUESTS_THROTTLED'),
    })
    expect(resting?.state_until).toBeGreaterThan(world.clock.now() / 1000)
    // The job says who was asked, why, and why the first one lost it; the next job why the resting one was passed over.
    const job = (await (await world.admin(`/admin/api/jobs/${answer.job}`)).json()) as {
      units: { accounts: { account_id: number; why: string; refused: string | null }[] }[]
    } // the console's
    const [first, second] = job.units[0]?.accounts ?? []
    expect(first).toMatchObject({ account_id: resting?.id, refused: 'account_throttled' })
    expect(first?.why).toMatch(/ of 26 that fit \(0 of any number in flight\), before #\d+ and 24 more$/)
    expect(second?.refused).toBeNull()
    expect(second?.why).toContain(`not #${resting?.id} already tried`)
    const next = await ask()
    const later = (await (await world.admin(`/admin/api/jobs/${next.job}`)).json()) as typeof job
    expect(later.units[0]?.accounts[0]?.why).toContain(`not #${resting?.id} cooling down`)
  })

  test('one request that every account throttles makes one of them rest', async () => {
    const answer = await whileFailing('image', { status: 429, reason: 'PUBLIC_ERROR_USER_REQUESTS_THROTTLED' }, () =>
      ask(),
    )
    expect(answer).toMatchObject({ status: 429, code: 'account_throttled' })
    expect(world.emulator.record.of('image').length).toBe(3)
    expect(await healthy()).toBe(25)
  })

  test('the daily quota of a model costs the account that model and no other', async () => {
    world.emulator.faults.next('image', { status: 429, reason: 'PUBLIC_ERROR_PER_MODEL_DAILY_QUOTA_REACHED' })
    expect((await ask()).status).toBe(200)
    const spent = (await accounts()).filter(({ held_models }) => held_models.length > 0)
    expect(spent).toEqual([
      expect.objectContaining({
        state: 'ready',
        held_models: [expect.objectContaining({ model: 'gemini-3.0-pro-image-landscape', state: 'quota_spent' })],
      }),
    ])
  })

  test('a dead proxy leaves 26 healthy', async () => {
    const all = await accounts()
    for (const { id } of all) await change(`/admin/api/tokens/${id}`, 'PATCH', { proxy_url: DEAD_PROXY })
    try {
      const answers = await many(8)
      expect(new Set(answers.map(({ status, code }) => `${status} ${code}`))).toEqual(
        new Set(['502 proxy_unreachable']),
      )
      expect(world.emulator.record.of('image').length).toBe(0)
    } finally {
      for (const { id } of all) await change(`/admin/api/tokens/${id}`, 'PATCH', { proxy_url: null })
    }
    expect(await healthy()).toBe(26)
    expect((await breaker())?.state).toBe('closed')
  })

  test('an outage of the upstream leaves 26 healthy and opens the breaker, until a request gets through again', async () => {
    await whileFailing('image', { status: 503 }, async () => {
      const first = await many(10)
      expect(first.filter(({ code }) => code === 'upstream_error').length).toBeGreaterThanOrEqual(5)
      expect(await healthy()).toBe(26)
      expect(await breaker()).toMatchObject({ state: 'open' })
      world.emulator.record.clear()
      const refused = await many(20)
      for (const one of refused) {
        expect(one).toMatchObject({ status: 503, code: 'upstream_down' })
        expect(Number(one.retryAfter)).toBeWithin(1, 40)
      }
      // Nobody was asked for any of them.
      expect(world.emulator.record.of('image').length).toBe(0)
      await world.clock.advance(40_000)
      expect(await breaker()).toMatchObject({ state: 'half_open' })
      // One is let through to see; it fails, and the rest is told so.
      const probed = await many(5)
      expect(probed.filter(({ code }) => code === 'upstream_error').length).toBe(1)
      expect(await breaker()).toMatchObject({ state: 'open' })
    })
    await world.clock.advance(80_000)
    expect((await ask()).status).toBe(200)
    expect(await breaker()).toMatchObject({ state: 'closed' })
    expect((await many(26)).every(({ status }) => status === 200)).toBe(true)
    expect(await healthy()).toBe(26)
  })

  test('an upstream that takes work and loses the answers is sent no more of it', async () => {
    await whileFailing('image', { status: 504 }, async () => {
      const lost: string[] = []
      for (let sent = 0; sent < 12; sent++) lost.push((await ask()).code ?? '')
      expect(lost).toEqual([...Array(5).fill('outcome_unknown'), ...Array(7).fill('upstream_down')])
      expect(world.emulator.record.of('image').length).toBe(5)
    })
    expect(await healthy()).toBe(26)
  })
})
