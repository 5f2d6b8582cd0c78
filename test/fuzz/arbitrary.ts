/** Requests that nobody sends on purpose. None of them may be paid for: each has a definite mistake, or names no model. */
import fc from 'fast-check'
import document from '../fixtures/openai-openapi.data.json'
import { BAD_FILES, ENDPOINTS, FORM_FLAWS, PICTURE } from './flaws.ts'
import { BOUNDARY, type Field, type FuzzRequest, formText, NO_MODEL } from './request.ts'

const pick = <T>(values: readonly T[]) => fc.constantFrom(...values)

const latin1 = (maxLength: number) =>
  fc.string({ unit: fc.nat({ max: 255 }).map(code => String.fromCharCode(code)), maxLength })
const oddText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  latin1(60),
  pick([
    '__proto__',
    'constructor',
    'toString',
    '\u0000',
    '../../etc/passwd',
    '%00',
    '%',
    '{{7*7}}',
    'null',
    'NaN',
    '🦊',
  ]),
)
const oddJson = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  pick<unknown>([0, -1, 1e308, 1.5, true, '', ' ', [], {}, [[]], null, Number.MAX_SAFE_INTEGER]),
  oddText,
)

/** In a path: anything that HTTP lets through. */
const oddSegment = fc.oneof(
  oddText.map(text => encodeURIComponent(text.toWellFormed())),
  pick(['video_', 'job_', 'video_%2e%2e', 'job_0', '%ff%fe', '%', '%zz', '..%2f..%2fetc%2fpasswd', 'a'.repeat(5000)]),
)
const oddQuery = fc.oneof(
  fc.constant(''),
  fc
    .array(fc.tuple(pick(['limit', 'after', 'order', 'variant', 'api-version', 'key', 'x']), oddText), { maxLength: 4 })
    .map(pairs => `?${new URLSearchParams(pairs.map(([name, value]) => [name, value.toWellFormed()]))}`),
  pick([
    '?limit=-1',
    '?limit=1e9',
    '?limit=NaN',
    '?after=job_1',
    '?order=up',
    '?variant=spritesheet',
    '?%',
    '?a=%ff',
    '?&&&==',
  ]),
)

/** What the fetch of a client can send; header names are right, since others never leave it. */
const oddHeaders = fc
  .dictionary(
    pick([
      'idempotency-key',
      'prefer',
      'x-flow2api-on-disconnect',
      'range',
      'if-range',
      'accept',
      'accept-encoding',
      'x-stainless-retry-count',
      'x-http-method-override',
      'x-forwarded-for',
      'x-forwarded-host',
      'origin',
      'cookie',
      'last-event-id',
      'openai-beta',
      'content-encoding',
    ]),
    fc.oneof(
      fc.string({ unit: 'grapheme-ascii', maxLength: 300 }).map(text => text.replace(/[^\x20-\x7e]/g, '').trim()),
      pick([
        'bytes=0-',
        'bytes=-0',
        'bytes=9-1',
        'bytes=0-0,5-',
        'wait=-1',
        'wait=1e9',
        'respond-async;;;"',
        'DELETE',
        'gzip',
      ]),
    ),
    { maxKeys: 3, noNullPrototype: true },
  )
  // Waiting is no mistake, and there is nothing to wait for.
  .map(headers => ({ ...headers }))

/** A body with a mistake in one place. */
const flawed: fc.Arbitrary<FuzzRequest> = pick(Object.entries(ENDPOINTS)).chain(([path, { valid, flaws }]) =>
  pick(Object.entries(flaws)).chain(([field, values]) =>
    fc.record({
      method: fc.constant('POST'),
      path: path.includes('{id}') ? oddSegment.map(id => `/v1${path.replace('{id}', id)}`) : fc.constant(`/v1${path}`),
      headers: fc.constant({}),
      body: pick(values).map(value => ({ json: { ...valid, [field]: value } })),
      expect: fc.constant('refused' as const),
    }),
  ),
)

