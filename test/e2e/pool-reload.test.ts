/** The pool is reloaded again and again while 500 requests a second come in: no lease is lost, and no request. */
import { expect, test } from 'bun:test'
import type { ReloadReport } from 'flow2api/plugin'
import { SAMPLE_ACCOUNTS } from '../emulator/index.ts'
import { basicAuth } from '../fixtures/accounts.ts'
import { paced, tally } from '../fixtures/load.ts'
import { ADMIN_PASSWORD, startWorld } from '../fixtures/world.ts'

const PACE = { perSecond: 500, seconds: 4 }
/** Fewer places than there are requests under way, so that there is a queue over each reload. */
const PLACES = 4

test('reloading token-pool under load loses no lease and no request', async () => {
  await using world = await startWorld({
    emulator: { instant: true },
    settings: '[generation]\nmax_queue = 100000\n[cache]\nenabled = false',
  })
  for (let id = 1; id <= SAMPLE_ACCOUNTS.length; id++)
    await world.call(`/admin/api/tokens/${id}`, {
      method: 'PATCH',
      headers: { authorization: basicAuth(ADMIN_PASSWORD) },
      body: JSON.stringify({ image_concurrency: PLACES }),
    })

  const answers = tally()
  const load = paced(PACE, async nth => {
    const body = JSON.stringify({ prompt: `a boat ${nth}`, response_format: 'url' })
    await answers.add(await world.call('/v1/images/generations', { method: 'POST', body }))
  })
  const generations = new Set<number>()
  for (let round = 0; !load.over(); round++) {
    const selection = round % 2 === 0 ? 'round_robin' : 'least_loaded'
    const settings = world.settings(
      `[generation]\nmax_queue = 100000\n[cache]\nenabled = false\n[admin]\nselection = "${selection}"`,
    )
    const report = (await (await world.reload(settings)).json()) as ReloadReport // the documented answer
    const pool = report.plugins.find(({ id }) => id === 'token-pool')
    if (pool?.outcome === 'reloaded') generations.add(pool.generation)
    await Bun.sleep(50)
  }
  const { sentInSeconds, answeredInSeconds } = await load.done
  console.log(
    `${load.total} requests in ${sentInSeconds.toFixed(1)} s, answered after ${answeredInSeconds.toFixed(1)} s, over ${generations.size} reloads`,
  )

  expect(answers.all()).toEqual({ ok: load.total })
  expect(generations.size).toBeGreaterThan(5)
  const { data } = (await (await world.admin('/admin/api/tokens')).json()) as {
    data: { in_flight: object; counts: { images: number; errors: number }; state: string }[]
  } // the console's
  expect(data.map(({ in_flight, state }) => ({ in_flight, state }))).toEqual(
    data.map(() => ({ in_flight: { image: 0, video: 0 }, state: 'ready' })),
  )
  // Every lease was reported to the instance that was current by then.
  expect(data.reduce((sum, { counts }) => sum + counts.images, 0)).toBe(load.total)
  expect(data.reduce((sum, { counts }) => sum + counts.errors, 0)).toBe(0)
}, 120_000)
