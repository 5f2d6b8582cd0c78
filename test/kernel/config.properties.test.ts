import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { t } from 'elysia'
import fc from 'fast-check'
import { stringify } from 'smol-toml'
import { documentOf, readDocument } from '../../kernel/config/document.ts'
import { formatPath, parsePath } from '../../kernel/config/lines.ts'
import { hashOf, normalize } from '../../kernel/config/normalize.ts'
import type { SectionSpec } from '../../kernel/config/schema.ts'

const sections: readonly SectionSpec[] = [
  {
    name: 'alpha',
    owner: 'alpha',
    schema: t.Object({
      flag: t.Boolean({ default: true }),
      count: t.Integer({ default: 1, minimum: 0 }),
      text: t.String({ default: '' }),
      list: t.Array(t.String(), { default: ['x'] }),
      map: t.Record(t.String(), t.Number(), { default: {} }),
      choice: t.Union([t.Literal('a'), t.Literal('b')], { default: 'a' }),
    }),
  },
  { name: 'beta', owner: 'beta', schema: t.Object({ ratio: t.Number({ default: 0.5 }) }) },
]

/** Names and texts of all kinds, but not what smol-toml refuses or `${ENV:…}` means. */
const word = fc
  .string({ unit: 'grapheme', maxLength: 12 })
  .filter(text => !['__proto__', 'constructor', 'prototype'].includes(text))
const finite = fc.double({ noDefaultInfinity: true, noNaN: true }).filter(value => !Object.is(value, -0))
const alpha = fc.record(
  {
    flag: fc.boolean(),
    count: fc.nat(),
    text: word,
    list: fc.array(word, { maxLength: 4 }),
    map: fc.dictionary(word, fc.integer(), { maxKeys: 4 }),
    choice: fc.constantFrom('a', 'b'),
  },
  { requiredKeys: [] },
)
const values = fc.record({ alpha, beta: fc.record({ ratio: finite }, { requiredKeys: [] }) }, { requiredKeys: [] })

function readText(text: string) {
  const dir = mkdtempSync(join(tmpdir(), 'flow2api-config-'))
  try {
    const file = join(dir, 'setting.toml')
    writeFileSync(file, text)
    return readDocument({ file, overrides: null, env: {} })._unsafeUnwrap()
  } finally {
    rmSync(dir, { recursive: true })
  }
}

/** The same tables with all keys in reverse, and comments around every line. */
function rewrite(table: Record<string, Record<string, unknown>>): string {
  const turned = Object.entries(table)
    .reverse()
    .map(([name, section]) => [name, Object.fromEntries(Object.entries(section).reverse())])
  return stringify(Object.fromEntries(turned))
    .split('\n')
    .flatMap(line => ['# [beta] ratio = 7', line, ''])
    .join('\r\n')
}

describe('properties', () => {
  test('normalising is idempotent', () => {
    fc.assert(
      fc.property(values, input => {
        const once = normalize(documentOf(input), sections)._unsafeUnwrap()
        expect(normalize(documentOf(once), sections)._unsafeUnwrap()).toEqual(once)
      }),
    )
  })

  test('a configuration means the same after a trip through TOML, in any order, with comments', () => {
    fc.assert(
      fc.property(values, input => {
        const hash = hashOf(normalize(documentOf(input), sections)._unsafeUnwrap())
        expect(hashOf(normalize(readText(rewrite(input)), sections)._unsafeUnwrap())).toBe(hash)
      }),
    )
  })

  test('a value that is changed changes the hash of its section alone', () => {
    fc.assert(
      fc.property(values, fc.nat(), (input, count) => {
        const before = normalize(documentOf(input), sections)._unsafeUnwrap()
        const changed = { ...input, alpha: { ...input.alpha, count } }
        const after = normalize(documentOf(changed), sections)._unsafeUnwrap()
        expect(hashOf(after['alpha']) === hashOf(before['alpha'])).toBe(before['alpha']?.['count'] === count)
        expect(hashOf(after['beta'])).toBe(hashOf(before['beta']))
      }),
    )
  })

  test('unknown keys are always reported, each with its line', () => {
    const known = new Set(sections.flatMap(({ schema }) => Object.keys(schema['properties'])))
    const unknown = word.filter(key => !known.has(key))
    fc.assert(
      fc.property(fc.uniqueArray(unknown, { minLength: 1, maxLength: 6 }), fc.nat(5), (keys, blank) => {
        const lines = ['[alpha]', ...Array.from({ length: blank }, () => '# nothing'), 'count = 3']
        const start = lines.length + 1
        lines.push(...keys.map(key => `${JSON.stringify(key)} = 1`), '[beta]', 'ratio = 1')
        const problems = normalize(readText(lines.join('\n')), sections)._unsafeUnwrapErr()
        expect(problems.map(({ path, line }) => [path, line])).toEqual(
          keys.map((key, index) => [formatPath(['alpha', key]), start + index]),
        )
      }),
    )
  })

  test('paths of any keys are read back as they were', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 5 }), keys => {
        expect(parsePath(formatPath(keys))).toEqual(keys)
      }),
    )
  })
})
