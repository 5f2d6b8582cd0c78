/** `POST /v1/images/edits` over real HTTP. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { domainFault } from 'flow2api/contracts'
import { failing, PNG } from './openai-surface.fixtures.ts'
import { MODELS } from './openai-surface.models.ts'
import { events, inputsOf, openWorld, pictureFile, type World } from './openai-surface.world.ts'

const PATH = '/v1/images/edits'

let kernel: World['kernel']
let engine: World['engine']
let post: World['post']
let send: World['send']

beforeEach(async () => {
  ;({ kernel, engine, post, send } = await openWorld())
})
afterEach(() => kernel.stop())

const dataUrl = (mark: number) => `data:image/png;base64,${new Uint8Array([...PNG, mark]).toBase64()}`

test.each([
  [['image']],
  [['image[]']],
  [['image', 'image', 'image']],
  [['image[]', 'image[]']],
  [['image[0]', 'image[1]', 'image[2]']],
  [['image', 'image[]']],
])('a form with %j: references, in order', async names => {
  const pictures = names.map((name, index) => [name, pictureFile(index + 1)] as const)
  const response = await send(PATH, [
    ['prompt', '{"make": "it night"}'],
    ['model', 'img-refs'],
    ['n', '2'],
    ['size', '1536x1024'],
    ['response_format', 'url'],
    ['allow_downgrade', 'true'],
    ['stream', 'false'],
    ['input_fidelity', 'high'],
    ...pictures,
  ])
  expect(response.status).toBe(200)
  expect(response.headers.get('x-flow2api-job')).toBe('job_00a1')
  expect(await response.json()).toMatchObject({
    data: [{ url: 'http://media.test/tmp/1.png' }, { url: 'http://media.test/tmp/2.png' }],
    requested: { size: '1536x1024' },
    delivered: { size: '1024x768' },
  })
  expect(inputsOf(engine)).toEqual(names.map((_, index) => ['reference', index + 1]))
  expect(engine.submitted[0]).toMatchObject({
    request: {
      kind: 'image',
      model: 'img-refs',
      prompt: '{"make": "it night"}',
      count: 2,
      parameters: { size: '1536x1024', allowDowngrade: true },
    },
    options: { surface: 'images.edits' },
  })
})

test.each([
  ['a list of objects', { images: [{ image_url: dataUrl(1) }, { image_url: dataUrl(2) }] }],
  ['one and more', { image: dataUrl(1), images: [dataUrl(2)] }],
  ['the dialect of xAI', { images: [{ url: dataUrl(1), type: 'image_url' }, { url: dataUrl(2) }] }],
])('JSON: %s', async (_name, fields) => {
  expect((await post(PATH, { prompt: 'x', model: 'img-refs', ...fields })).status).toBe(200)
  expect(inputsOf(engine)).toEqual([
    ['reference', 1],
    ['reference', 2],
  ])
})

test('without a model, or with a stand-in, one that takes pictures; the usual one where it does', async () => {
  await post(PATH, { prompt: 'x', image: dataUrl(1) })
  await post(PATH, { prompt: 'x', image: dataUrl(1), model: 'gpt-image-1' })
  expect(engine.submitted.map(({ request }) => request.model)).toEqual(['img-refs', 'img-refs'])
  const accepts = MODELS.find(({ id }) => id === 'img-refs')?.accepts
  engine.listed = MODELS.map(model => (model.id.endsWith('-1') && accepts ? { ...model, accepts } : model))
  await post(PATH, { prompt: 'x', image: dataUrl(1) })
  await post(PATH, { prompt: 'x', image: dataUrl(1), model: 'gpt-image-1' })
  expect(engine.submitted.slice(2).map(({ request }) => request.model)).toEqual(['img-1', 'gpt-image-1'])
})

test.each([
  ['missing_required_parameter', 'image', {}],
  ['missing_required_parameter', 'image', { images: [] }],
  ['missing_required_parameter', 'prompt', { image: dataUrl(1), prompt: '' }],
  ['invalid_value', 'mask', { image: dataUrl(1), mask: { image_url: dataUrl(2) } }],
  ['invalid_value', 'markup', { image: dataUrl(1), markup: dataUrl(2) }],
  ['invalid_value', 'images', { images: [{ file_id: 'file-1' }] }],
  ['invalid_value', 'image', { image: 'https://example.test/a.png' }],
  ['invalid_image_file', 'image', { image: 'AAAA' }],
  ['invalid_value', 'image', { image: dataUrl(1), model: 'img-1' }],
  ['invalid_value', 'image', { image: Array(5).fill(dataUrl(1)), model: 'img-refs' }],
  ['invalid_value', 'n', { image: dataUrl(1), n: 11 }],
])('%s of `%s` before anything is paid (%#)', async (code, param, fields) => {
  const response = await post(PATH, { prompt: 'x', ...fields })
  expect(response.status).toBe(400)
  expect((await response.json()).error).toMatchObject({ code, param })
  expect(engine.submitted).toHaveLength(0)
})

test('a mask file is refused too, with a sentence', async () => {
  const response = await send(PATH, [
    ['prompt', 'x'],
    ['image', pictureFile(1)],
    ['mask', pictureFile(2)],
  ])
  expect([response.status, (await response.json()).error.message]).toEqual([
    400,
    'A `mask` is not supported: the models here edit the whole picture. Leave `mask` out and say in the prompt what is to change.',
  ])
})

test('streamed: events of edits, failures included', async () => {
  const edit = () => post(PATH, { prompt: 'x', image: dataUrl(1), stream: true, n: 2 })
  const text = await (await edit()).text()
  expect(text.match(/^event: image_edit.completed$/gm)).toHaveLength(2)
  expect(events(text)[0]).toMatchObject({ type: 'image_edit.completed', b64_json: PNG.toBase64(), requested: {} })
  engine.fate = failing(domainFault('moderation_blocked', 'Refused.'))
  expect(events(await (await edit()).text())).toMatchObject([{ error: { code: 'moderation_blocked' } }, '[DONE]'])
})
