import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { InputRole } from 'flow2api/contracts'
import { loadCatalogue } from '../../plugins/flow-provider/catalogue.ts'
import { listModels } from '../../plugins/flow-provider/models.ts'
import { planModel } from '../../plugins/flow-provider/plan.ts'

const catalogue = loadCatalogue()
const plan = (model: string, ...roles: readonly InputRole[]) =>
  planModel(
    catalogue,
    model,
    {},
    roles.map(role => ({ role })),
  )
const refused = (model: string, ...roles: readonly InputRole[]) => plan(model, ...roles)._unsafeUnwrapErr()

describe('a model from text alone refuses inputs and names one of its kind that takes them', () => {
  test.each([
    ['veo_3_1_t2v_fast', 'first_frame', 'input_reference', 'veo_3_1_i2v_s_fast_fl'],
    ['veo_3_1_t2v_fast_portrait', 'first_frame', 'input_reference', 'veo_3_1_i2v_s_fast_fl'],
    ['veo_3_1_t2v_fast_4s', 'last_frame', 'input_reference', 'veo_3_1_i2v_s_fast_4s_fl'],
    ['veo_3_1_t2v_fast_ultra', 'first_frame', 'input_reference', 'veo_3_1_i2v_s_fast_ultra_fl'],
    ['veo_3_1_t2v_lite', 'first_frame', 'input_reference', 'veo_3_1_i2v_lite'],
    ['veo_3_1_t2v', 'first_frame', 'input_reference', 'veo_3_1_i2v_s'],
    ['veo_3_1_t2v_fast', 'reference', 'input_reference', 'veo_3_1_r2v_fast'],
    ['veo_3_1_t2v_fast', 'source_video', 'video', 'veo_3_1_extend'],
  ] as const)('%s with a %s', (model, role, param, other) => {
    const fault = refused(model, role)
    expect(fault).toMatchObject({ code: 'invalid_value', blame: 'request', param })
    expect(fault.message).toContain(`"${model}" is made from text alone`)
    expect(fault.message).toContain(`"${other}" does`)
  })
})

describe('a role that a model does not take, too many, or too few are refused by their field', () => {
  test.each([
    ['gemini-3.0-pro-image', ['first_frame'], 'image', 'takes no first frame'],
    ['gemini-3.0-pro-image', Array(11).fill('reference'), 'image', '10 × reference picture at most; 11 were sent'],
    ['veo_3_1_i2v_lite', ['first_frame', 'last_frame'], 'input_reference', 'takes no last frame'],
    ['veo_3_1_i2v_s', ['first_frame', 'first_frame'], 'input_reference', '1 × first frame at most'],
    ['veo_3_1_i2v_s', ['last_frame'], 'input_reference', 'needs a first frame'],
    ['veo_3_1_i2v_s', [], 'input_reference', 'needs a first frame'],
    ['veo_3_1_i2v_s', ['reference'], 'input_reference', 'takes no reference picture'],
    ['veo_3_1_interpolation_lite', ['first_frame'], 'input_reference', 'needs a last frame'],
    ['veo_3_1_r2v_fast', Array(4).fill('reference'), 'input_reference', '3 × reference picture at most'],
    ['omni', ['first_frame'], 'input_reference', 'takes no first frame'],
    ['veo_3_1_extend', [], 'video', 'needs a source video'],
    ['veo_3_1_extend', ['source_video', 'source_video'], 'video', '1 × source video at most'],
  ] as const)('%s with %j', (model, roles, param, message) => {
    const fault = refused(model, ...roles)
    expect(fault).toMatchObject({ code: 'invalid_value', param })
    expect(fault.message).toContain(message)
  })

  test('a source video for pictures has nowhere to go', () => {
    expect(refused('gemini-3.0-pro-image', 'source_video').message).toContain('Send the prompt without it')
  })
})

test('a plan is made exactly where the list allows the inputs', () => {
  const roles: readonly InputRole[] = ['reference', 'first_frame', 'last_frame', 'source_video']
  fc.assert(
    fc.property(
      fc.constantFrom(...listModels(catalogue)),
      fc.array(fc.constantFrom(...roles), { maxLength: 11 }),
      (model, given) => {
        const allowed =
          given.every(role => model.accepts.inputs.some(rule => rule.role === role)) &&
          model.accepts.inputs.every(({ role, min, max }) => {
            const count = given.filter(one => one === role).length
            return count >= min && count <= max
          })
        expect([model.id, given, plan(model.id, ...given).isOk()]).toEqual([model.id, given, allowed])
      },
    ),
    { numRuns: 1000 },
  )
})
