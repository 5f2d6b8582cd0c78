/** Accounts in, from every format that operators have them in. */
import { describe, expect, test } from 'bun:test'
import { domainFault } from 'flow2api/contracts'
import { importFixture } from '../fixtures/imports.ts'
import { openPool } from './token-pool.import.fixture.ts'

const ADDED = { add: 3, update: 0, unchanged: 0, refused: 0 }

/** Fixture, what it is taken for, what the first run comes to, and fields that are there afterwards, by e-mail. */
const FORMATS: readonly [string, string, Record<string, number>, Record<string, Record<string, unknown>>][] = [
  ['session-tokens.txt', 'session_tokens', ADDED, { 'pro@flow.example': { remark: '', image_concurrency: -1 } }],
  ['cookie-header.txt', 'cookie_header', { ...ADDED, add: 1 }, { 'pro@flow.example': {} }],
  ['cookies.txt', 'netscape', { ...ADDED, add: 1 }, { 'ultra@flow.example': {} }],
  ['cookies.json', 'cookie_json', { ...ADDED, add: 1 }, { 'pro@flow.example': {} }],
  [
    'accounts.csv',
    'csv',
    ADDED,
    {
      'free@flow.example': { remark: 'Cheap, slow', video_enabled: false, image_concurrency: 2, video_concurrency: 0 },
      'pro@flow.example': {
        remark: 'Says "hello"',
        project_id: '7b1ab21e-86e4-4c52-9e1c-0d2f9c64f1a1',
        project_name: 'Pro project',
        image_enabled: true,
        video_enabled: false,
        proxy_url: 'http://proxyuser:***@127.0.0.1:18080',
      },
    },
  ],
  [
    'accounts.json',
    'json',
    ADDED,
    {
      'pro@flow.example': { remark: 'From a list', image_concurrency: 3 },
      'ultra@flow.example': { video_enabled: false },
    },
  ],
  [
    'python-export.json',
    'python_json',
    { ...ADDED, add: 2 },
    // To the Python flow2api a limit of 0 means none.
    { 'ultra@flow.example': { state: 'disabled', image_concurrency: -1, video_concurrency: 2 } },
  ],
  [
    'python-tokens.json',
    'python_json',
    { ...ADDED, add: 1 },
    {
      'pro@flow.example': {
        remark: 'Main',
        project_id: '2f9b8f04-0b63-44cc-8bd7-3c2f5a3a1b02',
        video_concurrency: 1,
        proxy_url: 'socks5://proxyuser:***@127.0.0.1:18081',
      },
    },
  ],
  [
    'python-flow.sql',
    'sqlite',
    { ...ADDED, add: 2, refused: 1 },
    { 'pro@flow.example': { remark: 'Main', image_concurrency: -1, video_concurrency: 2, state: 'ready' } },
  ],
]

describe.each(FORMATS)('%s', (name, format, first, expected) => {
  test('is recognised, tried, imported, and changes nothing the second time', async () => {
    await using pool = await openPool()
    const file = importFixture(name)

    const tried = await pool.bringIn(file, { dry_run: true })
    expect(tried).toMatchObject({ status: 200, format, dry_run: true })
    expect(tried.counts.update + tried.counts.unchanged).toBe(0)
    expect(pool.flow.opened).toEqual([])
    expect(await pool.accounts()).toEqual([])

    const imported = await pool.bringIn(file)
    expect(imported).toMatchObject({ status: 200, format, dry_run: false })
    expect<object>(imported.counts).toEqual(first)
    const accounts = await pool.accounts()
    for (const [email, fields] of Object.entries(expected))
      expect(accounts.find(account => account['email'] === email)).toMatchObject(fields)

    const opened = pool.flow.opened.length
    const again = await pool.bringIn(file)
    expect<object>(again.counts).toEqual({ add: 0, update: 0, unchanged: first['add'], refused: first['refused'] })
    expect(await pool.accounts()).toEqual(accounts)
    // Only what opened nothing is tried once more.
    expect(pool.flow.opened.length - opened).toBe(first['refused'] ?? 0)
  })
})

