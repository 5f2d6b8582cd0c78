/** The console's page and files over HTTP: who may load what, and how much there is to load. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { Auth, domainFault } from 'flow2api/contracts'
import { definePlugin, errAsync } from 'flow2api/plugin'
import { createTestKernel, type TestKernel } from 'flow2api/testing'
import admin from '../../plugins/admin/index.ts'

const auth = definePlugin({
  name: 'auth',
  version: '0.0.0',
  provides: [Auth],
  setup: ctx =>
    ctx.provide(Auth, { verify: () => errAsync(domainFault('admin_required', 'Log in with POST /admin/api/login.')) }),
})

let kernel: TestKernel
beforeAll(async () => {
  kernel = await createTestKernel({ plugins: { auth, admin } })
})
afterAll(() => kernel.stop())

const page = async (path = '/admin') => {
  const response = await kernel.fetch(path)
  return { response, html: await response.text() }
}
const policyOf = (response: Response) =>
  new Map(
    (response.headers.get('content-security-policy') ?? '').split('; ').map(part => {
      const [name = '', ...sources] = part.split(' ')
      return [name, sources]
    }),
  )
const filesOf = (html: string) =>
  [...html.matchAll(/(?:src|href)="(\/admin\/assets\/[^"]+)"/g)].map(([, file]) => file ?? '')

describe('the page', () => {
  test.each([
    '/admin',
    '/admin/',
    '/admin/accounts',
    '/admin/jobs/job_0123',
    '/admin/settings/proxy',
    '/admin/security',
  ])('%s is the console, without signing in', async path => {
    const { response, html } = await page(path)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(html).toContain('<div id="root">')
  })

  test.each(['/admin/api/nothing', '/admin/elsewhere', '/admin/assets', '/admin/jobs/a/b'])(
    '%s is nothing, in the envelope of every error',
    async path => {
      const response = await kernel.fetch(path)
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({ error: { code: 'not_found' } })
    },
  )

  test('what it shows is behind the sign-in', async () => {
    for (const path of ['/admin/api/models', '/admin/api/config', '/admin/api/plugins', '/admin/api/jobs/j/media/0'])
      expect((await kernel.fetch(path)).status).toBe(401)
    expect((await kernel.fetch('/admin/api/playground', { method: 'POST', body: '{}' })).status).toBe(401)
  })
})

describe('the policy', () => {
  test('lets in scripts of files of this origin alone, and nothing from elsewhere', async () => {
    const policy = policyOf((await page()).response)
    expect(policy.get('default-src')).toEqual(["'none'"])
    expect(policy.get('script-src')).toEqual(["'self'"])
    expect(policy.get('connect-src')).toEqual(["'self'"])
    expect(policy.get('frame-ancestors')).toEqual(["'none'"])
    expect(policy.get('base-uri')).toEqual(["'none'"])
    const sources = [...policy.values()].flat()
    expect(sources).not.toContain("'unsafe-inline'")
    expect(sources).not.toContain("'unsafe-eval'")
    expect(sources.filter(source => /^https?:|\*/.test(source))).toEqual([])
  })

  test('gives each page a number of its own, which the page knows', async () => {
    const [first, second] = [await page(), await page()]
    const nonce = policyOf(first.response).get('style-src')?.[1]?.slice("'nonce-".length, -1) ?? ''
    expect(nonce.length).toBeGreaterThanOrEqual(22)
    expect(first.html).toContain(`content="${nonce}"`)
    expect(policyOf(second.response).get('style-src')?.[1]).not.toContain(nonce)
    expect(first.html).not.toContain('__NONCE__')
  })

  test('needs no exception: the page has no script or style of its own', async () => {
    const { html } = await page()
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)[^>]*>/)
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=/)
    expect(filesOf(html).length).toBeGreaterThanOrEqual(3)
    expect(html).not.toMatch(/(?:src|href)="(?!\/admin\/assets\/)/)
  })
})

describe('the files', () => {
  test('are kept for ever, and sent compressed to whoever takes that', async () => {
    const file = filesOf((await page()).html).find(name => name.endsWith('.js')) ?? ''
    const get = async (encoding: string) => {
      const response = await kernel.fetch(file, {
        headers: { 'accept-encoding': encoding },
        decompress: false,
      } as RequestInit)
      return { response, bytes: new Uint8Array(await response.arrayBuffer()) }
    }
    const [plain, gzip, br] = [await get('identity'), await get('gzip'), await get('gzip, deflate, br')]
    expect(plain.response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(plain.response.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(plain.response.headers.get('content-encoding')).toBeNull()
    expect(gzip.response.headers.get('content-encoding')).toBe('gzip')
    expect(br.response.headers.get('content-encoding')).toBe('br')
    expect(br.response.headers.get('vary')).toBe('accept-encoding')
    expect(br.bytes.length).toBeLessThan(plain.bytes.length / 3)
    expect(Buffer.from(gunzipSync(gzip.bytes)).equals(Buffer.from(plain.bytes))).toBe(true)
    expect(Buffer.from(brotliDecompressSync(br.bytes)).equals(Buffer.from(plain.bytes))).toBe(true)
  })

  test('of another version are gone, and say what to do', async () => {
    const response = await kernel.fetch('/admin/assets/index-00000000.js')
    expect(response.status).toBe(404)
    expect(await response.text()).toContain('Reload')
  })

  test('stay the same over a reload of the plugin', async () => {
    const before = filesOf((await page()).html)
    await kernel.reload({ plugins: { ...kernel.plugins(), admin: { ...admin, version: '0.3.1' } } })
    expect(filesOf((await page()).html)).toEqual(before)
  })
})
