import { describe, expect, test } from 'bun:test'
import { domainFault } from 'flow2api/contracts'
import { Bench, errorOf, never } from './token-pool.fixture.ts'

describe('adding', () => {
  test('opens the session upstream and answers with the account, without its secrets', async () => {
    await using bench = await Bench.open()
    const proxy_url = 'socks5://user:hidden@proxy.test:1080'
    const written = { proxy_url: ' st5 Proxy.test:1080:user:hidden' }
    const fields = { remark: 'first', video_concurrency: 2, image_enabled: false, project_name: 'mine', ...written }
    const added = await bench.add('  st-pro-secret ', fields)
    expect(bench.upstream.opened).toEqual(['st-pro-secret'])
    expect(bench.upstream.routes).toEqual([{ proxyUrl: proxy_url }, { proxyUrl: proxy_url }])
    expect(added).toMatchObject({
      id: 1,
      provider: 'flow-provider',
      email: 'st-pro-secret@example.com',
      remark: 'first',
      project_id: 'project of st-pro-secret',
      project_name: 'mine',
      image_enabled: false,
      video_enabled: true,
      image_concurrency: -1,
      video_concurrency: 2,
      proxy_url: 'socks5://user:***@proxy.test:1080',
      tier: 'pro',
      credits: 100,
      credits_at: bench.clock.now() / 1000,
      state: 'ready',
      state_until: null,
      in_flight: { image: 0, video: 0 },
      counts: { images: 0, videos: 0, errors: 0 },
      consecutive_errors: 0,
      last_used_at: null,
    })
    expect(added).not.toHaveProperty('st')
    expect(JSON.stringify(added)).not.toMatch(/hidden|at-st/)
    expect((await bench.call('GET')).body).toMatchObject({ object: 'list', data: [added], has_more: false })
  })

  test('what fails upstream adds nothing and says why', async () => {
    await using bench = await Bench.open()
    bench.upstream.openFaults.set('dead', domainFault('account_needs_session', 'The session is over.'))
    bench.upstream.openFaults.set('far', domainFault('upstream_unreachable', 'Nobody answers.'))
    expect(errorOf(await bench.call('POST', '', { st: 'dead' }))).toMatchObject({
      status: 400,
      code: 'account_needs_session',
      param: 'st',
      message: 'The session is over.',
    })
    expect(errorOf(await bench.call('POST', '', { st: 'far' }))).toMatchObject({
      status: 502,
      code: 'upstream_unreachable',
    })
    expect((await bench.call('GET')).body).toMatchObject({ data: [] })
  })

  test('credits that cannot be had now do not keep an account out', async () => {
    await using bench = await Bench.open()
    bench.upstream.measureFault = domainFault('upstream_error', 'Busy.')
    expect(await bench.add('one')).toMatchObject({ state: 'ready', credits: null, tier: '' })
  })

  test('the same token is not added twice, not even at the same moment', async () => {
    await using bench = await Bench.open()
    const met = Promise.withResolvers<void>()
    bench.upstream.gate = met.promise
    bench.upstream.onOpen = () => bench.upstream.opened.length === 2 && met.resolve()
    const both = await Promise.all([bench.call('POST', '', { st: 'one' }), bench.call('POST', '', { st: 'one ' })])
    expect(both.map(({ status }) => status).sort()).toEqual([200, 400])
    expect(errorOf(await bench.call('POST', '', { st: 'one' }))).toMatchObject({ code: 'account_exists', param: 'st' })
    expect(bench.upstream.opened).toHaveLength(2)
  })

  test('another token of an account that is here renews it; an edit of another account does not take it over', async () => {
    await using bench = await Bench.open()
    await bench.add('one', { image_concurrency: 3 })
    const lease = await bench.lease()
    lease.report({ ok: false, fault: domainFault('account_needs_session', 'Over.') })
    await lease[Symbol.asyncDispose]()
    expect(await bench.shown(1)).toMatchObject({ state: 'needs_session' })
    await bench.add('two')
    bench.upstream.emails.set('renewed', 'ONE@example.com')
    bench.upstream.emails.set('again', 'one@EXAMPLE.com')
    const refusal = {
      status: 400,
      code: 'account_exists',
      param: 'st',
      message:
        'This is a session of ONE@example.com, which is account #1 already. Give the new session token to that account.',
    }
    expect(errorOf(await bench.call('PATCH', '/2', { st: 'renewed' }))).toMatchObject(refusal)
    expect(await bench.shown(2)).toMatchObject({ email: 'two@example.com' })
    const before = bench.upstream.opened.length
    const renewed = await bench.call('POST', '', { st: 'renewed', remark: 'Studio' })
    // Once: the token may have been replaced by it, and a second opening may fail.
    expect(bench.upstream.opened.slice(before)).toEqual(['renewed'])
    expect([renewed.status, renewed.body]).toMatchObject([
      200,
      {
        id: 1,
        email: 'ONE@example.com',
        remark: 'Studio',
        image_concurrency: 3,
        state: 'ready',
        project_id: 'project of one',
      },
    ])
    await bench.call('POST', '', { st: 'again' })
    expect((await bench.call('GET')).body).toMatchObject({ data: [{ id: 1 }, { id: 2 }] })
  })

  test.each([
    [{ st: '  ' }, 'st'],
    [{ st: 1 }, 'st'],
    [{ st: 'x', token: 'y' }, 'token'],
    [{ st: 'x', image_concurrency: -2 }, 'image_concurrency'],
    [{ st: 'x', video_concurrency: '3' }, 'video_concurrency'],
    [{ st: 'x', video_enabled: 'yes' }, 'video_enabled'],
    [{ st: 'x', proxy_url: 'ftp://h:1' }, 'proxy_url'],
    [{ st: 'x', proxy_url: 'proxy.test:1:hidden' }, 'proxy_url'],
    [{ st: 'x', provider: 'acme' }, 'provider'],
  ])('%p is refused by name', async (body, param) => {
    await using bench = await Bench.open()
    expect(errorOf(await bench.call('POST', '', body))).toMatchObject({ status: 400, code: 'invalid_value', param })
    expect(bench.upstream.opened).toEqual([])
  })

  test('what is missing is named too', async () => {
    await using bench = await Bench.open()
    expect(errorOf(await bench.call('POST', '', {}))).toMatchObject({ code: 'missing_required_parameter', param: 'st' })
    expect(errorOf(await bench.call('POST', '', []))).toMatchObject({ code: 'invalid_value', param: null })
    const odd = errorOf(await bench.call('POST', '', { st: 'x', project_id: 7 }))
    expect(odd.message).toBe('`project_id` is not valid: expected string or null.')
  })

  test('is for the admin alone', async () => {
    await using bench = await Bench.open()
    for (const [method, path] of [
      ['GET', ''],
      ['POST', ''],
      ['GET', '/1'],
      ['PATCH', '/1'],
      ['DELETE', '/1'],
      ['POST', '/1/enable'],
      ['POST', '/1/disable'],
      ['POST', '/1/refresh'],
      ['POST', '/1/reset'],
    ] as const)
      expect((await bench.kernel.fetch(`/admin/api/tokens${path}`, { method })).status).toBe(401)
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/flow-provider/reset'],
    ] as const)
      expect((await bench.kernel.fetch(`/admin/api/upstreams${path}`, { method })).status).toBe(401)
  })
})

