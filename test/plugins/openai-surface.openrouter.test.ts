/** Videos for OpenRouter's own library, which is known by its user agent. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { domainFault } from 'flow2api/contracts'
import { clip, failing, PNG, pending } from './openai-surface.fixtures.ts'
import { inputsOf, openWorld, type World } from './openai-surface.world.ts'

let kernel: World['kernel']
let engine: World['engine']
let get: World['get']
let post: World['post']

beforeEach(async () => {
  ;({ kernel, engine, get, post } = await openWorld())
})
afterEach(() => kernel.stop())

const headers = { 'user-agent': 'ai/7.0.173 ai-sdk/provider-utils/5.0.42 runtime/bun/1.4.5' }
const frame = (mark: number, frame_type?: string) => ({
  type: 'image_url',
  image_url: { url: `data:image/png;base64,${new Uint8Array([...PNG, mark]).toBase64()}` },
  ...(frame_type !== undefined && { frame_type }),
})

test('it is told where to ask, never a null error, and an address without a key at the end', async () => {
  engine.fate = pending
  const created = await (await post('/v1/videos', { prompt: 'x', model: 'vid-1', duration: 8 }, { headers })).json()
  expect(created).toMatchObject({ status: 'pending', polling_url: `${kernel.url}/v1/videos/video_00a1` })
  expect(created).not.toHaveProperty('error')
  expect(engine.submitted[0]?.request.parameters.seconds).toBe(8)
  engine.update('job_00a1', { status: 'completed', media: [clip] })
  expect(await (await get('/v1/videos/video_00a1', headers)).json()).toMatchObject({
    status: 'completed',
    unsigned_urls: [clip.url],
  })
  // Everybody else is answered as ever.
  expect(await (await get('/v1/videos/video_00a1')).json()).toMatchObject({ object: 'video', error: null })
})

test.each([
  ['failed', 'failed'],
  ['cancelled', 'cancelled'],
  ['outcome_unknown', 'failed'],
] as const)('a job that ended %s is %s, with its reason as text', async (status, told) => {
  engine.fate = failing(domainFault('generation_failed', 'It failed.'))
  await post('/v1/videos', { prompt: 'x', model: 'vid-1' })
  engine.update('job_00a1', { status })
  const video = await (await get('/v1/videos/video_00a1', headers)).json()
  expect([video.status, video.error]).toEqual([told, 'It failed.'])
})

test('frames by their type, whatever their order, and references behind them', async () => {
  const body = { prompt: 'x', model: 'vid-guided', frame_images: [frame(2, 'last_frame'), frame(1, 'first_frame')] }
  await post('/v1/videos', { ...body, input_references: [frame(3)] })
  expect(inputsOf(engine)).toEqual([
    ['first_frame', 1],
    ['last_frame', 2],
    ['reference', 3],
  ])
  const alone = await post('/v1/videos', { ...body, frame_images: [frame(2, 'last_frame')] })
  expect([alone.status, (await alone.json()).error.param]).toEqual([400, 'frame_images'])
})
