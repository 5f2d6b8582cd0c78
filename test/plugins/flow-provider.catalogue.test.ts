import { expect, test } from 'bun:test'
import { Value } from '@sinclair/typebox/value'
import data from '../../plugins/flow-provider/catalogue.data.json'
import { catalogueSchema } from '../../plugins/flow-provider/catalogue.schema.ts'
import { buildCatalogue, isServed, loadCatalogue, requestFor } from '../../plugins/flow-provider/catalogue.ts'
import { listModels } from '../../plugins/flow-provider/models.ts'
import { TIERS } from '../../plugins/flow-provider/tiers.ts'

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

test('only the plain models from text are served, and a list names each once', () => {
  const catalogue = loadCatalogue()
  const served = catalogue.models.filter(isServed)
  expect(served.every(model => requestFor(model, 0) !== undefined)).toBe(true)
  expect(served.filter(({ kind }) => kind === 'image')).toHaveLength(12)
  expect(served.filter(({ kind }) => kind === 'video')).toHaveLength(22)

  const models = listModels(catalogue)
  const ids = models.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids).toContain('gemini-3.1-flash-image')
  expect(ids).toContain('veo_3_1_t2v_lite')
  expect(ids).toContain('veo_3_1_t2v_fast_landscape_8s')
  for (const other of ['gemini-3.0-pro-image-square-4k', 'veo_3_1_i2v_s', 'veo_3_1_t2v_4k', 'omni', 'veo_3_1_extend'])
    expect(ids).not.toContain(other)
})

test('a generic name lists what its variants make together; a concrete one its own', () => {
  const byId = new Map(listModels(loadCatalogue()).map(model => [model.id, model]))
  expect(byId.get('gemini-3.0-pro-image')?.accepts).toEqual({
    inputs: [],
    aspectRatios: ['16:9', '9:16', '1:1', '4:3', '3:4'],
    sizes: ['1376x768', '768x1376', '1024x1024', '1200x896', '896x1200'],
    resolutions: ['1K'],
    seconds: [],
  })
  expect(byId.get('veo_3_1_t2v_fast')?.accepts).toEqual({
    inputs: [],
    aspectRatios: ['16:9', '9:16'],
    sizes: ['1280x720', '720x1280'],
    resolutions: ['720p'],
    seconds: [8, 4, 6],
  })
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
