/** Values, paths and headers that are odd in ways that programs trip over. */
import fc from 'fast-check'

export const pick = <T>(values: readonly T[]) => fc.constantFrom(...values)

export const latin1 = (maxLength: number) =>
  fc.string({ unit: fc.nat({ max: 255 }).map(code => String.fromCharCode(code)), maxLength })
export const oddText = fc.oneof(
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
export const oddJson = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  pick<unknown>([0, -1, 1e308, 1.5, true, '', ' ', [], {}, [[]], null, Number.MAX_SAFE_INTEGER]),
  oddText,
)

/** In a path: anything that HTTP lets through. */
export const oddSegment = fc.oneof(
  oddText.map(text => encodeURIComponent(text.toWellFormed())),
  pick(['video_', 'job_', 'video_%2e%2e', 'job_0', '%ff%fe', '%', '%zz', '..%2f..%2fetc%2fpasswd', 'a'.repeat(5000)]),
)
export const oddQuery = fc.oneof(
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
export const oddHeaders = fc
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
  .map(headers => ({ ...headers }))

/** Of each character what fits into a byte. */
export const oneByte = (text: string) => Buffer.from(text, 'latin1').toString('latin1')
