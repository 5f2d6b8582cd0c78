/** What was changed and by whom, and the check-up, as the operator reads them. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Browser } from 'playwright-core'
import { launchBrowser, noBrowser } from '../fixtures/browser.ts'
import { openDesk, signIn } from '../fixtures/console.ts'
import { ADMIN_PASSWORD, startWorld } from '../fixtures/world.ts'

let browser: Browser
beforeAll(async () => {
  if (noBrowser === null) browser = await launchBrowser()
})
afterAll(() => browser?.close())

describe.each(['desktop', 'phone'] as const)(`on a %s${noBrowser ? ` (${noBrowser})` : ''}`, size => {
  test.skipIf(noBrowser !== null)(
    'the audit log tells and finds what was changed; the doctor says what is wrong and what to do',
    async () => {
      await using world = await startWorld()
      const put = { method: 'PUT', body: JSON.stringify({ set: { generation: { max_queue: 77 } } }) }
      expect((await world.admin('/admin/api/config', put)).status).toBe(200)
      await using desk = await openDesk(browser, world.url, { size })
      const { page, go } = desk
      await desk.open('/admin')
      await signIn(desk, ADMIN_PASSWORD)

      await go('Audit log')
      await page.getByText('Settings changed').waitFor()
      await page.getByText('generation.max_queue').waitFor()
      await page.getByText('Signed in').first().waitFor()
      await page.getByRole('textbox', { name: 'Search by action' }).fill('MAX_QUEUE')
      await page.getByText('Signed in').first().waitFor({ state: 'detached' })
      await page.getByText('Settings changed').waitFor()
      await page.getByRole('textbox', { name: 'Search by action' }).fill('nothing like it')
      await page.getByText('No entry matches').waitFor()

      await page.getByRole('textbox', { name: 'Search by action' }).fill('')

      // A list that never ends: what is older is found by searching.
      await page.route('**/admin/api/audit?*before=*', async route => {
        const id = Number(new URL(route.request().url()).searchParams.get('before')) - 1
        const entry = { id, created_at: 1_790_000_000, actor: 'admin', ip: '', action: 'login', detail: '' }
        await route.fulfill({ json: { object: 'list', has_more: true, data: [{ ...entry, target: `entry ${id}` }] } })
      })
      await page.route('**/admin/api/audit?limit=50', async route => {
        const { data } = await (await route.fetch()).json()
        const later = data.map((entry: { id: number }) => ({ ...entry, id: entry.id + 1_000 }))
        await route.fulfill({ json: { object: 'list', data: later, has_more: true } })
      })
      await page.reload()
      for (let pressed = 0; pressed < 9; pressed++) await page.getByRole('button', { name: 'Show more' }).click()
      await page.getByText(/^The newest \d+ are listed\. Search for what is older\.$/).waitFor()
      await page.getByText('entry 992').waitFor()
      expect(await page.getByRole('button', { name: 'Show more' }).count()).toBe(0)

      await go('Doctor')
      await page.getByRole('button', { name: 'Check now' }).click()
      const findings = page.getByRole('list', { name: 'Findings' })
      await findings.getByText('works', { exact: true }).first().waitFor()
      // An account that is out of order comes first, with what to do.
      expect((await world.admin('/admin/api/tokens/1/disable', { method: 'POST' })).status).toBe(200)
      await page.getByRole('button', { name: 'Check again' }).click()
      await findings.getByRole('listitem').first().getByText('needs care', { exact: true }).waitFor()
      expect(desk.complaints).toEqual([])
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    },
    60_000,
  )
})
