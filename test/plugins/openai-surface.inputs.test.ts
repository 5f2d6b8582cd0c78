/** Pictures of a request, and the roles that they get. */
import { describe, expect, test } from 'bun:test'
import type { ListedModel } from 'flow2api/contracts'
import { assignRoles } from '../../plugins/openai-surface/inputs.ts'
import { readPictures } from '../../plugins/openai-surface/pictures.ts'
import { PNG } from './openai-surface.fixtures.ts'
import { MODELS } from './openai-surface.models.ts'

describe('pictures', () => {
  const model = (id: string): ListedModel => {
    const found = MODELS.find(candidate => candidate.id === id)
    if (found === undefined) throw new Error(id)
    return found
  }
  const base64 = PNG.toBase64()

  test.each([
    ['a file', new File([PNG], 'upload.bin')],
    ['a data URL', `data:image/jpeg;base64,${base64}`],
    ['bare base64', base64],
    ['an object', { image_url: `data:image/png;base64,${base64}` }],
    ['a chat part', { image_url: { url: base64 } }],
    ['a list', [base64]],
  ])('%s', async (_name, value) => {
    const pictures = (await readPictures(value, 'input_reference'))._unsafeUnwrap()
    expect(pictures).toEqual([{ mime: 'image/png', bytes: PNG }])
  })

  test.each([
    ['https://example.test/a.png', 'invalid_value'],
    [{ file_id: 'file-1' }, 'invalid_value'],
    ['not base64!', 'invalid_value'],
    [new File(['text'], 'a.png'), 'invalid_image_file'],
  ])('%p is refused', async (value, code) => {
    const refused = (await readPictures(value, 'input_reference'))._unsafeUnwrapErr()
    expect(refused).toMatchObject({ code, param: 'input_reference' })
  })

  test('several are first frame, then last frame, whatever order the model lists them in', () => {
    const two = [
      { mime: 'image/png', bytes: PNG },
      { mime: 'image/webp', bytes: PNG },
    ]
    const inputs = assignRoles(two, model('vid-frames'), 'input_reference')._unsafeUnwrap()
    expect(inputs.map(({ role, mime }) => [role, mime])).toEqual([
      ['first_frame', 'image/png'],
      ['last_frame', 'image/webp'],
    ])
    const [one = { mime: '', bytes: PNG }] = two
    expect(assignRoles([...two, one], model('vid-frames'), 'input_reference')._unsafeUnwrapErr().message).toContain(
      'at most 2',
    )
    expect(assignRoles([one], model('vid-1'), 'input_reference')._unsafeUnwrapErr()).toMatchObject({
      code: 'invalid_value',
      param: 'input_reference',
    })
  })
})

describe('roles', () => {
  const roles = (id: string, count: number) => {
    const model = MODELS.find(candidate => candidate.id === id) ?? MODELS[0]
    if (model === undefined) throw new Error(id)
    const pictures = Array.from({ length: count }, () => ({ mime: 'image/png', bytes: PNG }))
    return assignRoles(pictures, model, 'image').map(inputs => inputs.map(({ role }) => role))
  }

  test.each([
    ['vid-frames', 1, 'first_frame'],
    ['vid-frames', 2, 'first_frame last_frame'],
    ['vid-guided', 1, 'first_frame'],
    ['vid-guided', 3, 'first_frame last_frame reference'],
    ['vid-guided', 5, 'first_frame last_frame reference reference reference'],
    ['img-refs', 3, 'reference reference reference'],
  ])('%s with %i', (id, count, expected) => {
    expect(roles(id, count)._unsafeUnwrap().join(' ')).toBe(expected)
  })

  test('what a model cannot do without comes before what it may have', () => {
    const [first] = MODELS
    if (first === undefined) throw new Error('no model')
    const inputs = [
      { role: 'first_frame', min: 0, max: 1 },
      { role: 'reference', min: 1, max: 2 },
    ] as const
    const model = { ...first, accepts: { ...first.accepts, inputs } }
    const given = (count: number) =>
      assignRoles(Array(count).fill({ mime: 'image/png', bytes: PNG }), model, 'image')
        ._unsafeUnwrap()
        .map(({ role }) => role)
    expect(given(1)).toEqual(['reference'])
    expect(given(2)).toEqual(['first_frame', 'reference'])
  })
})
