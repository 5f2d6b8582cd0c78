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
          .post(
            '/echo',
            async ({ request }) => {
              const type = request.headers.get('content-type')
              const answered = type?.startsWith('application/json') ? type : 'text/plain'
              return new Response(await request.text(), { headers: { 'content-type': answered } })
            },
            { parse: 'none' },
          )
          .get('/stream', async function* ({ set }) {
            set.headers['content-type'] = 'text/event-stream'
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
    headers: { authorization: 'Bearer 0123456789abcdefghij', 'content-type': 'application/json' },
  })
  const [arrival, ask, exchange, ...rest] = world.lines()
  expect(rest).toEqual([])
  const requestId = answer.headers.get('x-request-id')
  expect(arrival).toMatchObject({
    level: 30,
    msg: 'GET /open?token=0123…ghij arrives',
    requestId,
    request: expect.stringContaining('"authorization":"Bearer 0123…ghij"'),
  })
  expect(ask).toMatchObject({
    level: 20,
    requestId,
    msg: expect.stringMatching(/^ask surface → vault test-vault\.open ok [\d.]+ ms$/),
    args: '[{"password":"***"}]',
    answer: '{"access":"ya29…cdef"}',
  })
  expect(arrival).not.toHaveProperty('body')
  expect(exchange).toMatchObject({
    level: 30,
    msg: expect.stringMatching(/^GET \/open\?token=0123…ghij 200 [\d.]+ ms$/),
    requestId,
    owner: 'surface',
    response: expect.stringContaining('"content-type"'),
    body: 'true',
  })
  expect(JSON.stringify(world.lines())).not.toMatch(/0123456789abcdefghij|correct horse|ya29\.0123/)
})

test('bodies reach both sides whole, streams too, and are shown as far as anybody reads them', async () => {
  await using world = await start({ enabled: true })
  const { kernel } = world
  const post = (body: BodyInit, type?: string) =>
    kernel.fetch('/echo', { method: 'POST', body, ...(type && { headers: { 'content-type': type } }) })
  const json = JSON.stringify({ prompt: 'A pier', password: 'correct horse battery', image: 'iVBORw0K'.repeat(40_000) })
  const echoed = await post(json, 'application/json')
  expect(await echoed.text()).toBe(json)
  expect(echoed.headers.get('content-length')).toBe(String(json.length))
  const form = new FormData()
  form.set('image', new File(['x'.repeat(1000)], 'a.png'))
  expect(await (await post(form)).text()).toContain('x'.repeat(1000))
  expect(await (await kernel.fetch('/stream')).text()).toContain('data: 2')
  const bodies = world.lines().map(({ msg, body }) => [String(msg).replace(/ [\d.]+ m?s.*/, ''), body])
  const shown = '{"prompt":"A pier","password":"***","image":"<base64, 320000 characters>"}'
  expect(bodies).toEqual([
    ['POST /echo arrives', shown],
    ['POST /echo 200', shown],
    ['POST /echo arrives', expect.stringMatching(/^<multipart\/form-data, \d+ bytes>$/)],
    ['POST /echo 200', expect.stringMatching(/^<text\/plain/)],
    ['GET /stream arrives', undefined],
    ['GET /stream 200', '<text/event-stream>'],
    [expect.stringMatching(/^stream of req_\w+ ended: \d+ bytes in$/), expect.stringContaining('data: 2')],
  ])
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

test('under load it is switched on and off without a request that fails, is missed or seen twice', async () => {
  await using world = await start({ enabled: true })
  const { kernel } = world
  const answered: string[] = []
  let over = false
  const client = async () => {
    while (!over) {
      const answer = await kernel.fetch('/open')
      expect(await answer.text()).toBe('true')
      answered.push(answer.headers.get('x-request-id') ?? '')
    }
  }
  const clients = Promise.all([client(), client(), client()])
  const more = async (count: number) => {
    const goal = answered.length + count
    while (answered.length < goal) await new Promise(resolve => setImmediate(resolve))
  }
  for (const change of [{ log_requests: false }, { enabled: false }, { enabled: true }, { mask_token: false }]) {
    await more(20)
    await kernel.reload({ config: { debug: { enabled: true, ...change } } })
  }
  await more(20)
  over = true
  await clients
  const ends = world.lines().filter(({ msg }) => String(msg).startsWith('GET /open 200'))
  const seen = ends.map(({ requestId }) => String(requestId))
  expect(new Set(seen).size).toBe(seen.length)
  // While it was on before and after, nothing was missed: only those between "off" and "on" are.
  const missed = answered.filter(id => !seen.includes(id))
  const [first, last] = [answered.indexOf(missed[0] ?? ''), answered.indexOf(missed.at(-1) ?? '')]
  expect(missed.length).toBeGreaterThan(0)
  expect(last - first).toBeLessThan(missed.length + 6)
})
