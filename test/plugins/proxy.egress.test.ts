/** Requests through real proxies on loopback: which way they take, and who is blamed where they fail. */

import { afterEach, describe, expect, test } from 'bun:test'
import { type AddressInfo, createServer } from 'node:net'
import type { Egress } from '../../plugins/contracts/index.ts'
import { parseProxy } from '../../plugins/proxy/address.ts'
import { directFault } from '../../plugins/proxy/outcome.ts'
import { SocksBridge } from '../../plugins/proxy/socks-bridge.ts'
import { type EgressSetup, startEgress, text } from '../fixtures/egress.ts'
import { LOOPBACK_TLS } from '../fixtures/loopback-tls.ts'
import { closedPort, startHttpProxy, startRawServer, startSocksProxy, startTarget } from '../fixtures/proxies.ts'

/** Bun's own option, which the standard's type does not know. */
const tls = { tls: { ca: LOOPBACK_TLS.cert } }
const closers: (() => unknown)[] = []
const environment = ['HTTP_PROXY', 'http_proxy', 'NO_PROXY', 'no_proxy'].map(name => [name, process.env[name]] as const)
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  for (const [name, value] of environment) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
})
async function use<T extends AsyncDisposable>(made: T | Promise<T>): Promise<T> {
  const it = await made
  closers.push(() => it[Symbol.asyncDispose]())
  return it
}

type Way = Pick<Egress, 'route'>

function egress(setup: EgressSetup) {
  const made = startEgress(setup)
  closers.push(() => made[Symbol.asyncDispose]())
  return made
}

