/**
 * A console that is left open in front of a busy gateway does not grow. Its clock is driven: an hour of polling in some
 * minutes with `CONSOLE_SOAK_MINUTES=60`; ten minutes otherwise. `CONSOLE_SOAK_CLOCK=wall` leaves it open for as long by
 * the clock on the wall.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Browser, CDPSession } from 'playwright-core'
import { launchBrowser, noBrowser } from '../fixtures/browser.ts'
import { openDesk } from '../fixtures/console.ts'
import { heapOf } from '../fixtures/heap.ts'
import { ADMIN_PASSWORD, startWorld, type World } from '../fixtures/world.ts'

const MINUTES = Number(process.env['CONSOLE_SOAK_MINUTES'] ?? 10)
const WALL = process.env['CONSOLE_SOAK_CLOCK'] === 'wall'
/** Of the console's clock, at once. */
const STEP_MS = 5_000
/** What is fetched once, and what caches fill, belongs to the beginning. */
const WARM_UP = 24
const MOST_GROWTH_MB = 8
const MOST_VALUES = 1.15
const FULL = 60
const AT_ONCE = 6
/** What a wall-clock soak asks of the gateway, all the time. */
const IMAGES_PER_SECOND = 10
const PAGES = [
  ['Overview', ''],
  ['Accounts', '/accounts'],
  ['Jobs', '/jobs'],
  ['Logs', '/logs'],
] as const

let browser: Browser
beforeAll(async () => {
  if (noBrowser === null) browser = await launchBrowser()
})
afterAll(() => browser?.close())

interface Measured {
  /** All of the heap: the engine goes on compiling for a while, which is no growth of the page. */
  readonly heapMb: number
  readonly nodes: number
  readonly listeners: number
  readonly values: number
  readonly valuesMb: number
}

async function measure(session: CDPSession): Promise<Measured> {
  // A second time: what the first has let go of may hold on to something else. A snapshot is no part of the page.
  for (let round = 0; round < 2; round++) await session.send('HeapProfiler.collectGarbage')
  const { metrics } = await session.send('Performance.getMetrics')
  const of = (name: string) => metrics.find(metric => metric.name === name)?.value ?? 0
  const counted = { nodes: of('Nodes'), listeners: of('JSEventListeners') }
  return { heapMb: of('JSHeapUsedSize') / 1024 ** 2, ...counted, ...(await heapOf(session)) }
}

const draw = (world: World, prompt: string) =>
  world.call('/v1/images/generations', { method: 'POST', body: JSON.stringify({ prompt, response_format: 'url' }) })

/** One image after the other, at most so often, until it is told to stop. */
async function keepBusy(world: World, signal: AbortSignal, perSecond = Number.POSITIVE_INFINITY): Promise<number> {
  let made = 0
  while (!signal.aborted) {
    await Promise.all([draw(world, `Busy ${made}`), Bun.sleep(1000 / perSecond)])
    made++
  }
  return made
}

/** Lists are full from the beginning, and so is the log that a page keeps. */
async function fillUp(world: World): Promise<void> {
  for (let made = 0; made < FULL; made += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => draw(world, `Before ${made + n}`)))
}

async function openPage(world: World, heading: string, path: string, driven: boolean) {
  const desk = await openDesk(browser, world.url)
  const { page } = desk
  await page.request.post(`${world.url}/admin/api/login`, { data: { username: 'admin', password: ADMIN_PASSWORD } })
  if (driven) await page.clock.install()
  await desk.open(`/admin${path}`)
  await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
  const session = await desk.context.newCDPSession(page)
  await session.send('Performance.enable')
  return { desk, session }
}

function expectNoGrowth(before: Measured, after: Measured): void {
  expect(after.heapMb - before.heapMb).toBeLessThan(MOST_GROWTH_MB)
  expect(after.values).toBeLessThan(before.values * MOST_VALUES)
  expect(after.nodes).toBeLessThan(before.nodes * 1.3 + 300)
  expect(after.listeners).toBeLessThan(before.listeners * 1.5 + 50)
}

describe(`a console left open${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  if (!WALL)
    test.skipIf(noBrowser !== null).each(PAGES)(
      `%s does not grow in ${MINUTES} minutes of polling`,
      async (heading, path) => {
        await using world = await startWorld({ settings: '[debug]\nenabled = true' })
        await fillUp(world)
        const { desk, session } = await openPage(world, heading, path, true)
        await using _ = desk
        await fillUp(world)
        const stop = new AbortController()
        const busy = keepBusy(world, stop.signal)
        const run = async (steps: number) => {
          for (let step = 0; step < steps; step++) {
            await desk.page.clock.runFor(STEP_MS)
            // The answers come in real time.
            await desk.page.waitForLoadState('networkidle').catch(() => {})
            await Bun.sleep(60)
          }
        }
        await run(WARM_UP)
        const before = await measure(session)
        await run((MINUTES * 60_000) / STEP_MS)
        const after = await measure(session)
        stop.abort()
        console.log(`${heading}: ${await busy} jobs meanwhile`, before, after)
        expectNoGrowth(before, after)
      },
      900_000,
    )
  else
    test.skipIf(noBrowser !== null)(
      `no page grows in ${MINUTES} minutes by the clock on the wall`,
      async () => {
        await using world = await startWorld({ settings: '[debug]\nenabled = true' })
        await fillUp(world)
        const opened = await Promise.all(
          PAGES.map(async ([heading, path]) => ({ heading, ...(await openPage(world, heading, path, false)) })),
        )
        const stop = new AbortController()
        const busy = keepBusy(world, stop.signal, IMAGES_PER_SECOND)
        const measureAll = () => Promise.all(opened.map(({ session }) => measure(session)))
        await Bun.sleep(WARM_UP * STEP_MS)
        const began = performance.now()
        const first = await measureAll()
        for (const [n, { heading }] of opened.entries()) console.log(heading, 0, first[n])
        let last = first
        while (performance.now() - began < MINUTES * 60_000) {
          await Bun.sleep(Math.min(600_000, Math.max(1_000, MINUTES * 60_000 - (performance.now() - began))))
          last = await measureAll()
          const minutes = Math.round((performance.now() - began) / 60_000)
          for (const [n, { heading }] of opened.entries()) console.log(heading, minutes, last[n])
        }
        stop.abort()
        console.log(`${await busy} jobs meanwhile`)
        for (const [n, { desk }] of opened.entries()) {
          const [before, after] = [first[n], last[n]]
          if (!before || !after) throw new Error('not measured')
          expectNoGrowth(before, after)
          expect(desk.complaints).toEqual([])
          await desk[Symbol.asyncDispose]()
        }
      },
      (MINUTES + 10) * 60_000,
    )
})
