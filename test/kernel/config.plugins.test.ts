// biome-ignore-all lint/suspicious/noTemplateCurlyInString: configuration files mention variables as ${ENV:NAME}
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readDocument } from '../../kernel/config/document.ts'
import { parsePlugins } from '../../kernel/config/schema.ts'

const dir = mkdtempSync(join(tmpdir(), 'flow2api-config-'))
afterAll(() => rmSync(dir, { recursive: true }))
mkdirSync(join(dir, 'config'))
mkdirSync(join(dir, 'data'))
const file = join(dir, 'config', 'setting.toml')
const overrides = join(dir, 'data', 'overrides.toml')

function parse(text: string, over = '', env: Record<string, string> = {}) {
  writeFileSync(file, text === '' ? '' : `[plugins]\n${text}`)
  writeFileSync(overrides, over === '' ? '' : `[plugins]\n${over}`)
  return parsePlugins(readDocument({ file, overrides, env })._unsafeUnwrap())
}

describe('[plugins]', () => {
  test('true, false and tables, in the order of the file', () => {
    const declared = parse('cache = true\ndebug = false\nlab = { use = "../lab.ts", required = true }')._unsafeUnwrap()
    const baseDir = join(dir, 'config')
    expect(declared).toEqual([
      { id: 'cache', enabled: true, use: null, required: false, baseDir },
      { id: 'debug', enabled: false, use: null, required: false, baseDir },
      { id: 'lab', enabled: true, use: '../lab.ts', required: true, baseDir },
    ])
  })

  test('nothing declared is nothing wrong', () => {
    expect(parse('')._unsafeUnwrap()).toEqual([])
  })

  test('a relative `use` starts where it is written, also when the other file switches the plugin', () => {
    const base = (text: string, over: string) => parse(text, over)._unsafeUnwrap()[0]
    expect(base('lab = { use = "./a.ts" }', 'lab = { use = "./b.ts" }')).toMatchObject({
      use: './b.ts',
      baseDir: join(dir, 'data'),
    })
    expect(base('lab = { use = "./a.ts" }', 'lab = false')).toMatchObject({
      use: './a.ts',
      enabled: false,
      baseDir: join(dir, 'config'),
    })
  })

  test('the environment switches plugins on and off', () => {
    const env = { FLOW2API_PLUGINS_FLOW_PROVIDER: 'false', FLOW2API_PLUGINS_LAB: 'yes', FLOW2API_PLUGINS_CACHE: '' }
    const declared = parse('lab = { use = "./a.ts", enabled = false }\ncache = true', '', env)._unsafeUnwrap()
    expect(declared.map(({ id, enabled, use }) => [id, enabled, use])).toEqual([
      ['lab', true, './a.ts'],
      ['cache', true, null],
      ['flow-provider', false, null],
    ])
  })

  test('all mistakes come at once, with lines and suggestions', () => {
    const text = 'Lab = true\na_b = true\ncache = 1\nlab = { us = "x", required = "no", use = "" }'
    const problems = parse(text, '', { FLOW2API_PLUGINS_DEBUG: 'maybe' })._unsafeUnwrapErr()
    expect(problems.map(({ path, line, suggestion }) => [path, line, suggestion])).toEqual([
      ['plugins.debug', null, null],
      ['plugins.Lab', 2, null],
      ['plugins.a_b', 3, null],
      ['plugins.cache', 4, null],
      ['plugins.lab.us', 5, 'use'],
      ['plugins.lab.required', 5, null],
      ['plugins.lab.use', 5, null],
    ])
    expect(problems[0]?.file).toBe('FLOW2API_PLUGINS_DEBUG')
  })

  test('a path whose variable is missing is not handed on half-expanded', () => {
    expect(parse('lab = { use = "${ENV:NOT_SET}/x.ts" }')._unsafeUnwrapErr()).toMatchObject([
      { path: 'plugins.lab.use', message: expect.stringContaining('NOT_SET') },
    ])
  })
})
