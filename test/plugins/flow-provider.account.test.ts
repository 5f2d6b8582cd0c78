import { describe, expect, test } from 'bun:test'
import type { AccountDriver } from 'flow2api/contracts'
import { readSessionToken, rotatedToken } from '../../plugins/flow-provider/session-token.ts'
import {
  account,
  json,
  LABS,
  NOW,
  PROJECT,
  provider,
  type Reply,
  refusal,
  session,
  silence,
  upstream,
} from './flow-provider.fixtures.ts'

const driver = (): AccountDriver => {
  const found = provider().accounts()
  if (found === undefined) throw new Error('Flow has accounts')
  return found
}

const SIGNED_IN = {
  user: { name: 'Ada', email: 'ada@example.com' },
  expires: new Date(NOW + 30 * 86_400_000).toISOString(),
  access_token: 'ya29.fresh',
}
const projectMade = json({ result: { data: { json: { result: { projectId: PROJECT }, status: 200 } } } })
const open = (flow: ReturnType<typeof upstream>, secret = 'token', attributes: Record<string, string> = {}) =>
  driver().open({ secret, attributes }, { fetch: flow.fetch, signal: new AbortController().signal })

describe('opening an account', () => {
  test('makes access and a project, and says until when', async () => {
    const flow = upstream(json(SIGNED_IN), projectMade)
    expect((await open(flow))._unsafeUnwrap()).toEqual({
      access: 'ya29.fresh',
      expiresAt: NOW + 50 * 60_000,
      identity: { email: 'ada@example.com', name: 'Ada' },
      attributes: { project_id: PROJECT, project_name: 'Flow2API 2026-09-01' },
    })
    expect(flow.sent.map(({ method, url, json }) => ({ method, url, json }))).toEqual([
      { method: 'GET', url: `${LABS}/auth/session`, json: undefined },
      {
        method: 'POST',
        url: `${LABS}/trpc/project.createProject`,
        json: { json: { projectTitle: 'Flow2API 2026-09-01', toolName: 'PINHOLE' } },
      },
    ])
    for (const { headers, redirect } of flow.sent) {
      expect(headers.get('cookie')).toBe('__Secure-next-auth.session-token=token')
      expect(headers.get('authorization')).toBeNull()
      expect(redirect).toBe('manual')
    }
  })

  test('keeps the project that it has', async () => {
    const flow = upstream(json(SIGNED_IN))
    const opened = (await open(flow, 'token', { project_id: 'mine', note: 'x' }))._unsafeUnwrap()
    expect(opened.attributes).toBeUndefined()
    expect(flow.sent).toHaveLength(1)
  })

  test('names a new project as it was asked to, and keeps the other attributes', async () => {
    const flow = upstream(json(SIGNED_IN), projectMade)
    const opened = (await open(flow, 'token', { project_name: 'Studio', note: 'x' }))._unsafeUnwrap()
    expect(opened.attributes).toEqual({ project_id: PROJECT, project_name: 'Studio', note: 'x' })
    expect(flow.sent[1]?.json).toEqual({ json: { projectTitle: 'Studio', toolName: 'PINHOLE' } })
  })

  test.each([
    ['an hour that ends sooner with the session', new Date(NOW + 600_000).toISOString(), NOW + 600_000],
    ['a session that has ended by this clock', new Date(NOW - 600_000).toISOString(), NOW + 60_000],
    ['a date that cannot be read', 'tomorrow', NOW + 50 * 60_000],
  ])('with %s', async (_, expires, expected) => {
    const flow = upstream(json({ ...SIGNED_IN, expires }), projectMade)
    expect((await open(flow))._unsafeUnwrap().expiresAt).toBe(expected)
  })

  test('hands on a session token that Flow has rotated, and uses it at once', async () => {
    const cookie = '__Secure-next-auth.session-token=rotated; Path=/; Secure; HttpOnly'
    const flow = upstream(
      json(SIGNED_IN, {
        headers: [
          ['set-cookie', cookie],
          ['set-cookie', 'other=1'],
        ],
      }),
      projectMade,
    )
    expect((await open(flow))._unsafeUnwrap().secret).toBe('rotated')
    expect(flow.sent[1]?.headers.get('cookie')).toBe('__Secure-next-auth.session-token=rotated')
  })

  test('does not lose a rotated token where the project cannot be made', async () => {
    const cookie = '__Secure-next-auth.session-token=rotated; Path=/; Secure; HttpOnly'
    const flow = upstream(json(SIGNED_IN, { headers: { 'set-cookie': cookie } }), new Response('', { status: 503 }))
    const opened = (await open(flow))._unsafeUnwrap()
    expect(opened).toMatchObject({ secret: 'rotated', access: 'ya29.fresh' })
    expect(opened.attributes).toBeUndefined()
  })

  test('the same token set again is no rotation', async () => {
    const flow = upstream(
      json(SIGNED_IN, { headers: { 'set-cookie': '__Secure-next-auth.session-token=token' } }),
      projectMade,
    )
    expect((await open(flow))._unsafeUnwrap().secret).toBeUndefined()
  })
})

