/** `bun run screenshots`: every page of the console into `docs/screenshots/`, from a gateway with some traffic behind it. */
import { join, resolve } from 'node:path'
import type { Browser } from 'playwright-core'
import { launchBrowser, noBrowser } from './fixtures/browser.ts'
import { type Desk, type DeskOptions, openDesk } from './fixtures/console.ts'
import { ADMIN_PASSWORD, startWorld, type World } from './fixtures/world.ts'

const OUT = resolve(import.meta.dir, '../docs/screenshots')
const SETTLE_MS = 1_200

interface Shot extends DeskOptions {
  readonly name: string
  readonly path: string
  readonly heading: string
  readonly whole?: boolean
  /** The button that fills the page. */
  readonly press?: string
}

const PAGES: readonly Shot[] = [
  { name: 'overview', path: '', heading: 'Overview', whole: true },
  { name: 'accounts', path: '/accounts', heading: 'Accounts' },
  { name: 'jobs', path: '/jobs', heading: 'Jobs' },
  { name: 'settings', path: '/settings/proxy', heading: 'Settings' },
  { name: 'plugins', path: '/plugins', heading: 'Plugins' },
  { name: 'proxies', path: '/proxies', heading: 'Proxies' },
  { name: 'alerts', path: '/alerts', heading: 'Alerts' },
  { name: 'logs', path: '/logs', heading: 'Logs' },
  { name: 'audit', path: '/audit', heading: 'Audit log' },
  { name: 'doctor', path: '/doctor', heading: 'Doctor', press: 'Check now' },
  { name: 'security', path: '/security', heading: 'Sessions and password' },
  { name: 'overview-phone-dark', path: '', heading: 'Overview', size: 'phone', dark: true },
  { name: 'accounts-phone-dark', path: '/accounts', heading: 'Accounts', size: 'phone', dark: true },
  { name: 'jobs-dark', path: '/jobs', heading: 'Jobs', dark: true },
]

const PROMPTS = ['A lighthouse at dawn', 'A cat on a roof, watercolour', 'A harbour at night', 'Mountains in the fog']

async function traffic(world: World): Promise<void> {
  const post = (path: string, body: object) => world.call(path, { method: 'POST', body: JSON.stringify(body) })
  for (const prompt of PROMPTS) await post('/v1/images/generations', { prompt, response_format: 'url' })
  await post('/v1/images/generations', { prompt: 'Something unwanted [[fault:unsafe]]', response_format: 'url' })
  await post('/v1/images/generations', { prompt: 'A postcard', model: 'no-such-model' })
  for (const prompt of ['A paper boat on a river', 'Rain on a window']) await post('/v1/videos', { prompt })
  await Bun.sleep(3_000)
}

/** Whoever is signed in, so that the list of sessions stays short. */
type Cookies = Parameters<Desk['context']['addCookies']>[0]

async function shoot(browser: Browser, world: World, cookies: Cookies, shot: Shot): Promise<void> {
  const { name, path, heading, whole, press, ...options } = shot
  await using desk = await openDesk(browser, world.url, options)
  const { page } = desk
  await desk.context.addCookies(cookies)
  await desk.open(`/admin${path}`)
  await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
  if (press !== undefined) await page.getByRole('button', { name: press }).click()
  await page.waitForTimeout(SETTLE_MS)
  await page.screenshot({ path: join(OUT, `${name}.png`), fullPage: whole === true })
}

async function signInAndPlay(browser: Browser, world: World): Promise<Cookies> {
  await using desk = await openDesk(browser, world.url)
  const { page } = desk
  await desk.open('/admin')
  await page.getByRole('button', { name: 'Sign in' }).waitFor()
  await page.screenshot({ path: join(OUT, 'sign-in.png') })
  await page.request.post(`${world.url}/admin/api/login`, { data: { username: 'admin', password: ADMIN_PASSWORD } })
  await desk.open('/admin/playground')
  await page.getByLabel('Prompt').fill('A lighthouse at dawn, in the style of a woodcut')
  await page.getByRole('button', { name: 'Generate' }).click()
  await page.locator('img.media').waitFor()
  await page.waitForTimeout(SETTLE_MS)
  await page.screenshot({ path: join(OUT, 'playground.png'), fullPage: true })
  await page.getByRole('link', { name: 'Everything about this job' }).click()
  await page.getByText('Delivered', { exact: true }).first().waitFor()
  await page.waitForTimeout(SETTLE_MS)
  await page.screenshot({ path: join(OUT, 'job.png'), fullPage: true })
  return desk.context.cookies()
}

if (noBrowser !== null) {
  console.error(noBrowser)
  process.exit(1)
}
await using world = await startWorld({
  emulator: { latency: { imageMs: 400, videoMs: 1_500 } },
  flow: 'poll_interval = 0.2',
  settings: '[proxy]\npool = ["http://user:secret@127.0.0.1:3128", "socks5://10.0.0.7:1080"]',
})
await traffic(world)
const browser = await launchBrowser()
try {
  const cookies = await signInAndPlay(browser, world)
  for (const shot of PAGES) await shoot(browser, world, cookies, shot)
} finally {
  await browser.close()
}
