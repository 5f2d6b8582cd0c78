import { expect, test } from 'bun:test'
import { Value } from '@sinclair/typebox/value'
import data from '../../plugins/flow-provider/catalogue.data.json'
import { catalogueSchema } from '../../plugins/flow-provider/catalogue.schema.ts'
import { buildCatalogue, loadCatalogue } from '../../plugins/flow-provider/catalogue.ts'
import { inputRules } from '../../plugins/flow-provider/inputs.ts'
import { listModels } from '../../plugins/flow-provider/models.ts'
import { TIERS } from '../../plugins/flow-provider/tiers.ts'
import facts from '../fixtures/flow-models.data.json'

test('the catalogue file has the shape that the code relies on', () => {
  expect([...Value.Errors(catalogueSchema, data)].map(({ path, message }) => `${path}: ${message}`)).toEqual([])
})

test('ids are unique, and every alias and generic name leads to concrete models of one kind', () => {
  const ids = data.models.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  const catalogue = loadCatalogue()
  for (const target of catalogue.aliases.values()) expect(catalogue.models.some(({ id }) => id === target)).toBe(true)
  for (const [name, targets] of Object.entries(data.generic)) {
    const variants = catalogue.generics.get(name) ?? []
    expect(variants.map(({ id }) => id)).toEqual(targets)
    expect(new Set(variants.map(({ kind }) => kind)).size).toBe(1)
    const features = variants.map(({ aspect, seconds, upsample }) => [aspect, seconds, upsample?.resolution].join())
    expect(new Set(features).size).toBe(features.length)
  }
})

test('it holds all 214 ids: 32 of images, 182 of videos, 82 of them aliases', () => {
  const catalogue = loadCatalogue()
  const kinds = data.models.map(({ id }) => catalogue.find(id)?.kind)
  expect(kinds.filter(kind => kind === 'image')).toHaveLength(32)
  expect(kinds.filter(kind => kind === 'video')).toHaveLength(182)
  expect(catalogue.aliases.size).toBe(82)
})

test('every model has a key for each tier that it admits, and none for those below', () => {
  for (const model of loadCatalogue().models)
    for (const { keyByTier } of model.requests)
      for (const tier of TIERS)
        expect([model.id, tier, keyByTier[tier] !== undefined]).toEqual([
          model.id,
          tier,
          TIERS.indexOf(tier) >= TIERS.indexOf(model.tier),
        ])
})

test('every id and every generic name is listed, each once', () => {
  const models = listModels(loadCatalogue())
  const ids = models.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  for (const { id } of facts.models) expect(ids).toContain(id)
  for (const name of facts.generic) expect(ids).toContain(name)
  expect(new Set([...facts.models.map(({ id }) => id), ...facts.generic]).size).toBe(ids.length)
})

test('aliases are marked with the model that they stand for, and nothing else is', () => {
  const marked = new Map(listModels(loadCatalogue()).flatMap(({ id, aliasOf }) => (aliasOf ? [[id, aliasOf]] : [])))
  const told = new Map(facts.models.flatMap(({ id, aliasOf }) => (aliasOf === null ? [] : [[id, aliasOf]])))
  expect(marked).toEqual(told)
  expect(marked.size).toBe(82)
})

test('the models of a generic name take the same inputs', () => {
  for (const [name, variants] of loadCatalogue().generics)
    expect([name, new Set(variants.map(model => JSON.stringify(inputRules(model)))).size]).toEqual([name, 1])
})

test.each([
  ['gemini-3.0-pro-image', [{ role: 'reference', min: 0, max: 10 }]],
  ['imagen-4.0-generate-preview-portrait', [{ role: 'reference', min: 0, max: 10 }]],
  ['veo_3_1_t2v', []],
  ['veo_3_1_i2v_lite', [{ role: 'first_frame', min: 1, max: 1 }]],
  [
    'veo_3_1_i2v_s_fast_fl',
    [
      { role: 'first_frame', min: 1, max: 1 },
      { role: 'last_frame', min: 0, max: 1 },
    ],
  ],
  [
    'veo_3_1_interpolation_lite_portrait',
    [
      { role: 'first_frame', min: 1, max: 1 },
      { role: 'last_frame', min: 1, max: 1 },
    ],
  ],
  ['veo_3_1_r2v_fast', [{ role: 'reference', min: 0, max: 3 }]],
  ['omni_portrait', [{ role: 'reference', min: 0, max: 3 }]],
  ['veo_3_1_extend', [{ role: 'source_video', min: 1, max: 1 }]],
] as const)('%s says which inputs it takes', (id, inputs) => {
  const model = listModels(loadCatalogue()).find(one => one.id === id)
  expect(model?.accepts.inputs).toEqual([...inputs])
})

test('a generic name lists what its variants make together; a concrete one its own', () => {
  const byId = new Map(listModels(loadCatalogue()).map(model => [model.id, model]))
  expect(byId.get('gemini-3.0-pro-image')?.accepts).toMatchObject({
    aspectRatios: ['16:9', '9:16', '1:1', '4:3', '3:4'],
    sizes: [
      ...['1376x768', '768x1376', '1024x1024', '1200x896', '896x1200'],
      ...['2752x1536', '1536x2752', '2048x2048', '2400x1792', '1792x2400'],
      ...['5504x3072', '3072x5504', '4096x4096', '4800x3584', '3584x4800'],
    ],
    resolutions: ['1K', '2K', '4K'],
    seconds: [],
  })
  expect(byId.get('veo_3_1_t2v')?.accepts).toEqual({
    inputs: [],
    aspectRatios: ['16:9', '9:16'],
    sizes: ['1280x720', '720x1280', '3840x2160', '2160x3840', '1920x1080', '1080x1920'],
    resolutions: ['720p', '4K', '1080p'],
    seconds: [8, 4, 6],
  })
  expect(byId.get('veo_3_1_t2v_lite')?.accepts.resolutions).toEqual(['720p'])
  expect(byId.get('veo_3_1_t2v_fast_portrait')).toMatchObject({
    kind: 'video',
    accepts: { aspectRatios: ['9:16'], sizes: ['720x1280'], seconds: [8] },
  })
  expect(byId.get('veo_3_1_t2v_fast_landscape_8s')?.aliasOf).toBe('veo_3_1_t2v_fast_landscape')
  expect(byId.get('veo_3_1_t2v_fast')?.tier).toBeUndefined()
  expect(byId.get('veo_3_1_t2v_fast_ultra')?.tier).toBe('PAYGATE_TIER_TWO')
})

test('an alias whose model is gone is not listed', () => {
  const catalogue = buildCatalogue({ source: '', models: [{ id: 'a', aliasOf: 'b' }], generic: { g: ['b'] } })
  expect(listModels(catalogue)).toEqual([])
  expect(catalogue.find('a')).toBeUndefined()
})