describe('rows', () => {
  test('that are malformed are refused by themselves, with the reason and without their values', async () => {
    await using pool = await openPool()
    const report = await pool.bringIn(
      JSON.stringify([
        { st: 'emulator-session-free' },
        { email: 'nobody@flow.example' },
        { st: 'emulator-session-pro', image_concurrency: 'hidden-many' },
        { st: 'emulator-session-pro', proxy_url: 'ftp://u:hidden@proxy:1' },
        { st: 'hidden with spaces' },
        { st: 'x', email: 'hidden' },
        { st: 'x', provider: 'acme' },
        17,
        { st: 'emulator-session-gone' },
        { st: 'emulator-session-ultra', email: 'somebody.else@flow.example' },
        { st: 'emulator-session-pro' },
        { st: 'emulator-session-pro', remark: 'twice' },
      ]),
    )
    expect(report.data.map(({ verdict }) => verdict).join(' ')).toBe(
      'add refused refused refused refused refused refused refused refused refused add refused',
    )
    const refused = report.data.filter(({ verdict }) => verdict === 'refused')
    expect(refused.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('no session token'),
      expect.stringContaining('`image_concurrency`'),
      expect.stringContaining('http://'),
      expect.stringContaining('no Flow session token'),
      expect.stringContaining('`email`'),
      expect.stringContaining('flow-provider'),
      expect.stringContaining('neither an object'),
      'Sign in again.',
      expect.stringContaining('another account'),
      expect.stringContaining('Row 11'),
    ])
    expect(JSON.stringify(report)).not.toMatch(/hidden|emulator-session/)
  })

  test('of an account that is here already update it by e-mail, as far as they say something', async () => {
    await using pool = await openPool()
    await pool.bringIn('emulator-session-pro')
    const [before] = await pool.accounts()
    const row = { email: 'PRO@flow.example', st: 'emulator-session-pro-again', remark: 'new', proxy_url: '' }
    const tried = await pool.bringIn(JSON.stringify([row]), { dry_run: true })
    expect(tried.data).toEqual([
      { row: 1, email: 'pro@flow.example', verdict: 'update', account_id: 1, changes: ['st', 'remark'], reason: null },
    ])
    expect((await pool.bringIn(JSON.stringify([row]))).data).toEqual(tried.data)
    expect(await pool.accounts()).toEqual([
      { ...before, remark: 'new', name: 'emulator-session-pro-again', project_id: 'project of emulator-session-pro' },
    ])
    // Settings alone need no word with the upstream.
    const opened = pool.flow.opened.length
    const settings = { st: 'emulator-session-pro-again', video_enabled: false }
    expect((await pool.bringIn(JSON.stringify([settings]))).data).toMatchObject([
      { verdict: 'update', account_id: 1, changes: ['video_enabled'] },
    ])
    expect(pool.flow.opened).toHaveLength(opened)
  })

  test('that turn out to be of one account only when they are opened: one counts, in each run the same', async () => {
    await using pool = await openPool()
    const content = 'emulator-session-pro\nemulator-session-pro-again'
    expect((await pool.bringIn(content)).counts).toMatchObject({ add: 1, refused: 1 })
    const accounts = await pool.accounts()
    for (let run = 0; run < 2; run++) {
      expect((await pool.bringIn(content)).counts).toMatchObject({ add: 0, update: 0, unchanged: 1, refused: 1 })
      expect(await pool.accounts()).toEqual(accounts)
    }
  })

  test('a lost session is opened anew, also with a token that was imported before', async () => {
    await using pool = await openPool()
    await pool.bringIn('emulator-session-pro')
    const lost = domainFault('account_needs_session', 'Signed out.')
    pool.flow.faults.set('emulator-session-pro', lost)
    await pool.post('/admin/api/tokens/1/refresh', {})
    expect(await pool.accounts()).toMatchObject([{ state: 'needs_session' }])
    expect((await pool.bringIn('emulator-session-pro')).data).toMatchObject([
      { verdict: 'refused', reason: 'Signed out.' },
    ])
    pool.flow.faults.clear()
    expect((await pool.bringIn('emulator-session-pro')).data).toMatchObject([{ verdict: 'update', changes: ['st'] }])
    expect(await pool.accounts()).toMatchObject([{ state: 'ready' }])
  })

  test('an account’s own proxy is the way on which its new session is opened', async () => {
    await using pool = await openPool()
    await pool.bringIn(JSON.stringify([{ st: 'emulator-session-pro', proxy_url: 'proxy.test:1080:u:p' }]))
    pool.flow.routes.length = 0
    await pool.bringIn(JSON.stringify([{ st: 'emulator-session-pro-again', email: 'pro@flow.example' }]))
    for (const route of pool.flow.routes)
      expect(route).toEqual({ accountId: 1, proxyUrl: 'http://u:p@proxy.test:1080' })
    expect(pool.flow.routes).not.toHaveLength(0)
  })

  test('a person’s decision to switch an account off outlasts an import', async () => {
    await using pool = await openPool()
    await pool.bringIn('emulator-session-pro')
    await pool.post('/admin/api/tokens/1/disable', {})
    await pool.bringIn(JSON.stringify([{ st: 'emulator-session-pro-again', email: 'pro@flow.example', enabled: true }]))
    expect(await pool.accounts()).toMatchObject([{ state: 'disabled', name: 'emulator-session-pro-again' }])
  })

  test('an account that was added by hand, from a whole cookie header, is the same one', async () => {
    await using pool = await openPool()
    const st = 'Cookie: csrf=hidden; __Secure-next-auth.session-token=emulator-session-pro'
    await pool.post('/admin/api/tokens', { st, remark: 'by hand' })
    expect(pool.flow.opened).toEqual(['emulator-session-pro'])
    expect((await pool.bringIn('emulator-session-pro')).counts).toMatchObject({ add: 0, update: 1 })
    expect((await pool.bringIn('emulator-session-pro')).counts).toMatchObject({ unchanged: 1 })
    expect(await pool.accounts()).toMatchObject([{ id: 1, remark: 'by hand' }])
    expect((await pool.post('/admin/api/tokens', { st: 'no session' })).status).toBe(400)
  })

  test('an account that was deleted can be imported again', async () => {
    await using pool = await openPool()
    await pool.bringIn('emulator-session-pro')
    await pool.call('/admin/api/tokens/1', { method: 'DELETE' })
    expect((await pool.bringIn('emulator-session-pro')).counts).toMatchObject({ add: 1 })
  })

  test('what the upstream cannot answer now is left to the next run', async () => {
    await using pool = await openPool()
    const many = Array.from({ length: 6 }, (_, index) => `session-${index}`)
    for (const st of many) pool.flow.emails.set(st, `${st}@flow.example`)
    const late = domainFault('upstream_unreachable', 'Nobody answers.')
    for (const st of many.slice(0, 2)) pool.flow.faults.set(st, late)
    expect((await pool.bringIn(many.join('\n'))).counts).toMatchObject({ add: 4, refused: 2 })
    pool.flow.faults.clear()
    expect((await pool.bringIn(many.join('\n'))).counts).toMatchObject({ add: 2, unchanged: 4 })
  })

  test('an import that takes too long ends, and the next run takes up what it did not reach', async () => {
    await using pool = await openPool()
    const many = Array.from({ length: 80 }, (_, index) => `session-${index}`)
    for (const st of many) pool.flow.emails.set(st, `${st}@flow.example`)
    // Each takes as long as it may.
    pool.flow.onOpen = () => pool.clock.advance(59_000)
    const { data } = await pool.bringIn(many.join('\n'))
    expect(data.at(-1)).toMatchObject({ verdict: 'refused', reason: expect.stringContaining('before its turn came') })
    pool.flow.onOpen = () => Promise.resolve()
    expect((await pool.bringIn(many.join('\n'))).counts).toMatchObject({ refused: 0 })
    expect(await pool.accounts()).toHaveLength(many.length)
  })
})

