/** Pictures of a request, and the roles that they get. */
import { describe, expect, test } from 'bun:test'
import { type ListedModel, placedInputs } from 'flow2api/contracts'
import { pictureSources } from '../../plugins/openai-surface/pictures.ts'
import { PNG } from './openai-surface.fixtures.ts'
import { MODELS } from './openai-surface.models.ts'

const modelOf = (id: string): ListedModel => {
  const found = MODELS.find(candidate => candidate.id === id)
  if (found === undefined) throw new Error(id)
  return found
}

describe('pictures', () => {
  const base64 = PNG.toBase64()

  test.each([
    ['a data URL', `data:image/jpeg;base64,${base64}`],
    ['bare base64', base64],
    ['an object', { image_url: `data:image/png;base64,${base64}` }],
    ['a chat part', { image_url: { url: base64 } }],
    ['a list', [[base64], null]],
  ])('%s', (_name, value) => {
    expect(pictureSources(value, 'input_reference')._unsafeUnwrap()).toEqual([PNG])
  })

  test('files, web addresses and the alphabet of URLs', () => {
    const file = new File([PNG], 'upload.bin')
    const bytes = new Uint8Array([251, 255, 254])
    const value = [
      file,
      'https://example.test/a.png',
      { url: 'HTTP://example.test/b' },
      bytes.toBase64({ alphabet: 'base64url' }),
    ]
    expect(pictureSources(value, 'image')._unsafeUnwrap()).toEqual([
      file,
      new URL('https://example.test/a.png'),
      new URL('http://example.test/b'),
      bytes,
    ])
  })

  test.each([
    [{ file_id: 'file-1' }, 'file_id'],
    ['not base64!', 'base64'],
    ['https://', 'address'],
    [7, 'must be a picture'],
    [{ name: 'x' }, 'must be a picture'],
    [Array(17).fill(base64), 'at most 16'],
  ])('%p is refused', (value, why) => {
    const refused = pictureSources(value, 'input_reference')._unsafeUnwrapErr()
    expect(refused).toMatchObject({ code: 'invalid_value', param: 'input_reference' })
    expect(refused.message).toContain(why)
  })
})

describe('roles', () => {
  const roles = (model: ListedModel, count: number) =>
    placedInputs(Array(count).fill({ source: PNG }), model).map(({ role }) => role)

  test.each([
    ['vid-frames', 1, 'first_frame'],
    ['vid-frames', 2, 'first_frame last_frame'],
    ['vid-guided', 1, 'first_frame'],
    ['vid-guided', 3, 'first_frame last_frame reference'],
    ['vid-guided', 5, 'first_frame last_frame reference reference reference'],
    ['img-refs', 3, 'reference reference reference'],
    ['vid-frames', 3, 'first_frame last_frame'],
    ['vid-1', 1, ''],
  ])('%s with %i', (id, count, expected) => {
    expect(roles(modelOf(id), count).join(' ')).toBe(expected)
  })

  test('what a model cannot do without comes before what it may have', () => {
    const inputs = [
      { role: 'first_frame', min: 0, max: 1 },
      { role: 'reference', min: 1, max: 2 },
    ] as const
    const model = { ...modelOf('vid-1'), accepts: { ...modelOf('vid-1').accepts, inputs } }
    expect(roles(model, 1)).toEqual(['reference'])
    expect(roles(model, 2)).toEqual(['first_frame', 'reference'])
  })

  test('are given in the order of a clip, whatever order the model lists them in', () => {
    const [one, two] = [{ source: PNG }, { source: new URL('http://example.test/2.png') }]
    expect(placedInputs([one, two], modelOf('vid-frames'))).toEqual([
      { role: 'first_frame', input: one },
      { role: 'last_frame', input: two },
    ])
  })
})