describe('the ways', () => {
  test('direct where there is no proxy, whatever HTTP_PROXY says', async () => {
    const target = await use(startTarget())
    process.env['HTTP_PROXY'] = process.env['http_proxy'] = `http://${await closedPort()}`
    const { service } = egress({ enabled: false, fallback: 'direct' })
    expect(await text(service, target.url)).toBe('200 target')
    expect(target.direct).toBe(1)
    expect(service.route({}).describe).toBe('direct')
  })

  test('an HTTP proxy, for plain and encrypted targets, with its credentials', async () => {
    const target = await use(startTarget(async request => new Response(await request.text())))
    const proxy = await use(startHttpProxy())
    const { service } = egress({ main: `${proxy.place}:us@er:p:ss` })
    expect(await text(service, target.url, { method: 'POST', body: 'plain' })).toBe('200 plain')
    expect(await text(service, target.tlsUrl, { method: 'POST', body: 'secret', ...tls })).toBe('200 secret')
    expect(proxy.asked).toEqual([new URL(target.url).host, new URL(target.tlsUrl).host])
    expect(proxy.credentials).toEqual(Array(2).fill(`Basic ${btoa('us@er:p:ss')}`))
    expect(target.direct).toBe(0)
    expect(service.route({}).describe).toBe(`http://us%40er:***@${proxy.place}`)
  })

  test('an HTTPS proxy, for plain and encrypted targets, with its credentials', async () => {
    const target = await use(startTarget(async request => new Response(await request.text())))
    const proxy = await use(startHttpProxy({ secure: true }))
    // Its certificate is one for localhost.
    const place = proxy.place.replace('127.0.0.1', 'localhost')
    const { service } = egress({ main: `https://user:p%3Ass@${place}` })
    expect(await text(service, target.url, { method: 'POST', body: 'plain', ...tls })).toBe('200 plain')
    expect(await text(service, target.tlsUrl, { method: 'POST', body: 'secret', ...tls })).toBe('200 secret')
    expect(proxy.asked).toEqual([new URL(target.url).host, new URL(target.tlsUrl).host])
    expect(proxy.credentials).toEqual(Array(2).fill(`Basic ${btoa('user:p:ss')}`))
    expect(target.direct).toBe(0)
    // Without the certificate nobody can say who answers there.
    expect(await text(service, target.url)).toBe('proxy_unreachable')
  })

  test.each(['socks5', 'socks5h', 'socks', 'st5'])(
    'a proxy written as %s sees names, and resolves them',
    async scheme => {
      const target = await use(startTarget())
      const proxy = await use(startSocksProxy({ user: 'us@er', password: 'p:ss' }))
      const { service } = egress({ main: `${scheme} ${proxy.place}:us@er:p:ss` })
      const [plain, secure] = [
        target.url.replace('127.0.0.1', 'target.test'),
        target.tlsUrl.replace('localhost', 'target.test'),
      ]
      expect(await text(service, plain)).toBe('200 target')
      expect(await text(service, secure, tls)).toBe('200 target')
      expect(proxy.asked).toEqual([new URL(plain).host, new URL(secure).host])
      expect(proxy.credentials).toEqual(['us@er:p:ss', 'us@er:p:ss'])
      expect(target.direct).toBe(0)
    },
  )

  test('no account uses the connection of another: same proxy, other credentials, or none at all', async () => {
    const target = await use(startTarget())
    const proxy = await use(startHttpProxy())
    const { service } = egress({ enabled: false })
    const as = (user: string) => text(service, target.tlsUrl, tls, { proxyUrl: `${proxy.place}:${user}:p` })
    for (const user of ['a', 'b', 'a']) expect(await as(user)).toBe('200 target')
    expect(new Set(proxy.credentials)).toEqual(new Set([`Basic ${btoa('a:p')}`, `Basic ${btoa('b:p')}`]))
    expect(target.direct).toBe(0)
    expect(await text(service, target.tlsUrl, tls)).toBe('200 target')
    expect(target.direct).toBe(1)
    expect(await as('c')).toBe('200 target')
    expect(proxy.credentials).toContain(`Basic ${btoa('c:p')}`)
    expect(target.direct).toBe(1)
  })

  test('downloads of media have a proxy of their own, and the general one where that fails', async () => {
    const target = await use(startTarget())
    const [media, general] = [await use(startHttpProxy()), await use(startHttpProxy())]
    const { service, log } = egress({ main: general.place, media: media.place })
    expect(await text(service, target.url)).toBe('200 target')
    expect(await text(service, target.url, {}, { accountId: 1, purpose: 'media' })).toBe('200 target')
    expect([media.asked.length, general.asked.length]).toEqual([1, 1])
    await media[Symbol.asyncDispose]()
    expect(await text(service, target.url, {}, { accountId: 1, purpose: 'media' })).toBe('200 target')
    expect(general.asked).toHaveLength(2)
    expect(log.at(-1)).toMatchObject({
      ...{ msg: 'route changed', account: 1, purpose: 'media', because: 'proxy_unreachable' },
      ...{ from: `http://${media.place}`, to: `http://${general.place}` },
    })
    expect(target.direct).toBe(0)
  })

  test('NO_PROXY of the environment does not open a way around the proxy', async () => {
    const target = await use(startTarget())
    const [http, socks] = [await use(startHttpProxy()), await use(startSocksProxy())]
    process.env['NO_PROXY'] = process.env['no_proxy'] = '*'
    for (const main of [`http://${http.place}`, `socks5://${socks.place}`]) {
      const { service } = egress({ main })
      expect(await text(service, target.url)).toBe('200 target')
      expect(await text(service, target.tlsUrl, tls)).toBe('200 target')
    }
    expect(target.direct).toBe(0)
    expect(http.asked.length + socks.asked.length).toBe(4)
  })

  test('the bridge to SOCKS proxies serves nobody else', async () => {
    const bridge = new SocksBridge()
    closers.push(() => bridge.close())
    const target = await use(startTarget())
    const proxy = await use(startSocksProxy())
    const url = new URL(await bridge.urlFor(parseProxy(`socks5://${proxy.place}`)._unsafeUnwrap()))
    url.password = 'wrong'
    const answer = await fetch(target.url, { proxy: { url, respectNoProxy: false } })
    expect(answer.status).toBe(407)
    expect(target.requests).toEqual([])
  })

  test("the account's own proxy comes before the general one", async () => {
    const target = await use(startTarget())
    const [own, general] = [await use(startHttpProxy()), await use(startHttpProxy())]
    const { service } = egress({ main: general.place })
    expect(await text(service, target.url, {}, { accountId: 1, proxyUrl: own.place })).toBe('200 target')
    expect([own.asked.length, general.asked.length]).toEqual([1, 0])
  })

  test('an unreadable proxy of an account is an error, not a reason to go another way', async () => {
    const target = await use(startTarget())
    const { service } = egress({ enabled: false, fallback: 'direct' })
    expect(await text(service, target.url, {}, { proxyUrl: 'ftp://nowhere:1' })).toBe('proxy_unreachable')
    expect(target.requests).toEqual([])
  })

  test("redirects are the caller's with redirect: manual, and stay on the proxy otherwise", async () => {
    const target = await use(
      startTarget(request => (request.url.endsWith('/from') ? Response.redirect('/to', 302) : new Response('arrived'))),
    )
    const proxy = await use(startHttpProxy())
    const { service } = egress({ main: proxy.place })
    expect(await text(service, `${target.url}/from`, { redirect: 'manual' })).toStartWith('302')
    expect(await text(service, `${target.url}/from`)).toBe('200 arrived')
    expect(target.direct).toBe(0)
  })

  test('only http and https addresses are fetched', async () => {
    const { service } = egress({ enabled: false })
    for (const url of ['file:///etc/passwd', 'data:text/plain,x', 's3://bucket/key', 'nonsense'])
      expect(await text(service, url)).toBe('upstream_unreachable')
  })
})

