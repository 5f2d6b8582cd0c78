/** The operator's desk, walked from the first sign-in on, on a desktop and on a phone. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { SAMPLE_ACCOUNTS } from '../emulator/index.ts'
import { launchBrowser, noBrowser } from '../fixtures/browser.ts'
import { type Desk, LAB_PLUGIN, openDesk, type Size, shownPassword, signIn } from '../fixtures/console.ts'
import { API_KEY, startWorld, type World } from '../fixtures/world.ts'

const LATENCY = { imageMs: 700, videoMs: 2_500 }
const WITH_LAB = '[plugins]\nlab = { use = "./lab.ts" }\n'

let browser: Browser
beforeAll(async () => {
  if (noBrowser === null) browser = await launchBrowser()
})
afterAll(() => browser?.close())

/** Nothing configured: the password is the one that was shown once. */
async function firstStart() {
  const world = await startWorld({
    accounts: 0,
    env: { FLOW2API_ADMIN_PASSWORD: '' },
    flow: 'poll_interval = 0.2',
    emulator: { latency: LATENCY },
  })
  return { world, password: shownPassword(world.gateway.output()) }
}

const asOperator = async (world: World, password: string, path: string, init: RequestInit = {}) =>
  // What is read of an answer is checked where it is used.
  (await (
    await fetch(`${world.url}/admin/api${path}`, {
      ...init,
      headers: { authorization: `Basic ${btoa(`admin:${password}`)}`, 'content-type': 'application/json' },
    })
  ).json()) as { data: Record<string, unknown>[]; sections: Record<string, Record<string, unknown>> }

