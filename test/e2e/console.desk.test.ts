/** What is done to many accounts at once, accounts out and back in, and alerts that reach somebody. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Browser } from 'playwright-core'
import { SAMPLE_ACCOUNTS } from '../emulator/index.ts'
import { launchBrowser, noBrowser } from '../fixtures/browser.ts'
import { type Desk, openDesk, signIn } from '../fixtures/console.ts'
import { ADMIN_PASSWORD, startWorld, type World } from '../fixtures/world.ts'

const PASSPHRASE = 'a passphrase of some length'
const [FRIDA, PETRA, ULLA] = ['Frida Free', 'Petra Pro', 'Ulla Ultra'] as const

let browser: Browser
beforeAll(async () => {
  if (noBrowser === null) browser = await launchBrowser()
})
afterAll(() => browser?.close())

/** Each test reads what its own route documents. */
type Row = Record<string, unknown>
const asked = async (world: World, path: string): Promise<Row[]> => (await (await world.admin(path)).json()).data
const accounts = (world: World) => asked(world, '/admin/api/tokens')
const states = async (world: World) =>
  Object.fromEntries((await accounts(world)).map(({ remark, state }) => [remark, state]))

/** Everything of an account that a person decides, by whose it is: an import opens several at once, in any order. */
const kept = async (world: World) =>
  Object.fromEntries(
    (await accounts(world)).map(account => [
      account['email'],
      Object.fromEntries(
        Object.entries(account).filter(([key]) => /^(name|remark|project_|image_|video_|proxy_url$|state$)/.test(key)),
      ),
    ]),
  )

/** The browser writes every refused request down; anything else would be a complaint. */
const onlyRefusals = (desk: Desk) =>
  desk.complaints.splice(0).filter(text => !/^Failed to load resource: .* status of 4\d\d /.test(text))

const bulk = ({ page }: Desk) => page.getByRole('region', { name: 'For all that are selected' })
const tick = async ({ page }: Desk, ...names: string[]) => {
  for (const name of names) await page.getByRole('checkbox', { name: `Select ${name}` }).check()
}
/** Done to all that are ticked, and done without a failure: nothing is ticked any more. */
const toAll = async (desk: Desk, action: string) => {
  await bulk(desk).getByRole('button', { name: action }).click()
  await bulk(desk).waitFor({ state: 'detached' })
}

/** Saves an export as the open dialog says; its name and its text. */
async function download({ page }: Desk) {
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('dialog').getByRole('button', { name: 'Save the file' }).click(),
  ])
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  const path = await file.path()
  expect(file.suggestedFilename()).toMatch(/^flow2api-accounts-\d{4}-\d\d-\d\d\.json$/)
  return { path, text: await Bun.file(path).text() }
}

async function chooseFile({ page }: Desk, path: string) {
  const dialog = page.getByRole('dialog')
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    dialog.getByRole('button', { name: 'Or choose a file' }).click(),
  ])
  await chooser.setFiles(path)
}

/** Takes posts, as an operator's own program would. */
function startReceiver() {
  const posts: Row[] = []
  const answer = { status: 200 }
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      posts.push(await request.json())
      return new Response(null, { status: answer.status })
    },
  })
  return { posts, answer, url: `${server.url.href}hook`, [Symbol.dispose]: () => void server.stop(true) }
}

