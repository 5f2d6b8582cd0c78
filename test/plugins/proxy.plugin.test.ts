/** The plugin in a kernel: settings, reload, and what stays behind. */
import { describe, expect, test } from 'bun:test'
import { definePlugin, errAsync, okAsync } from '../../kernel/plugin.ts'
import { createTestKernel, manualClock, type TestKernel } from '../../kernel/testing.ts'
import {
  AccountStateChanged,
  type AuditEntry,
  Audited,
  Auth,
  domainFault,
  Egress,
  type MetricFamily,
  MetricsSource,
} from '../../plugins/contracts/index.ts'
import { exitAddressIn } from '../../plugins/proxy/exit-address.ts'
import proxy from '../../plugins/proxy/index.ts'
import { closedPort, startHttpProxy, startRawServer, startSocksProxy, startTarget } from '../fixtures/proxies.ts'

/** Stands where `auth` does, and knows one operator. */
const door = definePlugin({
  name: 'door',
  version: '1.0.0',
  provides: [Auth],
  setup: ctx =>
    ctx.provide(Auth, {
      verify: request =>
        request.headers.get('authorization') === 'admin'
          ? okAsync({ kind: 'admin' as const, id: 'admin' })
          : errAsync(domainFault('admin_required', 'Sign in.')),
    }),
})

const start = (config: Record<string, unknown> = {}, clock = manualClock()) =>
  createTestKernel({ plugins: { door, proxy }, config: { proxy: config }, clock })

test('with an empty section traffic is direct', async () => {
  await using target = startTarget()
  await using kernel = await start()
  const route = kernel.ask(Egress).route({})
  expect(route.describe).toBe('direct')
  expect(await (await route.fetch(target.url))._unsafeUnwrap().text()).toBe('target')
})

test('an unreadable address is refused while proxies are on, and the password in it is not repeated', async () => {
  const refused = start({ proxy_enabled: true, pool: ['http://ok.example:1', 'ftp://u:hunter2@nowhere:1'] })
  await expect(refused).rejects.toThrow(/proxy\.pool\[1\]/)
  await expect(refused).rejects.not.toThrow(/hunter2/)
  await using kernel = await start({ proxy_enabled: false, proxy_url: 'ftp://nowhere:1' })
  expect(kernel.ask(Egress).route({}).describe).toBe('direct')
})

test('a reload changes the way of routes that follow, and forgets no failure', async () => {
  await using target = startTarget()
  await using proxyServer = await startHttpProxy()
  const dead = `http://${await closedPort()}`
  const clock = manualClock()
  await using kernel = await start({ proxy_enabled: true, proxy_url: dead }, clock)
  const egress = kernel.ask(Egress)
  expect((await egress.route({}).fetch(target.url)).isOk()).toBe(true)
  expect(egress.route({}).describe).toBe('direct')
  const config = { proxy: { proxy_enabled: true, proxy_url: dead, pool: [proxyServer.place] } }
  const report = (await kernel.reload({ config }))._unsafeUnwrap()
  expect(report.plugins.find(({ id }) => id === 'proxy')?.outcome).toBe('reloaded')
  expect(egress.route({}).describe).toBe(`http://${proxyServer.place}`)
  await clock.advance(30_000)
  expect(egress.route({}).describe).toBe(dead)
})

test('a request through the bridge to a SOCKS proxy survives a reload; switching the plugin off closes the bridge', async () => {
  const body = Promise.withResolvers<void>()
  await using target = startTarget(async () => {
    await body.promise
    return new Response('late')
  })
  await using socks = await startSocksProxy()
  const settings = { proxy_enabled: true, proxy_url: `socks5://${socks.place}`, fallback: 'none' }
  await using kernel = await start(settings)
  const route = kernel.ask(Egress).route({})
  const answer = route.fetch(target.url)
  while (target.requests.length === 0) await new Promise(resolve => setImmediate(resolve))
  await kernel.reload({ config: { proxy: { ...settings, pool: ['127.0.0.1:1'] } } })
  body.resolve()
  expect(await (await answer)._unsafeUnwrap().text()).toBe('late')
  await kernel.reload({ plugins: { door }, config: {} })
  while (kernel.leaks().length > 0) await new Promise(resolve => setImmediate(resolve))
  expect((await route.fetch(target.url))._unsafeUnwrapErr().code).toBe('proxy_unreachable')
  expect(target.direct).toBe(0)
})

