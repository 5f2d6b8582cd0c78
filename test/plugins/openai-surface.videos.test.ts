/** `/v1/videos` over real HTTP. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { domainFault } from 'flow2api/contracts'
import { clip, downgraded, PNG, pending } from './openai-surface.fixtures.ts'
import { authorization, inputsOf, openWorld, pictureFile, type World } from './openai-surface.world.ts'

let kernel: World['kernel']
let engine: World['engine']
let get: World['get']
let post: World['post']
let send: World['send']

beforeEach(async () => {
  ;({ kernel, engine, get, post, send } = await openWorld())
})
afterEach(() => kernel.stop())

test('created from JSON and from a form, polled, then completed', async () => {
  engine.fate = pending
  const created = await post('/v1/videos', { prompt: 'a fox runs', model: 'vid-1', seconds: 8, size: '1280x720' })
  expect(created.status).toBe(200)
  expect(created.headers.get('openai-poll-after-ms')).toBe('5000')
  expect(created.headers.get('x-flow2api-job')).toBe('job_00a1')
  expect(await created.json()).toEqual({
    id: 'video_00a1',
    object: 'video',
    model: 'vid-1',
    status: 'queued',
    progress: 0,
    created_at: 1790000000,
    completed_at: null,
    expires_at: null,
    prompt: 'a fox runs',
    size: '1280x720',
    seconds: '8',
    remixed_from_video_id: null,
    error: null,
    requested: { size: '1280x720', seconds: 8 },
    delivered: null,
  })
  engine.update('job_00a1', { status: 'running', progress: 40 })
  expect(await (await get('/v1/videos/video_00a1')).json()).toMatchObject({ status: 'in_progress', progress: 40 })
  engine.update('job_00a1', {
    status: 'completed',
    progress: 100,
    media: [clip],
    delivered: { size: '1280x720', seconds: 8.04 },
    finishedAt: 1_790_000_060_000,
  })
  const finished = await get('/v1/videos/video_00a1')
  expect(finished.headers.get('openai-poll-after-ms')).toBeNull()
  expect(await finished.json()).toMatchObject({
    status: 'completed',
    progress: 100,
    completed_at: 1790000060,
    delivered: { size: '1280x720', seconds: 8.04 },
  })

  const form = new FormData()
  form.set('prompt', 'again')
  form.set('seconds', '8')
  await kernel.fetch('/v1/videos', { method: 'POST', headers: { authorization }, body: form })
  expect(engine.submitted[1]?.request).toMatchObject({ kind: 'video', model: '', parameters: { seconds: 8 } })
})

test.each([
  [['input_reference'], [['first_frame', 1]]],
  [
    ['input_reference', 'input_reference'],
    [
      ['first_frame', 1],
      ['last_frame', 2],
    ],
  ],
  [
    ['input_reference[]', 'input_reference[]'],
    [
      ['first_frame', 1],
      ['last_frame', 2],
    ],
  ],
  [
    ['input_reference[0]', 'input_reference[1]', 'input_reference[2]'],
    [
      ['first_frame', 1],
      ['last_frame', 2],
      ['reference', 3],
    ],
  ],
])('pictures as %j get the roles that the model has, in order', async (names, expected) => {
  const pictures = names.map((name, index) => [name, pictureFile(index + 1)] as const)
  const model = names.length > 2 ? 'vid-guided' : 'vid-frames'
  expect((await send('/v1/videos', [['prompt', 'go'], ['model', model], ...pictures])).status).toBe(200)
  expect(inputsOf(engine)).toEqual(expected)
})

test('a model refuses pictures that it does not take, and is not replaced where it was named', async () => {
  for (const model of ['vid-1', 'vid-one']) {
    const refused = await post('/v1/videos', { prompt: 'go', model, input_reference: PNG.toBase64() })
    const message = `The model ${model} takes no pictures. Leave \`input_reference\` out, or choose a model whose \`capabilities.inputs\` has a role for them.`
    expect([refused.status, (await refused.json()).error]).toMatchObject([400, { param: 'input_reference', message }])
  }
  const pictures = [1, 2, 3].map(mark => ['input_reference', pictureFile(mark)] as const)
  const tooMany = await send('/v1/videos', [['prompt', 'go'], ['model', 'vid-frames'], ...pictures])
  const message = 'The model vid-frames takes at most 2 pictures; 3 were sent.'
  expect([tooMany.status, (await tooMany.json()).error]).toMatchObject([
    400,
    { code: 'invalid_value', param: 'input_reference', message },
  ])
  expect(engine.submitted).toHaveLength(0)
})

test('a failed one carries its error, and its content too', async () => {
  const fault = domainFault('upstream_error', 'Upstream broke.')
  engine.add({ id: 'job_0f', kind: 'video', status: 'failed', fault })
  const video = await (await get('/v1/videos/video_0f')).json()
  expect(video).toMatchObject({ status: 'failed', error: { code: 'upstream_error', message: 'Upstream broke.' } })
  const content = await get('/v1/videos/video_0f/content')
  expect([content.status, content.headers.get('x-should-retry')]).toEqual([502, 'false'])
})

test('less than was asked for is a failure, unless the request allows it', async () => {
  engine.fate = downgraded
  const video = await (await post('/v1/videos', { prompt: 'x', resolution: '4K', allow_downgrade: true })).json()
  expect(engine.submitted[0]?.request.parameters).toEqual({ resolution: '4K', allowDowngrade: true })
  expect(video).toMatchObject({
    status: 'failed',
    error: { code: 'downgraded', message: 'Asked for 4K, delivered 1024x768.' },
    requested: { resolution: '4K' },
    delivered: { size: '1280x720', seconds: 8.04 },
  })
  const content = await get(`/v1/videos/${video.id}/content`)
  expect([content.status, (await content.json()).error.code]).toEqual([502, 'downgraded'])
})

test.each([
  ['GET', '/v1/videos/video_99'],
  ['GET', '/v1/videos/job_0001'],
  ['GET', '/v1/videos/video_0001'],
  ['DELETE', '/v1/videos/video_99'],
  ['GET', '/v1/videos/video_99/content'],
])('%s %s is not a video: 404', async (method, path) => {
  engine.add({ id: 'job_0001', kind: 'image' })
  const response = await get(path, {}, method)
  expect([response.status, (await response.json()).error.code]).toEqual([404, 'not_found'])
})

test('pages of the list, both ways', async () => {
  for (let n = 1; n <= 5; n++) engine.add({ id: `job_0${n}`, kind: 'video', createdAt: 1_790_000_000_000 + n * 1000 })
  engine.add({ id: 'job_06', kind: 'image' })
  const page = async (query: string) => {
    const { data, ...rest } = await (await get(`/v1/videos?${query}`)).json()
    return { ids: data.map((video: { id: string }) => video.id), ...rest }
  }
  expect(await page('limit=2')).toEqual({
    object: 'list',
    ids: ['video_05', 'video_04'],
    first_id: 'video_05',
    last_id: 'video_04',
    has_more: true,
  })
  expect(await page('limit=2&after=video_02&order=asc')).toMatchObject({
    ids: ['video_03', 'video_04'],
    has_more: true,
  })
  expect(await page('after=video_01')).toEqual({
    object: 'list',
    ids: [],
    first_id: null,
    last_id: null,
    has_more: false,
  })
  for (const [query, status] of [
    ['limit=0', 400],
    ['order=up', 400],
    ['after=video_99', 404],
  ] as const)
    expect((await get(`/v1/videos?${query}`)).status).toBe(status)
})

test('deleted once it is final, refused before', async () => {
  engine.add({ id: 'job_01', kind: 'video', status: 'running' })
  expect((await get('/v1/videos/video_01', {}, 'DELETE')).status).toBe(400)
  engine.update('job_01', { status: 'completed', media: [clip] })
  expect(await (await get('/v1/videos/video_01', {}, 'DELETE')).json()).toEqual({
    id: 'video_01',
    object: 'video.deleted',
    deleted: true,
  })
  expect((await get('/v1/videos/video_01')).status).toBe(404)
})
