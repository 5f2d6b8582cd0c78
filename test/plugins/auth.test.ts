import { Database as Sqlite } from 'bun:sqlite'
import { beforeEach, describe, expect, test } from 'bun:test'
import { drizzle } from 'drizzle-orm/bun-sqlite'
import { domainFault } from 'flow2api/contracts'
import { type Clock, err, ok, type Secrets } from 'flow2api/plugin'
import { apiKey, CredentialStore, ensurePassword } from '../../plugins/auth/credentials.ts'
import { digest, matches, newApiKey, newPassword } from '../../plugins/auth/digest.ts'
import { hashPassword, Login } from '../../plugins/auth/login.ts'
import init from '../../plugins/auth/migrations/0000_init.sql' with { type: 'text' }
import { apiKeys, basic, bearer, cookie, fromOwnPage } from '../../plugins/auth/request.ts'
import { SESSION_MS, Sessions } from '../../plugins/auth/sessions.ts'
import { LoginThrottle, newThrottleState } from '../../plugins/auth/throttle.ts'
import { Verifier } from '../../plugins/auth/verify.ts'
import { isPublic, weaknesses } from '../../plugins/auth/weak.ts'

const DAY_MS = 24 * 60 * 60_000
const KEY = 'sk-f2a-right'

class HandClock implements Clock {
  time = 1_700_000_000_000
  now = () => this.time
  after = () => () => {}
}

function openDatabase() {
  const sqlite = new Sqlite(':memory:')
  for (const statement of init.split('--> statement-breakpoint')) sqlite.run(statement)
  return drizzle(sqlite)
}

const ask = (headers: Record<string, string> = {}, url = 'http://gateway.test/v1/models', method = 'GET') =>
  new Request(url, { method, headers })
const basicHeader = (name: string, password: string) => `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`

let clock: HandClock
let db: ReturnType<typeof openDatabase>
let store: CredentialStore
let sessions: Sessions

beforeEach(() => {
  clock = new HandClock()
  db = openDatabase()
  store = new CredentialStore(db, clock)
  sessions = new Sessions(db, clock)
})

const loginWith = (admin_password: string) =>
  new Login({ admin_username: 'admin', admin_password }, store, new LoginThrottle(newThrottleState(), clock), clock)
const verifierWith = (admin_password: string) =>
  new Verifier(KEY, sessions, loginWith(admin_password), () => 'http://gateway.test')
const codeOf = async (verdict: ReturnType<Verifier['verify']>) =>
  (await verdict).match(
    caller => caller.kind,
    fault => fault.code,
  )

describe('made credentials', () => {
  test('are long, and different each time', () => {
    expect(newApiKey()).toMatch(/^sk-f2a-[1-9A-Za-z]{40}$/)
    expect(newPassword()).toMatch(/^[1-9A-Za-z]{20}$/)
    expect(newApiKey()).not.toBe(newApiKey())
  })

  test('compare by digest whatever the lengths', () => {
    expect(matches('abc', digest('abc'))).toBe(true)
    expect(matches('ab', digest('abc'))).toBe(false)
    expect(matches('', digest('abc'))).toBe(false)
  })
})

describe('kept credentials', () => {
  const secrets: Secrets = { seal: plain => `sealed ${plain}`, open: sealed => ok(sealed.slice(7)) }
  const hash = async (password: string) => `hash of ${password}`

  test('that were never shown are shown after the next start', async () => {
    const [first, second] = [apiKey('', store, secrets)._unsafeUnwrap(), apiKey('', store, secrets)._unsafeUnwrap()]
    expect(second).toEqual(first)
    expect(second.unseen).toEqual([{ name: 'api_key', value: first.value }])
    store.announced('api_key')
    expect(apiKey('', store, secrets)._unsafeUnwrap()).toEqual({ value: first.value, unseen: [] })

    const [lost] = await ensurePassword('', store, hash)
    const [made] = await ensurePassword('', store, hash)
    expect(made?.value).not.toBe(lost?.value ?? '')
    expect(store.get('admin_password')?.value).toBe(`hash of ${made?.value}`)
    store.announced('admin_password')
    expect(await ensurePassword('', store, hash)).toEqual([])
  })

  test('give way to configured ones and come back after them', async () => {
    const { value } = apiKey('', store, secrets)._unsafeUnwrap()
    expect(apiKey('configured', store, secrets)._unsafeUnwrap()).toEqual({ value: 'configured', unseen: [] })
    expect(apiKey('', store, secrets)._unsafeUnwrap().value).toBe(value)
    expect(await ensurePassword('configured', store, hash)).toEqual([])
    expect(store.get('admin_password')).toBeUndefined()
  })

  test('that cannot be read say what to do', () => {
    apiKey('', store, secrets)
    const unreadable: Secrets = { ...secrets, open: () => err(domainFault('internal_error', 'Wrong key file.')) }
    const fault = apiKey('', store, unreadable)._unsafeUnwrapErr()
    expect(fault).toMatchObject({ code: 'secret_unreadable', blame: 'gateway' })
    expect(fault.message).toContain('Wrong key file. Or set [global] api_key')
  })
})

