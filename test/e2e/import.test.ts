/** What operators bring along, against the real provider and proxies: tried, imported, and unchanged the second time. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { importFixture } from '../fixtures/imports.ts'
import { startHttpProxy, startSocksProxy, type TestProxy } from '../fixtures/proxies.ts'
import { ADMIN_PASSWORD, startWorld, type World } from '../fixtures/world.ts'

/** As the fixtures have it. */
const PROXY_USER = { user: 'proxyuser', password: 'proxy-password' }

let world: World
let http: TestProxy
let socks: TestProxy
beforeAll(async () => {
  ;[world, http, socks] = await Promise.all([
    startWorld({ accounts: 0 }),
    startHttpProxy(),
    startSocksProxy(PROXY_USER),
  ])
})
afterAll(async () => {
  for (const one of [world, http, socks]) await one?.[Symbol.asyncDispose]()
})

async function bringIn(file: Uint8Array, dryRun: boolean) {
  const body = new FormData()
  body.set('file', new Blob([Uint8Array.from(file)]), 'file')
  body.set('dry_run', String(dryRun))
  const headers = { authorization: `Basic ${btoa(`admin:${ADMIN_PASSWORD}`)}` }
  const answer = await fetch(`${world.url}/admin/api/accounts/import`, { method: 'POST', headers, body })
  const { counts } = (await answer.json()) as { counts: Record<string, number> } // the documented report
  return counts
}

async function accounts() {
  const answer = await world.admin('/admin/api/tokens')
  // The documented list.
  return ((await answer.json()) as { data: { id: number; email: string }[] }).data
}

test.each([
  ['session-tokens.txt', 3, 0],
  ['cookie-header.txt', 1, 0],
  ['cookies.txt', 1, 0],
  ['cookies.json', 1, 0],
  ['accounts.csv', 3, 0],
  ['accounts.json', 3, 0],
  ['python-export.json', 2, 0],
  ['python-tokens.json', 1, 0],
  ['python-flow.sql', 2, 1],
])('%s', async (name, good, refused) => {
  for (const { id } of await accounts()) await world.admin(`/admin/api/tokens/${id}`, { method: 'DELETE' })
  const fixture = importFixture(name)
  // The proxies of the fixtures are those of this test.
  const text = name.endsWith('.sql') ? undefined : new TextDecoder().decode(fixture)
  const file = text
    ? new TextEncoder().encode(text.replace('127.0.0.1:18080', http.place).replace('127.0.0.1:18081', socks.place))
    : fixture

  expect(await bringIn(file, true)).toEqual({ add: good + refused, update: 0, unchanged: 0, refused: 0 })
  expect(await accounts()).toEqual([])
  expect(await bringIn(file, false)).toEqual({ add: good, update: 0, unchanged: 0, refused })
  const first = await accounts()
  expect(first).toHaveLength(good)
  expect(await bringIn(file, false)).toEqual({ add: 0, update: 0, unchanged: good, refused })
  expect(await accounts()).toEqual(first)
  if (name === 'accounts.csv') expect(http.credentials).toContain(`Basic ${btoa('proxyuser:proxy-password')}`)
  if (name === 'python-tokens.json') expect(socks.credentials).toContain('proxyuser:proxy-password')
})
