import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Parameters, PlanInput } from 'flow2api/contracts'
import { ASPECTS, nearestAspect, readRatio } from '../../plugins/flow-provider/aspects.ts'
import { loadCatalogue } from '../../plugins/flow-provider/catalogue.ts'
import { listModels } from '../../plugins/flow-provider/models.ts'
import { planModel } from '../../plugins/flow-provider/plan.ts'
import { priceOf } from '../../plugins/flow-provider/prices.ts'

const catalogue = loadCatalogue()
const plan = (model: string, parameters: Parameters = {}, inputs: readonly PlanInput[] = []) =>
  planModel(catalogue, model, parameters, inputs)
const chosen = (model: string, parameters: Parameters = {}, inputs: readonly PlanInput[] = []) =>
  plan(model, parameters, inputs)._unsafeUnwrap()
const refused = (model: string, parameters: Parameters = {}, inputs: readonly PlanInput[] = []) =>
  plan(model, parameters, inputs)._unsafeUnwrapErr()

describe('a generic name', () => {
  test('takes landscape and the longest plain variant when nothing is asked', () => {
    expect(chosen('gemini-3.0-pro-image')).toEqual({
      model: 'gemini-3.0-pro-image-landscape',
      requested: { size: '1376x768', aspectRatio: '16:9', resolution: '1K' },
    })
    expect(chosen('veo_3_1_t2v_fast')).toEqual({
      model: 'veo_3_1_t2v_fast_landscape',
      credits: 20,
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

  test.each([
    ['gemini-3.0-pro-image', '2k', {}, 'gemini-3.0-pro-image-landscape-2k', '2752x1536', '2K'],
    ['gemini-3.1-flash-image', '4K', { size: '1024x1024' }, 'gemini-3.1-flash-image-square-4k', '4096x4096', '4K'],
    ['gemini-3.1-flash-image', '1K', {}, 'gemini-3.1-flash-image-landscape', '1376x768', '1K'],
    ['veo_3_1_t2v', '1080p', { seconds: 4 }, 'veo_3_1_t2v_4s_1080p', '1920x1080', '1080p'],
    ['veo_3_1_i2v_s', '4k', { aspectRatio: '9:16' }, 'veo_3_1_i2v_s_portrait_4k', '2160x3840', '4K'],
    ['veo_3_1_t2v_fast', '1080P', {}, 'veo_3_1_t2v_fast_1080p', '1920x1080', '1080p'],
    ['veo_3_1_t2v', '720p', {}, 'veo_3_1_t2v_landscape', '1280x720', '720p'],
  ] as const)('%s at %s %j is %s', (name, resolution, more, model, size, real) => {
    const inputs: readonly PlanInput[] = name.includes('i2v') ? [{ role: 'first_frame' }] : []
    expect(chosen(name, { resolution, ...more }, inputs)).toMatchObject({
      model,
      requested: { size, resolution: real },
    })
  })

  test.each([
    ['hd', '4K'],
    ['high', '4K'],
    ['ultra', '4K'],
    ['medium', '2K'],
    ['2K', '2K'],
    ['standard', '1K'],
    ['low', '1K'],
    ['auto', '1K'],
    ['constructor', '1K'],
  ])('reads the quality %s of a picture as %s', (quality, resolution) => {
    expect(chosen('gemini-3.0-pro-image', { quality }).requested.resolution).toBe(resolution)
    expect(chosen('gemini-3.0-pro-image', { quality, resolution: '2K' }).requested.resolution).toBe('2K')
  })

  test('does without a quality that it has not, and a video always does', () => {
    expect(chosen('imagen-4.0-generate-preview', { quality: 'hd' }).requested.resolution).toBe('1K')
    expect(chosen('veo_3_1_t2v', { quality: 'hd' }).requested.resolution).toBe('720p')
    expect(chosen('gemini-3.0-pro-image-square', { quality: 'hd' }).requested.resolution).toBe('1K')
  })

  test('refuses a resolution that it has not, unless less is allowed', () => {
    const fault = refused('veo_3_1_t2v_lite', { resolution: '1080p' })
    expect(fault).toMatchObject({ code: 'invalid_value', param: 'resolution' })
    expect(fault.message).toContain('720p at most')
    expect(chosen('veo_3_1_t2v_lite', { resolution: '1080p', allowDowngrade: true }).requested.resolution).toBe('720p')
  })

  test.each([
    ['gemini-3.0-pro-image', 'reference', 3000, 2000, 'gemini-3.0-pro-image-four-three'],
    ['gemini-3.0-pro-image', 'reference', 1000, 1000, 'gemini-3.0-pro-image-square'],
    ['imagen-4.0-generate-preview', 'reference', 600, 1000, 'imagen-4.0-generate-preview-portrait'],
    ['veo_3_1_i2v_s_fast_fl', 'first_frame', 999, 1000, 'veo_3_1_i2v_s_fast_portrait_fl'],
    ['veo_3_1_i2v_s_fast_fl', 'first_frame', 1000, 1000, 'veo_3_1_i2v_s_fast_fl'],
    ['veo_3_1_r2v_fast', 'reference', 720, 1280, 'veo_3_1_r2v_fast_portrait'],
    ['veo_3_1_extend', 'source_video', 720, 1280, 'veo_3_1_extend_portrait'],
    ['omni', 'reference', 720, 1280, 'omni_portrait'],
  ] as const)('%s with a %s of %dx%d is %s', (name, role, width, height, model) => {
    expect(chosen(name, {}, [{ role, width, height }]).model).toBe(model)
    expect(chosen(name, { size: 'auto' }, [{ role, width, height }]).model).toBe(model)
  })

  test('goes by what was written before it looks at a picture, and by the first picture whose size is known', () => {
    const wide: PlanInput = { role: 'reference', width: 1600, height: 900 }
    expect(chosen('gemini-3.0-pro-image', { size: '1024x1024' }, [wide]).model).toBe('gemini-3.0-pro-image-square')
    expect(chosen('gemini-3.0-pro-image', { aspectRatio: '9:16' }, [wide]).model).toBe('gemini-3.0-pro-image-portrait')
    const tall: PlanInput = { role: 'reference', width: 900, height: 1600 }
    expect(chosen('gemini-3.0-pro-image', {}, [{ role: 'reference' }, tall, wide]).model).toBe(
      'gemini-3.0-pro-image-portrait',
    )
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
    const resolution = refused('veo_3_1_t2v_landscape', { resolution: '4K' })
    expect(resolution).toMatchObject({ code: 'invalid_value', param: 'resolution' })
    expect(resolution.message).toContain('"veo_3_1_t2v"')
    expect(refused('veo_3_1_t2v_portrait_4k', { resolution: '720p' }).param).toBe('resolution')
    expect(chosen('veo_3_1_t2v_landscape', { resolution: '4K', allowDowngrade: true }).model).toBe(
      'veo_3_1_t2v_landscape',
    )
  })
})

test('what cannot be read is refused by its parameter', () => {
  expect(refused('gemini-3.0-pro-image', { aspectRatio: 'wide' }).param).toBe('aspect_ratio')
  expect(refused('gemini-3.0-pro-image', { aspectRatio: '0:9' }).param).toBe('aspect_ratio')
  expect(refused('gemini-3.0-pro-image', { size: 'banana' }).param).toBe('size')
  expect(refused('gemini-3.0-pro-image', { resolution: 'sharp' }).param).toBe('resolution')
})

test('an unknown model is named', () => {
  expect(refused('dall-e-9')).toMatchObject({ code: 'model_not_found', param: 'model' })
  expect(refused('constructor').code).toBe('model_not_found')
})

test('an extension has no length that is known beforehand', () => {
  expect(chosen('veo_3_1_extend', {}, [{ role: 'source_video' }])).toEqual({
    model: 'veo_3_1_extend',
    requested: { size: '1280x720', aspectRatio: '16:9', resolution: '720p' },
  })
})

test('a continuation of another shape than its source is refused', () => {
  const source: PlanInput = { role: 'source_video', width: 720, height: 1280 }
  expect(refused('veo_3_1_extend', { aspectRatio: '16:9' }, [source]).message).toContain('9:16')
  expect(plan('veo_3_1_extend', { aspectRatio: '16:9' }, [{ role: 'source_video' }]).isOk()).toBe(true)
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
        } = chosen(
          model.id,
          {
            ...(size !== undefined && { size: `${size[0]}x${size[1]}` }),
            ...(seconds !== undefined && { seconds }),
          },
          model.accepts.inputs.flatMap(({ role, min }) => Array.from({ length: min }, () => ({ role }))),
        )
        expect(catalogue.find(concrete)?.id).toBe(concrete)
        expect(model.accepts.aspectRatios).toContain(requested.aspectRatio ?? '')
        expect(model.accepts.sizes).toContain(requested.size ?? '')
        if (requested.seconds !== undefined) expect(model.accepts.seconds).toContain(requested.seconds)
        expect(tier).toBe(model.tier)
      },
    ),
  )
})

