/** Bodies that are broken, mislabelled, or deeper and larger than anything needs. */
import fc from 'fast-check'
import { anyFields, forms, postPaths } from './noise.ts'
import { latin1, oddHeaders, oddText, oneByte, pick } from './odd.ts'
import { BOUNDARY, type FuzzRequest, formText, NO_MODEL } from './request.ts'

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
export const broken: fc.Arbitrary<FuzzRequest> = fc
  .tuple(postPaths, fc.oneof(brokenJson, cutForm), pick(TYPES), oddHeaders)
  .map(([path, raw, type, headers]) => ({ method: 'POST', path, headers, body: { raw, type }, expect: 'refused' }))

export const deep: fc.Arbitrary<FuzzRequest> = fc
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
/** Earlier answers that are long, for whoever looks for pictures in them. */
export const tiring: fc.Arbitrary<FuzzRequest> = fc
  .tuple(
    pick(['![', '](', '<img ', '![a](http://', '<img src="http://', '[', '<chat_history>', '\n']),
    fc.integer({ min: 1, max: 15 }),
  )
  .map(([repeat, power]) => {
    const content = repeat.repeat(2 ** power)
    const messages = [
      { role: 'assistant', content },
      { role: 'user', content: `### Task: ${content.slice(0, 30_000)}` },
    ]
    const body = { json: { model: NO_MODEL, messages } }
    return { method: 'POST', path: '/v1/chat/completions', headers: {}, body, expect: 'refused' }
  })

export const closedDeep: fc.Arbitrary<FuzzRequest> = fc
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
