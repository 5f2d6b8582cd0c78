/** The plugin in a kernel: settings, reload, and what stays behind. */
import { expect, test } from 'bun:test'
import { createTestKernel, manualClock } from '../../kernel/testing.ts'
import { Egress } from '../../plugins/contracts/index.ts'
import proxy from '../../plugins/proxy/index.ts'
import { closedPort, startHttpProxy, startSocksProxy, startTarget } from '../fixtures/proxies.ts'

const start = (config: Record<string, unknown> = {}, clock = manualClock()) =>
  createTestKernel({ plugins: { proxy }, config: { proxy: config }, clock })

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
  await kernel.reload({ plugins: {}, config: {} })
  while (kernel.leaks().length > 0) await new Promise(resolve => setImmediate(resolve))
  expect((await route.fetch(target.url))._unsafeUnwrapErr().code).toBe('proxy_unreachable')
  expect(target.direct).toBe(0)
})
