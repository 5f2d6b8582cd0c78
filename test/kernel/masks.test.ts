import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { unmasked } from '../../kernel/masks.ts'

const MASK = '********'
const URLS = ['http://ann:one@a.test:1', 'http://ann:two@b.test:1', 'http://c.test:1']
const SHOWN_URLS = [`http://ann:${MASK}@a.test:1`, `http://ann:${MASK}@b.test:1`, 'http://c.test:1']

/** The keys of one section, as they are and as they are shown. */
const present = {
  values: { shop: { key: 'real', keys: ['one', 'two', 'three'], urls: URLS, word: 'hello', table: { a: 'x', n: 1 } } },
  masked: {
    shop: { key: MASK, keys: [MASK, MASK, MASK], urls: SHOWN_URLS, word: 'hello', table: { a: MASK, n: 1 } },
  },
}
const meant = (shop: Record<string, unknown>) => unmasked({ shop }, present)
const refused = (shop: Record<string, unknown>) =>
  meant(shop)
    ._unsafeUnwrapErr()
    .map(({ path }) => path)

describe('what comes back as it was shown', () => {
  test('is left out where nothing of it was touched', () => {
    expect(meant({ ...present.masked.shop, word: 'bye' })._unsafeUnwrap()).toEqual({ shop: { word: 'bye' } })
  })

  test('stands for what it hides within a list that became longer', () => {
    expect(meant({ keys: ['zero', MASK, MASK, MASK, 'four'] })._unsafeUnwrap()).toEqual({
      shop: { keys: ['zero', 'one', 'two', 'three', 'four'] },
    })
  })

  test('is found by the rest of it, wherever it stands and whatever went', () => {
    expect(meant({ urls: [SHOWN_URLS[1], 'http://d.test:1', SHOWN_URLS[0]] })._unsafeUnwrap()).toEqual({
      shop: { urls: [URLS[1], 'http://d.test:1', URLS[0]] },
    })
    expect(meant({ urls: [SHOWN_URLS[1]] })._unsafeUnwrap()).toEqual({ shop: { urls: [URLS[1]] } })
  })

  test('stands for what it hides within a table', () => {
    expect(meant({ table: { a: MASK, n: 2 } })._unsafeUnwrap()).toEqual({ shop: { table: { a: 'x', n: 2 } } })
  })
})

describe('a mask of which nobody can tell what it hides', () => {
  test('is refused, and names its key', () => {
    expect(refused({ keys: [MASK, MASK], word: 'bye' })).toEqual(['shop.keys'])
    expect(refused({ keys: [MASK, MASK, MASK, MASK] })).toEqual(['shop.keys'])
    expect(refused({ table: { a: `${MASK}x`, n: 1 } })).toEqual(['shop.table'])
    expect(refused({ key: `${MASK}${MASK}` })).toEqual(['shop.key'])
  })

  test('sends no password to another host', () => {
    expect(refused({ urls: [`http://ann:${MASK}@elsewhere.test:1`] })).toEqual(['shop.urls'])
  })
})

test('whatever is sent, no mask is stored as a secret, and what is new is kept', () => {
  const entry = fc.constantFrom(MASK, 'new', ...SHOWN_URLS, `http://ann:${MASK}@elsewhere.test:1`)
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 6 }), fc.constantFrom('keys', 'urls'), (list, key) => {
      const result = meant({ [key]: list })
      if (result.isErr()) return
      const stored = result.value['shop']?.[key] ?? []
      expect(JSON.stringify(stored)).not.toContain(MASK)
      for (const one of list) if (!one.includes(MASK)) expect(stored).toContain(one)
    }),
  )
})