describe('editing', () => {
  test('changes what is sent and nothing else', async () => {
    await using bench = await Bench.open()
    const before = await bench.add('one', { remark: 'a', proxy_url: 'http://u:hidden@p:1', project_id: 'p1' })
    const edit = async (body: object) => (await bench.call('PATCH', '/1', body)).body
    expect(await edit({ remark: 'b', image_concurrency: 3 })).toEqual({ ...before, remark: 'b', image_concurrency: 3 })
    // What the API shows may be sent back.
    await edit({ proxy_url: String(before['proxy_url']) })
    expect((await bench.lease()).proxyUrl).toBe('http://u:hidden@p:1')
    await edit({ proxy_url: 'q:2:u:hidden' })
    expect((await bench.lease()).proxyUrl).toBe('http://u:hidden@q:2')
    expect(await edit({ proxy_url: null, project_id: '' })).toMatchObject({ proxy_url: null, project_id: null })
    expect(bench.upstream.opened).toHaveLength(1)
    expect(errorOf(await bench.call('PATCH', '/1', { tier: 'pro' }))).toMatchObject({ param: 'tier' })
    expect(errorOf(await bench.call('PATCH', '/2', {}))).toMatchObject({ status: 404, code: 'not_found' })
    expect(errorOf(await bench.call('GET', '/x'))).toMatchObject({ status: 404 })
  })

  test('a new token is opened first; one that opens nothing changes nothing', async () => {
    await using bench = await Bench.open()
    await bench.add('one')
    await bench.add('two')
    bench.upstream.openFaults.set('bad', domainFault('account_needs_session', 'Over.'))
    const patch = (st: string) => bench.call('PATCH', '/1', { st, remark: st })
    expect(errorOf(await patch('bad'))).toMatchObject({ status: 400, code: 'account_needs_session' })
    expect(errorOf(await patch('two'))).toMatchObject({ code: 'account_exists' })
    expect(await bench.shown(1)).toMatchObject({ remark: '', email: 'one@example.com' })

    const lease = await bench.lease()
    lease.report({ ok: false, fault: domainFault('account_needs_session', 'Over.') })
    expect(await bench.shown(1)).toMatchObject({ state: 'needs_session', state_reason: 'Over.' })
    expect((await patch('three')).body).toMatchObject({ state: 'ready', email: 'three@example.com', remark: 'three' })
    expect((await lease.session(never))._unsafeUnwrap()).toMatchObject({ secret: 'three' })
  })

  test('switching off and on, resetting, deleting', async () => {
    await using bench = await Bench.open()
    await bench.add('one')
    const lease = await bench.lease()
    expect((await bench.call('POST', '/1/disable')).body).toMatchObject({ state: 'disabled' })
    expect((await bench.acquire())._unsafeUnwrapErr()).toMatchObject({ code: 'no_account' })
    // What runs may finish.
    expect((await lease.session(never)).isOk()).toBe(true)
    expect((await bench.call('POST', '/1/reset')).body).toMatchObject({ state: 'disabled' })
    expect((await bench.call('POST', '/1/enable')).body).toMatchObject({ state: 'ready', state_reason: '' })
    lease.report({ ok: false, fault: domainFault('account_throttled', 'Slow down.') })
    expect(await bench.shown(1)).toMatchObject({ state: 'cooling', state_reason: 'Slow down.' })
    expect((await bench.call('POST', '/1/reset')).body).toMatchObject({ state: 'ready', state_until: null })
    expect((await bench.call('DELETE', '/1')).body).toEqual({ id: 1, object: 'account', deleted: true })
    expect((await lease.session(never))._unsafeUnwrapErr()).toMatchObject({ code: 'no_account' })
    await lease[Symbol.asyncDispose]()
    expect(bench.states).toEqual(['1 ready', '1 disabled', '1 ready', '1 cooling', '1 ready', '1 deleted'])
  })

  test('refreshing opens and measures, and brings back a lost session', async () => {
    await using bench = await Bench.open()
    await bench.add('one')
    const lease = await bench.lease()
    lease.report({ ok: false, fault: domainFault('account_migrated', 'Gone elsewhere.') })
    bench.upstream.credits = 7
    bench.upstream.openFaults.set('one', domainFault('account_migrated', 'Still gone.'))
    expect(errorOf(await bench.call('POST', '/1/refresh'))).toMatchObject({ status: 400, code: 'account_migrated' })
    bench.upstream.openFaults.clear()
    expect((await bench.call('POST', '/1/refresh')).body).toMatchObject({ state: 'ready', credits: 7 })
  })
})
