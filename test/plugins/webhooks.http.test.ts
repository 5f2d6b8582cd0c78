/** The log of deliveries, and the real way out with a real receiver. */
import { expect, test } from 'bun:test'
import { definePlugin, errAsync, type Fault, ok, okAsync, type Result } from 'flow2api/plugin'
import { createTestKernel } from 'flow2api/testing'
import OpenAI from 'openai'
import { Auth, domainFault, type JobEngine, JobFinished, Jobs, Webhooks } from '../../plugins/contracts/index.ts'
import proxy from '../../plugins/proxy/index.ts'
import webhooks from '../../plugins/webhooks/index.ts'
import { FakeJobs, HOUR_MS, jobOf, startWebhooks } from './webhooks.world.ts'

const GLOBAL = 'https://global.example/'

test('everything is for the admin alone', async () => {
  await using world = await startWebhooks()
  for (const [method, path] of [
    ['GET', 'deliveries'],
    ['POST', 'deliveries/evt_1/retry'],
    ['POST', 'test'],
  ] as const) {
    const answer = await world.kernel.fetch(`/admin/api/webhooks/${path}`, { method })
    expect([answer.status, (await answer.json()).error.code]).toEqual([401, 'admin_required'])
  }
})

test('the log lists the newest first, page by page', async () => {
  await using world = await startWebhooks({ settings: { url: GLOBAL } })
  for (let n = 0; n < 5; n++) await world.end(jobOf(`job_${n}`))
  const first = (await world.admin('deliveries?limit=2')).body
  expect(first).toMatchObject({ object: 'list', has_more: true, data: [{ job: 'job_4' }, { job: 'job_3' }] })
  const rest = (await world.admin(`deliveries?limit=3&after=${first['last_id']}`)).body
  expect(rest).toMatchObject({ has_more: false, data: [{ job: 'job_2' }, { job: 'job_1' }, { job: 'job_0' }] })
  expect(rest.data?.[2]).toEqual({
    id: expect.stringMatching(/^evt_[0-9a-f]{32}$/),
    object: 'webhook.delivery',
    state: 'delivered',
    type: 'video.completed',
    job: 'job_0',
    url: GLOBAL,
    source: 'global',
    attempts: 1,
    created_at: expect.any(Number),
    last_attempt_at: expect.any(Number),
    last_status: 200,
    last_error: null,
    next_attempt_at: null,
    ended_at: expect.any(Number),
  })
  for (const limit of ['0', '201', 'x', '-1'])
    expect(await world.admin(`deliveries?limit=${limit}`)).toMatchObject({
      status: 400,
      body: { error: { param: 'limit' } },
    })
})

test('old rows are removed, unfinished ones stay', async () => {
  await using world = await startWebhooks({ settings: { url: GLOBAL, give_up_after_h: 10_000 } })
  world.net.receiver = ({ want }) => ok(want.body?.includes('job_2') ? 500 : 200)
  await world.end(jobOf('job_1'))
  await world.end(jobOf('job_2'))
  await world.clock.advance(29 * 24 * HOUR_MS)
  expect(await world.log()).toHaveLength(2)
  await world.clock.advance(2 * 24 * HOUR_MS)
  expect(await world.log()).toMatchObject([{ job: 'job_2', state: 'pending' }])
})

test('a delivery can be made again, under the same id; not while it is on its way', async () => {
  await using world = await startWebhooks({ settings: { url: GLOBAL } })
  world.net.receiver = () => ok(410)
  await world.end(jobOf('job_1'))
  const [row] = await world.log()
  world.net.receiver = () => ok(200)
  expect(await world.admin(`deliveries/${row?.['id']}/retry`, { method: 'POST' })).toMatchObject({
    status: 200,
    body: { state: 'pending' },
  })
  await world.clock.advance(0)
  expect(await world.log()).toMatchObject([{ id: row?.['id'], state: 'delivered', attempts: 2 }])

  const answer = Promise.withResolvers<Result<number, Fault>>()
  world.net.receiver = () => answer.promise
  for (const time of [1, 2, 3]) {
    expect((await world.admin(`deliveries/${row?.['id']}/retry`, { method: 'POST' })).status, `${time}`).toBe(200)
    await world.clock.advance(0)
  }
  expect(world.net.running).toHaveLength(1)
  answer.resolve(ok(200))
  await world.clock.advance(HOUR_MS)
  expect(world.net.calls).toHaveLength(3)

  expect(await world.admin('deliveries/evt_x/retry', { method: 'POST' })).toMatchObject({ status: 404 })
})

