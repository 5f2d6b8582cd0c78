/** Proxies that fail: who takes their place, for how long, how they come back, and what the log says. */
import { afterEach, describe, expect, test } from 'bun:test'
import { type EgressSetup, startEgress, text } from '../fixtures/egress.ts'
import { LOOPBACK_TLS } from '../fixtures/loopback-tls.ts'
import { closedPort, startHttpProxy, startRawServer, startSocksProxy, startTarget } from '../fixtures/proxies.ts'

/** Bun's own option, which the standard's type does not know. */
const tls = { tls: { ca: LOOPBACK_TLS.cert } }
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})
async function use<T extends AsyncDisposable>(made: T | Promise<T>): Promise<T> {
  const it = await made
  closers.push(() => it[Symbol.asyncDispose]())
  return it
}

function egress(setup: EgressSetup) {
  const made = startEgress(setup)
  closers.push(() => made[Symbol.asyncDispose]())
  return made
}

describe('proxies that fail', () => {
  test('are left out for a while; accounts move on and come back', async () => {
    const target = await use(startTarget())
    const alive = await use(startHttpProxy())
    const dead = await closedPort()
    const { service, clock, log } = egress({ pool: [`u:hunter2@${dead}`, `u:hunter2@${alive.place}`] })
    // An account that prefers the dead one.
    const accountId = Array.from({ length: 50 }, (_, id) => id).find(id =>
      service.route({ accountId: id }).describe.includes(dead),
    )
    if (accountId === undefined) throw new Error('nobody prefers the dead proxy')
    const route = service.route({ accountId })
    expect(await route.fetch(target.url).unwrapOr(new Response('failed'))).toHaveProperty('status', 200)
    expect(route.describe).toBe(`http://u:***@${alive.place}`)
    expect(log).toHaveLength(1)
    expect(log[0]).toMatchObject({
      proxy: `http://u:***@${dead}`,
      code: 'proxy_unreachable',
      cause: 'ECONNREFUSED',
      cooldownMs: 30_000,
    })
    expect(JSON.stringify(log)).not.toContain('hunter2')
    clock.time += 30_000
    expect(service.route({ accountId }).describe).toContain(dead)
  })

  test('half open, one request finds out while the others keep their way', async () => {
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const target = await use(
      startTarget(async request => {
        if (request.url.endsWith('/slow')) {
          first.resolve()
          await second.promise
        }
        return new Response('target')
      }),
    )
    const place = await closedPort()
    const other = await use(startHttpProxy())
    const { service, clock, log } = egress({ main: place, pool: [other.place] })
    expect(await text(service, target.url)).toBe('200 target')
    const back = await use(startHttpProxy({ port: Number(place.split(':')[1]) }))
    clock.time += 30_000
    const probe = text(service, `${target.url}/slow`)
    await first.promise
    for (let time = 0; time < 5; time++) expect(await text(service, target.url)).toBe('200 target')
    expect([back.asked.length, other.asked.length]).toEqual([1, 6])
    second.resolve()
    expect(await probe).toBe('200 target')
    expect(log).toContainEqual(expect.objectContaining({ msg: 'proxy works again', proxy: `http://${place}` }))
    for (let time = 0; time < 5; time++) expect(await text(service, target.url)).toBe('200 target')
    expect([back.asked.length, other.asked.length]).toEqual([6, 6])
  })

  test('half open, one that is still down is dialled and nothing more, and waits longer', async () => {
    const target = await use(startTarget())
    const { service, clock, log } = egress({ main: await closedPort(), fallback: 'direct' })
    expect(await text(service, target.url)).toBe('200 target')
    clock.time += 30_000
    expect(await text(service, target.url)).toBe('200 target')
    expect(log.filter(line => 'cooldownMs' in line).map(line => line['cooldownMs'])).toEqual([30_000, 60_000])
  })

  test('each change of an account’s route is told once, with both ways named and passwords masked', async () => {
    const target = await use(startTarget())
    const place = await closedPort()
    const port = Number(place.split(':')[1])
    const first = await startHttpProxy({ port })
    const { service, clock, log } = egress({ main: `${place}:u:hunter2`, fallback: 'direct' })
    const ask = () => text(service, target.url, {}, { accountId: 7 })
    const changes = () => log.filter(({ msg }) => `${msg}`.startsWith('route changed'))
    for (let time = 0; time < 3; time++) expect(await ask()).toBe('200 target')
    expect(log).toEqual([])
    await first[Symbol.asyncDispose]()
    for (let time = 0; time < 3; time++) expect(await ask()).toBe('200 target')
    const masked = `http://u:***@${place}`
    expect(changes()).toMatchObject([
      {
        level: 40,
        account: 7,
        from: masked,
        to: 'direct',
        because: 'proxy_unreachable',
        msg: 'route changed: requests go out directly now',
      },
    ])
    await use(startHttpProxy({ port }))
    clock.time += 30_000
    for (let time = 0; time < 3; time++) expect(await ask()).toBe('200 target')
    expect(changes()).toHaveLength(2)
    expect(changes()[1]).toMatchObject({ level: 30, account: 7, from: 'direct', to: masked })
    expect(JSON.stringify(log)).not.toContain('hunter2')
  })

  test('an answer that comes late, by the way of before, is no change of route', async () => {
    const [arrived, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const target = await use(
      startTarget(async request => {
        if (request.url.endsWith('/slow')) {
          arrived.resolve()
          await go.promise
        }
        return new Response('target')
      }),
    )
    const [first, second] = [await use(startHttpProxy()), await use(startHttpProxy())]
    const { service, health, log } = egress({ main: first.place, pool: [second.place] })
    const ask = (path: string) => text(service, `${target.url}${path}`, {}, { accountId: 7 })
    expect(await ask('/')).toBe('200 target')
    const slow = ask('/slow')
    await arrived.promise
    health.failed(`http://${first.place}`, 'hard', 0)
    expect(await ask('/')).toBe('200 target')
    go.resolve()
    expect(await slow).toBe('200 target')
    expect(log.filter(({ msg }) => msg === 'route changed')).toMatchObject([{ to: `http://${second.place}` }])
  })

  test('three refusals to go to the upstream leave a proxy out; a wrong password does at once', async () => {
    const target = await use(startTarget())
    const refusals = [
      { refuseWith: 403, times: 3 },
      { refuseWith: 502, times: 3 },
      { refuseWith: 407, times: 1 },
    ]
    for (const { refuseWith, times } of refusals) {
      const proxy = await use(startHttpProxy({ refuseWith }))
      const { service, log } = egress({ main: proxy.place, fallback: 'direct' })
      for (let time = 0; time < 5; time++) expect(await text(service, target.tlsUrl, tls)).toBe('200 target')
      expect(proxy.asked).toHaveLength(times)
      expect(log.filter(line => 'cooldownMs' in line)).toHaveLength(1)
    }
  })

  test('with fallback "direct" they are passed over', async () => {
    const target = await use(startTarget())
    const { service } = egress({ main: await closedPort(), fallback: 'direct' })
    expect(await text(service, target.url)).toBe('200 target')
    expect(service.route({}).describe).toBe('direct')
  })

  test('a body that cannot be sent twice is not', async () => {
    const target = await use(startTarget())
    const { service } = egress({ main: await closedPort(), fallback: 'direct' })
    const body = new Blob(['once']).stream()
    expect(await text(service, target.url, { method: 'POST', body })).toBe('proxy_unreachable')
    expect(target.requests).toEqual([])
  })

  test('a connection that broke off may have sent the request, so it is not sent again', async () => {
    const target = await use(startTarget())
    const broken = await use(startRawServer(socket => socket.once('data', () => socket.destroy())))
    const { service, log } = egress({ main: broken.place, fallback: 'direct' })
    for (let time = 0; time < 3; time++) expect(await text(service, target.url)).toBe('proxy_unreachable')
    expect(log.at(-1)).toMatchObject({ cooldownMs: 30_000 })
    expect(target.requests).toEqual([])
    // It is left out now.
    expect(await text(service, target.url)).toBe('200 target')
  })

  test('one that is back is used at once where nothing else is allowed', async () => {
    const target = await use(startTarget())
    const place = await closedPort()
    const { service, log } = egress({ main: place })
    expect(await text(service, target.url)).toBe('proxy_unreachable')
    await use(startHttpProxy({ port: Number(place.split(':')[1]) }))
    expect(await text(service, target.url)).toBe('200 target')
    expect(log.at(-1)).toMatchObject({ msg: 'proxy works again' })
  })

  test('a refusal is the proxy’s: 407, 403, wrong SOCKS password', async () => {
    const target = await use(startTarget())
    for (const refuseWith of [407, 403]) {
      const proxy = await use(startHttpProxy({ refuseWith }))
      const { service } = egress({ main: proxy.place })
      const fault = (await service.route({}).fetch(target.tlsUrl, tls as RequestInit))._unsafeUnwrapErr()
      expect(fault).toMatchObject({ code: 'proxy_refused', blame: 'proxy', cause: { code: 'ERR_PROXY_TUNNEL' } })
    }
    const http = await use(startHttpProxy({ refuseWith: 407 }))
    expect(await text(egress({ main: http.place }).service, target.url)).toBe('proxy_refused')
    const socks = await use(startSocksProxy({ user: 'u', password: 'right' }))
    const { service } = egress({ main: `socks5://u:wrong@${socks.place}` })
    const fault = (await service.route({}).fetch(target.tlsUrl, tls as RequestInit))._unsafeUnwrapErr()
    expect(fault).toMatchObject({ code: 'proxy_refused', blame: 'proxy' })
    expect(fault.message).not.toContain('wrong')
    expect(target.requests).toEqual([])
  })
})
