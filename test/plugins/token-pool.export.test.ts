/** Accounts out, sealed or in clear, and back in; and what browser extensions send. */
import { describe, expect, test } from 'bun:test'
import { domainFault } from 'flow2api/contracts'
import { importFixture } from '../fixtures/imports.ts'
import { openPool } from './token-pool.import.fixture.ts'

const PASSPHRASE = 'a passphrase of some length'
const KEPT = ['email', 'remark', 'project_id', 'project_name', 'image_enabled', 'video_enabled', 'image_concurrency']

describe('an export', () => {
  test('in clear is taken back elsewhere, with every field, and changes nothing where it comes from', async () => {
    await using pool = await openPool()
    await pool.bringIn(importFixture('accounts.csv'))
    await pool.post('/admin/api/tokens/1/disable', {})
    const before = await pool.accounts()
    const answer = await pool.post('/admin/api/accounts/export', {})
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="flow2api-accounts-[\d-]+\.json"$/)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const document = await answer.text()
    expect(document).toContain('proxy-password')
    expect(await pool.bringIn(document)).toMatchObject({ format: 'flow2api', counts: { unchanged: 3 } })
    expect(await pool.accounts()).toEqual(before)

    await using other = await openPool()
    expect(await other.bringIn(document)).toMatchObject({ format: 'flow2api', counts: { add: 3 } })
    const copied = await other.accounts()
    for (const field of [...KEPT, 'video_concurrency', 'proxy_url', 'state'])
      expect(copied.map(account => account[field])).toEqual(before.map(account => account[field]))
    expect(await other.bringIn(document)).toMatchObject({ counts: { unchanged: 3 } })
  })

  test('that is sealed shows nothing, opens with its passphrase, and with no other', async () => {
    await using pool = await openPool()
    await pool.bringIn(importFixture('accounts.csv'))
    const sealed = await (await pool.post('/admin/api/accounts/export', { passphrase: PASSPHRASE })).text()
    expect(sealed).not.toMatch(/emulator-session|proxy-password|flow\.example/)
    expect(JSON.parse(sealed)).toMatchObject({ object: 'flow2api.accounts', version: 1, sealed: { kdf: 'scrypt' } })

    await using other = await openPool()
    expect(await other.bringIn(sealed)).toMatchObject({
      status: 400,
      error: { code: 'missing_required_parameter', param: 'passphrase' },
    })
    const wrong = await other.bringIn(sealed, { passphrase: `${PASSPHRASE}!` })
    expect(wrong).toMatchObject({ status: 400, error: { code: 'invalid_value', param: 'passphrase' } })
    expect(wrong.error?.message).toContain('passphrase does not open')
    expect(await other.accounts()).toEqual([])
    expect(await other.bringIn(sealed, { passphrase: PASSPHRASE })).toMatchObject({ counts: { add: 3 } })
    expect(await other.bringIn(sealed, { passphrase: PASSPHRASE })).toMatchObject({ counts: { unchanged: 3 } })
  })

  test('whose head or body was changed does not open', async () => {
    await using pool = await openPool()
    await pool.bringIn('emulator-session-pro')
    const sealed = await (await pool.post('/admin/api/accounts/export', { passphrase: PASSPHRASE })).json()
    const head = { ...(sealed as object), exported_at: 1 } // an object, as above
    expect(await pool.bringIn(JSON.stringify(head), { passphrase: PASSPHRASE })).toMatchObject({ status: 400 })
    const costly = JSON.parse(JSON.stringify(sealed))
    costly.sealed.n = 2 ** 30
    expect(await pool.bringIn(JSON.stringify(costly), { passphrase: PASSPHRASE })).toMatchObject({
      status: 400,
      error: { message: expect.stringContaining('damaged') },
    })
  })

  test('is written down with who took it, and a short passphrase is refused', async () => {
    await using pool = await openPool()
    await pool.bringIn('emulator-session-pro')
    pool.audited.length = 0
    expect((await pool.post('/admin/api/accounts/export', { passphrase: 'short' })).status).toBe(400)
    expect((await pool.post('/admin/api/accounts/export', [])).status).toBe(400)
    expect(pool.audited).toEqual([])
    await pool.post('/admin/api/accounts/export', { passphrase: PASSPHRASE })
    const plain = await pool.call('/admin/api/tokens/export')
    expect(await plain.json()).toMatchObject({ accounts: [{ email: 'pro@flow.example' }] })
    expect(pool.audited).toMatchObject([
      { actor: 'admin', action: 'account.export', target: '1 accounts', detail: 'sealed with a passphrase' },
      { actor: 'admin', action: 'account.export', target: '1 accounts', detail: 'in clear' },
    ])
  })
})

