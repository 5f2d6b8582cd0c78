/** `interactions` over HTTP, and what they become. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { domainFault } from 'flow2api/contracts'
import { type GeminiWorld, inputsOf, openGemini } from './gemini-surface.world.ts'
import { clip, failing, finished, PNG, pending, picture } from './openai-surface.fixtures.ts'
import { until } from './openai-surface.world.ts'

let world: GeminiWorld
beforeEach(async () => {
  world = await openGemini()
})
afterEach(() => world[Symbol.asyncDispose]())

const PATH = '/v1beta/interactions'
const image = (mark: number) => ({
  type: 'image',
  mime_type: 'image/png',
  data: new Uint8Array([...PNG, mark]).toBase64(),
})
const text = (said: string) => ({ type: 'text', text: said })

describe('create', () => {
  test('waits, and answers with what was made', async () => {
    const response = await world.post(PATH, {
      model: 'img',
      input: 'a fox',
      response_format: { type: 'image', aspect_ratio: '16:9', image_size: '512' },
    })
    const job = response.headers.get('x-flow2api-job') ?? ''
    expect(await response.json()).toEqual({
      id: `v1_${job.slice(4)}`,
      object: 'interaction',
      status: 'completed',
      model: 'img',
      created: '2026-09-21T14:13:20.900Z',
      updated: '2026-09-21T14:13:25.900Z',
      usage: { total_input_tokens: 0, total_output_tokens: 0, total_tokens: 0 },
      steps: [
        { type: 'user_input', content: [text('a fox')] },
        { type: 'model_output', content: [{ type: 'image', mime_type: 'image/png', data: PNG.toBase64() }] },
      ],
    })
    expect(world.engine.submitted[0]?.request).toMatchObject({
      kind: 'image',
      parameters: { aspectRatio: '16:9', resolution: '1K' },
    })
  })

  test.each([
    ['contents', [text('it moves'), image(1)], 'vid-frames', [['first_frame', 1]]],
    ['one content', text('it moves'), 'gemini-omni', []],
    [
      'steps',
      [
        { type: 'user_input', content: [text('a fox')] },
        { type: 'model_output', content: [{ type: 'video', uri: 'files/0e', mime_type: 'video/mp4' }] },
        { type: 'user_input', content: 'it moves' },
      ],
      'vid-more',
      [['source_video', 'job_0e/0']],
    ],
    ['turns', [{ role: 'user', content: [text('it moves')] }], 'gemini-omni', []],
  ])('input as %s', async (_, input, model, inputs) => {
    const response = await world.post(PATH, { model: 'gemini-omni', input, background: true })
    expect(response.status).toBe(200)
    expect(world.engine.submitted[0]?.request).toMatchObject({ kind: 'video', model, prompt: 'it moves' })
    expect(inputsOf(world.engine)).toEqual(inputs)
  })

  test('the task says what pictures are for; the duration comes with its unit', async () => {
    await world.post(PATH, {
      model: 'gemini-omni',
      input: [text('x'), image(1), image(2)],
      response_format: [{ type: 'text' }, { type: 'video', duration: '8s', resolution: '4k' }],
      generation_config: { video_config: { task: 'reference_to_video' } },
      background: true,
    })
    expect(world.engine.submitted[0]?.request.parameters).toEqual({ seconds: 8, resolution: '4K' })
    expect(inputsOf(world.engine)).toEqual([
      ['reference', 1],
      ['reference', 2],
    ])
  })

  test('a large video comes by address, unless the bytes were asked for', async () => {
    world.engine.fate = (job, request) => ({ ...finished(job, request), media: [{ ...clip, bytes: 5 * 1024 ** 2 }] })
    const asked = { model: 'gemini-omni', input: 'x' }
    const outputOf = async (more: object) => {
      const answer = await (await world.post(PATH, { ...asked, ...more })).json()
      return Object.keys(answer.steps[1].content[0])
    }
    expect(await outputOf({})).toEqual(['type', 'mime_type', 'uri'])
    expect(await outputOf({ response_format: { type: 'video', delivery: 'inline' } })).toEqual([
      'type',
      'mime_type',
      'data',
    ])
  })

  test.each([
    [{ input: 'x' }, 'model', 'MISSING_REQUIRED_PARAMETER'],
    [{ agent: 'deep-research', input: 'x' }, 'model', 'MISSING_REQUIRED_PARAMETER'],
    [{ model: 'none', input: 'x' }, 'model', 'MODEL_NOT_FOUND'],
    [{ model: 'img' }, 'input', 'MISSING_REQUIRED_PARAMETER'],
    [{ model: 'img', input: 'x', response_format: { type: 'video' } }, 'response_format', 'INVALID_VALUE'],
    [{ model: 'img', input: 'x', previous_interaction_id: 'v1_ff' }, 'previous_interaction_id', 'NOT_FOUND'],
    [{ model: 'img', input: 'x', background: 'yes' }, 'background', 'INVALID_VALUE'],
  ])('%j is refused for %s', async (body, field, reason) => {
    const { error } = await (await world.post(PATH, body)).json()
    expect(error).toMatchObject({ details: [{ reason }, { fieldViolations: [{ field }] }] })
    expect(world.engine.submitted).toEqual([])
  })

  test('going on: a picture from a picture, a video from a video, and not before it is there', async () => {
    world.engine.add({ id: 'job_01', status: 'completed', media: [picture()] })
    world.engine.add({ id: 'job_02', kind: 'video', status: 'completed', media: [clip] })
    world.engine.add({ id: 'job_03', kind: 'video', status: 'running' })
    const on = (model: string, id: string) =>
      world.post(PATH, { model, input: 'x', previous_interaction_id: id, background: true })
    expect((await on('img', 'v1_01')).status).toBe(200)
    expect((await on('gemini-omni', 'v1_02')).status).toBe(200)
    expect([inputsOf(world.engine), inputsOf(world.engine, 1)]).toEqual([
      [['reference', 'job_01/0']],
      [['source_video', 'job_02/0']],
    ])
    expect((await on('gemini-omni', 'v1_03')).status).toBe(400)
  })

  test('whatever stands in a body, the answer is no failure of ours', async () => {
    const field = fc.constantFrom('input', 'response_format', 'generation_config', 'background', 'stream', 'agent')
    await fc.assert(
      fc.asyncProperty(fc.dictionary(field, fc.jsonValue()), async more => {
        const response = await world.post(PATH, { model: 'img', ...more })
        expect(response.status).toBeLessThan(500)
        await response.body?.cancel()
      }),
      { numRuns: 60 },
    )
  })
})

describe('afterwards', () => {
  test('get, cancel, delete', async () => {
    world.engine.fate = pending
    const { id } = await (await world.post(PATH, { model: 'img', input: 'x', background: true })).json()
    expect(await (await world.get(`/v1/interactions/${id}?stream=false`)).json()).toMatchObject({
      status: 'in_progress',
    })
    expect((await world.get(`${PATH}/${id}`, {}, 'DELETE')).status).toBe(400)
    expect(await (await world.post(`${PATH}/${id}/cancel`, {})).json()).toMatchObject({ id, status: 'cancelled' })
    expect(await (await world.get(`${PATH}/${id}`, {}, 'DELETE')).json()).toEqual({})
    expect((await world.get(`${PATH}/${id}`)).status).toBe(404)
    expect((await world.get(`${PATH}/v2_00`)).status).toBe(404)
  })

  test('a failure is an error to who waits, and a state to who comes later', async () => {
    world.engine.fate = failing(domainFault('moderation_blocked', 'Refused.'))
    const response = await world.post(PATH, { model: 'img', input: 'x' })
    expect([response.status, await response.json()]).toMatchObject([400, { error: { status: 'INVALID_ARGUMENT' } }])
    const id = `v1_${response.headers.get('x-flow2api-job')?.slice(4)}`
    expect(await (await world.get(`${PATH}/${id}`)).json()).toMatchObject({
      status: 'failed',
      errors: [{ code: 'moderation_blocked', message: 'Refused.' }],
    })
  })
})

describe('as a stream', () => {
  const eventsOf = async (response: Response) =>
    (await response.text())
      .split('\n\n')
      .filter(frame => frame !== '' && !frame.startsWith(':'))
      .map(frame => frame.split('\n').map(line => line.replace(/^(event|data): /, '')))

  test('from the start, also for who comes later', async () => {
    const created = await world.post(PATH, { model: 'img', input: 'x', stream: true })
    const id = `v1_${created.headers.get('x-flow2api-job')?.slice(4)}`
    const first = await eventsOf(created)
    expect(first.map(([name]) => name)).toEqual([
      'interaction.created',
      'interaction.status_update',
      'step.start',
      'step.delta',
      'step.stop',
      'interaction.completed',
      'done',
    ])
    expect(JSON.parse(first[3]?.[2] ?? '')).toEqual({
      event_type: 'step.delta',
      event_id: '4',
      index: 0,
      delta: { type: 'image', mime_type: 'image/png', data: PNG.toBase64() },
    })
    expect(await eventsOf(await world.get(`${PATH}/${id}?stream=true`))).toEqual(first)
  })

  test('a failure is an event', async () => {
    world.engine.fate = failing(domainFault('upstream_error', 'Later.'))
    const events = await eventsOf(await world.post(PATH, { model: 'img', input: 'x', stream: true }))
    expect(events.map(([name]) => name)).toEqual([
      'interaction.created',
      'interaction.status_update',
      'interaction.status_update',
      'error',
      'done',
    ])
    expect(JSON.parse(events[3]?.[2] ?? '')).toMatchObject({ error: { code: 'upstream_error', message: 'Later.' } })
  })

  test('whoever only looks on cancels nothing by leaving', async () => {
    world.engine.fate = pending
    const { id } = await (await world.post(PATH, { model: 'img', input: 'x', background: true })).json()
    const looking = await world.get(`${PATH}/${id}?stream=true`, { 'x-flow2api-on-disconnect': 'cancel' })
    await looking.body?.cancel()
    // Whoever created it with this wish does, and that comes later.
    const creating = await world.post(
      PATH,
      { model: 'img', input: 'y', stream: true },
      { headers: { 'x-flow2api-on-disconnect': 'cancel' } },
    )
    await creating.body?.cancel()
    await until(() => world.engine.cancelled.length > 0)
    expect(world.engine.cancelled).toEqual([creating.headers.get('x-flow2api-job') ?? ''])
  })
})
