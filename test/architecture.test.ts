/** The rules of the house, checked on the source itself. ARCHITECTURE.md says why each is there. */
import { describe, expect, test } from 'bun:test'
import { dirname, join, normalize } from 'node:path'

const ROOT = join(import.meta.dir, '..')
const SOFT_LINES = 200
const HARD_LINES = 400

interface Source {
  readonly path: string
  readonly text: string
  /** Everything that the file imports, types too; own files as paths from the root. */
  readonly imports: readonly string[]
}

const read = async (pattern: string): Promise<Source[]> =>
  Promise.all(
    [...new Bun.Glob(pattern).scanSync({ cwd: ROOT })].sort().map(async path => {
      const text = await Bun.file(join(ROOT, path)).text()
      const specifiers = [...text.matchAll(/(?:\bfrom|\bimport|\bimport\()\s*['"]([^'"]+)['"]/g)].map(
        ([, name]) => name ?? '',
      )
      const imports = specifiers.map(name => (name.startsWith('.') ? normalize(join(dirname(path), name)) : name))
      return { path, text, imports }
    }),
  )

const kernel = await read('kernel/**/*.ts')
const contracts = await read('plugins/contracts/**/*.ts')
const plugins = (await read('plugins/*/**/*.ts')).filter(({ path }) => !path.startsWith('plugins/contracts/'))
const broken = (sources: readonly Source[], allowed: Rule) =>
  sources.flatMap(source =>
    source.imports.filter(name => !allowed(name, source)).map(name => `${source.path} imports ${name}`),
  )

type Rule = (imported: string, source: Pick<Source, 'path'>) => boolean

const kernelMay: Rule = name => !name.startsWith('plugins/') && name !== 'flow2api/contracts'
const contractMay: Rule = name => name === 'flow2api/plugin' || name.startsWith('plugins/contracts/')
const pluginMay: Rule = (name, { path }) => {
  const home = (place: string) => place.split('/').slice(0, 2).join('/')
  if (name.startsWith('flow2api/')) return name === 'flow2api/plugin' || name === 'flow2api/contracts'
  if (/^(kernel|plugins|test|config)\//.test(name) || name.startsWith('..')) return home(name) === home(path)
  return true
}

describe('imports', () => {
  test('there is something to check', () => {
    expect(kernel.length).toBeGreaterThan(20)
    expect(contracts.length).toBeGreaterThan(5)
    expect(plugins.length).toBeGreaterThan(20)
  })

  test('the kernel never imports anything under plugins', () => {
    expect(broken(kernel, kernelMay)).toEqual([])
  })

  test('contracts know the kernel’s public contract and each other, nothing else', () => {
    expect(broken(contracts, contractMay)).toEqual([])
  })

  test('a plugin imports the two public modules, packages and itself', () => {
    expect(broken(plugins, pluginMay)).toEqual([])
  })

  test('the rules would notice', () => {
    const at = { path: 'plugins/a/index.ts' }
    expect(
      ['plugins/b/index.ts', 'kernel/kernel.ts', 'flow2api/testing', '../outside.ts'].filter(name =>
        pluginMay(name, at),
      ),
    ).toEqual([])
    expect(['plugins/a/x.ts', 'flow2api/plugin', 'pino'].every(name => pluginMay(name, at))).toBe(true)
    expect(kernelMay('plugins/auth/index.ts', at) || contractMay('pino', at)).toBe(false)
  })
})

/** Files that come back to themselves by what they import. */
function inCircles(sources: readonly Pick<Source, 'path' | 'imports'>[]): string[] {
  const importsOf = new Map(sources.map(({ path, imports }) => [path, imports]))
  return sources.flatMap(({ path, imports }) => {
    const seen = new Set<string>()
    const open = [...imports]
    for (let next = open.pop(); next !== undefined; next = open.pop())
      if (!seen.has(next)) {
        seen.add(next)
        open.push(...(importsOf.get(next) ?? []))
      }
    return seen.has(path) ? [path] : []
  })
}

describe('circles', () => {
  test('there is one, of the pool: a seat knows its roster, and a roster ranks its seats', async () => {
    const pool = ['ranking', 'roster', 'seat', 'use'].map(name => `plugins/token-pool/${name}.ts`)
    expect(inCircles(await read('{kernel,plugins}/**/*.{ts,tsx}'))).toEqual(pool)
  })

  test('the rule would notice', () => {
    const file = (path: string, ...imports: string[]) => ({ path, imports })
    const house = [file('a', 'b'), file('b', 'c'), file('c', 'b', 'd'), file('d')]
    expect(inCircles(house)).toEqual(['b', 'c'])
  })
})

/** Mutable state at the top level of a module. Constants of a read-only type, and frozen tables, are none. */
function moduleState(text: string): string[] {
  return text
    .split('\n')
    .filter(
      line =>
        /^(export\s+)?(let|var)\s/.test(line) ||
        (/^(export\s+)?const\s.*=\s*new\s+(Weak)?(Map|Set)\b/.test(line) && !/:\s*Readonly(Map|Set)</.test(line)) ||
        /^(export\s+)?const\s+\w+(:[^=]*)?\s*=\s*(\[\]|\{\})\s*$/.test(line),
    )
}

describe('state', () => {
  test('no plugin or contract keeps any in a module: two generations overlap', () => {
    const found = [...plugins, ...contracts].flatMap(({ path, text }) =>
      moduleState(text).map(line => `${path}: ${line}`),
    )
    expect(found).toEqual([])
  })

  test('the rule would notice', () => {
    const examples = [
      'let n = 0',
      'export var x',
      'const seen = new Map<string, number>()',
      'export const cache: Record<string, string> = {}',
    ]
    expect(examples.flatMap(moduleState)).toEqual(examples)
    expect(
      moduleState('const A: ReadonlySet<string> = new Set([1])\nconst B = { a: 1 } as const\n  let inside = 1'),
    ).toEqual([])
  })
})

describe('size', () => {
  const sources = [...kernel, ...contracts, ...plugins]
  const long = (limit: number) =>
    sources.filter(({ text }) => text.split('\n').length - 1 > limit).map(({ path }) => path)

  test(`no file has more than ${HARD_LINES} lines`, () => {
    expect(long(HARD_LINES)).toEqual([])
  })

  test(`at most one in ten has more than ${SOFT_LINES}`, () => {
    expect(long(SOFT_LINES).length).toBeLessThanOrEqual(Math.ceil(sources.length / 10))
  })
})

describe('each plugin', () => {
  const ids = [...new Set(plugins.map(({ path }) => path.split('/')[1] ?? ''))].sort()
  for (const id of ids)
    test(`${id} has its definition and one page about itself`, async () => {
      expect(await Bun.file(join(ROOT, 'plugins', id, 'index.ts')).exists()).toBe(true)
      expect((await Bun.file(join(ROOT, 'plugins', id, 'README.md')).text()).length).toBeGreaterThan(300)
    })
})