describe('where a request carries its key', () => {
  test.each([
    [{ authorization: 'Bearer k1' }, 'http://h/', ['k1']],
    [{ authorization: 'bearer  k1' }, 'http://h/', ['k1']],
    [{ 'api-key': 'k2' }, 'http://h/', ['k2']],
    [{ 'x-api-key': 'k3' }, 'http://h/', ['k3']],
    [{ 'x-goog-api-key': 'k4' }, 'http://h/', ['k4']],
    [{}, 'http://h/p?a=1&key=k%205', ['k 5']],
    [{}, 'http://h/p?monkey=1', []],
    [{ authorization: 'Bearer dummy', 'x-goog-api-key': 'k4' }, 'http://h/?key=k5', ['dummy', 'k4', 'k5']],
    [{ authorization: basicHeader('a', 'b') }, 'http://h/', []],
  ] as const)('%p %p', (headers, url, keys) => {
    expect([...apiKeys(ask(headers, url))]).toEqual([...keys])
  })

  test('Basic keeps colons of the password and survives rubbish', () => {
    expect(basic(ask({ authorization: basicHeader('admin', 'a:b') }))).toEqual({ username: 'admin', password: 'a:b' })
    expect(basic(ask({ authorization: 'Basic !!!' }))).toBeUndefined()
    expect(bearer(ask({ authorization: 'Basic abc' }))).toBeUndefined()
  })

  test('the cookie is found among others', () => {
    expect(cookie(ask({ cookie: 'a=1; flow2api_session=tok; b=2' }))).toBe('tok')
    expect(cookie(ask({ cookie: 'xflow2api_session=tok' }))).toBeUndefined()
  })
})

describe('requests of other pages', () => {
  const from = (headers: Record<string, string>, method = 'POST') =>
    fromOwnPage(ask({ host: 'gateway.test', ...headers }, 'http://gateway.test/x', method), 'https://public.test')

  test('reading needs no proof, changing does', () => {
    expect(from({}, 'GET')).toBe(true)
    expect(from({})).toBe(false)
  })
  test('Sec-Fetch-Site decides where it is sent', () => {
    expect(from({ 'sec-fetch-site': 'same-origin' })).toBe(true)
    expect(from({ 'sec-fetch-site': 'none' })).toBe(true)
    expect(from({ 'sec-fetch-site': 'same-site' })).toBe(false)
    expect(from({ 'sec-fetch-site': 'cross-site', origin: 'http://gateway.test' })).toBe(false)
  })
  test('otherwise Origin must be the host that was asked', () => {
    expect(from({ origin: 'http://gateway.test' })).toBe(true)
    expect(from({ origin: 'https://public.test' })).toBe(true)
    expect(from({ origin: 'http://gateway.test:81' })).toBe(false)
    expect(from({ origin: 'http://evil.test' })).toBe(false)
    expect(from({ origin: 'null' })).toBe(false)
  })
})