describe('fail closed', () => {
  test('with fallback "none" and no proxy that works, not one connection is direct', async () => {
    const target = await use(startTarget())
    const gone = `http://${await closedPort()}`
    const dead = [gone, `socks5://${await closedPort()}`, `https://${await closedPort()}`]
    const settings: EgressSetup[] = [...dead.map(main => ({ main })), { pool: dead }, {}]
    for (const setup of settings) {
      const { service } = egress(setup)
      for (let time = 0; time < 3; time++) {
        expect(await text(service, target.url)).toBe('proxy_unreachable')
        expect(await text(service, target.tlsUrl, tls)).toBe('proxy_unreachable')
      }
    }
    expect(await text(egress({ enabled: false }).service, target.url, {}, { proxyUrl: gone })).toBe('proxy_unreachable')
    expect(target.requests).toEqual([])
  })

  test('after the bridge is closed there is no way through it, and none around it', async () => {
    const target = await use(startTarget())
    const proxy = await use(startSocksProxy())
    const { service } = egress({ main: `socks5://${proxy.place}` })
    const route = service.route({})
    expect((await route.fetch(target.url)).isOk()).toBe(true)
    for (const close of closers.splice(2)) await close()
    expect((await route.fetch(target.url))._unsafeUnwrapErr().code).toBe('proxy_unreachable')
    expect(target.direct).toBe(0)
  })
})

