// biome-ignore-all lint/suspicious/noTemplateCurlyInString: configuration files mention variables as ${ENV:NAME}
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { documentOf, readDocument } from '../../kernel/config/document.ts'

const dir = mkdtempSync(join(tmpdir(), 'flow2api-config-'))
afterAll(() => rmSync(dir, { recursive: true }))

let files = 0
function write(text: string): string {
  const file = join(dir, `${++files}.toml`)
  writeFileSync(file, text)
  return file
}

const read = (file: string | null, overrides: string | null = null, env: Record<string, string> = {}) =>
  readDocument({ file, overrides, env })
const problemsOf = (file: string | null, overrides: string | null = null) => read(file, overrides)._unsafeUnwrapErr()

describe('reading', () => {
  test('no file at all is an empty configuration', () => {
    const document = read(null)._unsafeUnwrap()
    expect(document.values).toEqual({})
    expect(document.origin('flow.timeout')).toBe('default')
    expect(document.locate('flow.timeout').line).toBeNull()
  })

  test('overrides win key by key, and what they do not mention stays', () => {
    const file = write('[flow]\ntimeout = 1\npoll_interval = 2\npool = ["a", "b"]\n[cache]\nenabled = true')
    const overrides = write('[flow]\ntimeout = 9\npool = ["c"]\n[debug]\nenabled = true')
    const document = read(file, overrides)._unsafeUnwrap()
    expect(document.values).toEqual({
      flow: { timeout: 9, poll_interval: 2, pool: ['c'] },
      cache: { enabled: true },
      debug: { enabled: true },
    })
    expect(document.origin('flow.timeout')).toBe('overrides')
    expect(document.origin('flow.poll_interval')).toBe('file')
    expect(document.origin('flow.max_poll_attempts')).toBe('default')
    expect(document.locate('flow.timeout')).toEqual({ file: overrides, line: 2 })
    expect(document.locate('flow.poll_interval')).toEqual({ file, line: 3 })
  })

  test('a missing overrides file is fine', () => {
    expect(read(write('[a]\nb = 1'), join(dir, 'nowhere.toml'))._unsafeUnwrap().values).toEqual({ a: { b: 1 } })
  })

  test('a byte order mark and Windows line ends do not matter', () => {
    const document = read(write('\uFEFF[a]\r\nb = 1\r\nc = 2\r\n'))._unsafeUnwrap()
    expect(document.values).toEqual({ a: { b: 1, c: 2 } })
    expect(document.locate('a.c').line).toBe(3)
  })

  test('section names that every object has are sections like others', () => {
    const document = read(write('[toString]\na = 1'))._unsafeUnwrap()
    expect(Object.keys(document.values)).toEqual(['toString'])
    expect(document.origin('valueOf')).toBe('default')
  })

  test('the environment is where a value comes from when it sets it', () => {
    const file = write('[server]\nport = 1\nhost = "a"')
    const document = read(file, null, { FLOW2API_PORT: '2', FLOW2API_SERVER_HOST: '' })._unsafeUnwrap()
    expect(document.origin('server.port')).toBe('environment')
    expect(document.locate('server.port')).toEqual({ file: 'FLOW2API_PORT', line: null })
    expect(document.origin('server.host')).toBe('file')
  })
})

describe('lines', () => {
  const file = write(
    [
      '# comment', // 1
      '[proxy]',
      'pool = [', // 3
      '  "a",',
      '  "b", # why', // 5
      ']',
      'nested.deep = 1', // 7
      'nested.other = 2',
      '[models]', // 9
      'aliases = { "gpt-image-1.5" = "x",', // 10
      '  other = "y" }',
      '[plugins.lab]', // 12
      'use = "./x.ts"',
    ].join('\n'),
  )
  const document = read(file)._unsafeUnwrap()

  test.each([
    ['proxy', 2],
    ['proxy.pool', 3],
    ['proxy.pool.1', 5],
    ['proxy.nested', 7],
    ['proxy.nested.other', 8],
    ['models.aliases."gpt-image-1.5"', 10],
    ['models.aliases.other', 11],
    ['plugins.lab', 12],
    ['plugins.lab.use', 13],
  ])('%s stands on line %d', (path, line) => {
    expect(document.locate(path)).toEqual({ file, line })
  })

  test('what is not written is looked for in the table around it', () => {
    expect(document.locate('proxy.fallback').line).toBe(2)
    expect(document.locate('nothing.at.all').line).toBeNull()
  })
})

