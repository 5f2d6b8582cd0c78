/** Hang-ups, repetitions, late answers, cancellations and callbacks, with the official client and raw sockets. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connect, createServer, type Socket } from 'node:net'
import OpenAI from 'openai'
import { API_KEY, startWorld, type World } from '../fixtures/world.ts'

const SECRET = `whsec_${Buffer.from('a key of the tests, 32 bytes long').toString('base64')}`

let world: World
let client: OpenAI
beforeAll(async () => {
  const settings = `[webhooks]\nallow_private = true\nsecret = "${SECRET}"`
  world = await startWorld({ emulator: { latency: { imageMs: 150, videoMs: 400 } }, settings })
  client = new OpenAI({ baseURL: `${world.url}/v1`, apiKey: API_KEY, maxRetries: 0 })
})
afterAll(() => world[Symbol.asyncDispose]())

interface Job {
  readonly id: string
  readonly status: string
  readonly error: { readonly code: string } | null
}
const job = async (id: string) => (await (await world.call(`/v1/jobs/${id}`)).json()) as Job // the documented shape
async function ended(id: string): Promise<Job> {
  for (;;) {
    const seen = await job(id)
    if (['completed', 'failed', 'cancelled', 'outcome_unknown'].includes(seen.status)) return seen
    await Bun.sleep(10)
  }
}

const paid = (prompt: string) => world.emulator.record.paid().filter(submission => submission.prompt === prompt).length
const until = async (holds: () => boolean | Promise<boolean>) => {
  while (!(await holds())) await Bun.sleep(5)
}

/** Sends an image request over a bare socket. */
function send(prompt: string, headers: Record<string, string> = {}): Socket {
  const { hostname, port } = new URL(world.url)
  const body = JSON.stringify({ prompt, response_format: 'url' })
  const socket = connect(Number(port), hostname)
  const lines = {
    host: 'localhost',
    authorization: `Bearer ${API_KEY}`,
    'content-type': 'application/json',
    'content-length': String(body.length),
    ...headers,
  }
  const head = Object.entries(lines)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
  socket.write(`POST /v1/images/generations HTTP/1.1\r\n${head}\r\n${body}`)
  return socket
}

describe('a hang-up', () => {
  test('detaches: the job goes on and its result can be fetched', async () => {
    const headers = { 'idempotency-key': 'hang-up' }
    const socket = send('A hang-up', headers)
    await until(() => world.emulator.record.of('image').some(({ body }) => JSON.stringify(body).includes('A hang-up')))
    socket.destroy()
    // Who comes back with the same request gets the answer of the first.
    const answer = await world.call('/v1/images/generations', {
      method: 'POST',
      headers,
      body: JSON.stringify({ prompt: 'A hang-up', response_format: 'url' }),
    })
    expect(answer.status).toBe(200)
    expect(await ended(answer.headers.get('x-flow2api-job') ?? '')).toMatchObject({ status: 'completed' })
    expect(paid('A hang-up')).toBe(1)
  })

  test('cancels where the caller said so', async () => {
    const headers = { 'idempotency-key': 'cancelling', 'x-flow2api-on-disconnect': 'cancel' }
    const socket = send('A hang-up that cancels', headers)
    await until(() =>
      world.emulator.record.of('image').some(({ body }) => JSON.stringify(body).includes('that cancels')),
    )
    socket.destroy()
    const look = () =>
      world.call('/v1/images/generations', {
        method: 'POST',
        headers: { ...headers, prefer: 'respond-async' },
        body: JSON.stringify({ prompt: 'A hang-up that cancels', response_format: 'url' }),
      })
    const { id } = (await (await look()).json()) as Job
    expect(await ended(id)).toMatchObject({ status: 'cancelled' })
  })
})

