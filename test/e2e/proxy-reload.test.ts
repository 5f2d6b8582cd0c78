/** The way out is replaced again and again under load: no request is lost, no slot of an account, and nothing goes around. */
import { expect, test } from 'bun:test'
import type { ReloadReport } from 'flow2api/plugin'
import { closedPort, startHttpProxy, startSocksProxy, startTap } from '../fixtures/proxies.ts'
import { startWorld, type World } from '../fixtures/world.ts'

const WORKERS = 32
const RELOADS = 12
const ANSWERS_BETWEEN = 100
/** Together less than there are workers: a slot that is not given back would soon be missed. */
const SLOTS_AN_ACCOUNT = 6

interface Shown {
  readonly id: number
  readonly in_flight: { readonly image: number; readonly video: number }
  readonly counts: { readonly images: number; readonly errors: number }
}
const accounts = async (world: World): Promise<readonly Shown[]> =>
  ((await (await world.admin('/admin/api/tokens')).json()) as { data: Shown[] }).data // as documented

/** As many requests as are answered, from workers that never rest. */
function load(world: World) {
  const statuses: number[] = []
  const waiting: { readonly at: number; readonly resolve: () => void }[] = []
  let stop = false
  const worker = async (nth: number) => {
    for (let i = 0; !stop; i++) {
      const body = JSON.stringify({ prompt: `load ${nth}-${i}`, response_format: 'url' })
      const answer = await world.call('/v1/images/generations', { method: 'POST', body })
      await answer.arrayBuffer()
      statuses.push(answer.status)
      while (waiting[0] && waiting[0].at <= statuses.length) waiting.shift()?.resolve()
    }
  }
  const done = Promise.all(Array.from({ length: WORKERS }, (_, nth) => worker(nth)))
  return {
    /** Resolves when so many more answers have come. */
    more: (count: number) => new Promise<void>(resolve => void waiting.push({ at: statuses.length + count, resolve })),
    end: async () => {
      stop = true
      await done
      return statuses
    },
  }
}

test('reloads of proxy under load lose no request and no lease', async () => {
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
    `[proxy]\nproxy_enabled = true\nfallback = "none"\n${ways[way % ways.length]}\n[cache]\nenabled = false\n`
  await using world = await startWorld({
    emulator: { port, publicUrl: `http://${tap.place}`, instant: true },
    settings: settings(0),
  })
  for (const { id } of await accounts(world)) {
    const init = { method: 'PATCH', body: JSON.stringify({ image_concurrency: SLOTS_AN_ACCOUNT }) }
    expect((await world.admin(`/admin/api/tokens/${id}`, init)).status).toBe(200)
  }
  const traffic = load(world)
  await traffic.more(ANSWERS_BETWEEN)
  for (let reload = 1; reload <= RELOADS; reload++) {
    const answer = await world.reload(world.settings(settings(reload)))
    const { plugins } = (await answer.json()) as ReloadReport // as documented
    expect(plugins.filter(({ outcome }) => outcome !== 'unchanged')).toMatchObject([
      { id: 'proxy', outcome: 'reloaded' },
    ])
    await traffic.more(ANSWERS_BETWEEN)
  }
  // Also where nothing has changed.
  expect((await world.admin('/admin/api/plugins/proxy/reload', { method: 'POST' })).status).toBe(200)
  const statuses = await traffic.end()

  expect(statuses.filter(status => status !== 200)).toEqual([])
  expect(statuses.length).toBeGreaterThan(RELOADS * ANSWERS_BETWEEN)
  const after = await accounts(world)
  expect(after.map(({ in_flight }) => in_flight)).toEqual(after.map(() => ({ image: 0, video: 0 })))
  expect(after.reduce((sum, { counts }) => sum + counts.images, 0)).toBe(statuses.length)
  expect(after.map(({ counts }) => counts.errors)).toEqual(after.map(() => 0))
  expect(tap.count.direct).toBe(0)
  for (const proxy of [first, second, socks]) expect(proxy.asked.length).toBeGreaterThan(0)
})