describe('plugins', () => {
  const merge = (base: string, over: string) =>
    read(write(`[plugins]\nlab = ${base}`), write(`[plugins]\nlab = ${over}`))._unsafeUnwrap().values['plugins']?.[
      'lab'
    ]

  test('entries merge deeply, so that switching off forgets nothing', () => {
    expect(merge('{ use = "x", required = true }', '{ required = false }')).toEqual({ use: 'x', required: false })
    expect(merge('{ use = "x" }', 'false')).toEqual({ use: 'x', enabled: false })
    expect(merge('false', '{ use = "x" }')).toEqual({ enabled: false, use: 'x' })
    expect(merge('true', 'false')).toBe(false)
  })
})

describe('${ENV:NAME}', () => {
  const text = '[a]\nb = "x-${ENV:ONE}-${ENV:TWO}"\nc = ["${ENV:ONE}", 1]\nd = { e = "${ENV:TWO}" }\nf = "${HOME}"'

  test('is expanded inside of texts, wherever they stand', () => {
    const document = read(write(text), null, { ONE: '1', TWO: '' })._unsafeUnwrap()
    expect(document.values['a']).toEqual({ b: 'x-1-', c: ['1', 1], d: { e: '' }, f: '${HOME}' })
    expect([...document.mentioned].sort()).toEqual(['ONE', 'TWO'])
    expect(document.problems).toEqual([])
  })

  test('a value that came from the environment is not expanded again', () => {
    const document = read(write('[a]\nb = "${ENV:ONE}"'), null, { ONE: '${ENV:TWO}', TWO: 'no' })._unsafeUnwrap()
    expect(document.values['a']?.['b']).toBe('${ENV:TWO}')
  })

  test('a missing variable is a problem that names it, with its line', () => {
    const problems = read(write(text), null, { ONE: '1' })._unsafeUnwrap().problems
    expect(problems.map(({ path, line }) => [path, line])).toEqual([
      ['a.b', 2],
      ['a.d.e', 4],
    ])
    expect(problems[0]?.message).toContain('TWO')
  })
})

describe('what cannot be read', () => {
  test('a file that was named and does not exist', () => {
    const file = join(dir, 'nowhere.toml')
    expect(problemsOf(file)).toEqual([
      { path: '', file, line: null, suggestion: null, message: expect.stringContaining('does not exist') },
    ])
  })

  test('a directory, and bytes that are no text', () => {
    mkdirSync(join(dir, 'folder'))
    expect(problemsOf(join(dir, 'folder'))[0]?.message).toContain('is a directory')
    const binary = join(dir, 'binary.toml')
    writeFileSync(binary, new Uint8Array([0x61, 0xff, 0xfe]))
    expect(problemsOf(binary)[0]?.message).toContain('UTF-8')
  })

  test.each([
    ['[a]\nb = ', 2],
    ['[a]\nb = 1\nb = 2', 3],
    ['[a]\nb = 1\n\n[a]\nc = 1', 4],
    ['[a\nb = 1', 1],
    ['__proto__ = 1', 1],
    ['[a]\nb = 99999999999999999999', 2],
  ])('%j is not TOML, line %d', (text, line) => {
    const file = write(text)
    expect(problemsOf(file)).toMatchObject([{ file, line, path: '' }])
  })

  test('the message of a syntax error quotes nothing of the file', () => {
    const [problem] = problemsOf(write('[global]\napi_key = "sk-very-secret'))
    expect(problem?.message).not.toContain('sk-very')
    expect(problem?.message).not.toContain('\n')
  })

  test('both files are reported at once', () => {
    expect(problemsOf(write('a = '), write('b = '))).toHaveLength(2)
  })

  test('what stands outside of sections, and lists of tables, leave the rest readable', () => {
    const document = read(write('port = 1\n[flow]\ntimeout = 2\n[[cache]]\nenabled = true'))._unsafeUnwrap()
    expect(document.values).toEqual({ flow: { timeout: 2 } })
    expect(document.problems).toMatchObject([
      { path: 'port', line: 1, message: expect.stringContaining('[section]') },
      { path: 'cache', line: 4, message: expect.stringContaining('[cache]') },
    ])
  })
})

test('documentOf stands in no file', () => {
  const document = documentOf({ flow: { timeout: 1 } }, { FLOW2API_FLOW_TIMEOUT: '2' })
  expect(document.file).toBeNull()
  expect(document.origin('flow.timeout')).toBe('environment')
  expect(document.locate('flow.other').line).toBeNull()
})