describe('a repetition', () => {
  test('under the same key is the same job, for the official client as well', async () => {
    const options = { headers: { 'Idempotency-Key': 'twice' } }
    const body = { prompt: 'Asked twice', response_format: 'url' as const }
    const [first, second] = await Promise.all([
      client.images.generate(body, options).withResponse(),
      client.images.generate(body, options).withResponse(),
    ])
    expect(second.response.headers.get('x-flow2api-job')).toBe(first.response.headers.get('x-flow2api-job'))
    expect(second.data.data?.[0]?.url).toBe(first.data.data?.[0]?.url ?? '')
    expect(paid('Asked twice')).toBe(1)
  })

  test('of the key with another body is refused, and not in a way that is retried', async () => {
    const options = { headers: { 'Idempotency-Key': 'twice' } }
    const refused = await client.images.generate({ prompt: 'Something else' }, options).then(
      () => undefined,
      cause => cause,
    )
    expect(refused).toMatchObject({ status: 400, code: 'idempotency_key_reused' })
    expect(paid('Something else')).toBe(0)
  })

  test('by the client itself, after a connection that was cut, finds the first try without any key', async () => {
    // A proxy that cuts the first connection once the request has gone through.
    let connections = 0
    const { hostname, port } = new URL(world.url)
    const proxy = createServer(inside => {
      const outside = connect(Number(port), hostname)
      const cut = connections++ === 0
      inside.on('error', () => {}).pipe(outside)
      outside.on('error', () => {})
      if (cut) setTimeout(() => inside.destroy(), 60)
      else outside.pipe(inside)
    })
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
    const address = proxy.address()
    const cut = new OpenAI({
      baseURL: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/v1`,
      apiKey: API_KEY,
      maxRetries: 2,
    })
    const answer = await cut.images.generate({ prompt: 'Cut off', response_format: 'url' })
    proxy.close()
    expect(connections).toBeGreaterThan(1)
    expect(answer.data?.[0]?.url).toContain('/tmp/')
    expect(paid('Cut off')).toBe(1)
  })
})

describe('Prefer', () => {
  test('answers with the job at once, or after a while', async () => {
    const ask = (prompt: string, prefer: string) =>
      world.call('/v1/images/generations', {
        method: 'POST',
        headers: { prefer },
        body: JSON.stringify({ prompt, response_format: 'url' }),
      })
    const now = await ask('At once', 'respond-async')
    expect([now.status, now.headers.get('preference-applied')]).toEqual([202, 'respond-async'])
    const { id } = (await now.json()) as Job
    expect(now.headers.get('location')).toBe(`/v1/jobs/${id}`)
    // Later on, the job holds what the endpoint would have answered.
    expect(await ended(id)).toMatchObject({
      status: 'completed',
      result: { data: [{ url: expect.stringContaining('/tmp/') }], size: '1376x768' },
    })
    expect((await ask('After a while', 'wait=20')).status).toBe(200)
    expect((await ask('Too late', 'wait=0')).status).toBe(202)
  })

  test('the events of a job tell of it until its end', async () => {
    const created = await client.videos.create({ prompt: 'With events' })
    const stream = await world.call(`/v1/jobs/${created.id.replace('video_', 'job_')}/events`)
    const text = await stream.text()
    const names = [...text.matchAll(/^event: (\w+)$/gm)].map(([, name]) => name)
    const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))
    expect(names.at(-1)).toBe('completed')
    expect(ids).toEqual(ids.toSorted((a, b) => a - b))
    const seen = await world.call(`/v1/jobs/${created.id.replace('video_', 'job_')}/events`, {
      headers: { 'last-event-id': String(ids.at(-1)) },
    })
    expect(seen.status).toBe(204)
  })
})

test('a cancelled video frees its place and is told upstream', async () => {
  const created = await client.videos.create({ prompt: 'Never mind' })
  const id = created.id.replace('video_', 'job_')
  await until(async () => (await job(id)).status === 'running')
  expect(await (await world.call(`/v1/jobs/${id}/cancel`, { method: 'POST' })).json()).toMatchObject({
    status: 'cancelled',
  })
  await until(() => world.emulator.record.of('cancel').length === 1)
  // The shape of the account list is the console API's.
  const busy = async () =>
    (
      (await (await world.admin('/admin/api/tokens')).json()) as { data: { in_flight: { video: number } }[] }
    ).data.reduce((sum, { in_flight }) => sum + in_flight.video, 0)
  await until(async () => (await busy()) === 0)
  expect(await client.videos.retrieve(created.id)).toMatchObject({ status: 'failed', error: { code: 'cancelled' } })
})

test('a callback is told of the end, signed as the official client checks it', async () => {
  const received = Promise.withResolvers<{ body: string; headers: Headers }>()
  using receiver = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async request => {
      received.resolve({ body: await request.text(), headers: request.headers })
      return new Response()
    },
  })
  const answer = await world.call('/v1/images/generations', {
    method: 'POST',
    body: JSON.stringify({ prompt: 'Call me', response_format: 'url', callback_url: receiver.url.href }),
  })
  const { body, headers } = await received.promise
  const event: unknown = await client.webhooks.unwrap(body, headers, SECRET)
  expect(event).toMatchObject({
    type: 'image.completed',
    data: { id: answer.headers.get('x-flow2api-job'), status: 'completed' },
  })
})
