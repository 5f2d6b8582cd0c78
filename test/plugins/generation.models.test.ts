import { expect, test } from 'bun:test'
import { domainFault, type GenerationProvider, type JobRequest, type Model } from 'flow2api/contracts'
import { err, ok } from 'flow2api/plugin'
import { admit } from '../../plugins/generation/admission.ts'
import { type ModelDefaults, Models } from '../../plugins/generation/models.ts'
import { model, PNG } from './generation.world.ts'

type Stub = Pick<GenerationProvider, 'models' | 'plan'>
const flow: Model[] = [
  model('gemini-3.0-pro-image', 'image'),
  model('gemini-3.1-flash-image', 'image'),
  model('veo_3_1_t2v_fast', 'video'),
  model('Veo_I2V', 'video', {
    accepts: {
      inputs: [
        { role: 'first_frame', min: 1, max: 1 },
        { role: 'last_frame', min: 0, max: 1 },
      ],
      aspectRatios: [],
      sizes: [],
      resolutions: [],
      seconds: [],
    },
    tier: 'pro',
  }),
]
const stub = (models: readonly Model[]): Stub => ({
  models: () => models,
  plan: id => ok({ model: id, requested: {} }),
})

const defaults: ModelDefaults = { image: 'gemini-3.0-pro-image', video: 'veo_3_1_t2v_fast', aliases: {} }
function modelsOf(providers: Record<string, Stub>, more: Partial<ModelDefaults> = {}) {
  const all = Object.entries(providers).map(([plugin, service]) => ({ plugin, service }))
  // Models and admission ask a provider nothing else.
  return new Models({ all: () => all as never }, { ...defaults, ...more })
}
const models = modelsOf({ flow: stub(flow) })
const served = (name: string, from = models) => from.find(name).map(({ id, listed }) => `${listed.provider}:${id}`)

test('a model is found by id in any case, behind `models/` and behind one vendor', () => {
  for (const name of ['Veo_I2V', 'veo_i2v', ' VEO_I2V ', 'models/veo_i2v', 'google/veo_i2v', 'models/google/veo_i2v'])
    expect(served(name)).toEqual(ok('flow:Veo_I2V'))
  expect(served('a/b/veo_i2v').isErr()).toBe(true)
})

test('ids that clients hard-code lead to the defaults, or to the nearest relative', () => {
  for (const id of [
    'gpt-image-1',
    'openai/gpt-image-1-mini',
    'DALL-E-3',
    'chatgpt-image-latest',
    'gemini-3-pro-image-preview',
  ])
    expect(served(id)).toEqual(ok('flow:gemini-3.0-pro-image'))
  expect(served('gemini-2.5-flash-image')).toEqual(ok('flow:gemini-3.1-flash-image'))
  expect(served('sora-2-pro')).toEqual(ok('flow:veo_3_1_t2v_fast'))
  // Nobody offers `veo_3_1_t2v` here.
  expect(served('models/veo-3.1-generate-preview')).toEqual(ok('flow:veo_3_1_t2v_fast'))
  expect(models.find('gpt-image-1')._unsafeUnwrap().listed).toMatchObject({
    id: 'gpt-image-1',
    aliasOf: 'gemini-3.0-pro-image',
  })
})

test('an alias of the operator comes before a built-in one, and never before a model', () => {
  const own = modelsOf(
    { flow: stub(flow) },
    { aliases: { 'sora-2': 'veo_i2v', mine: 'gemini-3.1-flash-image', Veo_I2V: 'x' } },
  )
  expect(served('sora-2', own)).toEqual(ok('flow:Veo_I2V'))
  expect(served('MINE', own)).toEqual(ok('flow:gemini-3.1-flash-image'))
  expect(served('veo_i2v', own)).toEqual(ok('flow:Veo_I2V'))
  const broken = modelsOf({ flow: stub(flow) }, { aliases: { mine: 'gone' } })
  expect(broken.find('mine')._unsafeUnwrapErr().message).toContain('[models] aliases')
})

test('a default that nobody offers gives way to what there is', () => {
  const acme = modelsOf({ acme: stub([model('vid', 'video'), model('acme/pic', 'image')]) })
  expect(acme.defaultOf('image')._unsafeUnwrap().id).toBe('acme/pic')
  expect(served('gpt-image-1', acme)).toEqual(ok('acme:acme/pic'))
  expect(served('acme/pic', acme)).toEqual(ok('acme:acme/pic'))
  const none = modelsOf({})
  expect(none.defaultOf('video')._unsafeUnwrapErr().code).toBe('model_not_found')
  expect(none.list()).toEqual([])
})

