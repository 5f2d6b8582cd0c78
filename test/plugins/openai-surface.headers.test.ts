/** What the headers of a generating request say, and by what a repeated one is recognised. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { fingerprintOf, parsePrefer, readRequestHeaders as readHeaders, spelledPreferences } from 'flow2api/contracts'
import { readBody } from '../../plugins/openai-surface/body.ts'

describe('Prefer', () => {
  test.each([
    [null, ''],
    ['', ''],
    ['respond-async', 'respond-async'],
    ['Respond-Async; foo="a,b"', 'respond-async'],
    ['respond-async=no', ''],
    ['wait=10', 'wait=10'],
    ['wait = "10"', 'wait=10'],
    ['wait=0', 'wait=0'],
    ['wait=99999999999999999999', 'wait=3600'],
    ['wait=10, wait=20', 'wait=10'],
    ['wait=-1', ''],
    ['wait=1.5', ''],
    ['wait', ''],
    ['return=minimal, respond-async, wait=100, handling=lenient', 'respond-async, wait=100'],
    ['wait=7;x=1;y="2;wait=9"', 'wait=7'],
    ['x="respond-async, wait=1", wait=2', 'wait=2'],
    ['x="a\\", wait=1", wait=2', 'wait=2'],
    [',, wait=3 ,', 'wait=3'],
    ['x="never closed, wait=1', ''],
  ])('%p means %p', (header, meaning) => {
    expect(spelledPreferences(parsePrefer(header))).toBe(meaning)
  })

  test('anything can be read, and no wait is longer than an hour', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        const { waitSeconds = 0 } = parsePrefer(text)
        expect(waitSeconds).toBeWithin(0, 3601)
      }),
    )
  })
})

describe('headers', () => {
  const read = (headers: Record<string, string>) => readHeaders(new Headers(headers))

  test('none: no key, no retry, the job goes on', () => {
    expect(read({})._unsafeUnwrap()).toEqual({
      idempotencyKey: undefined,
      retry: false,
      preferences: { respondAsync: false, waitSeconds: undefined },
      onDisconnect: 'detach',
    })
  })

  test.each(['x', '"8e03978e-40d5"', 'k'.repeat(255), '!~'])('the key %p is taken as it is', key => {
    expect(read({ 'Idempotency-Key': key })._unsafeUnwrap().idempotencyKey).toBe(key)
  })

  test.each(['', 'two words', 'k'.repeat(256), 'schlüssel', 'a\tb'])('the key %p is refused', key => {
    expect(read({ 'idempotency-key': key })._unsafeUnwrapErr()).toMatchObject({
      code: 'invalid_value',
      param: 'Idempotency-Key',
    })
  })

  test.each([
    ['0', false],
    ['1', true],
    ['2', true],
    ['', false],
    ['many', false],
  ])('x-stainless-retry-count %p: a retry, %p', (count, retry) => {
    expect(read({ 'x-stainless-retry-count': count })._unsafeUnwrap().retry).toBe(retry)
  })

  test('x-flow2api-on-disconnect knows two words', () => {
    expect(read({ 'x-flow2api-on-disconnect': 'Cancel' })._unsafeUnwrap().onDisconnect).toBe('cancel')
    expect(read({ 'x-flow2api-on-disconnect': 'detach' })._unsafeUnwrap().onDisconnect).toBe('detach')
    for (const word of ['', 'stop'])
      expect(read({ 'x-flow2api-on-disconnect': word })._unsafeUnwrapErr()).toMatchObject({
        code: 'invalid_value',
        param: 'x-flow2api-on-disconnect',
      })
  })
})

describe('fingerprints', () => {
  const of = async (body: BodyInit, endpoint = 'images.edits') => {
    const read = await readBody(new Request('http://localhost/', { method: 'POST', body }))
    const { values, textual } = read._unsafeUnwrap()
    return fingerprintOf(endpoint, values, textual)
  }
  const form = (...fields: (readonly [string, string | File])[]) => {
    const data = new FormData()
    for (const [name, value] of fields) data.append(name, value)
    return data
  }
  const file = (text: string) => new File([text], 'x.png')

  test('are SHA-256 and differ by endpoint', async () => {
    expect(await of('{"prompt":"x"}')).toMatch(/^[0-9a-f]{64}$/)
    expect(await of('{"prompt":"x"}', 'images.generations')).not.toBe(await of('{"prompt":"x"}'))
  })

  test('look neither at the order of keys nor at white space', async () => {
    const one = await of('{"prompt":"x","n":2,"deep":{"a":[1,{"b":null,"c":true}]}}')
    expect(await of('{ "deep": {"a": [1, {"c": true, "b": null}]}, "n": 2.0, "prompt": "x" }')).toBe(one)
  })

  test.each([
    ['{"a":[1,2]}', '{"a":[2,1]}'],
    ['{"a":[1,2]}', '{"a":[[1],2]}'],
    ['{"a":"1"}', '{"a":1}'],
    ['{"a":null}', '{}'],
    ['{"a":{}}', '{"a":[]}'],
    ['{"a":"b","c":"d"}', '{"a":"b\\",\\"c\\":\\"d"}'],
    ['{"a":{"b":1},"c":2}', '{"a":{"b":1,"c":2}}'],
    ['{"__proto__":{"a":1}}', '{}'],
  ])('tell %p from %p', async (one, other) => {
    expect(await of(one)).not.toBe(await of(other))
  })

  test('are the same for forms of another boundary and order of names, not for other files', async () => {
    const one = await of(form(['prompt', 'x'], ['image[]', file('a')], ['image[]', file('b')]))
    expect(await of(form(['image[]', file('a')], ['prompt', 'x'], ['image[]', file('b')]))).toBe(one)
    expect(await of(form(['prompt', 'x'], ['image[]', file('b')], ['image[]', file('a')]))).not.toBe(one)
    expect(await of(form(['prompt', 'x'], ['image[]', file('a')], ['image[]', file('c')]))).not.toBe(one)
  })

  test('a text cannot pass for a file', async () => {
    const sha256 = new Bun.CryptoHasher('sha256').update('a').digest('hex')
    expect(await of(form(['image', `file:${sha256}`]))).not.toBe(await of(form(['image', file('a')])))
  })

  test('have no limit of depth', async () => {
    const deep = (inner: string) => `${'{"a":['.repeat(20_000)}${inner}${']}'.repeat(20_000)}`
    for (const textual of [true, false]) {
      const of = (inner: string) => fingerprintOf('x', JSON.parse(deep(inner)), textual)
      expect(await of('1')).not.toBe(await of('2'))
    }
  })

  test('of equal JSON are equal, of different JSON different', async () => {
    const shuffled = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shuffled)
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, inner]) => [key, shuffled(inner)]),
      )
    }
    const values = fc.dictionary(fc.string(), fc.jsonValue())
    const of = (document: Record<string, unknown>) => fingerprintOf('x', document)
    await fc.assert(
      fc.asyncProperty(values, values, async (one, other) => {
        const fingerprint = await of(one)
        expect(await of(Object.fromEntries(Object.entries(shuffled(one) as object)))).toBe(fingerprint)
        const same = Bun.deepEquals(JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other)))
        expect((await of(other)) === fingerprint).toBe(same)
      }),
    )
  })
})
