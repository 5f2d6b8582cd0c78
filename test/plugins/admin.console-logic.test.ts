/** What the console works out by itself, without a browser. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Setting } from 'flow2api/plugin'
import type { Account } from '../../plugins/admin/console/api/types.ts'
import { concernsOf } from '../../plugins/admin/console/pages/overview/concerns.ts'
import { endOfCredits } from '../../plugins/admin/console/pages/overview/credits.ts'
import { changesOf, countOf } from '../../plugins/admin/console/pages/settings/draft.ts'
import { formSchema, uiSchemaOf } from '../../plugins/admin/console/pages/settings/schema.ts'
import { validator } from '../../plugins/admin/console/pages/settings/validator.ts'
import { inSameWords } from '../../plugins/admin/console/parts/measures.ts'
import { fill } from '../../plugins/admin/console/texts.ts'
import { ModelSettings } from '../../plugins/generation/settings.ts'

describe('what was edited', () => {
  const present = { shop: { word: 'hello', list: ['a'], n: 1 }, other: { on: true } }

  test('is only what differs, and null where a value was taken away', () => {
    const draft = { shop: { word: 'ciao', list: ['a'] }, other: { on: true } }
    expect(changesOf(draft, present)).toEqual({ shop: { word: 'ciao', n: null } })
    expect(countOf(changesOf(draft, present))).toBe(2)
    expect(changesOf({}, present)).toEqual({})
  })

  test('of nothing edited is nothing, whatever the values', () => {
    const section = fc.dictionary(
      fc.string({ minLength: 1 }),
      fc.jsonValue().filter(value => value !== null),
    )
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), section), sections => {
        expect(changesOf(structuredClone(sections), sections)).toEqual({})
      }),
    )
  })
})

describe('a form', () => {
  test('knows choices, lists of choices and records from any plugin’s schema', () => {
    const words = {
      anyOf: [
        { const: 'a', type: 'string' },
        { const: 'b', type: 'string' },
      ],
    }
    const schema = formSchema({
      type: 'object',
      required: ['one'],
      properties: { one: { ...words, default: 'a' }, many: { type: 'array', items: words } },
    })
    expect(schema).toMatchObject({
      properties: {
        one: { type: 'string', enum: ['a', 'b'], default: 'a' },
        many: { type: 'array', uniqueItems: true, items: { enum: ['a', 'b'] } },
      },
    })
    expect(schema.required).toBeUndefined()
    expect(formSchema(ModelSettings).properties?.['aliases']).toMatchObject({
      additionalProperties: { type: 'string' },
    })
  })

  test('hides secrets and locks what the environment fixes', () => {
    const fixed: Setting = { path: 'x.key', value: '***', origin: 'environment', fixed_by: 'FLOW2API_X_KEY' }
    const schema = formSchema({
      type: 'object',
      properties: { key: { type: 'string', secret: true }, n: { type: 'number' } },
    })
    const ui = uiSchemaOf(schema, new Map([['key', fixed]]))
    expect(ui['key']).toMatchObject({ 'ui:widget': 'password', 'ui:disabled': true })
    expect(ui['n']).not.toHaveProperty('ui:disabled')
  })

  test('is checked without eval', () => {
    const schema = { type: 'object', properties: { n: { type: 'number', minimum: 1 } } } as const
    expect(validator.isValid(schema, { n: 2 }, schema)).toBe(true)
    expect(validator.isValid(schema, { n: 0 }, schema)).toBe(false)
  })
})

describe('credits', () => {
  const at = (...credits: (number | null)[]) => credits.map((value, index) => ({ at: index * 3600, credits: value }))

  test('end when they would be used up at the pace of the span', () => {
    expect(endOfCredits(at(100, 90, 80))).toBe(2 * 3600 + 8 * 3600)
    // What was bought in between makes the pace no slower.
    expect(endOfCredits(at(20, 10, 110, 100))).toBe(3 * 3600 + 15 * 3600)
  })

  test('that do not fall, or of which little is known, have no end', () => {
    expect(endOfCredits(at(10, 10))).toBeNull()
    expect(endOfCredits(at(10, 20))).toBeNull()
    expect(endOfCredits(at(null, 5))).toBeNull()
    expect(endOfCredits([])).toBeNull()
  })
})

test.each([
  [{ aspect_ratio: '16:9', resolution: '1K', size: '1376x768' }, '1376x768', '16:9', '1K'],
  [{ aspect_ratio: '16:9', resolution: '4K' }, '5504x3072', '16:9', '4K'],
  [{ aspect_ratio: '16:9', resolution: '4k' }, '2752x1536', '16:9', '2K'],
  [{ aspect_ratio: '9:16', resolution: '1080p' }, '720x1280', '9:16', '720p'],
  [{ aspect_ratio: '1:1', resolution: '1K' }, '1376x768', '1.79:1', '1K'],
  [{ aspect_ratio: '1:1', resolution: '1K' }, '640x640', '1:1', '640p'],
  [{ aspect_ratio: 'wide' }, '640x480', '1.33:1', undefined],
])('%p delivered as %s is %s, %s', (requested, size, shape, resolution) => {
  const { aspect_ratio, resolution: came } = inSameWords(requested, { size })
  expect([aspect_ratio, came]).toEqual([shape, resolution])
  // Nothing is said of what was not measured.
  expect(inSameWords(requested, { seconds: 8 })).toEqual({ seconds: 8 })
})

test('what needs somebody comes with its next step, the worst first', () => {
  const nothing = { accounts: undefined, plugins: [], rules: [], upstreams: [] }
  expect(concernsOf(nothing)).toEqual([])
  expect(concernsOf({ ...nothing, accounts: [] })).toMatchObject([{ key: 'none', href: '/accounts', severe: true }])
  const off = { state: 'disabled' } as Account // All that is looked at.
  expect(concernsOf({ ...nothing, accounts: [off, off] })).toMatchObject([
    { key: 'none ready', href: '/accounts', severe: true },
    { title: '2 are switched off', href: '/accounts?state=disabled', severe: false },
  ])
  const rule = {
    rule: 'slow',
    severity: 'warning',
    enabled: true,
    thresholds: {},
    state: 'firing',
    alerts: [{ subject: 'image', state: 'firing', since: 1, title: 'Images take long', text: '130 s' }],
    last_fired_at: 1,
    last_recovered_at: null,
  }
  const upstream = { provider: 'lab', state: 'open', reason: '5 of 5 calls failed', until: null } as const
  expect(
    concernsOf({ ...nothing, rules: [rule], upstreams: [upstream, { ...upstream, state: 'closed' }] }),
  ).toMatchObject([
    { title: 'The upstream of lab does not answer as it should', detail: '5 of 5 calls failed', severe: true },
    { title: 'Images take long', detail: '130 s', href: '/alerts', severe: false },
  ])
})

test('values stand where the text has their names', () => {
  expect(fill('{n} of {total}, {n}', { n: 1, total: 2 })).toBe('1 of 2, 1')
  expect(fill('{unknown}', {})).toBe('{unknown}')
})
