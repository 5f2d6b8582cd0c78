import { describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AuditEntry, Audited, Auth } from 'flow2api/contracts'
import { createTestKernel, manualClock, type TestKernel, type TestOptions } from 'flow2api/testing'
import auth from '../../plugins/auth/index.ts'

const PASSWORD = 'correct horse battery'
const CONFIGURED = { global: { api_key: 'sk-test-0123456789abcdef', admin_password: PASSWORD } }

const boot = (options: Partial<TestOptions> = {}) => createTestKernel({ plugins: { auth }, ...options })

const post = (kernel: TestKernel, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  kernel.fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
const logIn = (kernel: TestKernel, password = PASSWORD, username = 'admin') =>
  post(kernel, '/admin/api/login', { username, password })
// What the routes answer is checked by the assertions on it.
const tokenOf = async (answer: Response) => ((await answer.json()) as { token: string }).token
const verify = async (kernel: TestKernel, headers: Record<string, string>, scope: 'api' | 'admin' = 'admin') =>
  (await kernel.ask(Auth).verify(new Request('http://x/', { headers }), scope)).match(
    caller => caller.kind,
    fault => fault.code,
  )
const made = (kernel: TestKernel) => {
  const text = kernel.announced.flat().join('\n')
  return { key: /sk-f2a-\w+/.exec(text)?.[0] ?? '', password: /admin \/ (\w+)/.exec(text)?.[1] ?? '' }
}

/** Runs `use` with a data directory that several kernels may open one after the other. */
async function withDataDir(use: (dataDir: string) => Promise<void>) {
  const dataDir = await mkdtemp(join(tmpdir(), 'flow2api-auth-'))
  try {
    await use(dataDir)
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

describe('first start', () => {
  test('makes a key and a password, shows them once, keeps them, and never logs them', () =>
    withDataDir(async dataDir => {
      const log: string[] = []
      const onLog = (line: object) => void log.push(JSON.stringify(line))
      const first = await boot({ dataDir, onLog })
      const { key, password } = made(first)
      expect(await verify(first, { authorization: `Bearer ${key}` }, 'api')).toBe('api_key')
      expect((await logIn(first, password)).status).toBe(200)
      await first.stop()

      await using second = await boot({ dataDir, onLog })
      expect(second.announced).toEqual([])
      expect(await verify(second, { 'x-api-key': key }, 'api')).toBe('api_key')
      expect((await logIn(second, password)).status).toBe(200)
      expect(log.join('\n')).not.toContain(key)
      expect(log.join('\n')).not.toContain(password)
      const files = await Array.fromAsync(new Bun.Glob('**').scan({ cwd: dataDir, absolute: true }))
      for (const file of files) {
        const bytes = Buffer.from(await Bun.file(file).arrayBuffer())
        expect(bytes.includes(key) || bytes.includes(password)).toBe(false)
      }
      expect(files.length).toBeGreaterThan(0)
    }))

  test('what is configured is used, and nothing is made', async () => {
    await using kernel = await boot({ config: CONFIGURED })
    expect(kernel.announced).toEqual([])
    expect(await verify(kernel, { 'api-key': CONFIGURED.global.api_key }, 'api')).toBe('api_key')
    expect((await logIn(kernel)).status).toBe(200)
  })

  test('weak values on a public address are announced, without the values', async () => {
    const global = { api_key: 'han1234', admin_password: 'admin' }
    await using kernel = await boot({ config: { global, server: { public_url: 'https://gateway.example.com' } } })
    const text = kernel.announced.flat().join('\n')
    expect(text).toContain('admin_password is easy to guess')
    expect(text).toContain('api_key is easy to guess')
    expect(text).not.toContain('han1234')
    await using local = await boot({ config: { global } })
    expect(local.announced).toEqual([])
  })
})

describe('sessions', () => {
  test('login answers a token and a cookie; logout ends both', async () => {
    const clock = manualClock()
    await using kernel = await boot({ config: CONFIGURED, clock })
    const answer = await logIn(kernel)
    const cookie = answer.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/^flow2api_session=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/; Max-Age=\d+$/)
    // As above.
    const { token, expires_at } = (await answer.json()) as { token: string; expires_at: number }
    expect(expires_at).toBe(clock.now() / 1000 + 7 * 86_400)
    const asCookie = { cookie: `flow2api_session=${token}` }
    expect(await verify(kernel, { authorization: `Bearer ${token}` })).toBe('admin')
    expect(await verify(kernel, asCookie)).toBe('admin')

    const foreign = await post(kernel, '/admin/api/logout', undefined, { ...asCookie, 'sec-fetch-site': 'cross-site' })
    expect(foreign.headers.get('set-cookie')).toBeNull()
    expect(await verify(kernel, asCookie)).toBe('admin')
    const out = await post(kernel, '/admin/api/logout', undefined, { ...asCookie, 'sec-fetch-site': 'same-origin' })
    expect(out.status).toBe(204)
    expect(out.headers.get('set-cookie')).toContain('Max-Age=0')
    expect(await verify(kernel, asCookie)).toBe('admin_required')
  })

  test('the cookie is Secure where the gateway is reached through HTTPS', async () => {
    const server = { public_url: 'https://gateway.example.com' }
    await using kernel = await boot({ config: { ...CONFIGURED, server } })
    expect((await logIn(kernel)).headers.get('set-cookie')).toEndWith('; Secure')
  })

  test('a reload keeps them; another password in the configuration ends them', async () => {
    await using kernel = await boot({ config: CONFIGURED })
    const authorization = `Bearer ${await tokenOf(await logIn(kernel))}`
    await kernel.reload({ config: { global: { ...CONFIGURED.global, api_key: 'sk-test-another-0123456' } } })
    expect(await verify(kernel, { authorization })).toBe('admin')
    expect(await verify(kernel, { 'x-api-key': 'sk-test-another-0123456' }, 'api')).toBe('api_key')
    await kernel.reload({ config: { global: { ...CONFIGURED.global, admin_password: 'another one altogether' } } })
    expect(await verify(kernel, { authorization })).toBe('admin_required')
    expect((await logIn(kernel, 'another one altogether')).status).toBe(200)
    expect(kernel.leaks()).toEqual([])
  })
})

describe('mistakes', () => {
  test('a wrong password, a wrong name and a body that does not fit are told apart', async () => {
    await using kernel = await boot({ config: CONFIGURED })
    const error = async (answer: Response) => ({ status: answer.status, ...(await answer.json()) })
    expect(await error(await logIn(kernel, 'wrong'))).toMatchObject({
      status: 401,
      error: { type: 'invalid_request_error', param: null, code: 'login_failed' },
    })
    expect(await error(await logIn(kernel, PASSWORD, 'root'))).toMatchObject({ error: { code: 'login_failed' } })
    const odd = await post(kernel, '/admin/api/login', { username: 'admin', pasword: 'x' })
    expect(await error(odd)).toMatchObject({
      status: 400,
      error: { code: 'missing_required_parameter', param: 'password' },
    })
    const extra = await post(kernel, '/admin/api/login', { username: 'admin', password: 'x', otp: 1 })
    expect(await error(extra)).toMatchObject({ status: 400, error: { code: 'invalid_value', param: 'otp' } })
    const raw = await kernel.fetch('/admin/api/login', { method: 'POST', body: '{' })
    expect(await error(raw)).toMatchObject({ status: 400, error: { code: 'invalid_json' } })
  })

  test('guessing is slowed down, over a reload too, and time heals it', async () => {
    const clock = manualClock()
    await using kernel = await boot({ config: CONFIGURED, clock })
    for (let i = 0; i < 5; i++) expect((await logIn(kernel, `guess ${i}`)).status).toBe(401)
    const refused = await logIn(kernel)
    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).toBe('1')
    await kernel.reload({ config: { global: { ...CONFIGURED.global, api_key: 'sk-test-another-0123456' } } })
    expect((await logIn(kernel)).status).toBe(429)
    await clock.advance(1000)
    expect((await logIn(kernel)).status).toBe(200)
  })
})

describe('changing the password', () => {
  test('takes the old one, and ends every session', async () => {
    await using kernel = await boot({ config: { global: { api_key: CONFIGURED.global.api_key } } })
    const { password } = made(kernel)
    const authorization = `Bearer ${await tokenOf(await logIn(kernel, password))}`
    const change = (old_password: string, new_password: string, headers: Record<string, string> = { authorization }) =>
      post(kernel, '/admin/api/password', { old_password, new_password }, headers)
    expect((await change(password, 'a new password', {})).status).toBe(401)
    expect((await change('wrong', 'a new password')).status).toBe(401)
    const short = await change(password, 'short')
    expect(await short.json()).toMatchObject({ error: { param: 'new_password' } })
    expect(await verify(kernel, { authorization })).toBe('admin')

    expect((await change(password, 'a new password')).status).toBe(204)
    expect(await verify(kernel, { authorization })).toBe('admin_required')
    expect((await logIn(kernel, password)).status).toBe(401)
    const after = `Bearer ${await tokenOf(await logIn(kernel, 'a new password'))}`
    const global = { api_key: 'sk-test-another-0123456' }
    expect((await kernel.reload({ config: { global } })).isOk()).toBe(true)
    expect(await verify(kernel, { authorization: after })).toBe('admin')
    expect(kernel.announced).toHaveLength(1)
  })

  test('is refused where the configuration sets it', async () => {
    await using kernel = await boot({ config: CONFIGURED })
    const authorization = `Bearer ${await tokenOf(await logIn(kernel))}`
    const body = { old_password: PASSWORD, new_password: 'a new password' }
    const answer = await post(kernel, '/admin/api/password', body, { authorization })
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('[global] admin_password')
  })
})

test('who logged in, who was refused and who changed the password is told for the audit log, without secrets', async () => {
  await using kernel = await boot()
  const { password } = made(kernel)
  const told: AuditEntry[] = []
  kernel.on(Audited, entry => void told.push(entry))
  await logIn(kernel, 'a wrong guess')
  const token = await tokenOf(await logIn(kernel, password))
  const body = { old_password: password, new_password: 'another long one' }
  expect((await post(kernel, '/admin/api/password', body, { authorization: `Bearer ${token}` })).status).toBe(204)
  expect(told.map(({ actor, action }) => [actor, action])).toEqual([
    ['', 'login.refused'],
    ['admin', 'login'],
    ['admin', 'password.change'],
  ])
  expect(told.every(({ ip }) => ip !== '')).toBe(true)
  expect(JSON.stringify(told)).not.toMatch(new RegExp(`a wrong guess|another long one|${password}|${token}`))
})