test('reading a ratio never throws, and the nearest of a known ratio is itself', () => {
  fc.assert(fc.property(fc.string(), text => void readRatio(text)))
  for (const aspect of ASPECTS) expect(nearestAspect(readRatio(aspect) ?? 0, ASPECTS)).toBe(aspect)
})

describe('what it is expected to cost', () => {
  test.each([
    ['gemini-3.0-pro-image', 0],
    ['gemini-3.0-pro-image-landscape-4k', 0],
    ['veo_3_1_t2v_fast_landscape', 20],
    ['veo_3_1_t2v_fast_ultra', 10],
    ['veo_3_1_t2v_fast_ultra_relaxed', 0],
    ['veo_3_1_t2v_lite_portrait', 10],
    ['veo_3_1_t2v_landscape', 100],
    ['omni', 12],
  ])('%s: %p', (model, credits) => {
    expect(chosen(model).credits ?? 0).toBe(credits)
  })

  test('all steps together', () => {
    const costly = catalogue.models.filter(({ kind, upsample }) => kind === 'video' && upsample?.resolution === '4K')
    expect(costly.length).toBeGreaterThan(10)
    for (const { upsample, ...plain } of costly)
      expect(priceOf({ ...plain, ...(upsample && { upsample }) })).toBe((priceOf(plain) ?? 0) + 50)
  })

  test('of the older extension nobody knows', () => {
    const extension = catalogue.find('veo_3_1_extend')
    expect(extension && priceOf(extension)).toBeUndefined()
  })
})
