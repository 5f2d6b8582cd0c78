/** With `fallback = "none"`, all that the gateway asks of others goes through proxies, and nothing ever around them. */
import { expect, test } from 'bun:test'
import {
  closedPort,
  startHttpProxy,
  startSocksProxy,
  startTap,
  startTarget,
  type TestProxy,
  type TestTap,
} from '../fixtures/proxies.ts'
import { startWorld, type World } from '../fixtures/world.ts'

const SOCKS = { user: 'u', password: 'hunter2' }
const portOf = (place: string) => Number(place.split(':')[1])

/** A gateway whose ways out are all counted: `tap` stands in front of the upstream and its media. */
async function startClosed(more = '') {
  const port = portOf(await closedPort())
  const tap = await startTap(port)
  const [main, media] = [await startHttpProxy(), await startSocksProxy(SOCKS)]
  const section = `
[proxy]
proxy_enabled = true
proxy_url = "${main.place}:u:hunter2"
media_proxy_url = "st5 ${media.place}:${SOCKS.user}:${SOCKS.password}"
fallback = "none"
[cache]
enabled = true
[webhooks]
allow_private = true
${more}`
  const world = await startWorld({
    emulator: { port, publicUrl: `http://${tap.place}` },
    settings: section,
    accounts: 2,
  })
  return { world, tap, main, media }
}

const image = async (world: World) => {
  const answer = await world.call('/v1/images/generations', {
    method: 'POST',
    body: JSON.stringify({ prompt: 'a boat', response_format: 'url' }),
  })
  return { status: answer.status, body: (await answer.json()) as { error?: { code: string; message: string } } } // as documented
}

async function video(world: World): Promise<string> {
  const answer = await world.call('/v1/videos', { method: 'POST', body: JSON.stringify({ prompt: 'a boat' }) })
  const { id } = (await answer.json()) as { id: string } // as documented
  for (;;) {
    const { status } = (await (await world.call(`/v1/videos/${id}`)).json()) as { status: string } // as documented
    if (status === 'completed' || status === 'failed') return status
    await Bun.sleep(20)
  }
}

async function webhook(world: World, url: string): Promise<string> {
  const answer = await world.admin('/admin/api/webhooks/test', { method: 'POST', body: JSON.stringify({ url }) })
  return ((await answer.json()) as { state: string }).state // as documented
}

interface Shown {
  readonly id: number
  readonly state: string
  readonly consecutive_errors: number
  readonly counts: { readonly errors: number }
}
const accounts = async (world: World): Promise<readonly Shown[]> =>
  ((await (await world.admin('/admin/api/tokens')).json()) as { data: Shown[] }).data // as documented
const refresh = async (world: World, id: number) =>
  (await world.admin(`/admin/api/tokens/${id}/refresh`, { method: 'POST' })).status

const kill = async (...proxies: readonly TestProxy[]) => {
  for (const proxy of proxies) await proxy[Symbol.asyncDispose]()
}
const gone = (...servers: readonly (TestTap | TestProxy)[]) =>
  Promise.all(servers.map(server => server[Symbol.asyncDispose]()))

test('while proxies work, while they are dead, and when they are back, not one connection is direct', async () => {
  await using receiver = startTarget()
  const { world, tap, main, media } = await startClosed()
  await using _world = world
  // Access, credits, an image with its download, a video with its polls, a webhook.
  const [first] = await accounts(world)
  expect(await refresh(world, first?.id ?? 0)).toBe(200)
  expect((await image(world)).status).toBe(200)
  expect(await video(world)).toBe('completed')
  expect(await webhook(world, receiver.url)).toBe('delivered')
  expect(receiver.direct).toBe(0)
  expect(tap.count.direct).toBe(0)
  expect(tap.count.proxied).toBeGreaterThan(8)
  // Both downloads, and nothing else.
  expect(media.asked).toEqual([tap.place, tap.place])
  expect(main.asked).toContain(new URL(receiver.url).host)

  await kill(main, media)
  const [before, requests] = [tap.count.proxied, receiver.requests.length]
  const failed = await Promise.all([image(world), image(world)])
  expect(await webhook(world, receiver.url)).toBe('given_up')
  for (const { status, body } of failed) {
    expect({ status, code: body.error?.code }).toEqual({ status: 502, code: 'proxy_unreachable' })
    expect(body.error?.message).toContain(main.place)
  }
  expect(await refresh(world, first?.id ?? 0)).toBe(502)
  expect(tap.count).toEqual({ proxied: before, direct: 0 })
  expect(receiver.requests).toHaveLength(requests)
  // Nobody else is blamed.
  expect(
    (await accounts(world)).map(({ state, consecutive_errors, counts }) => [state, consecutive_errors, counts.errors]),
  ).toEqual([
    ['ready', 0, 0],
    ['ready', 0, 0],
  ])

  const back = [
    await startHttpProxy({ port: portOf(main.place) }),
    await startSocksProxy({ ...SOCKS, port: portOf(media.place) }),
  ]
  expect((await image(world)).status).toBe(200)
  expect(tap.count.direct).toBe(0)
  expect(receiver.direct).toBe(0)
  const output = world.gateway.output()
  expect(output).toContain('proxy failed and is left out for a while')
  expect(output).not.toContain('hunter2')
  await gone(tap, ...back)
})

test('an account with a proxy of its own never goes another way, though the section is off', async () => {
  const { world, tap, main, media } = await startClosed()
  await using _world = world
  const own = await startSocksProxy(SOCKS)
  const proxy_url = `socks5h://${SOCKS.user}:${SOCKS.password}@${own.place}`
  for (const { id } of await accounts(world)) {
    const init = { method: 'PATCH', body: JSON.stringify({ proxy_url }) }
    expect((await world.admin(`/admin/api/tokens/${id}`, init)).status).toBe(200)
  }
  const off = '[proxy]\nproxy_enabled = false\nfallback = "none"\n[cache]\nenabled = false\n'
  expect((await world.reload(world.settings(off))).status).toBe(200)
  const before = own.asked.length
  expect((await image(world)).status).toBe(200)
  expect(own.asked.length).toBeGreaterThan(before)
  expect(tap.count.direct).toBe(0)
  await kill(own)
  const { status, body } = await image(world)
  expect({ status, code: body.error?.code }).toEqual({ status: 502, code: 'proxy_unreachable' })
  expect(tap.count.direct).toBe(0)
  await gone(tap, main, media)
})
