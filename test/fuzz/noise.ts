/** Anything in the fields of OpenAI's document, for a model that nobody serves: as JSON and as forms. */
import fc from 'fast-check'
import document from '../fixtures/openai-openapi.data.json'
import { BAD_FILES, PICTURE } from './flaws.ts'
import { oddHeaders, oddJson, oddSegment, oddText, oneByte, pick } from './odd.ts'
import { type Field, type FuzzRequest, NO_MODEL } from './request.ts'

interface Property {
  readonly [key: string]: unknown
}
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { request }]) => ({ path, method: method.toUpperCase(), request })),
)
/** Names of the fields that the document has for a body, with the words that it has for their values. */
function fieldsOf(schema: unknown): readonly (readonly [name: string, words: readonly unknown[]])[] {
  const known: Record<string, Property> = document.components.schemas
  const resolve = (one: unknown): Property => {
    const property = (typeof one === 'object' && one !== null ? one : {}) as Property // JSON Schema: an object
    const name =
      String(property['$ref'] ?? '')
        .split('/')
        .at(-1) ?? ''
    return known[name] ?? property
  }
  const merged = resolve(schema)
  const parts = Array.isArray(merged['allOf']) ? merged['allOf'].map(resolve) : [merged]
  return parts.flatMap(part =>
    Object.entries((part['properties'] ?? {}) as Record<string, unknown>).map(([name, property]) => {
      const { enum: words, anyOf } = resolve(property)
      const inner = Array.isArray(anyOf) ? anyOf.flatMap(one => resolve(one)['enum'] ?? []) : []
      return [name, Array.isArray(words) ? words : inner] as const
    }),
  )
}
const bodies = operations
  .filter(({ method }) => method === 'POST')
  .map(({ path, request }) => ({ path, fields: fieldsOf(Object.values(request)[0]) }))

/** Any fields of the document with any values, for a model that nobody serves. */
export const anyFields = pick(bodies).chain(({ path, fields }) =>
  fc
    .tuple(
      fc.array(
        pick(fields).chain(([name, words]) =>
          fc.oneof(words.length > 0 ? pick(words) : oddJson, oddJson, oddText).map(value => [name, value] as const),
        ),
        { maxLength: 8 },
      ),
      fc.dictionary(oddText, oddJson, { maxKeys: 2, noNullPrototype: true }),
    )
    .map(([known, unknown]) => ({
      path,
      values: { prompt: 'a fox', ...unknown, ...Object.fromEntries(known), model: NO_MODEL },
    })),
)
export const noise: fc.Arbitrary<FuzzRequest> = fc
  .tuple(anyFields, oddSegment, oddHeaders)
  .map(([{ path, values }, id, headers]) => ({
    method: 'POST',
    path: `/v1${path.replace('{id}', id)}`,
    headers,
    body: { json: values },
    expect: 'refused',
  }))

/** The same as a form: bracketed, repeated and odd names, files anywhere. */
const names = fc.oneof(
  pick([
    'image',
    'image[]',
    'image[0]',
    'mask',
    'input_reference',
    'input_reference[image_url]',
    'video[id]',
    'messages',
    'n',
    'prompt',
  ]),
  pick([
    'a[b][c][d][e][f]',
    '[',
    ']',
    '[]',
    'a[',
    'a]b[',
    'a[__proto__]',
    '__proto__',
    '__proto__[x]',
    'constructor[prototype]',
    'extra_body',
  ]),
  oddText,
)
const field: fc.Arbitrary<Field> = fc.oneof(
  fc.record({ name: names, value: oddText }),
  fc.record({
    name: names,
    value: fc.oneof(BAD_FILES, fc.constant(PICTURE)),
    filename: pick(['a.png', '', '../../a', 'x'.repeat(3000)]),
  }),
)
const clean = ({ name, value, filename }: Field): Field => ({
  name: oneByte(name).replace(/["\r\n]/g, '_'),
  value: oneByte(value),
  ...(filename !== undefined && { filename }),
})
export const forms = fc.array(field, { maxLength: 8 }).map(fields => [
  // Only one of that name, so that no list becomes a model.
  ...fields.map(clean).filter(({ name }) => !name.startsWith('model') && name !== 'extra_body'),
  { name: 'model', value: NO_MODEL },
])
export const postPaths = pick(bodies.map(({ path }) => `/v1${path.replace('{id}', 'video_0')}`))
export const oddForm: fc.Arbitrary<FuzzRequest> = fc
  .tuple(postPaths, forms, oddHeaders)
  .map(([path, fields, headers]) => ({ method: 'POST', path, headers, body: { fields }, expect: 'refused' }))
