/** Changing the configuration over HTTP: look first, apply, go back, and know who did it. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { Audited, Auth, domainFault } from 'flow2api/contracts'
import { definePlugin, Elysia, errAsync, okAsync, secret, t } from 'flow2api/plugin'
import { createTestKernel, manualClock, type TestKernel } from 'flow2api/testing'
import admin from '../../plugins/admin/index.ts'

const auth = definePlugin({
  name: 'auth',
  version: '0.0.0',
  provides: [Auth],
  setup: ctx =>
    ctx.provide(Auth, {
      verify: request =>
        request.headers.get('authorization') === 'Bearer admin'
          ? okAsync({ kind: 'admin', id: 'admin' })
          : errAsync(domainFault('admin_required', 'Sign in first.')),
    }),
})
const shop = definePlugin({
  name: 'shop',
  version: '1.0.0',
  config: t.Object({
    word: t.String({ default: 'hello' }),
    key: secret(t.String({ default: '' })),
    status: t.Integer({ default: 200 }),
  }),
  setup: ctx =>
    ctx.http({
      routes: () =>
        new Elysia().get(
          '/shop',
          () => new Response(`${ctx.config.word} #${ctx.generation}`, { status: ctx.config.status }),
        ),
    }),
})

let kernel: TestKernel
beforeEach(async () => {
  kernel = await createTestKernel({ plugins: { auth, admin, shop } })
})
afterEach(() => kernel.stop())

async function ask(method: string, path: string, body?: unknown, credential = 'Bearer admin') {
  const response = await kernel.fetch(path, {
    method,
    headers: { authorization: credential, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: await response.json() }
}
const word = async () => (await kernel.fetch('/shop')).text()

test('a change is looked at, applied, listed, compared and undone', async () => {
  const set = { shop: { word: 'ciao', key: 'very secret' } }
  const preview = await ask('PUT', '/admin/api/config', { set, dry_run: true })
  expect(preview.body).toMatchObject({
    object: 'config_preview',
    changes: [
      { path: 'shop.word', before: 'hello', after: 'ciao' },
      { path: 'shop.key', before: '', after: '********' },
    ],
  })
  expect(await word()).toBe('hello #1')
  const applied = await ask('PUT', '/admin/api/config', { set })
  expect(applied).toMatchObject({ status: 200, body: { object: 'reload', result: 'applied' } })
  expect(await word()).toBe('ciao #2')

  const { body: shown } = await ask('GET', '/admin/api/config')
  expect(shown.sections.shop).toEqual({ word: 'ciao', key: '********', status: 200 })
  const { body: versions } = await ask('GET', '/admin/api/config/versions')
  expect(versions.data.map(({ version, by, note }: Record<string, unknown>) => [version, by, note])).toEqual([
    [2, 'admin', 'shop.word, shop.key'],
    [1, 'operator', 'as found'],
  ])
  const { body: difference } = await ask('GET', '/admin/api/config/versions/1')
  expect(difference.changes.map(({ path }: { path: string }) => path)).toEqual(['shop.word', 'shop.key'])
  expect((await ask('POST', '/admin/api/config/versions/1/restore')).status).toBe(200)
  expect(await word()).toBe('hello #3')

  const { body: log } = await ask('GET', '/admin/api/audit')
  const entries = log.data.map(({ actor, action, target, detail }: Record<string, unknown>) => ({
    actor,
    action,
    target,
    detail,
  }))
  expect(entries).toContainEqual({
    actor: 'admin',
    action: 'config.change',
    target: 'overrides.toml',
    detail: 'shop.word, shop.key',
  })
  expect(entries).toContainEqual({ actor: 'admin', action: 'config.restore', target: 'version 1', detail: '' })
  expect(entries).toContainEqual({
    actor: 'gateway',
    action: 'config.reload',
    target: 'applied',
    detail: 'shop reloaded',
  })
  expect(log.data.find(({ action }: { action: string }) => action === 'config.change').ip).not.toBe('')
  expect(JSON.stringify([log, shown, versions, difference, preview.body, applied.body])).not.toContain('very secret')
  const { body: reloads } = await ask('GET', '/admin/api/reloads')
  expect(reloads.data.map(({ trigger }: { trigger: string }) => trigger)).toEqual([
    'change by admin',
    'change by admin',
  ])
})

test('mistakes are answered with their place, and nothing changes', async () => {
  const wrong = await ask('PUT', '/admin/api/config', { set: { shop: { wrod: 'x' } } })
  expect(wrong).toMatchObject({ status: 422, body: { problems: [{ path: 'shop.wrod', suggestion: 'word' }] } })
  expect(await ask('PUT', '/admin/api/config', { set: 1 })).toMatchObject({
    status: 400,
    body: { error: { param: 'set' } },
  })
  expect((await ask('GET', '/admin/api/config/versions/9')).status).toBe(404)
  expect((await ask('POST', '/admin/api/config/versions/9/restore')).status).toBe(404)
  expect((await ask('PUT', '/admin/api/config', { set: {} }, 'Bearer wrong')).status).toBe(401)
  expect(await word()).toBe('hello #1')
})

test('a plugin is switched off and on again, and replaced without a reason', async () => {
  expect((await ask('POST', '/admin/api/plugins/shop/disable')).body.plugins).toContainEqual(
    expect.objectContaining({ id: 'shop', outcome: 'removed' }),
  )
  expect((await kernel.fetch('/shop')).status).toBe(404)
  expect((await ask('POST', '/admin/api/plugins/shop/enable')).status).toBe(200)
  expect(await word()).toBe('hello #2')
  const reloaded = await ask('POST', '/admin/api/plugins/shop/reload')
  expect(reloaded.body.plugins).toContainEqual({ id: 'shop', outcome: 'reloaded', generation: 3, reason: null })
  expect(await word()).toBe('hello #3')
  expect((await ask('POST', '/admin/reload-config')).body.result).toBe('unchanged')
  expect((await ask('POST', '/admin/api/plugins/none/reload')).status).toBe(404)
  expect(await ask('POST', '/admin/api/plugins/admin/disable')).toMatchObject({ status: 400 })
  // Whoever is needed stays.
  expect((await ask('POST', '/admin/api/plugins/auth/disable')).status).toBe(422)
  expect(await word()).toBe('hello #3')
})

test('the audit log pages and filters, and takes what any plugin tells', async () => {
  for (let nth = 1; nth <= 3; nth++)
    kernel.emit(Audited, { actor: 'admin', ip: '::1', action: 'account.add', target: `#${nth}`, detail: '' })
  kernel.emit(Audited, { actor: 'admin', ip: '::1', action: 'login', target: '', detail: '' })
  const targets = async (query: string) => {
    const { body } = await ask('GET', `/admin/api/audit?${query}`)
    return [body.data.map(({ target }: { target: string }) => target), body.has_more, body.data.at(-1)?.id]
  }
  const [first, more, last] = await targets('action=account.add&limit=2')
  expect([first, more]).toEqual([['#3', '#2'], true])
  const [rest, none] = await targets(`action=account.add&limit=2&before=${last}`)
  expect([rest, none]).toEqual([['#1'], false])
  expect((await targets('q=ACCOUNT.Add'))[0]).toEqual(['#3', '#2', '#1'])
  expect((await targets('q=%232&action=account.add'))[0]).toEqual(['#2'])
  // A search, not a pattern.
  expect((await targets('q=%25'))[0]).toEqual([])
})

test('a reload that breaks answers is undone by the gateway, and the audit log says who did what', async () => {
  const clock = manualClock()
  await kernel.stop()
  kernel = await createTestKernel({ plugins: { auth, admin, shop }, clock })
  await ask('POST', '/admin/reload-config')
  await ask('PUT', '/admin/api/config', { set: { shop: { status: 500 } } })
  for (let nth = 0; nth < 25; nth++) await kernel.fetch('/shop')
  await clock.advance(2_000)
  expect(await word()).toBe('hello #3')
  const { body } = await ask('GET', '/admin/api/audit')
  expect(body.data.map(({ actor, action }: Record<string, unknown>) => `${actor} ${action}`)).toEqual([
    'gateway config.rollback',
    'admin config.change',
    'gateway config.reload',
    'admin reload',
    'gateway config.reload',
  ])
  expect((await ask('GET', '/admin/api/reloads')).body.data[0].reason).toContain('25 of 26 answers failed')
})
