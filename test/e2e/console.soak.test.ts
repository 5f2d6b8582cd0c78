/**
 * A console that is left open in front of a busy gateway does not grow. Its clock is driven: an hour of polling in some
 * minutes with `CONSOLE_SOAK_MINUTES=60`; ten minutes otherwise.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Browser, CDPSession } from 'playwright-core'
import { launchBrowser, noBrowser } from '../fixtures/browser.ts'
import { openDesk } from '../fixtures/console.ts'
import { ADMIN_PASSWORD, startWorld, type World } from '../fixtures/world.ts'

const MINUTES = Number(process.env['CONSOLE_SOAK_MINUTES'] ?? 10)
/** Of the console's clock, at once. */
const STEP_MS = 5_000
/** What is fetched once, and what caches fill, belongs to the beginning. */
const WARM_UP = 24
const MOST_GROWTH_MB = 8
const FULL = 60
const AT_ONCE = 6

let browser: Browser
beforeAll(async () => {
  if (noBrowser === null) browser = await launchBrowser()
})
afterAll(() => browser?.close())

interface Measured {
  readonly heapMb: number
  readonly nodes: number
  readonly listeners: number
}

async function measure(session: CDPSession): Promise<Measured> {
  await session.send('HeapProfiler.collectGarbage')
  const { metrics } = await session.send('Performance.getMetrics')
  const of = (name: string) => metrics.find(metric => metric.name === name)?.value ?? 0
  return { heapMb: of('JSHeapUsedSize') / 1024 ** 2, nodes: of('Nodes'), listeners: of('JSEventListeners') }
}

const draw = (world: World, prompt: string) =>
  world.call('/v1/images/generations', { method: 'POST', body: JSON.stringify({ prompt, response_format: 'url' }) })

/** One image after the other, until it is told to stop. */
async function keepBusy(world: World, signal: AbortSignal): Promise<number> {
  let made = 0
  while (!signal.aborted) {
    await draw(world, `Busy ${made}`)
    made++
  }
  return made
}

describe(`a console left open${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  test.skipIf(noBrowser !== null).each([
    ['Overview', ''],
    ['Jobs', '/jobs'],
    ['Logs', '/logs'],
  ])(
    `%s does not grow in ${MINUTES} minutes of polling`,
    async (heading, path) => {
      await using world = await startWorld({ settings: '[debug]\nenabled = true' })
      // Lists are full from the beginning, and so is the log that the page keeps.
      const fillUp = async () => {
        for (let made = 0; made < FULL; made += AT_ONCE)
          await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => draw(world, `Before ${made + n}`)))
      }
      await fillUp()
      await using desk = await openDesk(browser, world.url)
      const { page } = desk
      await page.request.post(`${world.url}/admin/api/login`, { data: { username: 'admin', password: ADMIN_PASSWORD } })
      await page.clock.install()
      await desk.open(`/admin${path}`)
      await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
      await fillUp()
      const session = await desk.context.newCDPSession(page)
      await session.send('Performance.enable')
      const stop = new AbortController()
      const busy = keepBusy(world, stop.signal)
      const run = async (steps: number) => {
        for (let step = 0; step < steps; step++) {
          await page.clock.runFor(STEP_MS)
          // The answers come in real time.
          await page.waitForLoadState('networkidle').catch(() => {})
          await Bun.sleep(60)
        }
      }
      await run(WARM_UP)
      const before = await measure(session)
      await run((MINUTES * 60_000) / STEP_MS)
      const after = await measure(session)
      stop.abort()
      console.log(`${heading}: ${await busy} jobs meanwhile`, before, after)
      expect(after.heapMb - before.heapMb).toBeLessThan(MOST_GROWTH_MB)
      expect(after.nodes).toBeLessThan(before.nodes * 1.3 + 300)
      expect(after.listeners).toBeLessThan(before.listeners * 1.5 + 50)
    },
    900_000,
  )
})
