/** What all routes of the surface share: the key, CORS, documentation; and the models. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { clip } from './openai-surface.fixtures.ts'
import { openWorld, type World } from './openai-surface.world.ts'

let kernel: World['kernel']
let engine: World['engine']
let get: World['get']
let post: World['post']

beforeEach(async () => {
  ;({ kernel, engine, get, post } = await openWorld())
})
afterEach(() => kernel.stop())

describe('the key', () => {
  test.each([
    ['GET', '/v1/models'],
    ['GET', '/v1/models/img-1'],
    ['POST', '/v1/images/generations'],
    ['POST', '/v1/images'],
    ['POST', '/v1/images/edits'],
    ['POST', '/v1/images/variations'],
    ['POST', '/v1/videos'],
    ['POST', '/v1/videos/extensions'],
    ['POST', '/v1/videos/edits'],
    ['POST', '/v1/videos/video_01/remix'],
    ['POST', '/v1/videos/characters'],
    ['GET', '/v1/videos'],
    ['GET', '/v1/videos/video_01'],
    ['DELETE', '/v1/videos/video_01'],
    ['GET', '/v1/videos/video_01/content'],
    ['POST', '/v1/chat/completions'],
  ])('%s %s wants it before anything else', async (method, path) => {
    engine.add({ id: 'job_01', kind: 'video' })
    const init = method === 'POST' ? { method, body: 'not json' } : { method }
    const response = await kernel.fetch(path, init)
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ error: { code: 'invalid_api_key', type: 'invalid_request_error' } })
    expect(engine.submitted).toHaveLength(0)
  })
})

describe('models', () => {
  test('the list, with capabilities', async () => {
    const body = await (await get('/v1/models')).json()
    expect(body.object).toBe('list')
    expect(body.data.map((model: { id: string }) => model.id)).toContain('studio/img-2')
    expect(body.data[1]).toEqual({
      shutdown_date: null,
      architecture: { input_modalities: ['text'], output_modalities: ['image'] },
      id: 'gpt-image-1',
      object: 'model',
      created: 1795392000,
      owned_by: 'lab',
      capabilities: {
        kind: 'image',
        inputs: [],
        aspect_ratios: ['1:1', '16:9'],
        sizes: ['1024x1024'],
        resolutions: ['1K'],
        seconds: [],
        tier: null,
        alias_of: 'img-1',
      },
    })
  })

  test.each(['studio/img-2', 'studio%2Fimg-2'])('one by its id, %s', async id => {
    expect(await (await get(`/v1/models/${id}`)).json()).toMatchObject({ id: 'studio/img-2', owned_by: 'studio' })
  })

  test('what it takes: each role with its least and most', async () => {
    const { capabilities } = await (await get('/v1/models/vid-guided')).json()
    expect(capabilities.inputs).toEqual([
      { role: 'reference', min: 0, max: 3 },
      { role: 'first_frame', min: 0, max: 1 },
      { role: 'last_frame', min: 0, max: 1 },
    ])
  })

  test('an unknown one is 404 with a suggestion', async () => {
    const response = await get('/v1/models/nope')
    expect(response.status).toBe(404)
    expect((await response.json()).error).toMatchObject({
      code: 'model_not_found',
      message: expect.stringContaining('did you mean'),
    })
  })
})

test('answers reach browsers of other origins, preflight and errors included', async () => {
  const origin = 'https://app.test'
  const preflight = await kernel.fetch('/v1/images/generations', {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
  })
  expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, '*'])
  const refused = await kernel.fetch('/v1/models', { headers: { origin } })
  expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, '*'])
})

test.each(['', '/v1', '/v1/v1'])('a base URL that ends in %p is as good as any other', async base => {
  engine.add({ id: 'job_01', kind: 'video', status: 'completed', media: [clip] })
  for (const path of ['/models', '/models/studio/img-2', '/videos', '/videos/video_01', '/videos/video_01/content'])
    expect([path, (await get(`${base}${path}`)).status]).toEqual([path, 200])
  for (const [path, body] of [
    ['/images/generations', { prompt: 'x' }],
    ['/videos', { prompt: 'x' }],
    ['/videos/video_01/remix', { prompt: 'x', model: 'vid-1' }],
    ['/chat/completions', { model: 'img-1', messages: [{ role: 'user', content: 'x' }] }],
  ] as const)
    expect([path, (await post(`${base}${path}`, body)).status]).toEqual([path, 200])
  expect((await kernel.fetch(`${base}/models`)).status).toBe(401)
})

test('the documentation has every route with a summary', async () => {
  const { paths } = await (await kernel.fetch('/swagger/json')).json()
  const summaries = Object.entries(paths as Record<string, Record<string, { summary?: string }>>)
    .filter(([path]) => path.startsWith('/v1/'))
    .flatMap(([path, methods]) => Object.entries(methods).map(([method, { summary }]) => [method, path, summary]))
  expect(summaries).toHaveLength(14)
  for (const [, , summary] of summaries) expect(summary).toBeString()
  for (const [path, methods] of Object.entries(paths as Record<string, { post?: { requestBody?: unknown } }>))
    if (path.startsWith('/v1/') && methods.post !== undefined)
      expect(JSON.stringify(methods.post.requestBody)).toMatch(/"examples?":/)
})

test.each([
  ['/v1/images/generations', true],
  ['/v1/images/edits', true],
  ['/v1/images/variations', true],
  ['/v1/chat/completions', true],
  ['/v1/videos', false],
  ['/v1/videos/extensions', false],
])('the documentation of %s has the headers that it reads', async (path, waits) => {
  const { post } = (await (await kernel.fetch('/swagger/json')).json()).paths[path]
  const names = post.parameters.map((parameter: { name: string }) => parameter.name)
  const expected = ['Idempotency-Key', ...(waits ? ['Prefer'] : []), 'x-flow2api-on-disconnect']
  expect([names, '202' in (post.responses ?? {})]).toEqual([expected, waits])
  expect(post.description).toContain('callback_url')
})
