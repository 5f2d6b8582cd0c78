import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkout } from '../../kernel/box.ts'
import { Loader } from '../../kernel/loader.ts'

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'flow2api-loader-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const loader = () => new Loader(join(dir, 'tmp'))
const write = async (name: string, text: string) => {
  await mkdir(join(dir, name, '..'), { recursive: true })
  await Bun.write(join(dir, name), text)
}
const plugin = (version: string, more = '') => `
import { definePlugin, okAsync } from 'flow2api/plugin'
import { Provider } from 'flow2api/contracts'
import { word } from './word.ts'
${more}
export default definePlugin({ name: 'lab', version: '${version}', provides: [Provider], setup() { void okAsync(word) } })
`

describe('a file plugin', () => {
  test('anywhere on disk loads, with its own imports, and speaks of the same references', async () => {
    await write('a/lab.ts', plugin('1.0.0'))
    await write('a/word.ts', 'export const word: string = "x"')
    const loaded = (await loader().load({ id: 'lab', use: './lab.ts', baseDir: join(dir, 'a') }))._unsafeUnwrap()
    const { Provider } = await import('flow2api/contracts')
    expect(loaded.definition.name).toBe('lab')
    expect(loaded.definition.provides[0]).toBe(Provider)
    expect(loaded.source).toContain(join(dir, 'a', 'lab.ts'))
  })

  test('with the same content is the same definition; a change, also of what it imports, is another', async () => {
    await write('b/lab.ts', plugin('1.0.0'))
    await write('b/word.ts', 'export const word: string = "x"')
    const load = async () =>
      (await loader().load({ id: 'lab', use: './lab.ts', baseDir: join(dir, 'b') }))._unsafeUnwrap()
    const [first, second] = [await load(), await load()]
    expect(second.definition).toBe(first.definition)
    await write('b/word.ts', 'export const word: string = "y"')
    const third = await load()
    expect(third.definition).not.toBe(first.definition)
    expect(third.source).not.toBe(first.source)
  })

  test('that is broken is reported with file and line, and loads once it is repaired', async () => {
    await write('c/word.ts', 'export const word: string = "x"')
    await write('c/lab.ts', plugin('1.0.0', 'const = 3'))
    const load = () => loader().load({ id: 'lab', use: join(dir, 'c/lab.ts'), baseDir: '/' })
    const broken = (await load())._unsafeUnwrapErr()
    expect(broken.code).toBe('plugin_invalid')
    expect(broken.message).toContain(`${join(dir, 'c/lab.ts')}:5:`)
    await write('c/lab.ts', plugin('1.0.0', 'throw new Error("at import")'))
    const throwing = (await load())._unsafeUnwrapErr()
    expect(throwing.message).toContain('at import')
    expect(throwing.message).toContain(`${join(dir, 'c/lab.ts')}:5`)
    await write('c/lab.ts', plugin('2.0.0'))
    expect((await load())._unsafeUnwrap().definition.version).toBe('2.0.0')
  })

  test('says what is wrong with it', async () => {
    const load = async (text: string) => {
      await write('d/lab.ts', text)
      return (await loader().load({ id: 'lab', use: './lab.ts', baseDir: join(dir, 'd') }))._unsafeUnwrapErr().message
    }
    expect(await load('export const x = 1')).toContain('its default export is missing')
    expect(await load('export default 3')).toContain('its default export is a number')
    expect(await load('export default { name: "x" }')).toContain('was not made by definePlugin')
    expect(await load('export default { api: 9, setup() {} }')).toContain('contract 9')
    expect(await load('import x from "no-such-package"; export default x')).toContain('no-such-package')
    const missing = (await loader().load({ id: 'lab', use: './none.ts', baseDir: dir }))._unsafeUnwrapErr()
    expect(missing).toMatchObject({ code: 'plugin_not_found', message: expect.stringContaining(join(dir, 'none.ts')) })
  })
})

describe('a package', () => {
  test('loads from the node_modules beside the settings and gets the kernel’s own modules', async () => {
    await write(
      'e/node_modules/flow2api-acme/package.json',
      '{"name":"flow2api-acme","version":"1.0.0","module":"index.js","type":"module"}',
    )
    await write(
      'e/node_modules/flow2api-acme/index.js',
      'import { definePlugin, Kernel } from "flow2api/plugin"; export default definePlugin({ name: "acme", version: "1.0.0", requires: { k: Kernel }, setup() {} })',
    )
    const loaded = (await loader().load({ id: 'acme', use: 'flow2api-acme', baseDir: join(dir, 'e') }))._unsafeUnwrap()
    const { Kernel } = await import('flow2api/plugin')
    expect(loaded.source).toBe('flow2api-acme')
    expect(loaded.definition.requires.k).toBe(Kernel)
  })

  test('that is not installed is named with the command that installs it', async () => {
    const fault = (await loader().load({ id: 'x', use: 'flow2api-none', baseDir: dir }))._unsafeUnwrapErr()
    expect(fault.message).toContain('bun add flow2api-none')
  })
})

test('a built-in plugin that does not exist is answered with those that do', async () => {
  const fault = (await loader().load({ id: 'nope', use: null, baseDir: dir }))._unsafeUnwrapErr()
  expect(fault.code).toBe('plugin_not_found')
  expect(checkout.ids()).not.toContain('contracts')
})