describe('/admin/api/proxies', () => {
  const HEADERS = { authorization: 'admin', 'content-type': 'application/json' }
  const list = async (kernel: TestKernel, query = '') =>
    (await kernel.fetch(`/admin/api/proxies${query}`, { headers: HEADERS })).json() as Promise<{
      data: Record<string, unknown>[]
    }> // the documented answer
  const tryOut = async (kernel: TestKernel, body?: object) => {
    const init = { method: 'POST', headers: HEADERS, ...(body && { body: JSON.stringify(body) }) }
    const answer = await kernel.fetch('/admin/api/proxies/test', init)
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> } // whatever it is
  }

  test('are for the operator alone', async () => {
    await using target = startTarget()
    await using relay = await startHttpProxy()
    await using kernel = await start({ proxy_enabled: true, proxy_url: relay.place, test_url: target.url })
    expect((await kernel.fetch('/admin/api/proxies')).status).toBe(401)
    expect((await kernel.fetch('/admin/api/proxies/test', { method: 'POST' })).status).toBe(401)
    expect(relay.asked).toEqual([])
  })

  test('list every proxy with its state, and no password', async () => {
    await using target = startTarget()
    await using relay = await startHttpProxy()
    const dead = await closedPort()
    const clock = manualClock(1_700_000_000_000)
    const config = {
      ...{ proxy_enabled: true, proxy_url: `${dead}:u:hunter2`, pool: [`${relay.place}:u:hunter2`] },
      ...{ media_proxy_url: `socks5://${dead}`, fallback: 'none' },
    }
    await using kernel = await start(config, clock)
    const route = kernel.ask(Egress).route({ accountId: 4, proxyUrl: `st5 ${dead}:v:hunter2` })
    expect((await route.fetch(target.url)).isOk()).toBe(true)
    const { data, ...rest } = await list(kernel)
    expect(rest).toEqual({ object: 'list', proxy_enabled: true, fallback: 'none', has_more: false })
    const at = 1_700_000_000
    expect(data).toMatchObject([
      { name: 'proxy_url', role: 'main', proxy_url: `http://u:***@${dead}`, state: 'cooling', state_since: at },
      { name: 'media_proxy_url', role: 'media', state: 'unknown', state_since: null, requests: 0 },
      { name: 'pool[0]', role: 'pool', state: 'up', last_used_at: at, requests: 1, failures: 0, last_error: null },
      { name: 'account 4', role: 'account', proxy_url: `socks5://v:***@${dead}`, state: 'cooling' },
    ])
    expect(data[0]).toMatchObject({ state_until: at + 30, last_error: { code: 'proxy_unreachable', at }, failures: 1 })
    expect(JSON.stringify(data)).not.toContain('hunter2')
    await clock.advance(30_000)
    expect((await list(kernel)).data[0]).toMatchObject({ state: 'half_open', state_since: at + 30, state_until: null })
    kernel.emit(AccountStateChanged, { accountId: 4, state: 'deleted', reason: 'deleted' })
    expect((await list(kernel)).data).toHaveLength(3)
  })

  test('come in pages', async () => {
    await using kernel = await start({ pool: ['a:1', 'b:1', 'c:1'] })
    const names = ({ data }: Awaited<ReturnType<typeof list>>) => data.map(({ name }) => name)
    expect(await list(kernel, '?limit=2')).toMatchObject({ has_more: true })
    expect(names(await list(kernel, '?limit=2'))).toEqual(['pool[0]', 'pool[1]'])
    expect(names(await list(kernel, '?after=pool[1]'))).toEqual(['pool[2]'])
    expect(await list(kernel, '?limit=0')).toMatchObject({ error: { code: 'invalid_value', param: 'limit' } })
    expect(await list(kernel, '?after=x')).toMatchObject({ error: { code: 'not_found', param: 'after' } })
  })

  test('test one address, one of the list by name, or all: status, latency, exit address', async () => {
    await using target = startTarget(() => new Response('fl=1f1\nip=203.0.113.7\nts=1.2'))
    await using relay = await startHttpProxy()
    await using socks = await startSocksProxy({ user: 'u', password: 'hunter2' })
    const dead = await closedPort()
    const audited: AuditEntry[] = []
    const pool = [`socks5h://u:hunter2@${socks.place}`, `${dead}:u:hunter2`, `socks5://u:wrong2@${socks.place}`]
    await using kernel = await start({ proxy_url: relay.place, pool, test_url: target.url })
    kernel.on(Audited, entry => void audited.push(entry))
    const good = { object: 'proxy_test', ok: true, status: 200, exit_address: '203.0.113.7', error: null }
    const named = await tryOut(kernel, { name: 'pool[0]' })
    expect(named.body).toEqual({
      ...{ ...good, name: 'pool[0]', proxy_url: `socks5://u:***@${socks.place}`, test_url: `${target.url}/` },
      latency_ms: expect.any(Number),
    })
    const given = await tryOut(kernel, { proxy_url: `${relay.place}:u:hunter2` })
    expect(given.body).toMatchObject({ ...good, name: null, proxy_url: `http://u:***@${relay.place}` })
    const all = await tryOut(kernel)
    expect(all.body).toMatchObject({ object: 'list', has_more: false })
    expect(all.body['data']).toMatchObject([
      { ...good, name: 'proxy_url' },
      { ...good, name: 'pool[0]' },
      { name: 'pool[1]', ok: false, status: null, exit_address: null, error: { code: 'proxy_unreachable' } },
      // What a SOCKS proxy says is known for encrypted targets alone.
      { name: 'pool[2]', ok: false, status: null, error: { code: 'upstream_unreachable' } },
    ])
    expect(target.direct).toBe(0)
    expect(audited.map(({ action, target, detail }) => `${action} ${target}: ${detail}`)).toEqual([
      `proxy.test pool[0]: 1 of 1 worked, asked for ${new URL(target.url).host}`,
      `proxy.test http://u:***@${relay.place}: 1 of 1 worked, asked for ${new URL(target.url).host}`,
      `proxy.test all 4: 2 of 4 worked, asked for ${new URL(target.url).host}`,
    ])
    expect(JSON.stringify([named, given, all, audited])).not.toMatch(/hunter2|wrong2/)
  })

  test('a proxy that passes is in use again at once', async () => {
    await using target = startTarget()
    const dead = await closedPort()
    await using kernel = await start({ proxy_enabled: true, proxy_url: dead, test_url: target.url })
    await kernel.ask(Egress).route({}).fetch(target.url)
    expect(kernel.ask(Egress).route({}).describe).toBe('direct')
    await using _back = await startHttpProxy({ port: Number(dead.split(':')[1]) })
    expect((await tryOut(kernel, { name: 'proxy_url' })).body).toMatchObject({ ok: true })
    expect(kernel.ask(Egress).route({}).describe).toBe(`http://${dead}`)
  })

  test('a proxy that stays silent fails in time', async () => {
    await using silent = await startRawServer()
    const clock = manualClock()
    await using kernel = await start({ proxy_url: silent.place }, clock)
    const connected = Promise.withResolvers<void>()
    await using deaf = await startRawServer(socket => socket.once('data', () => connected.resolve()))
    const answer = tryOut(kernel, { proxy_url: deaf.place, test_url: 'https://upstream.test/', timeout_s: 5 })
    await connected.promise
    await clock.advance(5_000)
    expect((await answer).body).toMatchObject({ ok: false, status: null, error: { code: 'upstream_timeout' } })
  })

  test('mistakes are answered by name, and no password is repeated', async () => {
    await using kernel = await start()
    const mistakes: [object, string, string][] = [
      [{ proxy_url: 'ftp://u:hunter2@x:1' }, 'invalid_value', 'proxy_url'],
      [{ proxy_url: 'x:1', name: 'pool[0]' }, 'invalid_value', 'name'],
      [{ name: 'pool[0]' }, 'not_found', 'name'],
      [{ proxy_url: 'x:1', test_url: 'file:///etc/passwd' }, 'invalid_value', 'test_url'],
      [{ proxy_url: 'x:1', test_url: 'http://u:hunter2@x/' }, 'invalid_value', 'test_url'],
      [{ proxy_url: 'x:1', timeout_s: 600 }, 'invalid_value', 'timeout_s'],
      [{ url: 'x:1' }, 'invalid_value', 'url'],
    ]
    for (const [body, code, param] of mistakes) {
      const answer = await tryOut(kernel, body)
      expect(answer.body).toMatchObject({ error: { code, param } })
      expect(JSON.stringify(answer)).not.toContain('hunter2')
    }
    expect((await tryOut(kernel)).body).toEqual({ object: 'list', data: [], has_more: false })
  })
})

