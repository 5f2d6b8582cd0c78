/** `/v1/videos` over real HTTP. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { join } from 'node:path'
import { domainFault } from 'flow2api/contracts'
import { clip, PNG, pending } from './openai-surface.fixtures.ts'
import { authorization, openWorld, type World } from './openai-surface.world.ts'

let kernel: World['kernel']
let engine: World['engine']
let get: World['get']
let post: World['post']

beforeEach(async () => {
  ;({ kernel, engine, get, post } = await openWorld())
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
  })
  engine.update('job_00a1', { status: 'running', progress: 40 })
  expect(await (await get('/v1/videos/video_00a1')).json()).toMatchObject({ status: 'in_progress', progress: 40 })
  engine.update('job_00a1', { status: 'completed', progress: 100, media: [clip], finishedAt: 1_790_000_060_000 })
  const finished = await get('/v1/videos/video_00a1')
  expect(finished.headers.get('openai-poll-after-ms')).toBeNull()
  expect(await finished.json()).toMatchObject({ status: 'completed', progress: 100, completed_at: 1790000060 })

  const form = new FormData()
  form.set('prompt', 'again')
  form.set('seconds', '8')
  await kernel.fetch('/v1/videos', { method: 'POST', headers: { authorization }, body: form })
  expect(engine.submitted[1]?.request).toMatchObject({ kind: 'video', model: '', parameters: { seconds: 8 } })
})

test('pictures reach a model that takes them, and no other', async () => {
  const form = new FormData()
  form.set('prompt', 'from here to there')
  form.set('model', 'vid-frames')
  form.append('input_reference[]', new File([PNG], 'a.png'))
  form.append('input_reference[]', new File([PNG], 'blob'))
  const send = () => kernel.fetch('/v1/videos', { method: 'POST', headers: { authorization }, body: form })
  expect((await send()).status).toBe(200)
  expect(engine.submitted[0]?.request.inputs.map(({ role, mime }) => [role, mime])).toEqual([
    ['first_frame', 'image/png'],
    ['last_frame', 'image/png'],
  ])
  form.set('model', 'vid-1')
  const refused = await send()
  expect([refused.status, (await refused.json()).error.param]).toEqual([400, 'input_reference'])
  expect(engine.submitted).toHaveLength(1)
})

test('a failed one carries its error, and its content too', async () => {
  const fault = domainFault('upstream_error', 'Upstream broke.')
  engine.add({ id: 'job_0f', kind: 'video', status: 'failed', fault })
  const video = await (await get('/v1/videos/video_0f')).json()
  expect(video).toMatchObject({ status: 'failed', error: { code: 'upstream_error', message: 'Upstream broke.' } })
  const content = await get('/v1/videos/video_0f/content')
  expect([content.status, content.headers.get('x-should-retry')]).toEqual([502, 'false'])
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

test('content: whole, in part, not yet, and no other variant', async () => {
  const bytes = new TextEncoder().encode('abcdefghijklmnopqrstuvwxyz')
  const path = join(kernel.tmpDir, 'clip.mp4')
  await Bun.write(path, bytes)
  engine.add({ id: 'job_01', kind: 'video', status: 'running' })
  const early = await get('/v1/videos/video_01/content')
  expect([early.status, (await early.json()).error.code]).toEqual([400, 'video_not_ready'])

  engine.update('job_01', { status: 'completed', media: [clip] })
  for (const contents of [{ path }, { body: bytes }]) {
    engine.contents = contents
    const whole = await get('/v1/videos/video_01/content', { accept: 'application/binary' })
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      'content-type': 'video/mp4',
      'content-length': '26',
      'accept-ranges': 'bytes',
      'content-disposition': 'inline; filename="video_01.mp4"',
    })
    expect(await whole.text()).toBe('abcdefghijklmnopqrstuvwxyz')
    const part = await get('/v1/videos/video_01/content', { range: 'bytes=3-5' })
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 3-5/26', 'def'])
    const beyond = await get('/v1/videos/video_01/content', { range: 'bytes=26-' })
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */26'])
    const head = await get('/v1/videos/video_01/content', {}, 'HEAD')
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '26'])
  }
  expect((await get('/v1/videos/video_01/content?variant=thumbnail')).status).toBe(404)
  engine.contents = { path: join(kernel.tmpDir, 'missing.mp4') }
  expect((await get('/v1/videos/video_01/content')).status).toBe(404)
})
