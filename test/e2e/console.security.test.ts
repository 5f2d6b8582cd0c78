/** What a page of somebody else, and a script that got in, can do with the operator's session: nothing. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Browser } from 'playwright-core'
import { launchBrowser, noBrowser } from '../fixtures/browser.ts'
import { openDesk, shownPassword, signIn } from '../fixtures/console.ts'
import { startGateway } from '../fixtures/gateway.ts'

const THROTTLED = 'Too many failed logins'
const AGAIN = 'a brand new password'
/** Of script for the first page, in bytes as they travel. */
const BUDGET = 400 * 1024

let browser: Browser
beforeAll(async () => {
  if (noBrowser === null) browser = await launchBrowser()
})
afterAll(() => browser?.close())

/** A gateway whose password may be changed. */
async function gateway() {
  const started = await startGateway()
  return { gateway: started, password: shownPassword(started.output()) }
}

const run = test.skipIf(noBrowser !== null)

describe(`the console’s session${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  run(
    'cannot be used from another origin, not even from another port of the same machine',
    async () => {
      const { gateway: started, password } = await gateway()
      await using _gateway = started
      using evil = Bun.serve({
        hostname: '127.0.0.1',
        port: 0,
        fetch: () => new Response('<title>evil</title><body>', { headers: { 'content-type': 'text/html' } }),
      })
      await using desk = await openDesk(browser, started.url)
      await desk.open('/admin')
      await signIn(desk, password)
      const cookies = await desk.context.cookies()
      expect(cookies).toMatchObject([{ name: 'flow2api_session', httpOnly: true, sameSite: 'Strict' }])
      expect(await desk.page.evaluate(() => document.cookie)).toBe('')

      const page = await desk.context.newPage()
      await page.goto(evil.url.href)
      // The browser sends the cookie: for it both ports are one site.
      const tried = await page.evaluate(async (target: string) => {
        const attempt = async (path: string, init: RequestInit) => {
          try {
            const answer = await fetch(`${target}/admin/api${path}`, { credentials: 'include', ...init })
            return `${answer.type} ${answer.status}`
          } catch (cause) {
            return String(cause)
          }
        }
        return [
          await attempt('/config', {}),
          await attempt('/plugins/debug/disable', { method: 'POST', mode: 'no-cors' }),
          await attempt('/sessions', { method: 'DELETE' }),
          await attempt('/tokens', { method: 'POST', mode: 'no-cors', body: '{"st":"x"}' }),
        ]
      }, started.url)
      expect(tried).toEqual(['TypeError: Failed to fetch', 'opaque 0', 'TypeError: Failed to fetch', 'opaque 0'])
      // Nor by a form, which needs no permission to be sent.
      await page.evaluate((target: string) => {
        document.body.innerHTML = `<form method="post" action="${target}/admin/api/plugins/debug/disable"></form>`
        document.forms[0]?.submit()
      }, started.url)
      await page.waitForLoadState()
      expect(await page.textContent('body')).toContain('another site')
      const plugins = await (
        await fetch(`${started.url}/admin/api/plugins`, {
          headers: { authorization: `Basic ${btoa(`admin:${password}`)}` },
        })
      ).json()
      expect(plugins.data.find(({ id }: { id: string }) => id === 'debug').state).toBe('live')
      // And the console shows in no frame.
      await page.goto(evil.url.href)
      await page.evaluate((target: string) => {
        document.body.innerHTML = `<iframe src="${target}/admin"></iframe>`
      }, started.url)
      await page.waitForLoadState('networkidle')
      expect(page.frames().some(frame => frame.url().startsWith(started.url))).toBe(false)
    },
    60_000,
  )

  run(
    'dies with a change of the password, everywhere',
    async () => {
      const { gateway: started, password } = await gateway()
      await using _gateway = started
      await using desk = await openDesk(browser, started.url)
      await using elsewhere = await openDesk(browser, started.url, { size: 'phone' })
      for (const one of [desk, elsewhere]) {
        await one.open('/admin')
        await signIn(one, password)
      }
      await desk.page.getByRole('button', { name: 'Your account' }).click()
      await desk.page.getByRole('menuitem', { name: 'Sessions and password' }).click()
      await desk.page.getByText('this one', { exact: true }).waitFor()
      expect(await desk.page.getByRole('button', { name: 'End', exact: true }).count()).toBe(1)
      await desk.page.getByRole('textbox', { name: 'Present password' }).fill(password)
      await desk.page.getByRole('textbox', { name: 'New password' }).fill(AGAIN)
      await desk.page.getByRole('button', { name: 'Change the password' }).click()
      await desk.page.getByRole('button', { name: 'Sign in' }).waitFor()

      // It asks for news all the time, and hears at once.
      await elsewhere.page.getByRole('button', { name: 'Sign in' }).waitFor()
      await signIn(elsewhere, AGAIN)
    },
    60_000,
  )

  run(
    'is not had by guessing: wrong passwords are slowed down, and the page says for how long',
    async () => {
      const { gateway: started } = await gateway()
      await using _gateway = started
      await using desk = await openDesk(browser, started.url)
      const { page } = desk
      await desk.open('/admin')
      const codes: number[] = []
      while (codes.length < 10 && !codes.includes(429)) {
        await page.getByRole('textbox', { name: 'Password' }).fill(`wrong ${codes.length}`)
        const [answer] = await Promise.all([
          page.waitForResponse('**/admin/api/login'),
          page.getByRole('button', { name: 'Sign in' }).click(),
        ])
        codes.push(answer.status())
      }
      // Each further failure doubles the wait, so that one of ten meets it, however slow this machine is.
      expect(codes.slice(0, 5)).toEqual([401, 401, 401, 401, 401])
      expect(codes.at(-1)).toBe(429)
      await page.getByRole('alert').filter({ hasText: THROTTLED }).waitFor()
    },
    60_000,
  )
})

describe(`the console’s policy${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  run(
    'stops every script that did not come as a file of the gateway, and every call to elsewhere',
    async () => {
      const { gateway: started, password } = await gateway()
      await using _gateway = started
      let called = 0
      using other = Bun.serve({
        hostname: '127.0.0.1',
        port: 0,
        fetch: () => {
          called++
          return new Response('window.injected = "from elsewhere"', {
            headers: { 'content-type': 'text/javascript', 'access-control-allow-origin': '*' },
          })
        },
      })
      await using desk = await openDesk(browser, started.url)
      const { page } = desk
      await desk.open('/admin')
      await signIn(desk, password)
      const violations = await page.evaluate(async (elsewhere: string) => {
        const seen: string[] = []
        document.addEventListener('securitypolicyviolation', event => seen.push(event.effectiveDirective))
        const inline = document.createElement('script')
        inline.textContent = 'window.injected = "inline"'
        document.body.append(inline)
        const foreign = document.createElement('script')
        foreign.src = `${elsewhere}x.js`
        document.body.append(foreign)
        document.body.insertAdjacentHTML('beforeend', '<img src="/admin/none" onerror="window.injected = \'handler\'">')
        const link = document.createElement('a')
        link.href = 'javascript:window.injected = "link"'
        document.body.append(link)
        link.click()
        const picture = new Image()
        picture.src = `${elsewhere}x.png`
        await fetch(`${elsewhere}steal`).catch(() => {})
        await new Promise(resolve => setTimeout(resolve, 300))
        return seen
      }, other.url.href)
      expect(await page.evaluate(() => 'injected' in window)).toBe(false)
      expect(new Set(violations)).toEqual(new Set(['script-src-elem', 'script-src-attr', 'connect-src', 'img-src']))
      expect(called).toBe(0)
    },
    60_000,
  )

  run(
    `the first page loads less than ${BUDGET / 1024} kB of script, and nothing from elsewhere`,
    async () => {
      const { gateway: started, password } = await gateway()
      await using _gateway = started
      await using desk = await openDesk(browser, started.url)
      const { page } = desk
      const urls: string[] = []
      page.on('request', request => urls.push(request.url()))
      await desk.open('/admin')
      await signIn(desk, password)
      await page.waitForLoadState('networkidle')
      await page.reload()
      await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
      await page.waitForLoadState('networkidle')
      const scripts = await page.evaluate(() =>
        performance
          .getEntriesByType('resource')
          .flatMap(entry =>
            entry instanceof PerformanceResourceTiming && entry.name.endsWith('.js') ? [entry.encodedBodySize] : [],
          ),
      )
      const total = scripts.reduce((sum, size) => sum + size, 0)
      console.log(
        `first paint of /admin: ${(total / 1024).toFixed(0)} kB of compressed script in ${scripts.length} files`,
      )
      expect(scripts.length).toBeGreaterThan(0)
      expect(total).toBeLessThan(BUDGET)
      expect(urls.filter(url => !url.startsWith(started.url))).toEqual([])
    },
    60_000,
  )
})