describe('whether anything was sent', () => {
  const unsent = async (service: Way, url: string, init?: RequestInit) =>
    (await service.route({}).fetch(url, init))._unsafeUnwrapErr().unsent === true

  test('is certain where no connection or handshake came about', async () => {
    const target = await use(startTarget())
    const nobody = await closedPort()
    const refusing = await use(startHttpProxy({ refuseWith: 403 }))
    expect(await unsent(egress({ enabled: false }).service, `http://${nobody}/`)).toBe(true)
    expect(await unsent(egress({ enabled: false }).service, target.tlsUrl)).toBe(true)
    expect(await unsent(egress({ main: nobody }).service, target.url)).toBe(true)
    expect(await unsent(egress({ main: refusing.place }).service, target.tlsUrl, tls as RequestInit)).toBe(true)
    expect(await unsent(egress({ fallback: 'none' }).service, target.url)).toBe(true)
    expect(await unsent(egress({ enabled: false }).service, target.url, { signal: AbortSignal.abort() })).toBe(true)
  })

  test('is not where a connection stood', async () => {
    const broken = await use(startRawServer(socket => socket.once('data', () => socket.destroy())))
    const silent = await use(startRawServer())
    expect(await unsent(egress({ enabled: false }).service, `http://${broken.place}/`)).toBe(false)
    expect(await unsent(egress({ main: broken.place }).service, 'http://127.0.0.1:1/')).toBe(false)
    const signal = AbortSignal.timeout(20)
    expect(await unsent(egress({ enabled: false }).service, `http://${silent.place}/`, { signal })).toBe(false)
  })

  test.each(['ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'EPROTO', 'DEPTH_ZERO_SELF_SIGNED_CERT'])(
    'is certain after %s',
    code => {
      const cause = Object.assign(new Error('x'), { code })
      expect(directFault(cause, new URL('http://upstream/'), null)).toMatchObject({
        code: 'upstream_unreachable',
        unsent: true,
      })
      expect(
        directFault(Object.assign(cause, { code: 'ECONNRESET' }), new URL('http://upstream/'), null).unsent,
      ).toBeUndefined()
    },
  )
})

describe('who is blamed', () => {
  test('an upstream that is not there is the upstream’s fault, directly and behind SOCKS; the proxy keeps its place', async () => {
    const nobody = await closedPort()
    const direct = egress({ enabled: false }).service
    const fault = (await direct.route({}).fetch(`http://${nobody}/`))._unsafeUnwrapErr()
    expect(fault).toMatchObject({ code: 'upstream_unreachable', blame: 'upstream', cause: { code: 'ECONNREFUSED' } })
    const socks = await use(startSocksProxy())
    const { service, log } = egress({ main: `socks5://${socks.place}` })
    expect(await text(service, `https://${nobody}/`)).toBe('upstream_unreachable')
    expect(await text(service, `http://${nobody}/`)).toBe('upstream_unreachable')
    expect(log.filter(line => 'cooldownMs' in line)).toEqual([])
  })

  test('a bad certificate behind a proxy is not the proxy’s fault', async () => {
    const target = await use(startTarget())
    const proxy = await use(startHttpProxy())
    expect(await text(egress({ main: proxy.place }).service, target.tlsUrl)).toBe('upstream_unreachable')
  })

  test("the signal's time-out is upstream_timeout, any other abort is cancelled", async () => {
    const silent = await use(startRawServer())
    for (const service of [egress({ enabled: false }).service, egress({ main: silent.place }).service]) {
      const url = `http://${silent.place}/`
      expect(await text(service, url, { signal: AbortSignal.timeout(20) })).toBe('upstream_timeout')
      const caller = new AbortController()
      const answer = text(service, url, { signal: caller.signal })
      caller.abort(new Error('the job was cancelled'))
      expect(await answer).toBe('cancelled')
      expect(await text(service, url, { signal: caller.signal })).toBe('cancelled')
    }
  })

  test('after a time-out the proxy is left out if it takes no connections any more', async () => {
    const listener = createServer(socket => socket.on('error', () => {}))
    await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', resolve))
    const { port } = listener.address() as AddressInfo // of a TCP server that listens
    const { service, log } = egress({ main: `127.0.0.1:${port}`, fallback: 'direct' })
    const answer = text(service, 'http://127.0.0.1:1/', { signal: AbortSignal.timeout(50) })
    await new Promise(resolve => listener.once('connection', resolve))
    listener.close()
    expect(await answer).toBe('upstream_timeout')
    while (log.length === 0) await new Promise(resolve => setImmediate(resolve))
    expect(log[0]).toMatchObject({ code: 'proxy_unreachable', cooldownMs: 30_000 })
    expect(service.route({}).describe).toBe('direct')
  })

  test('an answer with an error status is an answer', async () => {
    const target = await use(startTarget(() => new Response('no', { status: 503 })))
    const proxy = await use(startHttpProxy())
    expect(await text(egress({ main: proxy.place }).service, target.url)).toBe('503 no')
    const socks = await use(startSocksProxy())
    expect(await text(egress({ main: `socks5://${socks.place}` }).service, target.url)).toBe('503 no')
  })
})