describe.each(['desktop', 'phone'] as const)(`the desk on a %s${noBrowser ? ` (${noBrowser})` : ''}`, size => {
  const run = test.skipIf(noBrowser !== null)
  /** Somebody who has signed in. */
  const sitDown = async (world: World) => {
    const desk = await openDesk(browser, world.url, { size })
    await desk.open('/admin')
    await signIn(desk, ADMIN_PASSWORD)
    return desk
  }

  run(
    'switches, resets and deletes several accounts at once',
    async () => {
      await using world = await startWorld()
      await using desk = await sitDown(world)
      const { page, go } = desk
      await go('Accounts')
      // A new session of an account that is here renews it.
      await page.getByRole('button', { name: 'Add', exact: true }).click()
      const petra = world.emulator.accounts.get('pro@flow.example')
      world.emulator.accounts.rotate(petra)
      await page.getByRole('dialog').getByLabel('Session token').fill(petra.st)
      await page.getByRole('button', { name: 'Add the account' }).click()
      await page.getByText('Petra Pro was here already, and has the new session token.').waitFor()
      expect(await accounts(world)).toHaveLength(3)

      await tick(desk, FRIDA, PETRA)
      await bulk(desk).getByText('2 selected').waitFor()
      await toAll(desk, 'Switch off')
      expect(await states(world)).toEqual({ [FRIDA]: 'disabled', [PETRA]: 'disabled', [ULLA]: 'ready' })
      await page.getByText('Switched off by the operator.').nth(1).waitFor()

      await tick(desk, FRIDA, PETRA)
      await toAll(desk, 'Switch on')
      expect(await states(world)).toEqual({ [FRIDA]: 'ready', [PETRA]: 'ready', [ULLA]: 'ready' })
      expect(desk.complaints).toEqual([])

      // One of two cannot be refreshed: it says why, and both stay ticked.
      petra.session = 'gone'
      await tick(desk, FRIDA, PETRA)
      await bulk(desk).getByRole('button', { name: 'Refresh' }).click()
      const failures = bulk(desk).getByText(/^#\d+: /)
      await failures.waitFor()
      expect(await failures.allTextContents()).toEqual([expect.stringMatching(/^#2: .+/)])
      expect(await states(world)).toEqual({ [FRIDA]: 'ready', [PETRA]: 'needs_session', [ULLA]: 'ready' })
      expect(onlyRefusals(desk)).toEqual([])
      // What failed is of those that were ticked then, not of others.
      await bulk(desk).getByRole('button', { name: 'Clear' }).click()
      await tick(desk, ULLA)
      await bulk(desk).getByText('1 selected').waitFor()
      expect(await failures.count()).toBe(0)
      await bulk(desk).getByRole('button', { name: 'Clear' }).click()

      petra.session = 'alive'
      await tick(desk, PETRA, ULLA)
      await toAll(desk, 'Reset')
      expect(await states(world)).toEqual({ [FRIDA]: 'ready', [PETRA]: 'ready', [ULLA]: 'ready' })

      const dialog = page.getByRole('dialog', { name: 'Delete 2 accounts?' })
      await tick(desk, FRIDA, ULLA)
      await bulk(desk).getByRole('button', { name: 'Delete' }).click()
      await dialog.getByRole('button', { name: 'Cancel' }).click()
      await dialog.waitFor({ state: 'detached' })
      expect(await accounts(world)).toHaveLength(3)
      await bulk(desk).getByRole('button', { name: 'Delete' }).click()
      await dialog.getByRole('button', { name: 'Delete' }).click()
      await bulk(desk).waitFor({ state: 'detached' })
      expect(await states(world)).toEqual({ [PETRA]: 'ready' })

      // The last one, and nothing is left to be ticked.
      await page.getByRole('checkbox', { name: 'Select all' }).check()
      await bulk(desk).getByRole('button', { name: 'Delete' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
      await page.getByRole('button', { name: 'Add the first account' }).waitFor()
      expect(await accounts(world)).toEqual([])
      expect(desk.complaints).toEqual([])
    },
    120_000,
  )

  run(
    'lists a large pool bit by bit, and acts on all of it',
    async () => {
      const seedAccounts = Array.from({ length: 230 }, (_, n) => ({
        ...SAMPLE_ACCOUNTS[1],
        st: `st-many-${n}`,
        email: `many${n}@flow.example`,
        name: `Many ${n}`,
      }))
      const settings = '[alerts]\ncheck_every_s = 0.2'
      await using world = await startWorld({ emulator: { seedAccounts }, accounts: 0, settings })
      const content = seedAccounts.map(({ st }) => st).join('\n')
      await world.admin('/admin/api/accounts/import', { method: 'POST', body: JSON.stringify({ content }) })
      await using desk = await sitDown(world)
      const { page, go } = desk
      await go('Accounts')
      const ticks = page.getByRole('checkbox', { name: 'Select Many' })
      await page.getByRole('button', { name: 'Show more (100 of 230 are listed)' }).click()
      await page.getByRole('button', { name: 'Show more (200 of 230 are listed)' }).waitFor()
      expect(await ticks.count()).toBe(200)
      await page.getByRole('textbox', { name: 'Search' }).fill('many 22')
      await page.getByRole('button', { name: /^Show more/ }).waitFor({ state: 'detached' })
      expect(await ticks.count()).toBe(11)
      await page.getByRole('checkbox', { name: 'Select all' }).check()
      await bulk(desk).getByText('11 selected').waitFor()
      await page.getByRole('textbox', { name: 'Search' }).fill('')
      await page.getByRole('checkbox', { name: 'Select all' }).check()
      // Those too that are not listed.
      await bulk(desk).getByText('230 selected').waitFor()
      await toAll(desk, 'Switch off')
      expect((await accounts(world)).map(({ state }) => state)).toEqual(Array(230).fill('disabled'))
      // What is wrong leads to those that it is about.
      await world.admin('/admin/api/tokens/7/enable', { method: 'POST' })
      await go('Overview')
      const concern = page.getByRole('listitem').filter({ hasText: '229 are switched off' })
      await concern.getByRole('link').click()
      await page.getByRole('button', { name: 'Show more (100 of 229 are listed)' }).waitFor()
      await go('Alerts')
      await page.getByText('And 224 more.').waitFor()
      await go('Doctor')
      await page.getByRole('button', { name: 'Check now' }).click()
      await page.getByText(/^And \d\d more\.$/).waitFor()
      expect(desk.complaints).toEqual([])
    },
    120_000,
  )

  run(
    'takes accounts out, sealed or in clear, and back in',
    async () => {
      await using world = await startWorld()
      await world.admin('/admin/api/tokens/2/disable', { method: 'POST' })
      await using desk = await sitDown(world)
      const { page, go } = desk
      const before = await kept(world)
      const dialog = page.getByRole('dialog')
      const begin = async (name: 'Export' | 'Import') => {
        await page.getByRole('button', { name, exact: true }).click()
        await dialog.waitFor()
      }
      const passphrase = dialog.getByRole('textbox', { name: 'Passphrase' })
      const inClear = dialog.getByRole('checkbox', { name: 'Without a passphrase, in clear' })
      const save = dialog.getByRole('button', { name: 'Save the file' })
      await go('Accounts')

      await begin('Export')
      await dialog.getByText('Export 3 accounts').waitFor()
      expect(await save.isDisabled()).toBe(true)
      await passphrase.fill('too short')
      expect(await save.isDisabled()).toBe(true)
      // Whoever leaves takes it along.
      await dialog.getByRole('button', { name: 'Cancel' }).click()
      await dialog.waitFor({ state: 'detached' })
      await begin('Export')
      expect(await passphrase.inputValue()).toBe('')
      await passphrase.fill(PASSPHRASE)
      const sealed = await download(desk)
      expect(sealed.text).not.toMatch(/emulator-session|flow\.example/)
      expect(JSON.parse(sealed.text)).toMatchObject({
        object: 'flow2api.accounts',
        version: 1,
        sealed: { kdf: 'scrypt' },
      })

      await begin('Export')
      await inClear.check()
      const plain = await download(desk)
      const exported = SAMPLE_ACCOUNTS.map(({ st, email, name }) => ({
        st,
        email,
        remark: name,
        enabled: name !== PETRA,
      }))
      expect(JSON.parse(plain.text)).toMatchObject({ object: 'flow2api.accounts', version: 1, accounts: exported })
      const audited = await asked(world, '/admin/api/audit?action=account.export')
      expect(audited.map(({ target, detail }) => [target, detail])).toEqual([
        ['3 accounts', 'in clear'],
        ['3 accounts', 'sealed with a passphrase'],
      ])
      // In clear was wished for once, not for ever.
      await begin('Export')
      expect(await inClear.isChecked()).toBe(false)
      await dialog.getByRole('button', { name: 'Cancel' }).click()
      await dialog.waitFor({ state: 'detached' })
      expect(desk.complaints).toEqual([])

      await begin('Import')
      const look = dialog.getByRole('button', { name: 'See what would happen' })
      const unchanged = dialog.getByText('flow2api: 0 to add, 0 to update, 3 unchanged, 0 refused.')
      await chooseFile(desk, plain.path)
      await look.click()
      await unchanged.waitFor()
      expect(await dialog.getByRole('button', { name: 'Import 0' }).isDisabled()).toBe(true)
      // Without the file nothing is known any more, and the same file may be chosen again.
      await dialog.getByRole('button', { name: 'Clear' }).click()
      expect(await unchanged.count()).toBe(0)
      expect(await page.locator('input[type=file]').inputValue()).toBe('')
      await chooseFile(desk, sealed.path)
      await look.click()
      await dialog.getByRole('alert').filter({ hasText: 'passphrase' }).waitFor()
      expect(onlyRefusals(desk)).toEqual([])
      await dialog.getByRole('textbox', { name: 'Passphrase of a sealed export' }).fill(PASSPHRASE)
      await look.click()
      await unchanged.waitFor()
      expect(await kept(world)).toEqual(before)

      // All of them are lost, and come back as they were.
      for (const { id } of await accounts(world)) await world.admin(`/admin/api/tokens/${id}`, { method: 'DELETE' })
      await look.click()
      await dialog.getByText('flow2api: 3 to add').waitFor()
      expect(await accounts(world)).toEqual([])
      await dialog.getByRole('button', { name: 'Import 3' }).click()
      await dialog.getByText('3 added, 0 updated').waitFor()
      expect(await kept(world)).toEqual(before)
      await dialog.getByRole('button', { name: 'Close' }).last().click()
      await page.getByRole('button', { name: PETRA, exact: true }).waitFor()
      expect(desk.complaints).toEqual([])
    },
    120_000,
  )

  run(
    'tries a channel of the alerts, and sees what was sent over it',
    async () => {
      using receiver = startReceiver()
      await using world = await startWorld({ settings: '[alerts]\ncheck_every_s = 0.2' })
      await using desk = await sitDown(world)
      const { page, go } = desk
      const tryIt = page.getByRole('button', { name: 'Send a test' })
      const said = (text: string) => page.getByRole('status').filter({ hasText: text })
      /** Rows on a desktop, cards on a phone. */
      const sent = (text: string | RegExp) =>
        page
          .getByRole(size === 'phone' ? 'listitem' : 'row')
          .filter({ hasText: 'Webhook' })
          .filter({ hasText: text })
      await go('Alerts')
      await page.getByText('Nobody is told yet').waitFor()
      expect(await tryIt.isDisabled()).toBe(true)

      // Loopback is nobody's receiver, until the operator says so.
      const dialog = page.getByRole('dialog')
      const apply = async () => {
        await page.getByRole('button', { name: 'Save & Apply' }).click()
        await dialog.getByRole('button', { name: 'Apply' }).click()
      }
      await page.getByRole('main').getByRole('link', { name: 'Settings' }).click()
      await page.getByLabel('webhook_url').fill(receiver.url)
      await apply()
      await dialog.getByRole('alert').filter({ hasText: 'Or set allow_private' }).waitFor()
      await dialog.getByRole('button', { name: 'Cancel' }).click()
      expect(onlyRefusals(desk)).toEqual([])
      await page.getByRole('switch', { name: 'allow_private' }).check({ force: true })
      await apply()
      await dialog.getByText('alerts: reloaded').waitFor()
      await dialog.getByRole('button', { name: 'Close' }).last().click()

      await go('Alerts')
      await page.getByText('Nothing was sent so far.').waitFor()
      expect(receiver.posts).toEqual([])
      await tryIt.click()
      await said('Webhook: delivered').waitFor()
      expect(receiver.posts).toMatchObject([{ object: 'event', type: 'alert.test', data: { title: 'This is a test' } }])
      await sent('delivered').filter({ hasText: 'This is a test' }).waitFor()

      receiver.answer.status = 500
      await tryIt.click()
      await said('The receiver of webhook answered with status 500.').waitFor()
      await sent('answered with status 500').waitFor()
      receiver.answer.status = 200

      // And a real one.
      await go('Accounts')
      await tick(desk, FRIDA)
      await toAll(desk, 'Switch off')
      await go('Alerts')
      await sent('is switched off').filter({ hasText: 'delivered' }).waitFor()
      expect(receiver.posts.at(-1)).toMatchObject({
        type: 'alert.fired',
        data: { rule: 'account_disabled', subject: '1' },
      })
      await page.getByText('firing', { exact: true }).waitFor()
      const deliveries = await asked(world, '/admin/api/alerts/deliveries')
      expect(deliveries.map(({ event, state }) => [event, state])).toEqual([
        ['fired', 'delivered'],
        ['test', 'given_up'],
        ['test', 'delivered'],
      ])
      expect(desk.complaints).toEqual([])
    },
    120_000,
  )
})