test('tells monitoring how proxies are and which ways were taken', async () => {
  await using target = startTarget()
  await using relay = await startHttpProxy()
  const config = { proxy_enabled: true, proxy_url: await closedPort(), pool: [relay.place], fallback: 'none' }
  const families = Promise.withResolvers<readonly MetricFamily[]>()
  const monitor = definePlugin({
    name: 'monitor',
    version: '1.0.0',
    requires: { sources: MetricsSource },
    setup: ctx =>
      void ctx.every(1_000, () => families.resolve(ctx.deps.sources.all().flatMap(({ service }) => service.collect()))),
  })
  const clock = manualClock()
  await using kernel = await createTestKernel({ plugins: { door, proxy, monitor }, config: { proxy: config }, clock })
  await kernel.ask(Egress).route({}).fetch(target.url)
  await clock.advance(1_000)
  const values = (await families.promise).flatMap(({ name, samples }) =>
    samples.map(({ labels = {}, value }) => `${name} ${Object.values(labels).join(' ')} ${value}`),
  )
  expect(values).toEqual([
    'flow2api_proxies main cooling 1',
    'flow2api_proxies pool up 1',
    'flow2api_egress_requests_total direct 0',
    'flow2api_egress_requests_total proxy 1',
    'flow2api_egress_requests_total refused 0',
    'flow2api_route_changes_total  0',
    'flow2api_proxy_failures_total proxy_unreachable 1',
  ])
})

test.each([
  ['203.0.113.7\n', '203.0.113.7'],
  ['2001:db8::1', '2001:db8::1'],
  ['fl=1\nh=1.1.1.1\nip=203.0.113.7\nts=1700000000.123\n', '203.0.113.7'],
  ['{"ip":"203.0.113.7"}', '203.0.113.7'],
  ['{"origin": "203.0.113.7, 198.51.100.1"}', '203.0.113.7'],
  ['{"status":"success","query":"2001:db8::1"}', '2001:db8::1'],
  ['"203.0.113.7"', '203.0.113.7'],
  ['<html>version 1.2.3.4</html>', null],
  ['{"version":"1.2.3.4"}', null],
  ['1.2', null],
  ['', null],
])('the exit address in %p is %p', (body, address) => expect(exitAddressIn(body)).toBe(address))