describe('requests', () => {
  test('take the accounts themselves as well, under either path', async () => {
    await using pool = await openPool()
    const tokens = [{ session_token: 'emulator-session-pro', email: 'pro@flow.example', is_active: true }]
    const answer = await pool.post('/admin/api/tokens/import', { tokens })
    expect(await answer.json()).toMatchObject({ format: 'python_json', counts: { add: 1 } })
    const again = await pool.post('/admin/api/accounts/import', { accounts: ['emulator-session-pro'] })
    expect(await again.json()).toMatchObject({ format: 'json', counts: { unchanged: 1 } })
  })

  test.each([
    ['nothing', {}, 'missing_required_parameter', 'content'],
    ['two things', { content: 'x', accounts: [] }, 'missing_required_parameter', 'content'],
    ['an unknown field', { content: 'x', dry: true }, 'invalid_value', 'dry'],
    ['an unknown provider', { content: 'x', provider: 'acme' }, 'invalid_value', 'provider'],
    ['broken JSON', { content: '{"st": hidden' }, 'invalid_json', null],
    ['JSON without accounts', { content: '{"hidden": 1}' }, 'invalid_value', null],
    ['nothing but remarks', { content: '  \n# nothing\n' }, 'invalid_value', null],
    ['too much', { content: 'x\n'.repeat(5001) }, 'invalid_value', null],
  ])('with %s are refused as a whole', async (_, body, code, param) => {
    await using pool = await openPool()
    const answer = await pool.post('/admin/api/accounts/import', body)
    const { error } = (await answer.json()) as { error: { message: string } } // the envelope
    expect(answer.status).toBe(400)
    expect(error).toMatchObject({ code, param })
    expect(error.message).not.toContain('hidden')
  })

  test('a file that is no database of flow2api is refused with what it is', async () => {
    await using pool = await openPool()
    const broken = importFixture('python-flow.sql').slice(0, 3000)
    expect(await pool.bringIn(broken)).toMatchObject({ status: 400, error: { code: 'invalid_value', param: 'file' } })
  })

  test('are for the admin alone, and in the audit log', async () => {
    await using pool = await openPool()
    for (const path of ['accounts/import', 'accounts/export', 'tokens/import', 'tokens/export'])
      expect((await pool.post(`/admin/api/${path}`, { content: 'x' }, 'wrong')).status).toBe(401)
    await pool.bringIn('emulator-session-pro', { dry_run: true })
    expect(pool.audited).toEqual([])
    await pool.bringIn('emulator-session-pro')
    expect(pool.audited).toMatchObject([{ actor: 'admin', action: 'account.import', target: 'session_tokens' }])
    expect(JSON.stringify(pool.audited)).not.toContain('emulator-session')
  })
})