describe('throttle', () => {
  const tries = (throttle: LoginThrottle, ip: string, count: number) =>
    Array.from({ length: count }, () => throttle.begin(ip).isOk()).filter(Boolean).length

  test('five failures are free, then the wait doubles', () => {
    const throttle = new LoginThrottle(newThrottleState(), clock)
    // All at once: none of them has failed yet when the next begins.
    expect(tries(throttle, 'a', 20)).toBe(5)
    const waits = [1, 2, 3].map(() => {
      const refusal = throttle.begin('a')
      const waitMs = refusal.isErr() ? (refusal.error.retryAfterMs ?? 0) : 0
      clock.time += waitMs
      expect(throttle.begin('a').isOk()).toBe(true)
      return waitMs
    })
    expect(waits).toEqual([1000, 2000, 4000])
  })

  test('never waits longer than a quarter of an hour, and forgets after an hour of peace', () => {
    const throttle = new LoginThrottle(newThrottleState(), clock)
    for (let i = 0; i < 40; i++) {
      const attempt = throttle.begin('a')
      if (attempt.isErr()) clock.time += attempt.error.retryAfterMs ?? 0
    }
    while (throttle.begin('a').isOk());
    const refusal = throttle.begin('a')
    expect(refusal.isErr() && refusal.error).toMatchObject({ code: 'login_throttled', retryAfterMs: 15 * 60_000 })
    clock.time += 2 * 60 * 60_000
    expect(tries(throttle, 'a', 20)).toBe(5)
  })

  test('success forgives its address; others are not affected', () => {
    const throttle = new LoginThrottle(newThrottleState(), clock)
    expect(tries(throttle, 'a', 4)).toBe(4)
    const attempt = throttle.begin('a')
    if (attempt.isOk()) attempt.value.succeeded()
    expect(tries(throttle, 'a', 20)).toBe(5)
    expect(throttle.begin('b').isOk()).toBe(true)
  })

  test('guessing from many addresses is slowed down too, but never for long', () => {
    const throttle = new LoginThrottle(newThrottleState(), clock)
    const waits: number[] = []
    for (let i = 0; i < 100; i++) {
      const attempt = throttle.begin(`ip${i}`)
      if (attempt.isErr()) {
        waits.push(attempt.error.retryAfterMs ?? 0)
        clock.time += attempt.error.retryAfterMs ?? 0
      }
    }
    expect(waits.slice(0, 3)).toEqual([1000, 2000, 4000])
    expect(Math.max(...waits)).toBe(30_000)
  })
})

describe('sessions', () => {
  const from = { ip: '127.0.0.1', userAgent: 'test' }

  test('end a week after the last use', () => {
    const { token } = sessions.open(from)
    for (let day = 0; day < 20; day++) {
      clock.time += DAY_MS
      expect(sessions.use(token)).toBe(true)
    }
    clock.time += SESSION_MS
    expect(sessions.use(token)).toBe(false)
  })

  test('are closed one by one or all', () => {
    const [a, b, c] = [sessions.open(from), sessions.open(from), sessions.open(from)]
    sessions.close(a.token)
    expect([a, b, c].map(one => sessions.use(one.token))).toEqual([false, true, true])
    sessions.closeAll()
    expect([a, b, c].map(one => sessions.use(one.token))).toEqual([false, false, false])
  })

  test('the table does not hold the token', () => {
    const { token } = sessions.open(from)
    expect(JSON.stringify(db.$client.query('select * from auth_sessions').all())).not.toContain(token)
  })

  test('sweeping removes what has ended', () => {
    sessions.open(from)
    clock.time += SESSION_MS + 1
    sessions.open(from)
    sessions.sweep()
    expect(db.$client.query('select count(*) n from auth_sessions').get()).toEqual({ n: 1 })
  })
})

