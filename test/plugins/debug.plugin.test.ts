/** The plugin in a kernel: it watches while it is on, and only then. */
import { expect, test } from 'bun:test'
import { defineCapability, definePlugin, Elysia, type Fault, okAsync, type ResultAsync } from '../../kernel/plugin.ts'
import { createTestKernel } from '../../kernel/testing.ts'
import debug from '../../plugins/debug/index.ts'

interface Vault {
  open(want: { readonly password: string }): ResultAsync<{ readonly access: string }, Fault>
}
const Vault = defineCapability<Vault>('test-vault', 1)

const vault = definePlugin({
  name: 'vault',
  version: '1.0.0',
  provides: [Vault],
  setup(ctx) {
    ctx.provide(Vault, { open: () => okAsync({ access: 'ya29.0123456789-abcdef' }) })
  },
})

const surface = definePlugin({
  name: 'surface',
  version: '1.0.0',
  requires: { vault: Vault },
  setup(ctx) {
    ctx.http({
      routes: () =>
        new Elysia()
          .post('/echo', async ({ request }) => new Response(await request.text()), { parse: 'none' })
          .get('/stream', async function* () {
            for (let part = 0; part < 3; part++) {
              yield `data: ${part}\n\n`
              await Bun.sleep(1)
            }
          })
          .get('/open', async () =>
            Response.json((await ctx.deps.vault.open({ password: 'correct horse battery' })).isOk()),
          ),
    })
  },
})

async function start(config: Record<string, unknown>) {
  const log: Record<string, unknown>[] = []
  const kernel = await createTestKernel({
    plugins: { debug, vault, surface },
    config: { debug: config },
    onLog: line => log.push(line),
  })
  return {
    kernel,
    lines: () => log.filter(({ plugin }) => plugin === 'debug'),
    [Symbol.asyncDispose]: () => kernel.stop(),
  }
}

test('switched off, which it is by default, it writes nothing', async () => {
  for (const config of [{}, { enabled: true, log_requests: false, log_responses: false }]) {
    await using world = await start(config)
    await world.kernel.fetch('/open')
    expect(world.lines()).toEqual([])
  }
})

test('switched on, it shows requests and what plugins ask each other, without secrets', async () => {
  await using world = await start({ enabled: true })
  const answer = await world.kernel.fetch('/open?token=0123456789abcdefghij', {
    headers: { authorization: 'Bearer 0123456789abcdefghij' },
  })
  const [ask, exchange, ...rest] = world.lines()
  expect(rest).toEqual([])
  expect(ask).toMatchObject({
    level: 20,
    msg: expect.stringMatching(/^ask surface → vault test-vault\.open ok [\d.]+ ms$/),
    args: '[{"password":"***"}]',
    answer: '{"access":"ya29…cdef"}',
  })
  expect(exchange).toMatchObject({
    level: 30,
    msg: expect.stringMatching(/^GET \/open\?token=0123…ghij 200 [\d.]+ ms$/),
    requestId: answer.headers.get('x-request-id'),
    owner: 'surface',
    request: expect.stringContaining('"authorization":"Bearer 0123…ghij"'),
    response: expect.stringContaining('"content-type"'),
  })
  expect(JSON.stringify(world.lines())).not.toMatch(/0123456789abcdefghij|correct horse|ya29\.0123/)
})

test('bodies reach both sides whole, streams too', async () => {
  await using world = await start({ enabled: true })
  const body = 'x'.repeat(300_000)
  expect(await (await world.kernel.fetch('/echo', { method: 'POST', body })).text()).toBe(body)
  expect(await (await world.kernel.fetch('/stream')).text()).toContain('data: 2')
  expect(world.lines()).toHaveLength(2)
})

test('with mask_token off it shows everything, and warns of it', async () => {
  await using world = await start({ enabled: true, mask_token: false, log_requests: false })
  await world.kernel.fetch('/open')
  const [warning, ask] = world.lines()
  expect(warning).toMatchObject({ level: 40, msg: expect.stringContaining('mask_token') })
  expect(ask).toMatchObject({ answer: '{"access":"ya29.0123456789-abcdef"}' })
  expect(ask).not.toHaveProperty('args')
})

test('a reload switches it on and off; nothing stays behind', async () => {
  await using world = await start({ enabled: false })
  await world.kernel.reload({ config: { debug: { enabled: true } } })
  await world.kernel.fetch('/open')
  const written = world.lines().length
  expect(written).toBeGreaterThan(0)
  await world.kernel.reload({ config: { debug: { enabled: false } } })
  while (world.kernel.status().some(({ state }) => state === 'draining'))
    await new Promise(resolve => setImmediate(resolve))
  const afterReload = world.lines().length
  await world.kernel.fetch('/open')
  expect(world.lines()).toHaveLength(afterReload)
  expect(world.kernel.leaks()).toEqual([])
})
