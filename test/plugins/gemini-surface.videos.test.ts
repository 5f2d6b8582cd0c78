/** `predictLongRunning`, its operations, and files over HTTP. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { domainFault } from 'flow2api/contracts'
import { type GeminiWorld, inputsOf, openGemini } from './gemini-surface.world.ts'
import { clip, failing, finished, PNG, pending, picture } from './openai-surface.fixtures.ts'

let world: GeminiWorld
beforeEach(async () => {
  world = await openGemini()
})
afterEach(() => world[Symbol.asyncDispose]())

const VEO = '/v1beta/models/veo-3.1-generate-preview:predictLongRunning'
const image = (mark: number) => ({
  bytesBase64Encoded: new Uint8Array([...PNG, mark]).toBase64(),
  mimeType: 'image/png',
})
const body = (instance: object, parameters: object = {}) => ({
  instances: [{ prompt: 'a boat', ...instance }],
  parameters,
})

interface Operation {
  readonly name: string
  readonly done?: boolean
}
const operationOf = async (response: Response) => (await response.json()) as Operation // by its contract

describe('predictLongRunning', () => {
  test.each([
    ['no picture', {}, 'veo-3.1-generate-preview', []],
    ['a first frame', { image: image(1) }, 'vid-frames', [['first_frame', 1]]],
    [
      'first and last',
      { lastFrame: image(2), image: image(1) },
      'vid-frames',
      [
        ['first_frame', 1],
        ['last_frame', 2],
      ],
    ],
    [
      'references',
      { referenceImages: [{ image: image(3), referenceType: 'asset' }] },
      'vid-guided',
      [['reference', 3]],
    ],
    ['a video', { video: { uri: 'files/0e' } }, 'vid-more', [['source_video', 'job_0e/0']]],
  ])('%s: the name stands for the model that takes it', async (_, instance, model, inputs) => {
    const response = await world.post(VEO, body(instance, { aspectRatio: '16:9' }))
    expect(response.status).toBe(200)
    expect(world.engine.submitted[0]?.request).toMatchObject({ kind: 'video', model, prompt: 'a boat' })
    expect(inputsOf(world.engine)).toEqual(inputs)
  })

  test('a video that was not made here is refused before anything is admitted', async () => {
    for (const video of [{ uri: 'https://elsewhere.example/a.mp4' }, { gcsUri: 'gs://a/b.mp4' }]) {
      const response = await world.post(VEO, body({ video }))
      expect([response.status, await response.json()]).toMatchObject([400, { error: { status: 'INVALID_ARGUMENT' } }])
    }
    expect(world.engine.submitted).toEqual([])
  })
})

describe('operations', () => {
  test('running, then done with an address for each video', async () => {
    world.engine.fate = pending
    const started = await world.post(VEO, body({}))
    const { name, done } = await operationOf(started)
    const id = started.headers.get('x-flow2api-job') ?? ''
    expect([name, done]).toEqual([`models/veo-3.1-generate-preview/operations/${id.slice(4)}`, undefined])
    world.engine.update(id, { status: 'running', progress: 40.7 })
    expect(await (await world.get(`/v1beta/${name}`)).json()).toMatchObject({ name, metadata: { progressPercent: 40 } })
    world.engine.update(id, { status: 'completed', media: [clip, clip] })
    for (const prefix of ['/v1', '/v1beta'])
      expect(await (await world.get(`${prefix}/${name}`)).json()).toEqual({
        name,
        done: true,
        response: {
          '@type': 'type.googleapis.com/google.ai.generativelanguage.v1beta.PredictLongRunningResponse',
          generateVideoResponse: {
            generatedSamples: ['', 'x1'].map(suffix => ({
              video: { uri: `${world.kernel.url}/v1beta/files/${id.slice(4)}${suffix}:download?alt=media` },
            })),
          },
        },
      })
    const google = await world.get(`/v1beta/${name}`, { 'x-goog-api-client': 'google-genai-sdk/3.1.0' })
    expect(await google.json()).toMatchObject({
      response: { generateVideoResponse: { generatedSamples: [{ video: { uri: `files/${id.slice(4)}` } }, {}] } },
    })
  })

  test('refused, failed and cancelled', async () => {
    world.engine.fate = failing(domainFault('moderation_blocked', 'Refused.'))
    expect(await operationOf(await world.post(VEO, body({})))).toMatchObject({
      done: true,
      response: { generateVideoResponse: { raiMediaFilteredCount: 1, raiMediaFilteredReasons: ['Refused.'] } },
    })
    world.engine.fate = failing(domainFault('upstream_error', 'Later.'))
    expect(await operationOf(await world.post(VEO, body({})))).toMatchObject({
      done: true,
      error: { code: 14, message: 'Later.' },
    })
    world.engine.fate = pending
    const { name } = await operationOf(await world.post(VEO, body({})))
    expect(await (await world.post(`/v1beta/${name}:cancel`, {})).json()).toEqual({})
    expect(await (await world.get(`/v1beta/${name}`)).json()).toMatchObject({ done: true, error: { code: 1 } })
  })

  test('of nothing, and of a picture, there is none', async () => {
    world.engine.add({ id: 'job_0a', kind: 'image' })
    for (const id of ['none', 'ff', '0a']) {
      const response = await world.get(`/v1beta/models/veo/operations/${id}`)
      expect([response.status, await response.json()]).toMatchObject([404, { error: { status: 'NOT_FOUND' } }])
    }
  })
})

describe('files', () => {
  test('what it is, and its bytes, whole and in part', async () => {
    world.engine.add({ id: 'job_0f', kind: 'video', status: 'completed', media: [clip] })
    world.engine.contents = { body: new TextEncoder().encode('0123456789') }
    expect(await (await world.get('/v1/files/0f')).json()).toMatchObject({
      name: 'files/0f',
      mimeType: 'video/mp4',
      sizeBytes: '26',
      state: 'ACTIVE',
      source: 'GENERATED',
      videoMetadata: { videoDuration: '8.04s' },
    })
    const whole = await world.get('/v1beta/files/0f:download?alt=media')
    expect([whole.status, whole.headers.get('content-type'), await whole.text()]).toEqual([
      200,
      'video/mp4',
      '0123456789',
    ])
    const part = await world.get('/v1beta/files/0f?alt=media', { range: 'bytes=2-4' })
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 2-4/10', '234'])
    const beyond = await world.get('/v1beta/files/0f:download', { range: 'bytes=10-' })
    expect([beyond.status, beyond.headers.get('content-range'), await beyond.json()]).toMatchObject([
      416,
      'bytes */10',
      { error: { code: 416, status: 'OUT_OF_RANGE' } },
    ])
  })

  test('not ready, failed, unknown', async () => {
    world.engine.add({ id: 'job_01', kind: 'video', status: 'running', progress: 3 })
    world.engine.add({ id: 'job_02', kind: 'video', status: 'failed', fault: domainFault('upstream_error', 'Later.') })
    world.engine.add({ id: 'job_03', status: 'completed', media: [picture()] })
    const states = ['01', '02', '03'].map(async id => (await (await world.get(`/v1beta/files/${id}`)).json()).state)
    expect(await Promise.all(states)).toEqual(['PROCESSING', 'FAILED', 'ACTIVE'])
    const statuses = ['01', '02', '03x4', 'nope', '..%2F..%2Fetc'].map(async id => {
      const response = await world.get(`/v1beta/files/${id}:download?alt=media`)
      return [response.status, ((await response.json()) as { error: { status: string } }).error.status] // the envelope
    })
    expect(await Promise.all(statuses)).toEqual([
      [400, 'FAILED_PRECONDITION'],
      [400, 'FAILED_PRECONDITION'],
      [404, 'NOT_FOUND'],
      [404, 'NOT_FOUND'],
      [404, 'NOT_FOUND'],
    ])
  })

  test('only with the key', async () => {
    world.engine.add({ id: 'job_0f', kind: 'video', status: 'completed', media: [clip] })
    expect((await world.kernel.fetch('/v1beta/files/0f:download?alt=media')).status).toBe(403)
  })
})

test('a job that is fetched by its id has its result in this API’s form', async () => {
  world.engine.fate = finished
  await world.post(VEO, body({}))
  const [job] = world.engine.jobs.values()
  const { resultOf } = await import('../../plugins/gemini-surface/result.ts')
  expect(job && resultOf(job)).toMatchObject({
    done: true,
    response: { generateVideoResponse: { generatedSamples: [{ video: { uri: clip.url } }] } },
  })
})
