/** Which model serves a request with pictures: the one that was named, or one that takes them. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { MODELS } from './openai-surface.models.ts'
import { openWorld, pictureFile, type World } from './openai-surface.world.ts'

let kernel: World['kernel']
let engine: World['engine']
let send: World['send']

beforeEach(async () => {
  ;({ kernel, engine, send } = await openWorld())
})
afterEach(() => kernel.stop())

const create = async (count: number, fields: Record<string, string> = {}) => {
  const pictures = Array.from({ length: count }, (_, index) => ['input_reference[]', pictureFile(index)] as const)
  const response = await send('/v1/videos', [['prompt', 'go'], ...Object.entries(fields), ...pictures])
  return response.ok ? engine.submitted.at(-1)?.request.model : response.status
}

test.each([
  // By name nearest to the usual `vid-1`, but `vid-1-pro` needs a higher tier, and `vid-pair` two pictures.
  [1, 'vid-frames'],
  [2, 'vid-frames'],
  [5, 'vid-guided'],
  [6, 400],
])('is ours to choose where none is named, or a stand-in: %i pictures', async (count, expected) => {
  expect(await create(count)).toBe(expected)
  expect(await create(count, { model: 'sora-2' })).toBe(expected)
})

test('is the usual one where it takes them, and the first listed where there is no usual one', async () => {
  const guided = MODELS.find(({ id }) => id === 'vid-guided')
  if (guided === undefined) throw new Error('no model')
  engine.listed = MODELS.map(model =>
    model.id === 'vid-1' || model.aliasOf === 'vid-1' ? { ...model, accepts: guided.accepts } : model,
  )
  expect(await create(1)).toBe('vid-1')
  expect(await create(1, { model: 'sora-2' })).toBe('sora-2')
  engine.listed = [guided]
  expect(await create(1)).toBe('vid-guided')
  engine.listed = MODELS.filter(({ kind }) => kind === 'image')
  expect(await create(1)).toBe(404)
})

test('is of the same family where there is one, no alias, and satisfied with what there is', async () => {
  const [alias, pair, frames] = ['sora-2', 'vid-pair', 'vid-frames'].map(id => MODELS.filter(model => model.id === id))
  const stranger = (frames ?? []).map(model => ({ ...model, id: 'clip-1' }))
  const nickname = (frames ?? []).map(model => ({ ...model, id: 'vid-1-frames', aliasOf: 'vid-frames' }))
  engine.listed = [alias, nickname, pair, stranger, frames].flatMap(models => models ?? [])
  expect(await create(1)).toBe('vid-frames')
  expect(await create(2)).toBe('vid-pair')
})

test('makes the shape that was asked for', async () => {
  const wide = MODELS.filter(({ id }) => ['sora-2', 'vid-1', 'vid-frames'].includes(id))
  const tall = wide.map(model => ({
    ...model,
    id: `${model.id}-tall`,
    accepts: { ...model.accepts, aspectRatios: ['9:16'] },
  }))
  engine.listed = [...wide, ...tall]
  expect(await create(1, { size: '720x1280' })).toBe('vid-frames-tall')
  expect(await create(1, { aspect_ratio: '9:16' })).toBe('vid-frames-tall')
  expect(await create(1, { size: '1280x720' })).toBe('vid-frames')
})

test('is as before where there are no pictures', async () => {
  expect(await create(0)).toBe('')
  expect(await create(0, { model: 'sora-2' })).toBe('sora-2')
})

test('is the default of the engine where it names one, and one that takes the inputs where that does not', async () => {
  engine.defaultModel = kind => MODELS.find(model => model.id === (kind === 'video' ? 'vid-guided' : 'img-1'))
  expect(await create(1)).toBe('vid-guided')
  expect(await create(3)).toBe('vid-guided')
  expect(await create(1, { model: 'sora-2' })).toBe('vid-frames')
  engine.defaultModel = () => MODELS.find(({ id }) => id === 'vid-one')
  expect(await create(1)).toBe('vid-frames')
  engine.defaultModel = () => undefined
  expect(await create(1)).toBe(404)
})
