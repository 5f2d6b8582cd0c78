/** Every page of the console before axe-core, in light and dark: nothing serious. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { AxeResults } from 'axe-core'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser, noBrowser } from '../fixtures/browser.ts'
import { openDesk } from '../fixtures/console.ts'
import { ADMIN_PASSWORD, startWorld, type World } from '../fixtures/world.ts'

let browser: Browser
let world: World
let job: string
beforeAll(async () => {
  if (noBrowser !== null) return
  browser = await launchBrowser()
  world = await startWorld()
  const made = await world.call('/v1/images/generations', {
    method: 'POST',
    body: JSON.stringify({ prompt: 'A harbour' }),
  })
  job = made.headers.get('x-flow2api-job') ?? ''
  // And one that fails, with its reasons.
  await world.call('/v1/images/generations', { method: 'POST', body: JSON.stringify({ prompt: 'x', model: 'none' }) })
}, 60_000)
afterAll(async () => {
  await browser?.close()
  await world?.[Symbol.asyncDispose]()
})

async function serious(page: Page): Promise<string[]> {
  // From outside of the page's own policy, which would refuse it.
  await page.evaluate(axe.source)
  const results = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as AxeResults // of axe.run
  return results.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.slice(0, 3).map(({ html, failureSummary }) => `${id}: ${html.slice(0, 300)} ${failureSummary}`),
    )
}

const HEADINGS = {
  '': 'Overview',
  '/accounts': 'Accounts',
  '/playground': 'Playground',
  '/jobs': 'Jobs',
  '/settings/generation': 'Settings',
  '/settings/webhooks': 'Settings',
  '/settings/models': 'Settings',
  '/plugins': 'Plugins',
  '/security': 'Sessions and password',
  '/proxies': 'Proxies',
  '/alerts': 'Alerts',
  '/audit': 'Audit log',
  '/doctor': 'Doctor',
} as const

describe.each([false, true])(`dark: %p${noBrowser ? ` (${noBrowser})` : ''}`, dark => {
  const run = test.skipIf(noBrowser !== null)

  run(
    'the sign-in',
    async () => {
      await using desk = await openDesk(browser, world.url, { dark })
      await desk.open('/admin')
      await desk.page.getByRole('button', { name: 'Sign in' }).waitFor()
      expect(await serious(desk.page)).toEqual([])
    },
    30_000,
  )

  run.each(['desktop', 'phone'] as const)(
    'every page on a %s',
    async size => {
      await using desk = await openDesk(browser, world.url, { dark, size })
      const { page } = desk
      await page.request.post(`${world.url}/admin/api/login`, { data: { username: 'admin', password: ADMIN_PASSWORD } })
      const found: Record<string, string[]> = {}
      const look = async (name: string) => {
        await page.waitForLoadState('networkidle')
        const faults = await serious(page)
        if (faults.length > 0) found[name] = faults
      }
      for (const [path, heading] of Object.entries(HEADINGS)) {
        await desk.open(`/admin${path}`)
        await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
        await look(path)
      }
      await desk.open(`/admin/jobs/${job}`)
      await page.getByText('Delivered').first().waitFor()
      await look('one job')
      await desk.open('/admin/logs')
      await page.getByText('live', { exact: true }).waitFor()
      // Its stream stays open: the network is never idle.
      const ofLogs = await serious(page)
      if (ofLogs.length > 0) found['/logs'] = ofLogs
      await desk.open('/admin/accounts')
      await page.getByRole('button', { name: 'Add', exact: true }).click()
      await page.getByRole('dialog').getByLabel('Session token').waitFor()
      await look('adding an account')
      expect(found).toEqual({})
      expect(desk.complaints).toEqual([])
    },
    120_000,
  )
})
