/** Long answers through a proxy that cuts silent connections, read by the official client. In real time, as proxies are. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { domainFault } from 'flow2api/contracts'
import OpenAI from 'openai'
import { KEY, pending, picture } from './openai-surface.fixtures.ts'
import { type ImpatientProxy, impatientProxy } from './openai-surface.socket.ts'
import { openWorld, until, type World } from './openai-surface.world.ts'

const IDLE_MS = 400
const HEARTBEAT_MS = 20
/** Several times what the proxy allows. */
const WORK_MS = 4 * IDLE_MS
const JOB = 'job_00a1'

let kernel: World['kernel']
let engine: World['engine']
let proxy: ImpatientProxy
let client: OpenAI

beforeEach(async () => {
  ;({ kernel, engine } = await openWorld())
  engine.fate = pending
  engine.heartbeatMs = () => HEARTBEAT_MS
  proxy = await impatientProxy(kernel.url, IDLE_MS)
  client = new OpenAI({ baseURL: `${proxy.url}/v1`, apiKey: KEY, maxRetries: 0 })
})
afterEach(async () => {
  proxy[Symbol.dispose]()
  await kernel.stop()
})

const worksFor = async (milliseconds: number, patch = {}) => {
  await until(() => engine.submitted.length > 0)
  await Bun.sleep(milliseconds)
  engine.update(JOB, { status: 'completed', progress: 100, media: [picture()], ...patch })
}

const messages = [{ role: 'user' as const, content: 'a fox' }]

test('an image arrives through it', async () => {
  const answer = client.images.generate({ prompt: 'a fox', response_format: 'url' }).withResponse()
  await worksFor(WORK_MS)
  const { data, response } = await answer
  expect(data.data).toEqual([{ url: 'http://media.test/tmp/1.png' }])
  expect([response.headers.get('x-flow2api-job'), proxy.cut]).toEqual([JOB, 0])
})

test('a chat answer too, and a stream', async () => {
  const whole = client.chat.completions.create({ model: 'img-1', messages })
  await worksFor(WORK_MS)
  expect((await whole).choices[0]?.message.content).toBe('![image](http://media.test/tmp/1.png)')
  const stream = await client.images.generate({ prompt: 'a fox', response_format: 'url', stream: true })
  const events = Array.fromAsync(stream)
  await Bun.sleep(WORK_MS)
  engine.update('job_00a2', { status: 'completed', progress: 100, media: [picture()] })
  expect((await events).map(({ type }) => type)).toEqual(['image_generation.completed'])
  expect(proxy.cut).toBe(0)
})

test('without signs of life it cuts the connection, and the job goes on', async () => {
  engine.heartbeatMs = () => 60_000
  const answer = client.images.generate({ prompt: 'a fox' }).catch((error: unknown) => error)
  expect(await answer).toBeInstanceOf(OpenAI.APIConnectionError)
  expect([proxy.cut, engine.jobs.get(JOB)?.status]).toEqual([1, 'queued'])
})

test('a late error is in the body, in the usual envelope', async () => {
  const answer = client.images.generate({ prompt: 'a fox' })
  await worksFor(WORK_MS, { status: 'failed', media: [], fault: domainFault('moderation_blocked', 'Refused.') })
  expect(await answer).toMatchObject({
    error: { code: 'moderation_blocked', message: 'Refused.', type: 'image_generation_user_error', param: null },
  })
})

test('who asks for the job at once does not depend on its patience', async () => {
  // The SDK hands the job on as it came; `asResponse` shows the status.
  const answer = await client.images
    .generate({ prompt: 'a fox' }, { headers: { prefer: 'respond-async' } })
    .asResponse()
  expect([answer.status, answer.headers.get('location')]).toEqual([202, `/v1/jobs/${JOB}`])
  expect(await answer.json()).toMatchObject({ id: JOB, status: 'queued' })
})
