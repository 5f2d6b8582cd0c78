/** The official `openai` package, unchanged: base URL and key, nothing else. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { domainFault } from 'flow2api/contracts'
import OpenAI from 'openai'
import { clip, failing, KEY, PNG, pending } from './openai-surface.fixtures.ts'
import { inputsOf, openWorld, pictureFile, type World } from './openai-surface.world.ts'

let kernel: World['kernel']
let engine: World['engine']
let client: OpenAI

beforeEach(async () => {
  ;({ kernel, engine } = await openWorld())
  client = new OpenAI({ baseURL: `${kernel.url}/v1`, apiKey: KEY, maxRetries: 0 })
})
afterEach(() => kernel.stop())

test('models', async () => {
  const ids: string[] = []
  for await (const model of client.models.list()) ids.push(model.id)
  expect(ids).toContain('vid-1')
  expect(await client.models.retrieve('studio/img-2')).toMatchObject({ object: 'model', owned_by: 'studio' })
})

test('images, both forms and streamed', async () => {
  const encoded = await client.images.generate({ model: 'gpt-image-1', prompt: 'a fox', size: '1024x1024' })
  expect(encoded.data?.[0]?.b64_json).toBe(PNG.toBase64())
  const linked = await client.images.generate({ prompt: 'a fox', response_format: 'url', n: 2 })
  expect(linked.data?.map(({ url }) => url)).toEqual(['http://media.test/tmp/1.png', 'http://media.test/tmp/2.png'])
  const types: string[] = []
  for await (const event of await client.images.generate({ prompt: 'a fox', stream: true })) types.push(event.type)
  expect(types).toEqual(['image_generation.completed'])
})

test('edits of one and of several pictures, and streamed', async () => {
  const one = await client.images.edit({ model: 'img-refs', prompt: 'at night', image: pictureFile(1) })
  expect(one.data?.[0]?.b64_json).toBe(PNG.toBase64())
  await client.images.edit({ prompt: 'both', image: [pictureFile(1), pictureFile(2)], n: 2, size: '1536x1024' })
  expect([inputsOf(engine, 0), inputsOf(engine, 1)]).toEqual([
    [['reference', 1]],
    [
      ['reference', 1],
      ['reference', 2],
    ],
  ])
  expect(engine.submitted[1]?.request).toMatchObject({ count: 2, parameters: { size: '1536x1024' } })
  const types: string[] = []
  for await (const event of await client.images.edit({ prompt: 'x', image: pictureFile(1), stream: true }))
    types.push(event.type)
  expect(types).toEqual(['image_edit.completed'])
  const masked = client.images.edit({ prompt: 'x', image: pictureFile(1), mask: pictureFile(2) })
  expect(await masked.catch((error: unknown) => error)).toMatchObject({ status: 400, param: 'mask' })
})

test('errors come as the classes that programs catch, with the request id', async () => {
  const missing = await client.images.generate({ model: 'nope', prompt: ' ' }).catch((error: unknown) => error)
  expect(missing).toBeInstanceOf(OpenAI.BadRequestError)
  expect(missing).toMatchObject({ code: 'missing_required_parameter', param: 'prompt', requestID: expect.any(String) })
  engine.fate = failing(domainFault('moderation_blocked', 'Refused.'))
  const stream = await client.images.generate({ prompt: 'x', stream: true })
  const broken = await Array.fromAsync(stream).catch((error: unknown) => error)
  expect(broken).toBeInstanceOf(OpenAI.APIError)
  expect(broken).toMatchObject({ code: 'moderation_blocked', message: 'Refused.' })
})

test('a paid failure is not retried by the client on its own', async () => {
  const patient = new OpenAI({ baseURL: `${kernel.url}/v1`, apiKey: KEY, maxRetries: 2 })
  engine.fate = failing(domainFault('generation_failed', 'It failed.'))
  await patient.images.generate({ prompt: 'x' }).catch(() => undefined)
  expect(engine.submitted).toHaveLength(1)
})

test('it comes again by itself where that helps, when it was told to, and not where it does not', async () => {
  const asked: string[] = []
  const patient = new OpenAI({
    baseURL: `${kernel.url}/v1`,
    apiKey: KEY,
    maxRetries: 2,
    fetch: async (input, init) => {
      const response = await fetch(input, init)
      asked.push(`${response.status} ${response.headers.get('retry-after')}`)
      // Whoever comes back finds a place in the queue.
      if (response.status === 429) engine.refusal = undefined
      return response
    },
  })
  engine.refusal = domainFault('queue_full', 'Full.', { retryAfterMs: 400 })
  expect((await patient.images.generate({ prompt: 'x' })).data).toHaveLength(1)
  engine.refusal = domainFault('accounts_cooling', 'An hour.', { retryAfterMs: 3_600_000 })
  expect(await patient.images.generate({ prompt: 'x' }).catch((error: unknown) => error)).toMatchObject({ status: 503 })
  expect(asked).toEqual(['429 1', '200 null', '503 3600'])
})

test('a video: created, polled, downloaded, listed, deleted', async () => {
  engine.fate = pending
  const created = await client.videos.create({ model: 'sora-2', prompt: 'a fox runs', seconds: '8', size: '1280x720' })
  expect(created).toMatchObject({ object: 'video', status: 'queued', seconds: '8', error: null })
  expect(engine.submitted[0]?.request).toMatchObject({ kind: 'video', parameters: { seconds: 8, size: '1280x720' } })
  const jobId = created.id.replace('video_', 'job_')
  engine.update(jobId, { status: 'completed', progress: 100, media: [clip], finishedAt: 1_790_000_060_000 })
  expect(await client.videos.retrieve(created.id)).toMatchObject({ status: 'completed', progress: 100 })
  const content = await client.videos.downloadContent(created.id)
  expect(content.headers.get('content-type')).toBe('video/mp4')
  expect(await content.bytes()).toEqual(PNG)
  const listed: string[] = []
  for await (const video of client.videos.list({ limit: 1 })) listed.push(video.id)
  expect(listed).toEqual([created.id])
  expect(await client.videos.delete(created.id)).toMatchObject({ deleted: true })
})

test('a video from pictures, as a file and as an object', async () => {
  const input_reference = new File([PNG], 'first.png', { type: 'image/png' })
  await client.videos.create({ model: 'vid-frames' as 'sora-2', prompt: 'x', input_reference })
  const image_url = `data:image/png;base64,${PNG.toBase64()}`
  await client.videos.create({ model: 'vid-frames' as 'sora-2', prompt: 'x', input_reference: { image_url } })
  expect(engine.submitted.map(({ request }) => request.inputs)).toEqual([
    [{ role: 'first_frame', mime: 'image/png', bytes: PNG }],
    [{ role: 'first_frame', mime: 'image/png', bytes: PNG }],
  ])
})

test('the video model that OpenAI’s clients name takes a picture', async () => {
  await client.videos.create({ model: 'sora-2', prompt: 'x', input_reference: pictureFile(7), seconds: '8' })
  expect(engine.submitted[0]?.request).toMatchObject({ model: 'vid-frames', parameters: { seconds: 8 } })
  expect(inputsOf(engine)).toEqual([['first_frame', 7]])
})

test('a video is extended, and shown as a still picture', async () => {
  const { id } = await client.videos.create({ prompt: 'a fox runs' })
  const longer = await client.videos.extend({ prompt: 'it stops', seconds: '8', video: { id } })
  expect(longer).toMatchObject({ object: 'video', status: 'completed', requested: { seconds: 8 } })
  expect(inputsOf(engine, 1)).toEqual([['source_video', `${id.replace('video_', 'job_')}/0`]])
  const still = await client.videos.downloadContent(longer.id, { variant: 'thumbnail' })
  expect(still.headers.get('content-type')).toBe('image/png')
  const upload = client.videos.extend({ prompt: 'x', seconds: '8', video: new File(['x'], 'clip.mp4') })
  expect(await upload.catch((error: unknown) => error)).toMatchObject({ status: 400, param: 'video' })
})

test('chat, whole and streamed', async () => {
  const messages = [{ role: 'user' as const, content: 'a fox' }]
  const whole = await client.chat.completions.create({ model: 'img-1', messages })
  expect(whole.choices[0]?.message.content).toBe('![image](http://media.test/tmp/1.png)')
  const stream = await client.chat.completions.create({
    model: 'vid-1',
    messages,
    stream: true,
    stream_options: { include_usage: true },
  })
  let content = ''
  let reason: string | null = null
  let usage = 0
  for await (const chunk of stream) {
    content += chunk.choices[0]?.delta.content ?? ''
    reason = chunk.choices[0]?.finish_reason ?? reason
    if (chunk.usage) usage++
  }
  expect([content, reason, usage]).toEqual(['[video.mp4](http://media.test/tmp/1.mp4)', 'stop', 1])
})