test('the same id from two providers: the first has it, the second is reached by name', () => {
  const both = modelsOf({ flow: stub(flow), lab: stub([model('veo_i2v', 'video')]) })
  expect(served('veo_i2v', both)).toEqual(ok('flow:Veo_I2V'))
  expect(served('lab/veo_i2v', both)).toEqual(ok('lab:veo_i2v'))
  expect(both.list().filter(({ id }) => id.toLowerCase() === 'veo_i2v')).toHaveLength(1)
})

test('an unknown model is answered with the nearest', () => {
  const fault = models.find('veo_3_1_t2v_fats')._unsafeUnwrapErr()
  expect(fault).toMatchObject({ code: 'model_not_found', param: 'model' })
  expect(fault.message).toContain('Did you mean `veo_3_1_t2v_fast`?')
  expect(models.find('zzzzzzzzzzzzzzzzzzzz')._unsafeUnwrapErr().message).not.toContain('Did you mean')
  // Likened to every name, one of a megabyte would take seconds.
  const long = models.find('veo_3_1_t2v_fast'.repeat(100))._unsafeUnwrapErr()
  expect([long.code, long.message.length < 200]).toEqual(['model_not_found', true])
})

test('a provider that changes its models is noticed', () => {
  let list = [model('one', 'image')]
  const changing = modelsOf({ lab: { ...stub([]), models: () => list } })
  expect(served('one', changing).isOk()).toBe(true)
  list = [model('two', 'image')]
  expect(served('one', changing).isErr()).toBe(true)
  expect(served('two', changing).isOk()).toBe(true)
})

const request = (more: Partial<JobRequest> = {}): JobRequest => ({
  kind: 'image',
  model: '',
  prompt: 'a fox',
  parameters: {},
  inputs: [],
  count: 1,
  ...more,
})
const frame = { role: 'first_frame', mime: 'image/png', bytes: PNG } as const
const noJob = () => undefined
const refused = (more: Partial<JobRequest>, from = models) => {
  const { code, param } = admit(request(more), from, noJob)._unsafeUnwrapErr()
  return [code, param]
}

test('what cannot be served is refused by name before anything is queued', () => {
  expect(refused({ prompt: ' \n' })).toEqual(['missing_required_parameter', 'prompt'])
  for (const count of [0, 11, 1.5, Number.NaN]) expect(refused({ count })).toEqual(['invalid_value', 'n'])
  expect(refused({ model: 'nope' })).toEqual(['model_not_found', 'model'])
  expect(refused({ model: 'veo_i2v' })).toEqual(['invalid_value', 'model'])
  expect(refused({ inputs: [frame] })).toEqual(['invalid_value', 'image'])
  const video = { kind: 'video', model: 'veo_i2v' } as const
  expect(refused({ ...video })).toEqual(['missing_required_parameter', 'input_reference'])
  expect(refused({ ...video, inputs: [frame, frame] })).toEqual(['invalid_value', 'input_reference'])
  expect(refused({ ...video, inputs: [frame, { ...frame, role: 'reference' }] })).toEqual([
    'invalid_value',
    'input_reference',
  ])
})

test('an empty model is the default; the plan of the provider decides', () => {
  expect(admit(request(), models, noJob)._unsafeUnwrap().plan.model).toBe('gemini-3.0-pro-image')
  // A plan may lead to the relative that takes what was supplied.
  const clever: Stub = {
    models: () => flow,
    plan: (id, _parameters, roles) => ok({ model: roles.length > 0 ? 'Veo_I2V' : id, requested: {} }),
  }
  const framed = request({ kind: 'video', inputs: [frame] })
  const admitted = admit(framed, modelsOf({ flow: clever }), noJob)._unsafeUnwrap()
  expect([admitted.model.id, admitted.plan.model]).toEqual(['veo_3_1_t2v_fast', 'Veo_I2V'])
  const strict: Stub = { models: () => flow, plan: () => err(domainFault('invalid_value', 'No.', { param: 'size' })) }
  expect(refused({}, modelsOf({ flow: strict }))).toEqual(['invalid_value', 'size'])
})
