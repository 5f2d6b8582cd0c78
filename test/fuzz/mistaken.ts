/** Requests with one definite mistake, and right otherwise: with a model that would be paid. */
import fc from 'fast-check'
import { BAD_FILES, ENDPOINTS, FORM_FLAWS } from './flaws.ts'
import { oddSegment, oddText, pick } from './odd.ts'
import type { FuzzRequest } from './request.ts'

/** A body with a mistake in one place. */
export const flawed: fc.Arbitrary<FuzzRequest> = pick(ENDPOINTS).chain(([path, { valid, flaws }]) =>
  pick(Object.entries(flaws)).chain(([field, values]) =>
    fc.record({
      method: fc.constant('POST'),
      path: path.includes('{id}') ? oddSegment.map(id => `/v1${path.replace('{id}', id)}`) : fc.constant(`/v1${path}`),
      headers: fc.constant({}),
      body: pick(values).map(value => ({ json: { ...valid, [field]: value } })),
      expect: fc.constant('refused' as const),
      // Where the path names a video, that may be what is wrong first.
      ...(!path.includes('{id}') && { param: fc.constant(field) }),
    }),
  ),
)

export const flawedForm: fc.Arbitrary<FuzzRequest> = pick(Object.entries(FORM_FLAWS)).chain(([path, flaws]) =>
  pick(Object.entries(flaws)).chain(([field, values]) =>
    pick(values).map(value => {
      const valid = { prompt: 'a fox', model: path === '/videos' ? 'sora-2' : 'gpt-image-1' }
      const fields = Object.entries({ ...valid, [field]: value }).map(([name, text]) => ({ name, value: text }))
      return { method: 'POST', path: `/v1${path}`, headers: {}, body: { fields }, expect: 'refused', param: field }
    }),
  ),
)

export const badFile: fc.Arbitrary<FuzzRequest> = fc
  .tuple(
    pick(['/v1/images/edits', '/v1/images/variations', '/v1/videos']),
    BAD_FILES,
    fc.array(oddText, { maxLength: 1 }),
  )
  .map(([path, content, [filename = 'a.png']]) => {
    const name = path === '/v1/videos' ? 'input_reference' : byLength(content, ['image', 'image[]', 'image[0]'])
    const file = { name, value: content, filename: filename.replace(/[^\x20-\x7e]|"/g, '_') || 'blob' }
    return {
      method: 'POST',
      path,
      headers: {},
      body: { fields: [{ name: 'prompt', value: 'a fox' }, file] },
      expect: 'refused',
    }
  })
/** One of them, the same for the same text. */
const byLength = (seed: string, values: readonly string[]) => values[seed.length % values.length] ?? 'image'

/** Right in all but its key. */
export const keyless: fc.Arbitrary<FuzzRequest> = fc
  .tuple(
    pick(ENDPOINTS),
    pick(['', 'Bearer', 'Bearer ', 'Bearer null', 'Basic Og==', 'Basic !', 'Bearer x y', 'bearer sk-wrong']),
  )
  .map(([[path, { valid }], authorization]) => ({
    method: 'POST',
    path: `/v1${path.replace('{id}', 'video_0')}`,
    headers: { authorization },
    body: { json: valid },
    expect: 'refused',
  }))