test('a test is one attempt, answered with how it went', async () => {
  await using world = await startWebhooks()
  const send = (body?: object) => world.admin('test', { method: 'POST', ...(body && { body: JSON.stringify(body) }) })
  expect(await send()).toMatchObject({
    status: 400,
    body: { error: { code: 'missing_required_parameter', param: 'url' } },
  })
  expect(await send({ url: 'http://private/' })).toMatchObject({ status: 400, body: { error: { param: 'url' } } })
  expect(await send({ uri: GLOBAL })).toMatchObject({ status: 400, body: { error: { param: 'uri' } } })
  expect(await send({ url: GLOBAL })).toMatchObject({
    status: 200,
    body: { state: 'delivered', last_status: 200, source: 'test' },
  })
  world.net.receiver = () => ok(500)
  await world.kernel.reload({ config: { webhooks: { url: GLOBAL } } })
  const { body } = await send()
  expect(body).toMatchObject({ state: 'given_up', last_status: 500, job: null })
  await world.clock.advance(HOUR_MS)
  expect(world.net.calls.map(({ want }) => JSON.parse(want.body ?? '').type)).toEqual(['webhook.test', 'webhook.test'])
  expect((await world.log()).map(({ id }) => id)).toContain(body['id'])
  expect(await world.admin(`deliveries/${body['id']}/retry`, { method: 'POST' })).toMatchObject({ status: 400 })
})

test('through the real way out, to a receiver that verifies with the official client', async () => {
  const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`
  const client = new OpenAI({ apiKey: 'none', webhookSecret: secret })
  const got: unknown[] = []
  const arrived = Promise.withResolvers<void>()
  const receiver = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      try {
        got.push(await client.webhooks.unwrap(await request.text(), request.headers))
        arrived.resolve()
        return new Response(null, { status: 204 })
      } catch (cause) {
        arrived.reject(cause)
        return new Response('bad signature', { status: 400 })
      }
    },
  })
  try {
    const jobs = new FakeJobs()
    const around = definePlugin({
      name: 'around',
      version: '1.0.0',
      provides: [Jobs, Auth],
      setup(ctx) {
        ctx.provide(Jobs, jobs.engine as unknown as JobEngine) // only what webhooks ask for
        ctx.provide(Auth, {
          verify: request =>
            request.headers.get('authorization') === 'admin'
              ? okAsync({ kind: 'admin' as const, id: 'admin' })
              : errAsync(domainFault('admin_required', 'Sign in.')),
        })
      },
    })
    const url = `http://127.0.0.1:${receiver.port}/hook?token=x`
    const config = (allow_private: boolean) => ({ webhooks: { secret, allow_private } })
    await using kernel = await createTestKernel({ plugins: { proxy, around, webhooks }, config: config(false) })
    expect((await kernel.ask(Webhooks).check(url))._unsafeUnwrapErr()).toMatchObject({
      code: 'invalid_value',
      param: 'callback_url',
    })
    await kernel.reload({ config: config(true) })
    expect((await kernel.ask(Webhooks).check(url)).isOk()).toBe(true)
    kernel.emit(JobFinished, jobOf('job_1', { prompt: 'ü', callbackUrl: url }))
    await arrived.promise
    expect(got).toMatchObject([{ object: 'event', type: 'video.completed', data: { id: 'job_1' } }])
    const list = async () =>
      (await (await kernel.fetch('/admin/api/webhooks/deliveries', { headers: { authorization: 'admin' } })).json())
        .data
    while ((await list())[0].state === 'pending') await new Promise(resolve => setImmediate(resolve))
    expect(await list()).toMatchObject([{ state: 'delivered', last_status: 204 }])
  } finally {
    await receiver.stop(true)
  }
})
