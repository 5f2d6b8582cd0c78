/** The way out is replaced again and again while 500 requests a second come in: none is lost, nor a slot, and nothing goes around. */
import { expect, test } from 'bun:test'
import type { ReloadReport } from 'flow2api/plugin'
import { paced, tally } from '../fixtures/load.ts'
import { closedPort, startHttpProxy, startSocksProxy, startTap } from '../fixtures/proxies.ts'
import { startWorld, type World } from '../fixtures/world.ts'

const PACE = { perSecond: 500, seconds: 4 }
/** Fewer than there are requests under way: a slot that is not given back would soon be missed. */
const SLOTS_AN_ACCOUNT = 6

interface Shown {
  readonly id: number
  readonly in_flight: { readonly image: number; readonly video: number }
  readonly counts: { readonly images: number; readonly errors: number }
}
const accounts = async (world: World): Promise<readonly Shown[]> =>
  ((await (await world.admin('/admin/api/tokens')).json()) as { data: Shown[] }).data // as documented

test('reloading proxy under load loses no request and no lease', async () => {
  const port = Number((await closedPort()).split(':')[1])
  await using tap = await startTap(port)
  await using first = await startHttpProxy()
  await using second = await startHttpProxy()
  await using socks = await startSocksProxy({ user: 'u', password: 'p' })
  const ways = [
    `proxy_url = "${first.place}"`,
    `pool = ["${first.place}", "${second.place}"]`,
    `proxy_url = "socks5h://u:p@${socks.place}"`,
    `pool = ["${second.place}:u:p", "st5 ${socks.place}:u:p", "${first.place}"]`,
  ]
  const settings = (way: number) =>
    `[proxy]\nproxy_enabled = true\nfallback = "none"\n${ways[way % ways.length]}\n[generation]\nmax_queue = 100000\n[cache]\nenabled = false\n`
  await using world = await startWorld({
    emulator: { port, publicUrl: `http://${tap.place}`, instant: true },
    settings: settings(0),
  })
  for (const { id } of await accounts(world)) {
    const init = { method: 'PATCH', body: JSON.stringify({ image_concurrency: SLOTS_AN_ACCOUNT }) }
    expect((await world.admin(`/admin/api/tokens/${id}`, init)).status).toBe(200)
  }

  const answers = tally()
  const load = paced(PACE, async nth => {
    const body = JSON.stringify({ prompt: `load ${nth}`, response_format: 'url' })
    await answers.add(await world.call('/v1/images/generations', { method: 'POST', body }))
  })
  const generations = new Set<number>()
  for (let round = 1; !load.over(); round++) {
    const { plugins } = (await (await world.reload(world.settings(settings(round)))).json()) as ReloadReport // as documented
    const changed = plugins.filter(({ outcome }) => outcome !== 'unchanged')
    expect(changed).toMatchObject([{ id: 'proxy', outcome: 'reloaded' }])
    for (const { generation } of changed) generations.add(generation)
    await Bun.sleep(50)
  }
  // Also where nothing has changed.
  expect((await world.admin('/admin/api/plugins/proxy/reload', { method: 'POST' })).status).toBe(200)
  const { sentInSeconds, answeredInSeconds } = await load.done
  console.log(
    `${load.total} requests in ${sentInSeconds.toFixed(1)} s, answered after ${answeredInSeconds.toFixed(1)} s, over ${generations.size} reloads`,
  )

  expect(answers.all()).toEqual({ ok: load.total })
  expect(generations.size).toBeGreaterThan(5)
  const after = await accounts(world)
  expect(after.map(({ in_flight }) => in_flight)).toEqual(after.map(() => ({ image: 0, video: 0 })))
  expect(after.reduce((sum, { counts }) => sum + counts.images, 0)).toBe(load.total)
  expect(after.map(({ counts }) => counts.errors)).toEqual(after.map(() => 0))
  expect(tap.count.direct).toBe(0)
  for (const proxy of [first, second, socks]) expect(proxy.asked.length).toBeGreaterThan(0)
}, 120_000)
