/** The console's sessions: seen, ended one by one, and of no use to a page of another site. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { createTestKernel, manualClock, type TestKernel } from 'flow2api/testing'
import auth from '../../plugins/auth/index.ts'

const PASSWORD = 'correct horse battery'
const config = { global: { api_key: 'sk-test-0123456789abcdef', admin_password: PASSWORD } }

let kernel: TestKernel
const clock = manualClock(1_000_000)
beforeEach(async () => {
  kernel = await createTestKernel({ plugins: { auth }, config, clock })
})
afterEach(() => kernel.stop())

const ask = (method: string, path: string, cookie: string, headers: Record<string, string> = {}) =>
  kernel.fetch(path, { method, headers: { ...(cookie && { cookie }), 'sec-fetch-site': 'same-origin', ...headers } })

const logIn = (password = PASSWORD, agent = 'test') =>
  kernel.fetch('/admin/api/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': agent },
    body: JSON.stringify({ username: 'admin', password }),
  })
/** Name of whoever is signed in with it; null: nobody. */
const operator = async (cookie: string) => {
  const answer = await (await ask('GET', '/admin/api/session', cookie)).json()
  return answer.operator?.username ?? null
}
/** As a browser sends it back. */
const cookieOf = async (agent: string) => ((await logIn(PASSWORD, agent)).headers.get('set-cookie') ?? '').split(';')[0]

interface Listed {
  readonly data: readonly { readonly id: string; readonly user_agent: string; readonly current: boolean }[]
}
// What the route answers is checked by the assertions on it.
const listed = async (cookie: string) => (await (await ask('GET', '/admin/api/sessions', cookie)).json()) as Listed

describe('sessions', () => {
  test('are listed without anything that opens one, and end when revoked', async () => {
    const desk = (await cookieOf('desk')) ?? ''
    const phone = (await cookieOf('phone')) ?? ''
    const { data } = await listed(desk)
    expect(data.map(({ user_agent, current }) => [user_agent, current])).toContainEqual(['desk', true])
    const other = data.find(({ user_agent }) => user_agent === 'phone')
    expect(other?.current).toBe(false)
    expect(JSON.stringify(data)).not.toContain(phone.split('=')[1] ?? '?')

    expect((await ask('DELETE', `/admin/api/sessions/${other?.id}`, desk)).status).toBe(200)
    expect(await operator(phone)).toBeNull()
    expect(await operator(desk)).toBe('admin')
    expect((await ask('DELETE', `/admin/api/sessions/${other?.id}`, desk)).status).toBe(404)
  })

  test('all others end together', async () => {
    const first = (await cookieOf('first')) ?? ''
    const second = (await cookieOf('second')) ?? ''
    expect(await (await ask('DELETE', '/admin/api/sessions', first)).json()).toEqual({ deleted: 1 })
    expect(await operator(second)).toBeNull()
    expect((await listed(first)).data).toHaveLength(1)
  })

  test.each(['%', '_______________%', '', '../login', 'f'.repeat(64)])('no id but a whole one: %p', async id => {
    const own = (await cookieOf('own')) ?? ''
    expect((await ask('DELETE', `/admin/api/sessions/${encodeURIComponent(id)}x`, own)).status).toBe(404)
    expect(await operator(own)).toBe('admin')
  })

  test('who is signed in is told to nobody else', async () => {
    expect(await operator('')).toBeNull()
    expect((await ask('GET', '/admin/api/sessions', '')).status).toBe(401)
    const own = (await cookieOf('own')) ?? ''
    expect(await (await ask('GET', '/admin/api/session', own)).json()).toEqual({
      object: 'sign_in',
      operator: { username: 'admin', password_fixed: true },
    })
  })

  test.each([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': '', origin: 'https://evil.example' },
  ])('cannot be used by a page of another site: %p', async headers => {
    const own = (await cookieOf('own')) ?? ''
    const clean = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ''))
    const forged = await kernel.fetch('/admin/api/sessions', { method: 'DELETE', headers: { cookie: own, ...clean } })
    expect(forged.status).toBe(401)
    expect(forged.headers.get('access-control-allow-origin')).toBeNull()
    expect(await operator(own)).toBe('admin')
  })

  test('the cookie is out of reach of scripts and other sites', async () => {
    const cookie = (await logIn()).headers.get('set-cookie') ?? ''
    expect(cookie).toContain('HttpOnly')
    expect(cookie).toContain('SameSite=Strict')
    expect(cookie).toContain('Path=/')
  })

  test('die with a change of the password', async () => {
    const own = (await cookieOf('own')) ?? ''
    await kernel.reload({ config: { global: { ...config.global, admin_password: 'another good password' } } })
    expect(await operator(own)).toBeNull()
  })
})

test('ten wrong passwords in a row are slowed down, and the right one waits too', async () => {
  const codes: number[] = []
  for (let n = 0; n < 10; n++) codes.push((await logIn(`wrong ${n}`)).status)
  expect(codes.slice(0, 5)).toEqual([401, 401, 401, 401, 401])
  expect(codes.slice(5).every(status => status === 429)).toBe(true)
  const blocked = await logIn()
  expect(blocked.status).toBe(429)
  expect(Number(blocked.headers.get('retry-after'))).toBeGreaterThan(0)
})
