/** Remixes and edits of videos that were made here: which model makes them, from what, and what they remember. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { domainFault } from 'flow2api/contracts'
import { errAsync } from 'flow2api/plugin'
import { clip, PNG } from './openai-surface.fixtures.ts'
import { inputsOf, openWorld, type World } from './openai-surface.world.ts'

let kernel: World['kernel']
let engine: World['engine']
let get: World['get']
let post: World['post']
let send: World['send']

beforeEach(async () => {
  ;({ kernel, engine, get, post, send } = await openWorld())
})
afterEach(() => kernel.stop())

const source = (resolvedModel: string, patch = {}) =>
  engine.add({
    id: 'job_0f',
    kind: 'video',
    status: 'completed',
    media: [clip],
    model: 'sora-2',
    resolvedModel,
    requested: { size: '1280x720', seconds: 8, aspectRatio: '16:9' },
    ...patch,
  })
const remix = (fields: Record<string, unknown> = {}) =>
  post('/v1/videos/video_0f/remix', { prompt: 'in rain', ...fields })
const made = () => engine.submitted.at(-1)?.request

test('the model and the wishes of the source, with the new prompt; the source is remembered', async () => {
  source('vid-1')
  const video = await (await remix()).json()
  expect(made()).toEqual({
    kind: 'video',
    model: 'vid-1',
    prompt: 'in rain',
    parameters: { size: '1280x720', seconds: 8, aspectRatio: '16:9' },
    inputs: [],
    count: 1,
  })
  expect(video).toMatchObject({ prompt: 'in rain', remixed_from_video_id: 'video_0f' })
  expect(await (await get(`/v1/videos/${video.id}`)).json()).toMatchObject({ remixed_from_video_id: 'video_0f' })
  expect((await (await get('/v1/videos')).json()).data).toContainEqual(
    expect.objectContaining({ id: video.id, remixed_from_video_id: 'video_0f' }),
  )
})

test('a model that takes a video gets the source itself', async () => {
  source('other-more', { provider: 'studio' })
  await remix()
  expect([made()?.model, inputsOf(engine)]).toEqual(['other-more', [['source_video', 'job_0f/0']]])
})

test('one that cannot do without a picture gets a still of it', async () => {
  const [needy] = engine.listed.filter(({ id }) => id === 'vid-frames')
  if (needy === undefined) throw new Error('no model')
  const accepts = { ...needy.accepts, inputs: [{ role: 'first_frame' as const, min: 1, max: 1 }] }
  engine.listed = [...engine.listed, { ...needy, id: 'vid-needy', accepts }]
  source('vid-needy')
  await remix()
  expect(inputsOf(engine)).toEqual([['first_frame', PNG.at(-1)]])
  expect(engine.opened).toEqual(['job_0f 0 thumbnail'])
  engine.open = () => errAsync(domainFault('media_unavailable', 'It is gone.'))
  const refused = await remix({ prompt: 'again' })
  expect([refused.status, (await refused.json()).error.param]).toEqual([400, 'model'])
})

test('one that needs two pictures cannot, and another may be named', async () => {
  source('vid-pair')
  const refused = await remix()
  expect([refused.status, (await refused.json()).error.param]).toEqual([400, 'model'])
  expect((await remix({ model: 'vid-1' })).status).toBe(200)
  // What was resolved for the one model may not be what the other has.
  expect(made()).toMatchObject({ model: 'vid-1', parameters: { size: '1280x720', seconds: 8 } })
  expect(made()?.parameters).not.toHaveProperty('aspectRatio')
  expect((await remix({ model: 'nope' })).status).toBe(404)
})

test('an edit names the video in its body: as an object, as text, in a form', async () => {
  source('vid-1')
  const edits = '/v1/videos/edits'
  for (const video of [{ id: 'video_0f' }, 'video_0f'])
    expect(await (await post(edits, { prompt: 'x', video })).json()).toMatchObject({
      remixed_from_video_id: 'video_0f',
    })
  expect(
    (
      await send(edits, [
        ['prompt', 'x'],
        ['video[id]', 'video_0f'],
      ])
    ).status,
  ).toBe(200)
  expect((await send('/v1/videos/video_0f/remix', [['prompt', 'x']])).status).toBe(200)
  const upload = await send(edits, [
    ['prompt', 'x'],
    ['video', new File(['x'], 'a.mp4')],
  ])
  expect([upload.status, (await upload.json()).error.param]).toEqual([400, 'video'])
})

test.each([
  [{}, { status: 'running' }, 400, 'video_not_ready', 'video_id'],
  [{}, { status: 'failed' }, 400, 'invalid_value', 'video_id'],
  [{}, { kind: 'image' }, 404, 'not_found', 'video_id'],
  [{ prompt: '' }, {}, 400, 'missing_required_parameter', 'prompt'],
] as const)('%j of a source that is %j: %i %s', async (fields, patch, status, code, param) => {
  source('vid-1', patch)
  const response = await remix(fields)
  expect([response.status, (await response.json()).error]).toMatchObject([status, { code, param }])
  expect(engine.submitted).toHaveLength(0)
})

test('what a deleted video was made of is forgotten with it', async () => {
  source('vid-1')
  const { id } = await (await remix()).json()
  expect((await get(`/v1/videos/${id}`, {}, 'DELETE')).status).toBe(200)
  engine.add({ id: id.replace('video_', 'job_'), kind: 'video' })
  expect(await (await get(`/v1/videos/${id}`)).json()).toMatchObject({ remixed_from_video_id: null })
})
