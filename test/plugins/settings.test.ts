/** The shipped settings files against the real plugins. */
import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { checkout } from '../../kernel/box.ts'
import { readDocument } from '../../kernel/config/document.ts'
import { describeProblems } from '../../kernel/config/normalize.ts'
import { parsePlugins } from '../../kernel/config/schema.ts'
import { configure, sectionOf } from '../../kernel/configuration.ts'
import { Loader } from '../../kernel/loader.ts'

const CONFIG = join(import.meta.dir, '../../config')
const files = [...new Bun.Glob('**/*.toml').scanSync({ cwd: CONFIG })].sort()
const loader = new Loader(join(import.meta.dir, '../../tmp'))

/** As the gateway reads it at start, all built-in plugins declared. */
async function load(file: string | null) {
  const document = readDocument({ file, overrides: null, env: {} })._unsafeUnwrap()
  const declared = parsePlugins(document)._unsafeUnwrap()
  const silent = checkout.ids().filter(id => !declared.some(one => one.id === id))
  const all = [...declared, ...silent.map(id => ({ id, enabled: true, use: null, required: false, baseDir: CONFIG }))]
  return configure(document, all, declaration => loader.load(declaration))
}

describe('every shipped file is valid', () => {
  test('there are the five', () => {
    expect(files).toEqual([
      'examples/development.toml',
      'examples/high-performance.toml',
      'examples/production.toml',
      'setting.toml',
      'setting_warp.toml',
    ])
  })
  for (const file of files)
    test(file, async () => {
      const loaded = await load(join(CONFIG, file))
      expect(loaded.isErr() ? describeProblems(loaded.error) : '').toBe('')
    })
})

describe('setting.toml', () => {
  test('says nothing but the defaults', async () => {
    const sections = async (file: string | null) => {
      const { blueprints, server, database } = (await load(file))._unsafeUnwrap()
      return {
        server,
        database,
        ...Object.fromEntries(blueprints.map(({ id, config, sections }) => [id, { config, sections }])),
      }
    }
    expect(await sections(join(CONFIG, 'setting.toml'))).toEqual(await sections(null))
  })

  test('names every key of every section', async () => {
    const text = await Bun.file(join(CONFIG, 'setting.toml')).text()
    const { blueprints } = (await load(null))._unsafeUnwrap()
    const keys = blueprints.flatMap(({ id, definition, config, sections }) => {
      const own = sectionOf(id, definition)
      const all = { ...(own !== undefined && { [own]: config }), ...sections } as Record<string, object> // sections are tables
      return Object.entries(all).flatMap(([section, values]) => Object.keys(values).map(key => ({ section, key })))
    })
    const missing = keys.filter(({ section, key }) => {
      const block = text.split(/^(?=\[)/m).find(part => part.startsWith(`[${section}]`)) ?? ''
      return !new RegExp(`^(# ?)?${key} *=`, 'm').test(block) && !text.includes(`[${section}.${key}]`)
    })
    expect(keys.length).toBeGreaterThan(25)
    expect(missing).toEqual([])
  })
})