const STEPS = {
  async addsAnAccountByPaste({ page, go }: Desk) {
    await page.getByText('There is no account yet').waitFor()
    await page.getByRole('link', { name: 'Open the accounts' }).click()
    await page.getByRole('button', { name: 'Add the first account' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Session token').fill(SAMPLE_ACCOUNTS[1]?.st ?? '')
    await dialog.getByLabel('Remark').fill('Studio')
    await dialog.getByRole('button', { name: 'Add the account' }).click()
    await page.getByRole('button', { name: 'Studio', exact: true }).waitFor()
    await page.getByText('pro@flow.example').first().waitFor()
    await page.getByRole('button', { name: 'Hide e-mail addresses' }).click()
    expect(await page.getByText('pro@flow.example').count()).toBe(0)
    await page.getByRole('button', { name: 'Show e-mail addresses' }).click()
    await go('Overview')
    await page.getByText('Nothing. All is well.').waitFor()
  },

  async generatesAnImage({ page, go }: Desk) {
    await go('Playground')
    await page.getByLabel('Prompt').fill('A lighthouse at dawn')
    await page.getByRole('button', { name: 'Generate' }).click()
    await page.getByRole('progressbar', { name: 'Progress' }).waitFor()
    const picture = page.getByRole('img', { name: 'Picture: A lighthouse at dawn' })
    await picture.waitFor()
    // What the browser has made of it.
    await page.waitForFunction(() => document.querySelector<HTMLImageElement>('img.media')?.naturalWidth === 1376)
    await page.getByRole('row', { name: 'Size 1376x768 1376x768' }).waitFor()
    await page.getByRole('row', { name: 'Resolution 1K 1K' }).waitFor()
  },

  async generatesAVideo({ page }: Desk) {
    await page.getByText('Video', { exact: true }).click()
    await page.getByLabel('Prompt').fill('A paper boat on a river')
    await page.getByRole('button', { name: 'Generate' }).click()
    const progress = page.getByRole('progressbar', { name: 'Progress' })
    await progress.waitFor()
    // It moves while the video is being made.
    await page.waitForFunction(
      () => Number(document.querySelector('[role=progressbar]')?.getAttribute('aria-valuenow')) > 2,
    )
    await page.locator('video.media').waitFor()
    await page.waitForFunction(() => (document.querySelector<HTMLVideoElement>('video.media')?.currentTime ?? 0) > 0.2)
    await page.getByRole('row', { name: 'Seconds 8 8' }).waitFor()
  },

  async goesOnWithAVideo({ page }: Desk, world: World, password: string) {
    const field = (name: string) => page.getByRole('combobox', { name })
    await field('Model').fill('veo_3_1_extend')
    await page.getByRole('option', { name: 'veo_3_1_extend', exact: true }).click()
    await field('Video to go on with').fill('no such film')
    await page.getByText('No finished video is called like that. Make one first.').waitFor()
    await field('Video to go on with').fill('PAPER boat')
    await page.getByRole('option', { name: /^A paper boat on a river · / }).click()
    await page.getByLabel('Prompt').fill('It sails away')
    await page.getByRole('button', { name: 'Generate' }).click()
    await page.getByRole('progressbar', { name: 'Progress' }).waitFor()
    await page.getByLabel('It sails away').waitFor()
    await page.waitForFunction(() => (document.querySelector<HTMLVideoElement>('video.media')?.currentTime ?? 0) > 0.2)
    const [longer, first] = (await asOperator(world, password, '/jobs?kind=video')).data
    expect([longer, first]).toMatchObject([{ prompt: 'It sails away' }, { prompt: 'A paper boat on a river' }])
    await page.getByText(`"id":"${String(first?.['id']).replace('job_', 'video_')}"`).waitFor()
  },

  async editsALimitAndSeesItAct({ page, go }: Desk) {
    const limit = async (value: string) => {
      await go('Accounts')
      await page.getByRole('button', { name: 'Studio', exact: true }).click()
      await page.getByLabel('Images at once').fill(value)
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByText('Studio was saved, and acts from now on.').last().waitFor()
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    }
    await limit('0')
    await go('Playground')
    await page.getByLabel('Prompt').fill('Nobody makes this')
    await page.getByRole('button', { name: 'Generate' }).click()
    await page.getByRole('alert').filter({ hasText: 'It failed' }).waitFor()
    await limit('-1')
  },

  async cancelsAJob({ page, go }: Desk) {
    await go('Playground')
    await page.getByText('Video', { exact: true }).click()
    await page.getByLabel('Prompt').fill('A film that nobody waits for')
    await page.getByRole('button', { name: 'Generate' }).click()
    await page.getByRole('progressbar', { name: 'Progress' }).waitFor()
    await go('Jobs')
    await page.getByRole('link', { name: 'A film that nobody waits for' }).click()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Make it again' }).waitFor()
    await page.getByText('Cancelled', { exact: true }).waitFor()
    await page.getByText('Account Studio').waitFor()
  },

  async switchesAPluginOffAndOn({ page, go }: Desk) {
    await go('Plugins')
    // The box itself is hidden under what is drawn.
    await page.getByRole('switch', { name: 'Switch cache off' }).click({ force: true })
    await page.getByRole('status').filter({ hasText: 'cache: removed' }).waitFor()
    await page.getByRole('switch', { name: 'Switch cache on' }).click({ force: true })
    await page.getByRole('status').filter({ hasText: 'cache: added' }).waitFor()
  },
}

describe.each(['desktop', 'phone'] as const)(
  `the console on a %s${noBrowser ? ` (${noBrowser})` : ''}`,
  (size: Size) => {
    test.skipIf(noBrowser !== null)(
      'from the first sign-in to every flow of the desk, without a complaint of the browser',
      async () => {
        const { world, password } = await firstStart()
        await using _world = world
        await using desk = await openDesk(browser, world.url, { size })
        const { page, go } = desk
        await desk.open('/admin')
        await signIn(desk, password)

        await STEPS.addsAnAccountByPaste(desk)
        await STEPS.generatesAnImage(desk)
        await STEPS.generatesAVideo(desk)
        await STEPS.goesOnWithAVideo(desk, world, password)
        await STEPS.editsALimitAndSeesItAct(desk)
        await STEPS.cancelsAJob(desk)
        await STEPS.switchesAPluginOffAndOn(desk)

        // Save & Apply, and the way back.
        const shown = async () => (await asOperator(world, password, '/config')).sections
        await go('Settings')
        await page.goto(`${world.url}/admin/settings/generation`)
        await page.getByLabel('max_queue').fill('5')
        await page.getByRole('button', { name: 'Save & Apply' }).click()
        const dialog = page.getByRole('dialog')
        await dialog.getByRole('row', { name: 'generation.max_queue 1000 5' }).waitFor()
        await dialog.getByRole('button', { name: 'Apply' }).click()
        await dialog.getByText('generation: reloaded').waitFor()
        expect((await shown())['generation']?.['max_queue']).toBe(5)
        await dialog.getByRole('button', { name: 'Undo' }).click()
        await dialog.getByText('Undone').waitFor()
        expect((await shown())['generation']?.['max_queue']).toBe(1000)
        await dialog.getByRole('button', { name: 'Close' }).last().click()

        // A plugin of somebody else comes, with a form that nobody wrote.
        await Bun.write(join(world.gateway.dir, 'lab.ts'), LAB_PLUGIN)
        await world.reload(world.settings(WITH_LAB))
        await page.goto(`${world.url}/admin/settings/lab`)
        await page.getByLabel('greeting').fill('ahoy')
        await page.getByLabel('times').fill('2')
        await page.getByRole('button', { name: 'Save & Apply' }).click()
        await dialog.getByRole('button', { name: 'Apply' }).click()
        await dialog.getByText('lab: reloaded').waitFor()
        expect(await (await world.call('/lab')).text()).toBe('ahoy ahoy')
        await dialog.getByRole('button', { name: 'Close' }).last().click()

        // An import is looked at first.
        await go('Accounts')
        await page.getByRole('button', { name: 'Import' }).click()
        const list = JSON.stringify([
          { st: SAMPLE_ACCOUNTS[2]?.st, email: 'ultra@flow.example' },
          { email: 'nobody@x.test' },
        ])
        await dialog.getByLabel('Paste').fill(list)
        await dialog.getByRole('button', { name: 'See what would happen' }).click()
        await dialog.getByText('Nothing was changed yet.').waitFor()
        expect((await asOperator(world, password, '/tokens')).data).toHaveLength(1)
        await dialog.getByRole('button', { name: 'Import 1' }).click()
        await dialog.getByText('1 added').waitFor()
        expect((await asOperator(world, password, '/tokens')).data).toHaveLength(2)
        await dialog.getByRole('button', { name: 'Close' }).last().click()

        expect(desk.complaints).toEqual([])
        // Nothing is wider than the screen.
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
      },
      180_000,
    )
  },
)

describe(`the keyboard${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  test.skipIf(noBrowser !== null)(
    'is enough: to sign in, to go from page to page, to search and to leave a dialog',
    async () => {
      const { world, password } = await firstStart()
      await using _world = world
      await using desk = await openDesk(browser, world.url)
      const { page } = desk
      await desk.open('/admin')
      await page.getByRole('button', { name: 'Sign in' }).waitFor()
      // The cursor stands where the password belongs.
      await page.keyboard.type(password)
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
      await page.keyboard.press('Alt+4')
      await page.getByRole('heading', { name: 'Jobs', level: 1 }).waitFor()
      await page.keyboard.press('/')
      await page.keyboard.type('lighthouse')
      await page.getByText('No job matches').waitFor()
      expect(await page.getByRole('textbox', { name: 'Search by id, prompt or model' }).inputValue()).toBe('lighthouse')
      await page.keyboard.press('Escape')
      await page.keyboard.press('Alt+2')
      await page.getByRole('button', { name: 'Add the first account' }).press('Enter')
      const token = page.getByRole('dialog').getByLabel('Session token')
      await token.waitFor()
      await page.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA')
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      expect(desk.complaints).toEqual([])
    },
    60_000,
  )
})

describe(`the playground’s snippets${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  const curl = Bun.which('curl')
  test.skipIf(noBrowser !== null || !curl)(
    'do what the playground does, as they are',
    async () => {
      await using world = await startWorld()
      await using desk = await openDesk(browser, world.url)
      const { page } = desk
      await page.request.post(`${world.url}/admin/api/login`, {
        data: { username: 'admin', password: 'correct horse battery' },
      })
      await desk.open('/admin/playground')
      await page.getByLabel('Prompt').fill("A fisherman's hut")
      const text = await page.getByRole('tabpanel').locator('pre').textContent()
      const run = Bun.spawn(['sh', '-c', text ?? ''], {
        env: { PATH: process.env['PATH'] ?? '', FLOW2API_API_KEY: API_KEY, NO_PROXY: '127.0.0.1' },
        stderr: 'ignore',
      })
      expect(await new Response(run.stdout).text()).toContain(`${world.url}/tmp/`)
    },
    60_000,
  )
})
