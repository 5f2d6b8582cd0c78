import { describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { type AnyElysia, definePlugin, Elysia, type HttpRecord, Kernel, requestInfo, t } from 'flow2api/plugin'
import { createTestKernel } from 'flow2api/testing'
import { gate, page } from '../fixtures/plugins.ts'

/** A plugin from its routes alone. */
const routes = (build: () => AnyElysia, spec: { cors?: boolean; longLived?: boolean } = {}) =>
  definePlugin({ name: 'routes', version: '1', setup: ctx => ctx.http({ routes: build, ...spec }) })

interface Envelope {
  error: { message: string; type: string; param: string | null; code: string }
}
// The shape that every error of the gateway has; the expectations check it.
const envelope = async (answer: Response) => (await answer.json()) as Envelope

describe('every answer', () => {
  test('has a request id, and the route sees the same one', async () => {
    await using kernel = await createTestKernel({
      plugins: { r: routes(() => new Elysia().get('/who', ({ request }) => requestInfo(request))) },
    })
    const answer = await kernel.fetch('/who')
    expect(await answer.json()).toEqual({ id: answer.headers.get('x-request-id'), ip: '127.0.0.1' })
    expect((await kernel.fetch('/nowhere')).headers.get('x-request-id')).toStartWith('req_')
  })

  test('keeps its type and length', async () => {
    const file = `${import.meta.dir}/../fixtures/plugins.ts`
    await using kernel = await createTestKernel({
      plugins: {
        r: routes(() => new Elysia().get('/text', () => 'hi').get('/file', () => new Response(Bun.file(file)))),
      },
    })
    expect((await kernel.fetch('/text')).headers.get('content-type')).toStartWith('text/plain')
    expect((await kernel.fetch('/file')).headers.get('content-length')).toBe(String(Bun.file(file).size))
    const head = await kernel.fetch('/file', { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
      200,
      String(Bun.file(file).size),
      '',
    ])
  })
})

describe('what no plugin answers', () => {
  test.each(['/one/%', '/one/%zz', '/one/%ff'])('a path that cannot be decoded, %s', async path => {
    await using kernel = await createTestKernel({
      plugins: { one: routes(() => new Elysia().get('/one/:id', ({ params }) => params.id)) },
    })
    const refused = await kernel.fetch(path)
    expect([refused.status, (await envelope(refused)).error.code]).toEqual([400, 'invalid_value'])
    expect(await (await kernel.fetch('/one/%25')).text()).toBe('%')
  })

  test.each(['', 'a b', '[::1', 'one:99999'])('a request whose host is none, "%s"', async host => {
    await using kernel = await createTestKernel({ plugins: { one: page('/one') } })
    const { port, hostname } = new URL(kernel.url)
    const socket = connect(Number(port), hostname)
    socket.end(`GET /one HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)
    const answer = await new Response(Readable.toWeb(socket) as unknown as ReadableStream).text() // one kind of stream
    expect(answer).toStartWith('HTTP/1.1 400')
    expect(answer).toContain('Host header')
  })

  test('unknown paths, wrong methods, trailing slashes', async () => {
    await using kernel = await createTestKernel({ plugins: { one: page('/one') } })
    const missing = await kernel.fetch('/two?x=1')
    expect(missing.status).toBe(404)
    expect((await envelope(missing)).error).toMatchObject({
      code: 'not_found',
      type: 'invalid_request_error',
      param: null,
      message: expect.stringContaining('/two'),
    })
    const wrong = await kernel.fetch('/one', { method: 'POST' })
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET'])
    expect((await envelope(wrong)).error.code).toBe('method_not_allowed')
    expect((await kernel.fetch('/one/')).status).toBe(200)
  })

  test('errors on a route become envelopes that show nothing of the inside', async () => {
    const broken = routes(() =>
      new Elysia()
        .get('/throw', () => {
          throw new Error('secret detail')
        })
        .post('/body', ({ body }) => body, { body: t.Object({ n: t.Number() }) }),
    )
    await using kernel = await createTestKernel({ plugins: { broken } })
    const thrown = await kernel.fetch('/throw')
    expect(thrown.status).toBe(500)
    expect(await thrown.text()).not.toContain('secret detail')
    const post = (body: string) =>
      kernel.fetch('/body', { method: 'POST', body, headers: { 'content-type': 'application/json' } })
    expect((await envelope(await post('{'))).error.code).toBe('body_unreadable')
    expect((await envelope(await post('{"n":"x"}'))).error).toMatchObject({ code: 'invalid_value', param: 'n' })
  })

  test('a plugin that brings its own error handler keeps it', async () => {
    const own = routes(() =>
      new Elysia()
        .onError(() => new Response('mine', { status: 418 }))
        .get('/throw', () => {
          throw new Error('x')
        }),
    )
    await using kernel = await createTestKernel({ plugins: { own } })
    expect((await kernel.fetch('/throw')).status).toBe(418)
  })

  test('a body over the limit gets a readable 413', async () => {
    await using kernel = await createTestKernel({
      plugins: { r: routes(() => new Elysia().post('/body', () => 'ok')) },
      config: { server: { max_body_mb: 1 } },
    })
    const answer = await kernel.fetch('/body', { method: 'POST', body: 'x'.repeat(1024 ** 2 + 1) })
    expect(answer.status).toBe(413)
    expect((await envelope(answer)).error.code).toBe('payload_too_large')
  })

  test('a chunked body cannot pass the limit either', async () => {
    await using kernel = await createTestKernel({
      plugins: {
        r: routes(() => new Elysia().post('/body', async ({ body }) => String(body).length, { parse: 'text' })),
      },
      config: { server: { max_body_mb: 1 } },
    })
    const chunks = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 3; i++) controller.enqueue(new Uint8Array(1024 ** 2))
        controller.close()
      },
    })
    const answer = await kernel.fetch('/body', {
      method: 'POST',
      body: chunks,
      headers: { 'content-type': 'text/plain' },
    })
    expect(answer.status).toBe(413)
  })
})

describe('browsers of other origins', () => {
  const ask = (origin: string, extra: RequestInit = {}) => ({
    ...extra,
    headers: { origin, 'access-control-request-headers': 'authorization,x-stainless-os' },
  })

  test('are answered on routes that want it, before any key', async () => {
    await using kernel = await createTestKernel({
      plugins: {
        open: routes(() => new Elysia().post('/open', () => new Response('no', { status: 401 })), { cors: true }),
        one: page('/closed'),
      },
    })
    const preflight = await kernel.fetch('/open', ask('https://app.example', { method: 'OPTIONS' }))
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*')
    expect(preflight.headers.get('access-control-allow-headers')).toBe('authorization,x-stainless-os')
    const refused = await kernel.fetch('/open', ask('https://app.example', { method: 'POST' }))
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, '*'])
    expect(refused.headers.get('access-control-expose-headers')).toContain('x-request-id')
    expect(
      (await kernel.fetch('/closed', ask('https://app.example'))).headers.get('access-control-allow-origin'),
    ).toBeNull()
  })

  test('read that there is nothing at a path, rather than a failure without a cause', async () => {
    await using kernel = await createTestKernel({ plugins: { one: page('/closed') } })
    const preflight = await kernel.fetch('/v1/responses', ask('https://app.example', { method: 'OPTIONS' }))
    expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([
      204,
      'GET, POST, DELETE, OPTIONS',
    ])
    const missing = await kernel.fetch('/v1/responses', ask('https://app.example', { method: 'POST' }))
    expect([missing.status, missing.headers.get('access-control-allow-origin')]).toEqual([404, '*'])
    expect((await kernel.fetch('/v1/responses', { method: 'OPTIONS' })).status).toBe(404)
  })

  test('only from the origins that the settings name, live', async () => {
    const plugins = { open: routes(() => new Elysia().get('/open', () => 'x'), { cors: true }) }
    await using kernel = await createTestKernel({
      plugins,
      config: { server: { cors_origins: ['https://a.example'] } },
    })
    const allowed = async (origin: string) =>
      (await kernel.fetch('/open', ask(origin))).headers.get('access-control-allow-origin')
    expect([await allowed('https://a.example'), await allowed('https://b.example')]).toEqual([
      'https://a.example',
      null,
    ])
    await kernel.reload({ config: { server: { cors_origins: ['https://b.example'] } } })
    expect([await allowed('https://a.example'), await allowed('https://b.example')]).toEqual([
      null,
      'https://b.example',
    ])
  })
})

describe('streams', () => {
  test('hold their plugin until their end; a reload does not cut them', async () => {
    const more = gate()
    const ticker = definePlugin({
      name: 'ticker',
      version: '1',
      config: t.Object({ n: t.Integer({ default: 1 }) }, { additionalProperties: false }),
      setup(ctx) {
        const body = () =>
          new ReadableStream({
            async start(controller) {
              controller.enqueue(`data: ${ctx.config.n}\n\n`)
              await more.wait()
              controller.enqueue('data: end\n\n')
              controller.close()
            },
          })
        ctx.http({
          longLived: true,
          routes: () =>
            new Elysia().get('/tick', () => new Response(body(), { headers: { 'content-type': 'text/event-stream' } })),
        })
      },
    })
    await using kernel = await createTestKernel({ plugins: { ticker } })
    const stream = await kernel.fetch('/tick')
    const reader = stream.body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('data: 1\n\n')
    await kernel.reload({ config: { ticker: { n: 2 } } })
    expect(kernel.status().map(({ state, in_flight }) => [state, in_flight])).toEqual([
      ['live', []],
      ['draining', ['GET /tick']],
    ])
    more.open()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('data: end\n\n')
    expect((await reader?.read())?.done).toBe(true)
    expect(await (await kernel.fetch('/tick')).text()).toContain('data: 2')
    await Bun.sleep(0)
    expect(kernel.status().map(({ state }) => state)).toEqual(['live'])
  })

  test('whose reader goes away let go of their plugin', async () => {
    const left = Promise.withResolvers<void>()
    const endless = routes(
      () =>
        new Elysia().get('/endless', () => {
          const body = new ReadableStream({
            async pull(controller) {
              controller.enqueue(': beat\n\n')
              await Bun.sleep(1)
            },
            cancel: () => left.resolve(),
          })
          return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
        }),
      { longLived: true },
    )
    await using kernel = await createTestKernel({ plugins: { endless } })
    const leaving = new AbortController()
    const answer = await kernel.fetch('/endless', { signal: leaving.signal })
    await answer.body?.getReader().read()
    expect(kernel.status()[0]?.in_flight).toEqual(['GET /endless'])
    leaving.abort()
    await left.promise
    expect(kernel.status()[0]?.in_flight).toEqual([])
  })
})

describe('the kernel on its own bus', () => {
  test('reloads, shows plugins and masked settings, and lets itself be tapped', async () => {
    await using kernel = await createTestKernel({ plugins: { one: page('/one') } })
    const control = kernel.ask(Kernel)
    const seen: HttpRecord[] = []
    const untap = control.tap({ http: record => void seen.push(record) })
    await kernel.fetch('/one?key=1')
    untap()
    await kernel.fetch('/one')
    expect(
      seen.map(({ plugin, route, request, response }) => [
        plugin,
        route,
        request.method,
        new URL(request.url).pathname,
        response.status,
      ]),
    ).toEqual([['one', '/one', 'GET', '/one', 200]])
    expect(control.plugins()[0]).toMatchObject({
      id: 'one',
      name: 'page',
      section: 'one',
      config_schema: { type: 'object' },
    })
    expect((await control.reload('test'))._unsafeUnwrap().result).toBe('unchanged')
    expect(control.config()).toMatchObject({ one: { path: '/one' } })
  })

  test('says what waits for a restart', async () => {
    await using kernel = await createTestKernel({ plugins: {} })
    const report = (await kernel.reload({ config: { server: { port: 1, host: '127.0.0.2' } } }))._unsafeUnwrap()
    expect(report.needs_restart.toSorted()).toEqual(['server.host', 'server.port'])
    expect(report.result).toBe('applied')
  })

  test('is alive, ready, and documents every route', async () => {
    await using kernel = await createTestKernel({ plugins: { one: page('/one') } })
    expect(await (await kernel.fetch('/health')).json()).toMatchObject({ status: 'ok' })
    expect(await (await kernel.fetch('/ready')).json()).toEqual({ status: 'ready' })
    const paths = async () =>
      Object.keys(((await (await kernel.fetch('/swagger/json')).json()) as { paths: object }).paths) // an OpenAPI document has paths
    expect(await paths()).toEqual(expect.arrayContaining(['/health', '/ready', '/one']))
    await kernel.reload({ plugins: { two: page('/two') } })
    expect(await paths()).toContain('/two')
    expect(await paths()).not.toContain('/one')
    expect((await kernel.fetch('/swagger')).headers.get('content-type')).toStartWith('text/html')
  })
})

test('while stopping, requests under way end and new ones find no one', async () => {
  const slow = gate()
  const plugin = routes(() =>
    new Elysia().get('/slow', async () => {
      await slow.wait()
      return 'done'
    }),
  )
  const kernel = await createTestKernel({ plugins: { plugin } })
  const underWay = kernel.fetch('/slow')
  await slow.reached
  const { hostname, port } = new URL(kernel.url)
  const idle = connect(Number(port), hostname)
  const closed = new Promise<string>(resolve => idle.once('close', () => resolve('closed')))
  await new Promise(resolve =>
    idle.once('data', resolve).once('connect', () => idle.write('GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n')),
  )
  const stopped = kernel.stop()
  expect(await closed).toBe('closed')
  await expect(kernel.fetch('/health')).rejects.toThrow()
  slow.open()
  expect(await (await underWay).text()).toBe('done')
  await stopped
})