const flawedForm: fc.Arbitrary<FuzzRequest> = pick(Object.entries(FORM_FLAWS)).chain(([path, flaws]) =>
  pick(Object.entries(flaws)).chain(([field, values]) =>
    pick(values).map(value => {
      const valid = { prompt: 'a fox', model: path === '/videos' ? 'sora-2' : 'gpt-image-1' }
      const fields = Object.entries({ ...valid, [field]: value }).map(([name, text]) => ({ name, value: text }))
      return { method: 'POST', path: `/v1${path}`, headers: {}, body: { fields }, expect: 'refused' }
    }),
  ),
)

const badFile: fc.Arbitrary<FuzzRequest> = fc
  .tuple(
    pick(['/v1/images/edits', '/v1/images/variations', '/v1/videos']),
    BAD_FILES,
    fc.array(oddText, { maxLength: 1 }),
  )
  .map(([path, content, [filename = 'a.png']]) => {
    const name = path === '/v1/videos' ? 'input_reference' : pick1(content, ['image', 'image[]', 'image[0]'])
    const file = { name, value: content, filename: filename.replace(/[^\x20-\x7e]|"/g, '_') || 'blob' }
    return {
      method: 'POST',
      path,
      headers: {},
      body: { fields: [{ name: 'prompt', value: 'a fox' }, file] },
      expect: 'refused',
    }
  })
const pick1 = (seed: string, values: readonly string[]) => values[seed.length % values.length] ?? 'image'

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
const anyFields = pick(bodies).chain(({ path, fields }) =>
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
const noise: fc.Arbitrary<FuzzRequest> = fc
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
/** Of each character what fits into a byte. */
const oneByte = (text: string) => Buffer.from(text, 'latin1').toString('latin1')
const clean = ({ name, value, filename }: Field): Field => ({
  name: oneByte(name).replace(/["\r\n]/g, '_'),
  value: oneByte(value),
  ...(filename !== undefined && { filename }),
})
const forms = fc.array(field, { maxLength: 8 }).map(fields => [
  // Only one of that name, so that no list becomes a model.
  ...fields.map(clean).filter(({ name }) => !name.startsWith('model') && name !== 'extra_body'),
  { name: 'model', value: NO_MODEL },
])
const postPaths = pick(bodies.map(({ path }) => `/v1${path.replace('{id}', 'video_0')}`))
const oddForm: fc.Arbitrary<FuzzRequest> = fc
  .tuple(postPaths, forms, oddHeaders)
  .map(([path, fields, headers]) => ({ method: 'POST', path, headers, body: { fields }, expect: 'refused' }))

const TYPES = [
  'application/json',
  'application/json; charset=utf-16',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'multipart/form-data; boundary=',
  `multipart/form-data; boundary="${BOUNDARY}"`,
  `MULTIPART/Form-Data; BOUNDARY=${BOUNDARY}`,
  `multipart/form-data; boundary=${'b'.repeat(3000)}`,
  `multipart/mixed; boundary=${BOUNDARY}`,
  'application/octet-stream',
  ';;;',
]
const cutForm = fc.tuple(forms, fc.nat(), oddText).map(([fields, at, odd]) => {
  const whole = formText(fields)
  const cut = whole.slice(0, at % Math.max(1, whole.length - 8))
  return cut + (at % 3 === 0 ? oneByte(odd) : '')
})
const brokenJson = fc.oneof(
  latin1(200),
  fc.tuple(anyFields, fc.nat()).map(([{ values }, at]) => {
    const text = JSON.stringify(values)
    return text.slice(0, at % text.length)
  }),
  pick([
    '',
    'null',
    '[]',
    '"x"',
    '7',
    '{',
    '{"prompt":',
    '\xef\xbb\xbf{',
    '\xff\xfe{\x00',
    '{"a":1}{"b":2}',
    '{"prompt":"\xff"',
    "{'a':1}",
  ]),
)
/** Whatever the bytes say, the bytes of no body here name a model that is served. */
const broken: fc.Arbitrary<FuzzRequest> = fc
  .tuple(postPaths, fc.oneof(brokenJson, cutForm), pick(TYPES), oddHeaders)
  .map(([path, raw, type, headers]) => ({ method: 'POST', path, headers, body: { raw, type }, expect: 'refused' }))

const deep: fc.Arbitrary<FuzzRequest> = fc
  .tuple(
    postPaths,
    pick(['[', '{"a":', '{"messages":[', '-', '"\\u0000', ' ', '\x00', '--fuzz\r\n', '{"prompt":"x",']),
    fc.integer({ min: 1, max: 18 }),
    pick(TYPES),
  )
  .map(([path, repeat, power, type]) => ({
    method: 'POST',
    path,
    headers: {},
    body: { repeat, times: 2 ** power, type },
    expect: 'refused',
  }))
const closedDeep: fc.Arbitrary<FuzzRequest> = fc
  .tuple(
    postPaths,
    fc.integer({ min: 1, max: 16 }),
    pick(['messages', 'image', 'input_reference', 'x', 'stream_options']),
  )
  .map(([path, power, name]) => {
    const depth = 2 ** power
    const raw = `{"model":"${NO_MODEL}","prompt":"a","${name}":${'['.repeat(depth)}${']'.repeat(depth)}}`
    return { method: 'POST', path, headers: {}, body: { raw, type: 'application/json' }, expect: 'refused' }
  })

/** Asking and deleting: nothing to pay for in any case. */
const ASKING = [
  ['GET', '/v1/models'],
  ['GET', '/v1/models/{id}'],
  ['GET', '/v1/videos'],
  ['GET', '/v1/videos/{id}'],
  ['GET', '/v1/videos/{id}/content'],
  ['DELETE', '/v1/videos/{id}'],
  ['GET', '/v1/jobs/{id}'],
  ['GET', '/v1/jobs/{id}/events'],
  ['POST', '/v1/jobs/{id}/cancel'],
  ['POST', '/v1/videos/characters'],
  ['PUT', '/v1/videos/{id}'],
  ['PATCH', '/v1/images/generations'],
  ['OPTIONS', '/v1/chat/completions'],
  ['HEAD', '/v1/models'],
  ['GET', '/tmp/{id}'],
  ['GET', '/v1/{id}'],
] as const
const asking: fc.Arbitrary<FuzzRequest> = fc
  .tuple(pick(ASKING), oddSegment, oddQuery, oddHeaders)
  .map(([[method, path], id, query, headers]) => ({
    method,
    path: `${path.replace('{id}', id)}${query}`,
    headers,
    expect: 'anything',
  }))

/** Right in all but its key. */
const keyless: fc.Arbitrary<FuzzRequest> = fc
  .tuple(
    pick(Object.entries(ENDPOINTS)),
    pick(['', 'Bearer', 'Bearer ', 'Bearer null', 'Basic Og==', 'Basic !', 'Bearer x y', 'bearer sk-wrong']),
  )
  .map(([[path, { valid }], authorization]) => ({
    method: 'POST',
    path: `/v1${path.replace('{id}', 'video_0')}`,
    headers: { authorization },
    body: { json: valid },
    expect: 'refused',
  }))

export const fuzzRequests: fc.Arbitrary<FuzzRequest> = fc.oneof(
  { weight: 6, arbitrary: flawed },
  { weight: 1, arbitrary: flawedForm },
  { weight: 2, arbitrary: badFile },
  { weight: 5, arbitrary: noise },
  { weight: 4, arbitrary: oddForm },
  { weight: 4, arbitrary: broken },
  { weight: 1, arbitrary: deep },
  { weight: 1, arbitrary: closedDeep },
  { weight: 4, arbitrary: asking },
  { weight: 1, arbitrary: keyless },
)
