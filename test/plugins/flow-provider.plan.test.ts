import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { InputRole, Parameters } from 'flow2api/contracts'
import { ASPECTS, nearestAspect, readRatio } from '../../plugins/flow-provider/aspects.ts'
import { loadCatalogue } from '../../plugins/flow-provider/catalogue.ts'
import { listModels } from '../../plugins/flow-provider/models.ts'
import { planModel } from '../../plugins/flow-provider/plan.ts'

const catalogue = loadCatalogue()
const plan = (model: string, parameters: Parameters = {}, inputs: readonly InputRole[] = []) =>
  planModel(catalogue, model, parameters, inputs)
const chosen = (model: string, parameters: Parameters = {}) => plan(model, parameters)._unsafeUnwrap()
const refused = (model: string, parameters: Parameters = {}, inputs: readonly InputRole[] = []) =>
  plan(model, parameters, inputs)._unsafeUnwrapErr()

describe('a generic name', () => {
  test('takes landscape and the longest plain variant when nothing is asked', () => {
    expect(chosen('gemini-3.0-pro-image')).toEqual({
      model: 'gemini-3.0-pro-image-landscape',
      requested: { size: '1376x768', aspectRatio: '16:9', resolution: '1K' },
    })
    expect(chosen('veo_3_1_t2v_fast')).toEqual({
      model: 'veo_3_1_t2v_fast_landscape',
      requested: { size: '1280x720', aspectRatio: '16:9', resolution: '720p', seconds: 8 },
    })
  })

  test.each([
    ['1024x1024', 'gemini-3.0-pro-image-square'],
    ['1536x1024', 'gemini-3.0-pro-image-four-three'],
    ['1024x1536', 'gemini-3.0-pro-image-three-four'],
    ['1792x1024', 'gemini-3.0-pro-image-landscape'],
    ['1024x1792', 'gemini-3.0-pro-image-portrait'],
    ['512 × 512', 'gemini-3.0-pro-image-square'],
    ['auto', 'gemini-3.0-pro-image-landscape'],
  ])('maps the size %s to %s', (size, model) => {
    expect(chosen('gemini-3.0-pro-image', { size }).model).toBe(model)
  })

  test.each([
    ['9:16', 'portrait'],
    ['portrait', 'portrait'],
    ['3：4', 'three-four'],
    ['four_three', 'four-three'],
    ['21:9', 'landscape'],
    ['2/3', 'three-four'],
  ])('maps the ratio %s to %s, whatever the size says', (aspectRatio, word) => {
    expect(chosen('gemini-3.1-flash-image', { aspectRatio, size: '1024x1024' }).model).toBe(
      `gemini-3.1-flash-image-${word}`,
    )
  })

  test('keeps its default where two ratios are equally near', () => {
    expect(chosen('imagen-4.0-generate-preview', { size: '1024x1024' }).model).toBe(
      'imagen-4.0-generate-preview-landscape',
    )
    expect(chosen('veo_3_1_t2v', { aspectRatio: '1:1' }).model).toBe('veo_3_1_t2v_landscape')
  })

  test.each([
    [4, 'veo_3_1_t2v_fast_portrait_4s', 4],
    [6, 'veo_3_1_t2v_fast_portrait_6s', 6],
    [8, 'veo_3_1_t2v_fast_portrait', 8],
    [12, 'veo_3_1_t2v_fast_portrait', 8],
    [1, 'veo_3_1_t2v_fast_portrait_4s', 4],
  ])('picks the variant nearest to %d seconds and says so', (seconds, model, real) => {
    const made = chosen('veo_3_1_t2v_fast', { size: '720x1280', seconds })
    expect(made.model).toBe(model)
    expect(made.requested.seconds).toBe(real)
  })

  test('stays with the seconds that its name fixes, and with those that exist', () => {
    expect(chosen('veo_3_1_t2v_fast_4s', { seconds: 8, aspectRatio: '9:16' })).toMatchObject({
      model: 'veo_3_1_t2v_fast_portrait_4s',
      requested: { seconds: 4 },
    })
    expect(chosen('veo_3_1_t2v_fast_ultra', { seconds: 4 }).model).toBe('veo_3_1_t2v_fast_ultra')
  })

  test('delivers the nearest resolution that there is and says so', () => {
    expect(chosen('veo_3_1_t2v', { resolution: '1080p' })).toMatchObject({
      model: 'veo_3_1_t2v_landscape',
      requested: { resolution: '720p' },
    })
    expect(chosen('gemini-3.0-pro-image', { resolution: '2k' }).requested.resolution).toBe('1K')
  })

  test('names the tier that its model needs', () => {
    expect(chosen('veo_3_1_t2v_fast_ultra', { aspectRatio: '9:16' })).toMatchObject({
      model: 'veo_3_1_t2v_fast_portrait_ultra',
      tier: 'PAYGATE_TIER_TWO',
    })
  })
})

