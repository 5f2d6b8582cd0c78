/** The pool is reloaded again and again while 500 requests a second come in: no lease is lost, and no request. */
import { expect, test } from 'bun:test'
import type { ReloadReport } from 'flow2api/plugin'
import { SAMPLE_ACCOUNTS } from '../emulator/index.ts'
import { basicAuth } from '../fixtures/accounts.ts'
import { ADMIN_PASSWORD, startWorld } from '../fixtures/world.ts'

const PER_SECOND = 500
const SECONDS = 4
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

  const answers = new Map<string, number>()
  const send = async (number: number) => {
    const body = JSON.stringify({ prompt: `a boat ${number}`, response_format: 'url' })
    const answer = await world.call('/v1/images/generations', { method: 'POST', body })
    const text = await answer.text()
    const what = answer.ok ? 'ok' : `${answer.status} ${text}`
    answers.set(what, (answers.get(what) ?? 0) + 1)
  }
  const sent: Promise<void>[] = []
  const load = (async () => {
    const began = performance.now()
    while (sent.length < PER_SECOND * SECONDS) {
      const due = Math.min(PER_SECOND * SECONDS, ((performance.now() - began) / 1000) * PER_SECOND)
      while (sent.length < due) sent.push(send(sent.length))
      await Bun.sleep(2)
    }
  })()

  let over = false
  const finished = load
    .then(() => Promise.all(sent))
    .finally(() => {
      over = true
    })
  const generations = new Set<number>()
  for (let round = 0; !over; round++) {
    const selection = round % 2 === 0 ? 'round_robin' : 'least_loaded'
    const settings = world.settings(
      `[generation]\nmax_queue = 100000\n[cache]\nenabled = false\n[admin]\nselection = "${selection}"`,
    )
    const report = (await (await world.reload(settings)).json()) as ReloadReport // the documented answer
    const pool = report.plugins.find(({ id }) => id === 'token-pool')
    if (pool?.outcome === 'reloaded') generations.add(pool.generation)
    await Bun.sleep(50)
  }
  await finished

  expect(Object.fromEntries(answers)).toEqual({ ok: PER_SECOND * SECONDS })
  expect(generations.size).toBeGreaterThan(5)
  const { data } = (await (await world.admin('/admin/api/tokens')).json()) as {
    data: { in_flight: object; counts: { images: number; errors: number }; state: string }[]
  } // the console's
  expect(data.map(({ in_flight, state }) => ({ in_flight, state }))).toEqual(
    data.map(() => ({ in_flight: { image: 0, video: 0 }, state: 'ready' })),
  )
  // Every lease was reported to the instance that was current by then.
  expect(data.reduce((sum, { counts }) => sum + counts.images, 0)).toBe(PER_SECOND * SECONDS)
  expect(data.reduce((sum, { counts }) => sum + counts.errors, 0)).toBe(0)
}, 120_000)