describe('a browser extension', () => {
  const token = { session_token: 'emulator-session-pro', route_key: 'laptop', ext_version: '3.7.5' }

  test('adds an account, and updates it by its e-mail', async () => {
    await using pool = await openPool()
    expect(await pool.extension('update-token', { ...token, image_concurrency: 2 })).toEqual({
      status: 200,
      body: { success: true, message: 'Token added for pro@flow.example', action: 'added', token_id: 1 },
    })
    expect(await pool.accounts()).toMatchObject([{ remark: 'Added by the browser extension', image_concurrency: 2 }])
    await pool.call('/admin/api/tokens/1', { method: 'PATCH', body: JSON.stringify({ remark: 'mine' }) })
    const updated = { success: true, message: 'Token updated for pro@flow.example', action: 'updated', token_id: 1 }
    const again = { session_token: 'emulator-session-pro-again' }
    for (let time = 0; time < 2; time++)
      expect(await pool.extension('update-token', again)).toEqual({ status: 200, body: updated })
    // The same token as last time needs no word with the upstream.
    expect(pool.flow.opened).toEqual(['emulator-session-pro', 'emulator-session-pro-again'])
    expect(await pool.accounts()).toMatchObject([{ remark: 'mine', name: 'emulator-session-pro-again' }])
    const own = pool.audited.filter(({ actor }) => actor === 'extension')
    expect(own.map(({ action }) => action)).toEqual(['account.add', 'account.edit', 'account.edit'])
  })

  test('learns which accounts need it, and brings one back', async () => {
    await using pool = await openPool()
    await pool.extension('update-token', token)
    await pool.extension('update-token', { session_token: 'emulator-session-free' })
    pool.flow.faults.set('emulator-session-pro', domainFault('account_needs_session', 'Signed out.'))
    await pool.post('/admin/api/tokens/1/refresh', {})
    await pool.post('/admin/api/tokens/2/disable', {})
    expect((await pool.extension('check-tokens', {})).body).toEqual({
      success: true,
      tokens: [
        {
          id: 1,
          email: 'pro@flow.example',
          is_active: true,
          needs_refresh: true,
          at_expires: new Date(pool.clock.now() + 3_600_000).toISOString(),
          last_used_at: null,
          protocol_mode: 'session',
          auto_refresh_enabled: true,
          refresh_interval_minutes: 120,
          last_st_refresh_at: null,
          last_st_refresh_result: null,
          credits: 100,
        },
        expect.objectContaining({ id: 2, email: 'free@flow.example', is_active: false, needs_refresh: false }),
      ],
    })
    expect((await pool.extension('check-tokens', { emails: ['FREE@flow.example', 7] })).body['tokens']).toHaveLength(1)
    expect((await pool.extension('update-token', { session_token: 'emulator-session-pro-again' })).body).toMatchObject({
      message: 'Token updated and auto-enabled for pro@flow.example',
      auto_enabled: true,
    })
    expect(await pool.accounts()).toMatchObject([{ state: 'ready' }, { state: 'disabled' }])
  })

  test('is told in `detail` what is wrong', async () => {
    await using pool = await openPool()
    const detail = async (body: object, connection?: string) => {
      const answer = await pool.extension('update-token', body, connection)
      return [answer.status, answer.body['detail']]
    }
    expect(await detail(token, 'admin')).toEqual([401, 'Invalid connection token'])
    expect(await detail({}, '')).toEqual([401, 'Invalid connection token'])
    expect(await detail({})).toEqual([400, 'Missing session_token'])
    expect(await detail({ session_token: 'hidden' })).toEqual([400, 'Invalid session token: Sign in again.'])
    expect(await detail({ session_token: 'hid den' })).toEqual([400, expect.stringContaining('no Flow session token')])
    pool.flow.faults.set('emulator-session-pro', domainFault('upstream_unreachable', 'Nobody answers.'))
    expect(await detail(token)).toEqual([502, 'Invalid session token: Nobody answers.'])
    expect((await pool.extension('check-tokens', {}, 'admin')).status).toBe(401)
    // The value alone does as well.
    const bare = { headers: { authorization: 'connection-token-of-the-test' }, method: 'POST', body: '{}' }
    expect((await pool.call('/api/plugin/check-tokens', bare)).status).toBe(200)
  })

  test('finds nothing while no connection token is set', async () => {
    await using pool = await openPool({ config: {} })
    for (const path of ['update-token', 'check-tokens'])
      for (const connection of ['', 'admin']) expect((await pool.extension(path, token, connection)).status).toBe(404)
  })
})
