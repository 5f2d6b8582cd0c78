import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { fit, wrap } from './pictures/text.ts'

describe('wrap', () => {
  test('breaks at spaces and cuts what is too long', () => {
    expect(wrap('a red fox  in\nthe snow', 9)).toEqual(['a red fox', 'in the', 'snow'])
    expect(wrap('abcdefghij k', 4)).toEqual(['abcd', 'efgh', 'ij k'])
    expect(wrap('   ', 4)).toEqual([])
  })

  test('loses nothing but spaces, and no line is too long or empty', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.integer({ min: 4, max: 60 }), (text, columns) => {
        const lines = wrap(text, columns)
        expect(lines.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''))
        for (const line of lines) {
          expect([...line].length).toBeLessThanOrEqual(columns)
          expect(line.trim()).not.toBe('')
        }
      }),
    )
  })
})

test('fit keeps within its box at any length', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 3000 }),
      fc.integer({ min: 300, max: 1400 }),
      fc.integer({ min: 60, max: 1400 }),
      (text, width, height) => {
        const { lines, scale, height: used } = fit(text, width, height, 9)
        expect(scale).toBeGreaterThanOrEqual(2)
        expect(used).toBeLessThanOrEqual(height)
        for (const line of lines) expect([...line].length * 6 * scale).toBeLessThanOrEqual(width)
      },
    ),
  )
})
