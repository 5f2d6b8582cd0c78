/** `generateContent`, its stream and `predict` over HTTP: what is asked of the engine, and what is answered. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { domainFault } from 'flow2api/contracts'
import { okAsync } from 'flow2api/plugin'
import { manualClock } from 'flow2api/testing'
import { png } from '../fixtures/media.ts'
import { type GeminiWorld, inputsOf, openGemini } from './gemini-surface.world.ts'
import { failing, finished, PNG, pending } from './openai-surface.fixtures.ts'
import { until } from './openai-surface.world.ts'

let world: GeminiWorld
beforeEach(async () => {
  world = await openGemini()
})
afterEach(() => world[Symbol.asyncDispose]())

const PATH = '/v1beta/models/img:generateContent'
const STREAM = '/v1beta/models/img:streamGenerateContent'
const says = (text: string, ...more: object[]) => ({ contents: [{ role: 'user', parts: [{ text }, ...more] }] })
const inline = (mark: number) => ({
  inlineData: { mimeType: 'image/png', data: new Uint8Array([...PNG, mark]).toBase64() },
})
const picturePart = { inlineData: { mimeType: 'image/png', data: PNG.toBase64() } }

describe('generateContent', () => {
  test('one candidate a picture, with the job’s id', async () => {
    const response = await world.post(PATH, { ...says('a fox'), generationConfig: { candidateCount: 2 } })
    const id = response.headers.get('x-flow2api-job')
    const candidate = { content: { role: 'model', parts: [picturePart] }, finishReason: 'STOP' }
    expect([response.status, await response.json()]).toEqual([
      200,
      {
        candidates: [
          { ...candidate, index: 0 },
          { ...candidate, index: 1 },
        ],
        usageMetadata: { promptTokenCount: 0, candidatesTokenCount: 0, totalTokenCount: 0 },
        modelVersion: 'img-1',
        responseId: id,
      },
    ])
    expect(world.engine.submitted[0]?.options).toMatchObject({
      caller: { id: 'key-1' },
      surface: 'gemini.generateContent',
      idempotency: { retry: false },
    })
  })

  test('pictures in order; what the conversation made follows as far as there is room', async () => {
    const turns = [
      { role: 'model', parts: [inline(1), inline(2), inline(3)] },
      { parts: [{ text: 'both of these' }, inline(4), inline(5)] },
    ]
    await world.post(PATH, { contents: turns })
    expect(inputsOf(world.engine)).toEqual([
      ['reference', 4],
      ['reference', 5],
      ['reference', 1],
    ])
  })

  test('what only came along is never too much', async () => {
    const earlier = Array.from({ length: 16 }, (_, index) => inline(10 + index))
    const turns = [{ role: 'model', parts: earlier }, { parts: [{ text: 'this one' }, inline(1), inline(2)] }]
    expect((await world.post(PATH, { contents: turns })).status).toBe(200)
    expect(inputsOf(world.engine)?.map(([, number]) => number)).toEqual([1, 2, 10])
  })

  test('a named model that takes no pictures refuses them, unless they only came along', async () => {
    const path = '/v1beta/models/img-plain:generateContent'
    const refused = await world.post(path, says('x', inline(1)))
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: { status: 'INVALID_ARGUMENT' } }])
    const turns = [{ role: 'model', parts: [inline(1)] }, { parts: [{ text: 'again' }] }]
    expect((await world.post(path, { contents: turns })).status).toBe(200)
    expect(inputsOf(world.engine)).toEqual([])
  })

  test('limits before anything is admitted: how many, how long, what it is', async () => {
    const many = await world.post(PATH, says('x', ...Array.from({ length: 17 }, (_, index) => inline(index))))
    const long = await world.post(PATH, says('x'.repeat(32_001)))
    const odd = await world.post(PATH, says('x', { inlineData: { data: btoa('no picture') } }))
    const address = await world.post(PATH, says('x', { fileData: { fileUri: 'http://169.254.169.254/x.png' } }))
    for (const response of [many, long, odd, address])
      expect([response.status, await response.json()]).toMatchObject([400, { error: { status: 'INVALID_ARGUMENT' } }])
    expect(world.engine.submitted).toEqual([])
  })

  test('a web address goes through the guarded fetch', async () => {
    const asked: unknown[] = []
    await using guarded = await openGemini({
      fetch: (url, { maxBytes, types }) => {
        asked.push(url, maxBytes, types?.[0])
        return okAsync({ status: 200, mime: 'image/png', bytes: new Uint8Array([...PNG, 9]) })
      },
    })
    const part = { fileData: { mimeType: 'image/png', fileUri: 'https://pictures.example/a.png' } }
    expect((await guarded.post(PATH, says('x', part))).status).toBe(200)
    expect([inputsOf(guarded.engine), asked]).toEqual([
      [['reference', 9]],
      ['https://pictures.example/a.png', 50 * 1024 ** 2, 'image/'],
    ])
  })

  test('another format than the provider’s, and fields without effect', async () => {
    world.engine.contents = { body: png(2, 2) }
    const response = await world.post(PATH, {
      ...says('x'),
      systemInstruction: { parts: [{ text: 'be brief' }] },
      generationConfig: { topP: 1, imageConfig: { outputMimeType: 'image/webp', outputCompressionQuality: 50 } },
    })
    const body = (await response.json()) as { candidates: { content: { parts: (typeof picturePart)[] } }[] } // as above
    expect(body.candidates[0]?.content.parts[0]?.inlineData.mimeType).toBe('image/webp')
    expect(response.headers.get('x-flow2api-ignored')).toBe('systemInstruction, generationConfig.topP')
  })

  test('a refused prompt is an answer; other failures are errors, each with its job', async () => {
    world.engine.fate = failing(domainFault('moderation_blocked', 'Refused.'))
    const blocked = await world.post(PATH, says('x'))
    expect([blocked.status, await blocked.json()]).toMatchObject([
      200,
      { promptFeedback: { blockReason: 'SAFETY', blockReasonMessage: 'Refused.' } },
    ])
    world.engine.fate = failing(domainFault('upstream_error', 'Later.'))
    const failed = await world.post(PATH, says('x'))
    expect([failed.status, await failed.json()]).toMatchObject([503, { error: { status: 'UNAVAILABLE' } }])
    for (const { headers } of [blocked, failed]) expect(headers.get('x-flow2api-job')).toStartWith('job_')
  })

  test.each(['/v1/models/img:paint', '/v1beta/models/img', '/v1beta/models/:generateContent'])(
    '%s is no method',
    async path => {
      const response = await world.post(path, says('x'))
      expect([response.status, await response.json()]).toMatchObject([404, { error: { status: 'NOT_FOUND' } }])
    },
  )

  test.each(['', '[]', '"x"', '{"contents"'])('the body %j is no JSON object', async body => {
    const response = await world.post(PATH, undefined, { body })
    expect([response.status, await response.json()]).toMatchObject([400, { error: { status: 'INVALID_ARGUMENT' } }])
  })

  test('nothing is read before the key is right', async () => {
    const response = await world.kernel.fetch(PATH, { method: 'POST', body: 'no JSON' })
    expect([response.status, await response.json()]).toMatchObject([403, { error: { status: 'PERMISSION_DENIED' } }])
  })
})

describe('streamGenerateContent', () => {
  test('an array without alt=sse; a failure is its last element', async () => {
    const chunks = (await (await world.post(STREAM, says('x'))).json()) as unknown[] // an array by its contract
    expect(chunks).toMatchObject([
      { candidates: [{ content: { parts: [picturePart] }, index: 0 }] },
      { candidates: [{ content: { parts: [] }, finishReason: 'STOP' }] },
    ])
    world.engine.fate = failing(domainFault('upstream_error', 'Later.'))
    expect(await (await world.post(STREAM, says('x'))).json()).toMatchObject([{ error: { code: 503 } }])
  })

  test('events, with comments while nothing happens', async () => {
    const clock = manualClock(0)
    await using slow = await openGemini({ clock })
    slow.engine.fate = pending
    const response = await slow.post(`${STREAM}?alt=sse`, says('x'))
    const id = response.headers.get('x-flow2api-job') ?? ''
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    const next = async () => (await reader?.read())?.value
    expect(await next()).toBe(': keep-alive\n\n')
    await clock.advance(15_000)
    expect(await next()).toBe(': keep-alive\n\n')
    const job = slow.engine.jobs.get(id)
    if (!job) throw new Error('no job')
    slow.engine.update(
      id,
      finished(job, { kind: 'image', model: '', prompt: '', parameters: {}, inputs: [], count: 1 }),
    )
    let rest = ''
    for (let text = await next(); text !== undefined; text = await next()) rest += text
    expect(rest.split('\n\n').filter(event => event.startsWith('data: {"candidates"'))).toHaveLength(2)
    expect(rest).toEndWith('\n\n')
  })

  test.each([
    ['detach', []],
    ['cancel', ['cancelled']],
  ])('a hang-up with %s', async (wish, cancelled) => {
    world.engine.fate = pending
    const response = await world.post(`${STREAM}?alt=sse`, says('x'), { headers: { 'x-flow2api-on-disconnect': wish } })
    await response.body?.cancel()
    const id = response.headers.get('x-flow2api-job') ?? ''
    if (cancelled.length > 0) await until(() => world.engine.cancelled.length > 0)
    expect(world.engine.cancelled).toEqual(cancelled.map(() => id))
  })
})

describe('as every generating request', () => {
  test('the same Idempotency-Key is the same job, streamed or not; another body is refused', async () => {
    const headers = { 'idempotency-key': 'order-1' }
    const first = await world.post(PATH, says('x'), { headers })
    const again = await world.post(`${STREAM}?alt=sse`, says('x'), { headers })
    expect(again.headers.get('x-flow2api-job')).toBe(first.headers.get('x-flow2api-job'))
    const other = await world.post(PATH, says('y'), { headers })
    expect([other.status, await other.json()]).toMatchObject([
      400,
      { error: { details: [{ reason: 'IDEMPOTENCY_KEY_REUSED' }] } },
    ])
    const elsewhere = await world.post('/v1beta/models/img-plain:generateContent', says('x'), { headers })
    expect(elsewhere.status).toBe(400)
  })

  test('Prefer: respond-async answers with the job', async () => {
    world.engine.fate = pending
    const response = await world.post(PATH, says('x'), { headers: { prefer: 'respond-async' } })
    expect([response.status, await response.json()]).toMatchObject([202, { object: 'job', status: 'queued' }])
    expect(response.headers.get('location')).toBe(`/v1/jobs/${response.headers.get('x-flow2api-job')}`)
  })

  test('a long silence begins with white space, and a late error is in the body alone', async () => {
    const clock = manualClock(0)
    await using slow = await openGemini({ clock })
    slow.engine.fate = pending
    const answer = slow.post(PATH, says('x'))
    await until(() => slow.engine.jobs.size > 0)
    let response: Response | undefined
    void answer.then(value => {
      response = value
    })
    while (response === undefined) {
      await clock.advance(1_000)
      await new Promise(resolve => setImmediate(resolve))
    }
    const [id = ''] = slow.engine.jobs.keys()
    slow.engine.update(id, { status: 'failed', fault: domainFault('upstream_error', 'Later.') })
    const text = await response.text()
    expect([response.status, text.startsWith(' '), JSON.parse(text)]).toMatchObject([
      200,
      true,
      { error: { code: 503 } },
    ])
  })
})

describe('predict', () => {
  test('pictures in order; a refused prompt as it is asked for', async () => {
    const path = '/v1/models/google/img:predict'
    world.engine.listed = world.engine.listed.map(model =>
      model.id === 'img' ? { ...model, id: 'google/img' } : model,
    )
    const body = { instances: [{ prompt: 'x' }], parameters: { sampleCount: 2 } }
    const picture = { mimeType: 'image/png', bytesBase64Encoded: PNG.toBase64() }
    expect(await (await world.post(path, body)).json()).toEqual({ predictions: [picture, picture] })
    world.engine.fate = failing(domainFault('moderation_blocked', 'Refused.'))
    expect((await world.post(path, body)).status).toBe(400)
    const told = await world.post(path, { ...body, parameters: { includeRaiReason: true } })
    expect(await told.json()).toEqual({ predictions: [{ raiFilteredReason: 'Refused.' }] })
  })

  test.each([
    [{ instances: [] }, 'instances[0].prompt'],
    [{ instances: [{ prompt: 'x' }, { prompt: 'y' }] }, 'instances'],
    [{ instances: [{ prompt: 'x', mask: { image: {} } }] }, 'instances[0].mask'],
    [
      { instances: { prompt: 'x' }, parameters: { outputOptions: { mimeType: 'image/tiff' } } },
      'parameters.outputOptions.mimeType',
    ],
  ])('%j is refused for %s', async (body, field) => {
    const response = await world.post('/v1beta/models/img:predict', body)
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { error: { details: [{}, { fieldViolations: [{ field }] }] } },
    ])
  })
})
