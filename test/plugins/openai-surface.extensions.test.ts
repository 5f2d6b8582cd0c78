/** `POST /v1/videos/extensions` over real HTTP. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import type { Job } from 'flow2api/contracts'
import { clip } from './openai-surface.fixtures.ts'
import { MODELS } from './openai-surface.models.ts'
import { inputsOf, openWorld, type World } from './openai-surface.world.ts'

const PATH = '/v1/videos/extensions'

let kernel: World['kernel']
let engine: World['engine']
let post: World['post']
let send: World['send']

beforeEach(async () => {
  ;({ kernel, engine, post, send } = await openWorld())
})
afterEach(() => kernel.stop())

const source = (patch: Partial<Job> = {}) =>
  engine.add({
    id: 'job_0f',
    kind: 'video',
    status: 'completed',
    resolvedModel: 'vid-1',
    media: [clip],
    delivered: { size: '1280x720', seconds: 8 },
    ...patch,
  })

test.each([
  ['JSON with an object', () => post(PATH, { prompt: 'go on', seconds: '8', video: { id: 'video_0f' } })],
  ['JSON with the id alone', () => post(PATH, { prompt: 'go on', seconds: 8, video: 'video_0f' })],
  [
    'a form as official clients send it',
    () =>
      send(PATH, [
        ['prompt', 'go on'],
        ['seconds', '8'],
        ['video[id]', 'video_0f'],
      ]),
  ],
  [
    'a form with the id alone',
    () =>
      send(PATH, [
        ['prompt', 'go on'],
        ['seconds', '8'],
        ['video', 'video_0f'],
      ]),
  ],
])('%s', async (_name, extend) => {
  source()
  const response = await extend()
  expect([response.status, response.headers.get('x-flow2api-job')]).toEqual([200, 'job_00a1'])
  expect(await response.json()).toMatchObject({ id: 'video_00a1', object: 'video', status: 'completed', error: null })
  expect(engine.submitted[0]).toMatchObject({
    request: {
      kind: 'video',
      model: 'vid-more-wide',
      prompt: 'go on',
      parameters: { seconds: 8, size: '1280x720' },
      count: 1,
    },
    options: { surface: 'videos.extensions' },
  })
  expect(inputsOf(engine)).toEqual([['source_video', 'job_0f/0']])
})

test.each([
  [{ delivered: { size: '720x1280' } }, 'vid-more-tall', '720x1280'],
  [{ delivered: null, media: [{ ...clip, width: 720, height: 1280 }] }, 'vid-more-tall', '720x1280'],
  [{ delivered: null, media: [{ ...clip, width: null }], requested: { aspectRatio: '9:16' } }, 'vid-more-tall', '9x16'],
  [{ delivered: null, media: [{ ...clip, width: null }] }, 'vid-more-wide', undefined],
  // Who made it can find it again.
  [{ provider: 'studio' }, 'other-more', '1280x720'],
] as const)('of %j by %s', async (patch, model, size) => {
  source(patch)
  await post(PATH, { prompt: 'go on', video: { id: 'video_0f' } })
  expect(engine.submitted[0]?.request).toMatchObject({ model, parameters: size === undefined ? {} : { size } })
})

test('a model that is named is used, and the shape that is asked for; a stand-in is none', async () => {
  source()
  const video = { id: 'video_0f' }
  await post(PATH, { prompt: 'go on', video, model: 'other-more', aspect_ratio: '9:16', allow_downgrade: true })
  await post(PATH, { prompt: 'go on', video, model: 'sora-2' })
  expect(engine.submitted.map(({ request }) => request)).toMatchObject([
    { model: 'other-more', parameters: { aspectRatio: '9:16', allowDowngrade: true } },
    { model: 'vid-more-wide' },
  ])
  expect(engine.submitted[0]?.request.parameters.size).toBeUndefined()
})

test.each([
  [{ video: undefined }, 400, 'missing_required_parameter', 'video'],
  [{ video: { id: 'video_99' } }, 404, 'not_found', 'video'],
  [{ video: 'job_0f' }, 404, 'not_found', 'video'],
  [{ video: 'data:video/mp4;base64,AAAA' }, 400, 'invalid_value', 'video'],
  [{ video: { file_id: 'file-1' } }, 400, 'invalid_value', 'video'],
  [{ video: 7 }, 400, 'invalid_value', 'video'],
  [{ video: { id: 'video_0a' } }, 400, 'video_not_ready', 'video'],
  [{ video: { id: 'video_0b' } }, 400, 'invalid_value', 'video'],
  [{ prompt: ' ' }, 400, 'missing_required_parameter', 'prompt'],
  [{ seconds: 'long' }, 400, 'invalid_value', 'seconds'],
  [{ model: 'vid-1' }, 400, 'invalid_value', 'model'],
  [{ model: 'vid-frames' }, 400, 'invalid_value', 'model'],
  [{ model: 'nope' }, 404, 'model_not_found', 'model'],
] as const)('%j is refused', async (fields, status, code, param) => {
  source()
  engine.add({ id: 'job_0a', kind: 'video', status: 'running', progress: 40 })
  engine.add({ id: 'job_0b', kind: 'video', status: 'failed' })
  const response = await post(PATH, { prompt: 'go on', video: { id: 'video_0f' }, ...fields })
  expect(response.status).toBe(status)
  expect((await response.json()).error).toMatchObject({ code, param })
  expect(engine.submitted).toHaveLength(0)
})

test('an uploaded video is refused with what to do instead', async () => {
  const response = await send(PATH, [
    ['prompt', 'go on'],
    ['video', new File(['video'], 'clip.mp4', { type: 'video/mp4' })],
  ])
  expect(response.status).toBe(400)
  expect((await response.json()).error).toMatchObject({
    code: 'invalid_value',
    param: 'video',
    message: expect.stringContaining('id of a video that was made here'),
  })
})

test('where no model extends, that is said', async () => {
  source()
  engine.listed = MODELS.filter(({ id }) => !id.includes('more'))
  const response = await post(PATH, { prompt: 'go on', video: 'video_0f' })
  expect([response.status, (await response.json()).error.param]).toEqual([400, 'model'])
})