describe('verify', () => {
  test('scope api takes the key alone', async () => {
    const verifier = verifierWith('a long password')
    expect(await codeOf(verifier.verify(ask({ authorization: `Bearer ${KEY}` }), 'api'))).toBe('api_key')
    expect(await codeOf(verifier.verify(ask({ authorization: 'Bearer no', 'x-api-key': KEY }), 'api'))).toBe('api_key')
    expect(await codeOf(verifier.verify(ask({ authorization: `Bearer ${KEY}x` }), 'api'))).toBe('invalid_api_key')
    expect(await codeOf(verifier.verify(ask(), 'api'))).toBe('invalid_api_key')
    const { token } = sessions.open({ ip: '', userAgent: '' })
    expect(await codeOf(verifier.verify(ask({ authorization: `Bearer ${token}` }), 'api'))).toBe('invalid_api_key')
  })

  test('scope admin takes a session or Basic, never the key', async () => {
    const verifier = verifierWith('a long password')
    const { token } = sessions.open({ ip: '', userAgent: '' })
    const as = (headers: Record<string, string>) => codeOf(verifier.verify(ask(headers), 'admin'))
    expect(await as({ authorization: `Bearer ${token}` })).toBe('admin')
    expect(await as({ cookie: `flow2api_session=${token}` })).toBe('admin')
    expect(await as({ authorization: basicHeader('admin', 'a long password') })).toBe('admin')
    expect(await as({ authorization: `Bearer ${KEY}` })).toBe('admin_required')
    expect(await as({ authorization: basicHeader('admin', 'wrong') })).toBe('admin_required')
    expect(await as({ authorization: basicHeader('root', 'a long password') })).toBe('admin_required')
    expect(await as({})).toBe('admin_required')
  })

  test('scope any takes either', async () => {
    const verifier = verifierWith('a long password')
    const as = (headers: Record<string, string>) => codeOf(verifier.verify(ask(headers), 'any'))
    expect(await as({ 'x-goog-api-key': KEY })).toBe('api_key')
    expect(await as({ authorization: basicHeader('admin', 'a long password') })).toBe('admin')
    expect(await as({ authorization: 'Bearer rubbish' })).toBe('invalid_api_key')
  })

  test('a cookie changes nothing for another site; a Bearer token needs no such proof', async () => {
    const verifier = verifierWith('a long password')
    const { token } = sessions.open({ ip: '', userAgent: '' })
    const post = (headers: Record<string, string>) =>
      codeOf(verifier.verify(ask(headers, 'http://gateway.test/x', 'POST'), 'admin'))
    const kept = { cookie: `flow2api_session=${token}` }
    expect(await post({ ...kept, 'sec-fetch-site': 'cross-site' })).toBe('admin_required')
    expect(await post({ ...kept, 'sec-fetch-site': 'same-origin' })).toBe('admin')
    expect(await post({ authorization: `Bearer ${token}` })).toBe('admin')
  })

  test('no message repeats what was sent', async () => {
    const verdict = await verifierWith('a long password').verify(ask({ authorization: 'Bearer hidden-value' }), 'any')
    expect(verdict.isErr() && verdict.error.message).not.toContain('hidden-value')
  })
})

describe('a kept password', () => {
  test('Basic is checked once a minute, and a changed password counts at once', async () => {
    store.put('admin_password', await hashPassword('first password'), 1)
    const login = loginWith('')
    const check = (password: string) => login.checkBasic('ip', 'admin', password)
    // More at once than the throttle would let fail.
    const all = await Promise.all(Array.from({ length: 12 }, () => check('first password')))
    expect(all.every(result => result.isOk())).toBe(true)
    const began = performance.now()
    for (let i = 0; i < 100; i++) expect((await check('first password')).isOk()).toBe(true)
    // One argon2 alone takes tens of milliseconds.
    expect(performance.now() - began).toBeLessThan(1000)
    expect((await login.change('ip', 'wrong', 'second password')).isErr()).toBe(true)
    expect((await login.change('ip', 'first password', 'second password')).isOk()).toBe(true)
    expect((await check('first password')).isErr()).toBe(true)
    expect((await check('second password')).isOk()).toBe(true)
    expect(store.get('admin_password')?.value).toStartWith('$argon2id$')
  })
})

describe('weak values', () => {
  const strong = { api_key: 'k'.repeat(32), admin_username: 'admin', admin_password: 'correct horse battery' }

  test.each([
    [{}, 0],
    [{ api_key: '', admin_password: '' }, 0],
    [{ admin_password: 'admin' }, 1],
    [{ admin_password: 'Password' }, 1],
    [{ admin_password: '123456' }, 1],
    [{ admin_username: 'caroline.smith', admin_password: 'caroline.smith' }, 1],
    [{ api_key: 'han1234' }, 1],
    [{ api_key: 'short-key', admin_password: 'admin' }, 2],
  ])('%p', (change, count) => {
    expect(weaknesses({ ...strong, ...change })).toHaveLength(count)
  })

  test.each([
    ['http://127.0.0.1:8000', false],
    ['http://localhost:8000', false],
    ['http://[::1]:8000', false],
    ['http://192.168.1.5:8000', true],
    ['https://gateway.example.com', true],
    ['http://127.evil.test', true],
    ['', true],
  ])('%p is public: %p', (url, expected) => {
    expect(isPublic(url)).toBe(expected)
  })
})