describe('an account that does not open says why', () => {
  const why = async (...replies: readonly Reply[]) => (await open(upstream(...replies)))._unsafeUnwrapErr()

  test('each refusal by its own code and words', async () => {
    const unknown = await why(json({}))
    const stale = await why(json({ ...SIGNED_IN, error: 'ACCESS_TOKEN_REFRESH_NEEDED' }))
    const migrated = await why(json({ user: SIGNED_IN.user, expires: SIGNED_IN.expires }))
    const refused = await why(json({}, { status: 401 }))
    expect([unknown.code, stale.code, migrated.code, refused.code]).toEqual([
      'account_needs_session',
      'account_needs_session',
      'account_migrated',
      'account_needs_session',
    ])
    expect(new Set([unknown.message, stale.message, migrated.message, refused.message]).size).toBe(4)
    expect(unknown.message).toContain('does not know')
    expect(stale.message).toContain('new sign-in')
    expect(migrated.message).toContain('flow.google.com')
  })

  test('without asking Flow where the secret cannot be one', async () => {
    const flow = upstream(json(SIGNED_IN))
    const fault = (await open(flow, 'two words'))._unsafeUnwrapErr()
    expect(fault.code).toBe('account_needs_session')
    expect(fault.message).not.toContain('two words')
    expect(flow.sent).toHaveLength(0)
  })

  test('and is not blamed for what is Flow’s or a proxy’s', async () => {
    expect((await why(new Response('<html>sorry</html>'))).code).toBe('upstream_unreadable')
    expect((await why(json([]))).code).toBe('upstream_unreadable')
    expect((await why(new Response('', { status: 503 }))).code).toBe('upstream_error')
    expect((await why(json(SIGNED_IN), json({ result: {} }))).code).toBe('upstream_unreadable')
  })

  test('a project that is refused inside a 200 is refused all the same', async () => {
    const inside = (status: number) => json({ result: { data: { json: { status, statusText: 'no' } } } })
    expect((await why(json(SIGNED_IN), inside(401))).code).toBe('account_needs_session')
    expect((await why(json(SIGNED_IN), inside(500))).code).toBe('upstream_error')
  })

  test('a call that takes too long ends by its own limit', async () => {
    const slow = provider({ timeout: 0.03 }).accounts()
    const opened = await slow?.open(
      { secret: 'token', attributes: {} },
      { fetch: upstream(silence).fetch, signal: new AbortController().signal },
    )
    expect(opened?._unsafeUnwrapErr().code).toBe('upstream_timeout')
  })
})

describe('credits', () => {
  const measure = (reply: Response) => driver().measure(session(upstream(reply).fetch))

  test('and tier are read with the access token', async () => {
    const flow = upstream(json({ credits: 920, userPaygateTier: 'PAYGATE_TIER_TWO' }))
    expect((await driver().measure(session(flow.fetch)))._unsafeUnwrap()).toEqual({
      credits: 920,
      tier: 'PAYGATE_TIER_TWO',
    })
    expect(flow.sent[0]?.headers.get('authorization')).toBe('Bearer ya29.access')
    expect(flow.sent[0]?.headers.get('cookie')).toBeNull()
  })
  test('an unknown tier counts as the least', async () => {
    expect((await measure(json({ credits: '7', userPaygateTier: 'PAYGATE_TIER_NINE' })))._unsafeUnwrap()).toEqual({
      credits: 7,
      tier: 'PAYGATE_TIER_NOT_PAID',
    })
  })
  test('an answer without them is not zero credits', async () => {
    expect((await measure(json({ hello: 1 })))._unsafeUnwrapErr().code).toBe('upstream_unreadable')
  })
  test('dead access is told as such', async () => {
    expect((await measure(refusal(401, 'UNAUTHENTICATED')))._unsafeUnwrapErr().code).toBe('access_expired')
  })
  test('tiers go from the least to the greatest', () => {
    expect(driver().tiers).toEqual(['PAYGATE_TIER_NOT_PAID', 'PAYGATE_TIER_ONE', 'PAYGATE_TIER_TWO'])
  })
})

describe('a session token', () => {
  test.each([
    ['eyJ0.abc-DEF_9', 'eyJ0.abc-DEF_9'],
    ['  "quoted" \n', 'quoted'],
    ['__Secure-next-auth.session-token=abc', 'abc'],
    ['Cookie: a=b; __Secure-next-auth.session-token=abc=; c=d', 'abc='],
    ['__Secure-next-auth.session-token=abc; Path=/; HttpOnly', 'abc'],
    ['x=1; __Secure-next-auth.session-token.1=two; __Secure-next-auth.session-token.0=one', 'onetwo'],
  ])('is found in %j', (written, token) => {
    expect(readSessionToken(written)._unsafeUnwrap()).toBe(token)
  })
  test.each(['', '   ', 'a b', 'a;b', 'a\nb', 'é', '__Secure-next-auth.session-token=', 'a=1; b=2', 'x, y'])(
    'is not found in %j',
    written => {
      expect(readSessionToken(written).isErr()).toBe(true)
    },
  )
  test('is put together when Flow sets it in pieces, and a deleted cookie is none', () => {
    const set = (...cookies: string[]) => new Headers(cookies.map(cookie => ['set-cookie', cookie]))
    const name = '__Secure-next-auth.session-token'
    expect(rotatedToken(set(`${name}.0=one; Path=/`, `${name}.1=two; Path=/`), 'old')).toBe('onetwo')
    expect(rotatedToken(set(`${name}=; Max-Age=0`), 'old')).toBeUndefined()
  })
})

test('the account of the fixtures has a readable secret', () => {
  expect(readSessionToken(account().secret).isOk()).toBe(true)
})