describe('a concrete id', () => {
  test('ignores the size and seconds that clients fill in, and echoes what will come', () => {
    expect(chosen('gemini-3.0-pro-image-portrait', { size: '1024x1024' }).requested).toEqual({
      size: '768x1376',
      aspectRatio: '9:16',
      resolution: '1K',
    })
    expect(chosen('veo_3_1_t2v_fast_portrait', { seconds: 4, size: '1280x720' }).requested).toMatchObject({
      seconds: 8,
      size: '720x1280',
    })
  })

  test('leads an alias to its model', () => {
    expect(chosen('veo_3_1_t2v_lite_portrait_8s').model).toBe('veo_3_1_t2v_lite_portrait')
  })

  test('takes a ratio and a resolution that agree with it', () => {
    expect(plan('gemini-3.0-pro-image-portrait', { aspectRatio: 'portrait', resolution: '1k' }).isOk()).toBe(true)
    expect(plan('gemini-3.0-pro-image-landscape', { aspectRatio: '1.79:1' }).isOk()).toBe(true)
  })

  test('refuses a ratio or resolution that contradicts it, and names the way out', () => {
    const ratio = refused('gemini-3.0-pro-image-portrait', { aspectRatio: '1:1' })
    expect(ratio).toMatchObject({ code: 'invalid_value', param: 'aspect_ratio' })
    expect(ratio.message).toContain('"gemini-3.0-pro-image"')
    expect(refused('veo_3_1_t2v_landscape', { resolution: '4K' })).toMatchObject({
      code: 'invalid_value',
      param: 'resolution',
    })
  })
})

test('what cannot be read is refused by its parameter', () => {
  expect(refused('gemini-3.0-pro-image', { aspectRatio: 'wide' }).param).toBe('aspect_ratio')
  expect(refused('gemini-3.0-pro-image', { aspectRatio: '0:9' }).param).toBe('aspect_ratio')
  expect(refused('gemini-3.0-pro-image', { size: 'banana' }).param).toBe('size')
  expect(refused('gemini-3.0-pro-image', { resolution: 'sharp' }).param).toBe('resolution')
})

test('inputs are refused before anything is paid', () => {
  expect(refused('gemini-3.0-pro-image', {}, ['reference'])).toMatchObject({ code: 'invalid_value', param: 'image' })
  expect(refused('veo_3_1_t2v', {}, ['first_frame'])).toMatchObject({ code: 'invalid_value', param: 'input_reference' })
})

test('an unknown model and one that is not served yet are told apart', () => {
  expect(refused('dall-e-9').message).toContain('no model')
  expect(refused('veo_3_1_i2v_s').message).toContain('not serve yet')
  expect(refused('veo_3_1_t2v_4k')).toMatchObject({ code: 'model_not_found', param: 'model' })
})

test('every listed model can be planned, and its plan keeps to what the list promises', () => {
  const models = listModels(catalogue)
  fc.assert(
    fc.property(
      fc.constantFrom(...models),
      fc.option(fc.tuple(fc.integer({ min: 16, max: 8192 }), fc.integer({ min: 16, max: 8192 })), { nil: undefined }),
      fc.option(fc.double({ min: 0, max: 60, noNaN: true }), { nil: undefined }),
      (model, size, seconds) => {
        const {
          requested,
          model: concrete,
          tier,
        } = chosen(model.id, {
          ...(size !== undefined && { size: `${size[0]}x${size[1]}` }),
          ...(seconds !== undefined && { seconds }),
        })
        expect(catalogue.find(concrete)?.id).toBe(concrete)
        expect(model.accepts.aspectRatios).toContain(requested.aspectRatio ?? '')
        expect(model.accepts.sizes).toContain(requested.size ?? '')
        if (model.kind === 'video') expect(model.accepts.seconds).toContain(requested.seconds ?? 0)
        expect(tier).toBe(model.tier)
      },
    ),
  )
})

test('reading a ratio never throws, and the nearest of a known ratio is itself', () => {
  fc.assert(fc.property(fc.string(), text => void readRatio(text)))
  for (const aspect of ASPECTS) expect(nearestAspect(readRatio(aspect) ?? 0, ASPECTS)).toBe(aspect)
})
