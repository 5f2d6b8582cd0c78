/** `@google/genai` 3.x, as it is installed: generateContent, its stream, interactions. It asks under `/v1`. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ApiError, GoogleGenAI } from '@google/genai'
import { imageSize } from 'image-size'
import { png } from '../../fixtures/media.ts'
import { API_KEY, startWorld, type World } from '../../fixtures/world.ts'

let world: World
let ai: GoogleGenAI
beforeAll(async () => {
  world = await startWorld()
  ai = new GoogleGenAI({ apiKey: API_KEY, httpOptions: { baseUrl: world.url } })
})
afterAll(() => world[Symbol.asyncDispose]())

const MODEL = 'gemini-3-pro-image'
const OMNI = 'gemini-omni-1.1-flash'
const inlinePicture = () => ({ inlineData: { mimeType: 'image/png', data: png(64, 36).toBase64() } })

const refusal = (promise: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(promise).then(
    () => expect.unreachable('the call was not refused'),
    (cause: unknown) => cause,
  )

async function apiError(promise: PromiseLike<unknown>): Promise<ApiError> {
  const cause = await refusal(promise)
  if (!(cause instanceof ApiError)) throw new Error(`no ApiError but ${cause}`)
  return cause
}

const sizeOf = (base64 = '') => imageSize(Uint8Array.fromBase64(base64))

describe('generateContent', () => {
  test('from a text and a picture', async () => {
    const { candidates, data, responseId } = await ai.models.generateContent({
      model: MODEL,
      contents: [{ role: 'user', parts: [{ text: 'Make it night' }, inlinePicture()] }],
      config: { responseModalities: ['IMAGE'], imageConfig: { aspectRatio: '9:16', imageSize: '2K' } },
    })
    expect(candidates?.[0]?.finishReason as string).toBe('STOP')
    const { width, height } = sizeOf(data)
    expect([height > width, Math.max(width, height) > 2000]).toEqual([true, true])
    expect(world.emulator.record.paid({ kind: 'image' }).at(-1)?.inputs).toHaveLength(1)
    expect(await (await world.call(`/v1/jobs/${responseId}`)).json()).toMatchObject({
      status: 'completed',
      result: { candidates: [{ content: { parts: [{ fileData: { mimeType: 'image/jpeg' } }] } }] },
    })
  })

  test('a chat goes on with what it made', async () => {
    const chat = ai.chats.create({ model: MODEL })
    const first = await chat.sendMessage({ message: 'A cat on a roof' })
    expect(first.data).toBeString()
    const second = await chat.sendMessage({ message: 'And now in the rain' })
    expect(second.data).toBeString()
    expect(world.emulator.record.paid({ kind: 'image' }).at(-1)?.inputs).toHaveLength(1)
  })

  test('as a stream', async () => {
    const stream = await ai.models.generateContentStream({ model: MODEL, contents: 'A boat' })
    const pictures: string[] = []
    let last: unknown
    for await (const chunk of stream) {
      if (chunk.data) pictures.push(chunk.data)
      last = chunk.candidates?.[0]?.finishReason
    }
    expect([pictures.length, sizeOf(pictures[0]).type, last as string]).toEqual([1, 'jpg', 'STOP'])
  })

  test('a refused prompt has a reason instead of candidates, streamed or not', async () => {
    const request = { model: MODEL, contents: 'Something [refuse]' }
    const { promptFeedback, candidates } = await ai.models.generateContent(request)
    expect([promptFeedback?.blockReason as string, candidates]).toEqual(['SAFETY', undefined])
    const chunks = await Array.fromAsync(await ai.models.generateContentStream(request))
    expect(chunks.map(chunk => chunk.promptFeedback?.blockReason as string)).toEqual(['SAFETY'])
  })

  test('a wrong key, an unknown model, a wrong wish', async () => {
    const stranger = new GoogleGenAI({ apiKey: 'AIza-wrong', httpOptions: { baseUrl: world.url } })
    const wrongKey = await apiError(stranger.models.generateContent({ model: MODEL, contents: 'x' }))
    expect([wrongKey.status, JSON.parse(wrongKey.message)]).toMatchObject([
      400,
      { error: { status: 'INVALID_ARGUMENT', details: [{ reason: 'API_KEY_INVALID' }] } },
    ])
    const unknown = await apiError(ai.models.generateContent({ model: 'gemini-3-pro-imgae', contents: 'x' }))
    expect([unknown.status, JSON.parse(unknown.message)]).toMatchObject([404, { error: { status: 'NOT_FOUND' } }])
    expect(unknown.message).toContain('Did you mean')
    const wrong = await apiError(
      ai.models.generateContentStream({ model: MODEL, contents: 'x', config: { imageConfig: { imageSize: '9K' } } }),
    )
    expect([wrong.status, JSON.parse(wrong.message)]).toMatchObject([400, { error: { status: 'INVALID_ARGUMENT' } }])
  })

  test('a failure in the middle of a stream is thrown', async () => {
    const stream = await ai.models.generateContentStream({
      model: MODEL,
      contents: 'Something [[fault:reason:UNUSUAL_ACTIVITY]]',
    })
    const cause = await refusal(Array.fromAsync(stream))
    expect(String(cause)).toContain('FAILED_PRECONDITION')
  })
})

describe('interactions', () => {
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'flow2api-genai-'))
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  /** Until it is no longer under way. */
  async function ended(id: string) {
    for (;;) {
      const interaction = await ai.interactions.get(id)
      if (interaction.status !== 'in_progress') return interaction
      await Bun.sleep(50)
    }
  }

  test('a picture, then another from it', async () => {
    const made = await ai.interactions.create({
      model: MODEL,
      input: 'A lighthouse at dawn',
      response_format: { type: 'image', aspect_ratio: '16:9' },
    })
    expect(made.status).toBe('completed')
    expect(sizeOf(made.output_image?.data).type).toBe('jpg')
    const next = await ai.interactions.create({
      model: MODEL,
      previous_interaction_id: made.id,
      input: [{ type: 'text', text: 'The same at night' }],
    })
    expect(next.output_image?.data).toBeString()
    expect(world.emulator.record.paid({ kind: 'image' }).at(-1)?.inputs).toHaveLength(1)
  })

  test('a video in the background, from a picture, and its file', async () => {
    const started = await ai.interactions.create({
      model: OMNI,
      input: [
        { type: 'text', text: 'It comes to life' },
        { type: 'image', data: png(64, 36).toBase64(), mime_type: 'image/png' },
      ],
      response_format: { type: 'video', aspect_ratio: '16:9', delivery: 'uri' },
      generation_config: { video_config: { task: 'reference_to_video' } },
      background: true,
    })
    expect(started.status).toBe('in_progress')
    const { status, output_video, steps = [] } = await ended(started.id)
    expect([status, steps.map(({ type }) => type)]).toEqual(['completed', ['user_input', 'model_output']])
    expect(
      Buffer.from(output_video?.data ?? '', 'base64')
        .subarray(4, 8)
        .toString(),
    ).toBe('ftyp')
    const name = `files/${started.id.slice('v1_'.length)}`
    expect(await ai.files.get({ name })).toMatchObject({ name, mimeType: 'video/mp4', state: 'ACTIVE' })
    const downloadPath = join(directory, 'clip.mp4')
    await ai.files.download({ file: name, downloadPath })
    while (!(await Bun.file(downloadPath).exists()) || Bun.file(downloadPath).size === 0) await Bun.sleep(20)
  })

  test('as a stream', async () => {
    const stream = await ai.interactions.create({ model: MODEL, input: 'A boat', stream: true })
    const types: string[] = []
    let picture: string | undefined
    for await (const event of stream) {
      types.push(event.event_type)
      if (event.event_type === 'step.delta' && event.delta.type === 'image') picture = event.delta.data
    }
    expect(types).toEqual([
      'interaction.created',
      'interaction.status_update',
      'step.start',
      'step.delta',
      'step.stop',
      'interaction.completed',
    ])
    expect(sizeOf(picture).type).toBe('jpg')
  })

  test('cancelled', async () => {
    const { id } = await ai.interactions.create({
      model: OMNI,
      input: 'Something [[fault:stuck]]',
      background: true,
    })
    expect((await ai.interactions.cancel(id)).status).toBe('cancelled')
    expect((await ai.interactions.get(id)).status).toBe('cancelled')
  })

  test('three kinds of error', async () => {
    const unknown = await refusal(ai.interactions.create({ model: 'gemini-omni-9', input: 'x' }))
    expect(unknown).toMatchObject({ status: 404 })
    const missing = await refusal(ai.interactions.get('v1_00'))
    expect(missing).toMatchObject({ status: 404 })
    const refused = await refusal(ai.interactions.create({ model: MODEL, input: 'Something [refuse]' }))
    expect(refused).toMatchObject({ status: 400 })
    const { id } = await ai.interactions.create({ model: OMNI, input: 'Something [refuse]', background: true })
    expect(await ended(id)).toMatchObject({ status: 'failed', errors: [{ code: 'moderation_blocked' }] })
  })
})

test('models, although OpenAI’s clients ask at the same place', async () => {
  const names = []
  for await (const { name } of await ai.models.list()) names.push(name)
  expect(names).toContain(`models/${MODEL}`)
  expect(await ai.models.get({ model: MODEL })).toMatchObject({ name: `models/${MODEL}` })
  expect(await (await world.call('/v1/models')).json()).toMatchObject({ object: 'list' })
  expect((await apiError(ai.models.get({ model: 'none' }))).message).toContain('NOT_FOUND')
})
