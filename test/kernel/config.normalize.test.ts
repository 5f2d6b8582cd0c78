// biome-ignore-all lint/suspicious/noTemplateCurlyInString: configuration files mention variables as ${ENV:NAME}
import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { t } from 'elysia'
import { type Document, documentOf, readDocument } from '../../kernel/config/document.ts'
import { describeProblems, hashOf, maskSecrets, normalize, unknownEnvironment } from '../../kernel/config/normalize.ts'
import { DatabaseSection, type SectionSpec, ServerSection, secret } from '../../kernel/config/schema.ts'

const sections: readonly SectionSpec[] = [
  { name: 'server', schema: ServerSection, owner: 'kernel' },
  { name: 'database', schema: DatabaseSection, owner: 'kernel' },
  {
    name: 'global',
    owner: 'auth',
    schema: t.Object({ api_key: secret(t.String({ default: '' })), admin_password: secret(t.String({ default: '' })) }),
  },
  {
    name: 'flow',
    owner: 'flow-provider',
    schema: t.Object({
      timeout: t.Integer({ default: 120, minimum: 1 }),
      poll_interval: t.Number({ default: 3, minimum: 0.05 }),
    }),
  },
  {
    name: 'proxy',
    owner: 'proxy',
    schema: t.Object({
      proxy_enabled: t.Boolean({ default: false }),
      pool: t.Array(secret(t.String({ minLength: 1 })), { default: [] }),
      fallback: t.UnionEnum(['direct', 'none'], { default: 'direct' }),
      mode: t.Union([t.Literal('sticky'), t.Literal('random')], { default: 'sticky' }),
    }),
  },
  {
    name: 'models',
    owner: 'generation',
    schema: t.Object({ aliases: t.Record(t.String(), t.String(), { default: {} }) }),
  },
  { name: 'debug', owner: 'debug', schema: t.Object({ enabled: t.Boolean({ default: false }) }) },
]

function fromToml(text: string, env: Record<string, string> = {}): { document: Document; file: string } {
  const dir = mkdtempSync(join(tmpdir(), 'flow2api-config-'))
  const file = join(dir, 'setting.toml')
  try {
    writeFileSync(file, text)
    return { document: readDocument({ file, overrides: null, env })._unsafeUnwrap(), file }
  } finally {
    rmSync(dir, { recursive: true })
  }
}
const valuesOf = (text: string, env: Record<string, string> = {}) =>
  normalize(fromToml(text, env).document, sections)._unsafeUnwrap()
const problemsOf = (text: string, env: Record<string, string> = {}) =>
  normalize(fromToml(text, env).document, sections)._unsafeUnwrapErr()

describe('defaults', () => {
  test('every section is there, complete, whether it is written or not', () => {
    const values = valuesOf('[flow]\ntimeout = 5')
    expect(values['flow']).toEqual({ timeout: 5, poll_interval: 3 })
    expect(values['server']).toEqual({
      host: '127.0.0.1',
      port: 8000,
      public_url: '',
      cors_origins: ['*'],
      drain_timeout_s: 60,
      setup_timeout_s: 30,
      rollback_window_s: 60,
      watch: false,
      max_body_mb: 128,
    })
    expect(values['database']).toEqual({ url: '' })
  })

  test('neither the document nor the schemas are changed by it', () => {
    const { document } = fromToml('[proxy]\npool = ["a"]')
    const before = structuredClone(document.values)
    const first = normalize(document, sections)._unsafeUnwrap()
    const pool = first['proxy']?.['pool']
    if (Array.isArray(pool)) pool.push('spoilt')
    const origins = first['server']?.['cors_origins']
    if (Array.isArray(origins)) origins.push('spoilt')
    expect(document.values).toEqual(before)
    expect(normalize(document, sections)._unsafeUnwrap()['server']?.['cors_origins']).toEqual(['*'])
  })
})

describe('problems', () => {
  test('all come at once, with path, file and line, in the order of the file', () => {
    const text = [
      'stray = 1', // 1
      '[server]',
      'prot = 1', // 3
      'port = 70000',
      '[flwo]', // 5
      '[flow]',
      'timeout = 0', // 7
      'poll_interval = "3"',
      '[proxy]', // 9
      'pool = ["a", 3]',
      'mode = "stiky"', // 11
      '[models.aliases]',
      '"gpt-image-1.5" = 7', // 13
      '[plugins]',
      'lab = 3', // 15
    ].join('\n')
    const { document, file } = fromToml(text, { FLOW2API_PROXY_FALLBACK: 'direkt' })
    const problems = normalize(document, sections)._unsafeUnwrapErr()
    expect(problems.map(({ path, line, suggestion }) => [path, line, suggestion])).toEqual([
      ['stray', 1, null],
      ['server.prot', 3, 'port'],
      ['server.port', 4, null],
      ['flwo', 5, 'flow'],
      ['flow.timeout', 7, null],
      ['flow.poll_interval', 8, '3'],
      ['proxy.pool.1', 10, null],
      ['proxy.mode', 11, '"sticky"'],
      ['models.aliases."gpt-image-1.5"', 13, null],
      ['plugins.lab', 15, null],
      ['proxy.fallback', null, '"direct"'],
    ])
    expect(problems.slice(0, -1).every(problem => problem.file === file)).toBe(true)
    expect(problems.at(-1)?.file).toBe('FLOW2API_PROXY_FALLBACK')
  })

  test.each([
    ['[server]\nport = 70000', 'Found 70000 where a whole number from 0 to 65535 is allowed.'],
    ['[server]\nport = "8000"', 'Found the text "8000" where a whole number from 0 to 65535 is allowed.'],
    ['[server]\nport = 1.5', 'Found 1.5 where a whole number from 0 to 65535 is allowed.'],
    ['[server]\nhost = ""', 'Found the text "" where text in quotes that is not empty is allowed.'],
    ['[server]\nsetup_timeout_s = 0', 'Found 0 where a number above 0 is allowed.'],
    ['[flow]\npoll_interval = nan', 'Found NaN where a number of at least 0.05 is allowed.'],
    ['[flow]\ntimeout = 1979-05-27', 'Found a date where a whole number of at least 1 is allowed.'],
    ['[proxy]\nfallback = "maybe"', 'Found the text "maybe" where one of "direct", "none" is allowed.'],
    ['[proxy]\nproxy_enabled = 1', 'Found 1 where true or false is allowed.'],
    ['[proxy]\npool = "a"', 'Found the text "a" where a list, each text in quotes that is not empty is allowed.'],
    ['[server]\npublic_url = "example.com"', 'http:// or https://'],
    ['[debug]\nenabled = {}', 'Found a table where true or false is allowed.'],
    ['[flow]\ntimout = 1', '`timout` is not a setting of [flow].'],
    ['[token-pool]\na = 1', 'There is no section [token-pool], and [plugins] names no plugin like that.'],
    ['[flow-provider]\na = 1', 'The settings of the plugin "flow-provider" stand in [flow].'],
    ['[plugins]\nadmin = true\n[admin]\na = 1', 'The plugin "admin" has no settings.'],
  ])('%j', (text, message) => {
    expect(problemsOf(text)).toMatchObject([{ message: expect.stringContaining(message) }])
  })

  test('a key that belongs to another section is sent there', () => {
    expect(problemsOf('[server]\npoll_interval = 1')).toMatchObject([{ suggestion: 'flow.poll_interval' }])
  })

  test('no secret shows, under its own name or a mistaken one', () => {
    const text = '[global]\napi_key = 123456\napi_kye = "sk-1"\n[proxy]\npool = [["sk-2"]]\napi_key = "sk-3"'
    const told = describeProblems(problemsOf(text, { FLOW2API_SERVER_PUBLIC_URL: 'http://me:sk-4/x@host?' }))
    expect(told).toContain('Found a number (secret, not shown)')
    expect(told).not.toMatch(/sk-\d|123456/)
  })

  test('a value whose variable is missing is one problem, not two', () => {
    expect(problemsOf('[server]\npublic_url = "${ENV:NOT_SET}"')).toMatchObject([
      { path: 'server.public_url', message: expect.stringContaining('NOT_SET') },
    ])
  })

  test('a section of a plugin whose definition is missing passes as it is', () => {
    const { document } = fromToml('[lab]\nanything = { goes = [1] }\n[plugins]\nlab = { use = "./gone.ts" }')
    expect(normalize(document, sections, { knownIds: ['lab'] })._unsafeUnwrap()['lab']).toEqual({
      anything: { goes: [1] },
    })
    expect(normalize(document, sections).isErr()).toBe(true)
  })

  test('mistakes in [plugins] do not bring sections of its plugins under suspicion', () => {
    const text = '[lab]\na = 1\n[lba]\na = 1\n[flow]\ntimeout = 0\n[plugins]\nlab = { us = "./lab.ts" }'
    expect(problemsOf(text).map(({ path }) => path)).toEqual(['lba', 'flow.timeout', 'plugins.lab.us'])
  })

  test('a key without a default is asked for', () => {
    const strict = [{ name: 'acme', owner: 'acme', schema: t.Object({ base_url: t.String() }) }]
    const { document } = fromToml('# nothing yet\n[acme]')
    expect(normalize(document, strict)._unsafeUnwrapErr()).toMatchObject([
      {
        path: 'acme.base_url',
        line: 2,
        message: '`base_url` is missing, and has no default. It has to be text in quotes.',
      },
    ])
  })

  test('unknown keys are refused in tables inside of sections, too, unless their schema allows them', () => {
    const specs = [
      {
        name: 'acme',
        owner: 'acme',
        schema: t.Object({
          retry: t.Object({ times: t.Integer({ default: 1 }) }, { default: {} }),
          extra: t.Object({}, { default: {}, additionalProperties: true }),
        }),
      },
    ]
    const { document } = fromToml('[acme]\nextra = { a = 1 }\n[acme.retry]\ntime = 3')
    expect(normalize(document, specs)._unsafeUnwrapErr()).toMatchObject([
      { path: 'acme.retry.time', line: 4, suggestion: 'times' },
    ])
  })

  test('the terminal gets one block with places and suggestions', () => {
    const { document, file } = fromToml('[flow]\ntimout = 1')
    expect(describeProblems(normalize(document, sections)._unsafeUnwrapErr())).toBe(
      `The configuration has one problem:\n\n  ${file}:2  flow.timout\n      \`timout\` is not a setting of [flow]. Did you mean \`timeout\`?\n`,
    )
  })
})

describe('environment', () => {
  test('it wins over the file, with the types of the schema', () => {
    const values = valuesOf('[server]\nport = 1\n[flow]\ntimeout = 1', {
      FLOW2API_PORT: '9000',
      FLOW2API_SERVER_HOST: '0.0.0.0',
      FLOW2API_SERVER_CORS_ORIGINS: 'https://a.example, https://b.example',
      FLOW2API_API_KEY: '0123',
      FLOW2API_DEBUG: 'on',
      FLOW2API_FLOW_POLL_INTERVAL: '0.5',
      FLOW2API_PROXY_POOL: '["http://a,b"]',
      FLOW2API_PROXY_FALLBACK: 'none',
      FLOW2API_PROXY_MODE: 'random',
      FLOW2API_MODELS_ALIASES: '{"a": "b"}',
      FLOW2API_FLOW_TIMEOUT: '',
    })
    expect(values['server']).toMatchObject({
      port: 9000,
      host: '0.0.0.0',
      cors_origins: ['https://a.example', 'https://b.example'],
    })
    expect(values['global']?.['api_key']).toBe('0123')
    expect(values['debug']).toEqual({ enabled: true })
    expect(values['flow']).toEqual({ timeout: 1, poll_interval: 0.5 })
    expect(values['proxy']).toMatchObject({ pool: ['http://a,b'], fallback: 'none', mode: 'random' })
    expect(values['models']).toEqual({ aliases: { a: 'b' } })
  })

  test('the short name wins over the long one', () => {
    const env = { FLOW2API_HOST: 'short', FLOW2API_SERVER_HOST: 'long' }
    expect(valuesOf('', env)['server']?.['host']).toBe('short')
  })

  test.each([
    ['FLOW2API_PORT', 'many', 'server.port'],
    ['FLOW2API_DEBUG', 'maybe', 'debug.enabled'],
    ['FLOW2API_PROXY_POOL', '[not json', 'proxy.pool'],
    ['FLOW2API_MODELS_ALIASES', 'a=b', 'models.aliases'],
  ])('%s=%s is a problem that names the variable', (name, text, path) => {
    expect(problemsOf('', { [name]: text })).toMatchObject([{ path, file: name, line: null }])
  })

  test('variables that set nothing are told, with what was probably meant', () => {
    const { document } = fromToml('[flow]\ntimeout = 1\n[plugins]\nlab = false', {
      FLOW2API_PROT: '1',
      FLOW2API_FLOW_TIMEOUTS: 'secret-value',
      FLOW2API_SOMETHING_ELSE_ENTIRELY: 'x',
      FLOW2API_PORT: '1',
      FLOW2API_CONFIG: 'a',
      FLOW2API_DATA_DIR: 'b',
      FLOW2API_TMP_DIR: 'c',
      FLOW2API_SECRET_KEY: 'd',
      FLOW2API_LOG_LEVEL: 'e',
      FLOW2API_LAB_ANYTHING: 'x',
      FLOW2API_PLUGINS_CACHE: 'false',
      FLOW2API_EMPTY: '',
      OTHER: 'x',
    })
    expect(unknownEnvironment(document, sections)).toEqual([
      'The environment variable FLOW2API_PROT sets nothing. Did you mean FLOW2API_PORT?',
      'The environment variable FLOW2API_FLOW_TIMEOUTS sets nothing. Did you mean FLOW2API_FLOW_TIMEOUT?',
      'The environment variable FLOW2API_SOMETHING_ELSE_ENTIRELY sets nothing.',
    ])
  })

  test('a variable that the file mentions is of use', () => {
    const { document } = fromToml('[global]\napi_key = "${ENV:FLOW2API_MINE}"', { FLOW2API_MINE: 'x' })
    expect(unknownEnvironment(document, sections)).toEqual([])
  })
})

describe('masking', () => {
  test('secrets and passwords in URLs go, the rest stays', () => {
    const values = {
      global: { api_key: 'sk-1', admin_password: '' },
      proxy: { pool: ['http://u:sk-2@h'], fallback: 'direct', seen: 'socks5://u:p@ss@h:1 and http://plain' },
      lab: { token: 'sk-3', port: 1, nested: { list: ['sk-4'] } },
    }
    const masked = maskSecrets(values, sections)
    expect(masked).toEqual({
      global: { api_key: '********', admin_password: '' },
      proxy: { pool: ['********'], fallback: 'direct', seen: 'socks5://u:********@h:1 and http://plain' },
      lab: { token: '********', port: 1, nested: { list: ['********'] } },
    })
    expect(values.global.api_key).toBe('sk-1')
  })

  test('a secret table is masked to its last leaf', () => {
    const specs = [
      {
        name: 'a',
        owner: 'a',
        schema: t.Object({ headers: secret(t.Record(t.String(), t.String())), n: secret(t.Number()) }),
      },
    ]
    expect(maskSecrets({ a: { headers: { 'x-key': 'sk-1' }, n: 5 } }, specs)).toEqual({
      a: { headers: { 'x-key': '********' }, n: '********' },
    })
  })
})

describe('hash', () => {
  test('differs where the meaning differs', () => {
    const hashes = [{ a: 1 }, { a: '1' }, { a: [1, 2] }, { a: [2, 1] }, { a: { b: 1 } }, {}, [], null, undefined].map(
      hashOf,
    )
    expect(new Set(hashes).size).toBe(hashes.length)
  })

  test('writing out a default changes nothing', () => {
    const hash = (text: string) => hashOf(valuesOf(text))
    expect(hash('[flow]\ntimeout = 120 # as always\n[server]')).toBe(hash(''))
    expect(hash('[flow]\ntimeout = 121')).not.toBe(hash(''))
  })
})

test('documentOf is normalised like a file', () => {
  expect(normalize(documentOf({ flow: { timeout: 7 } }), sections)._unsafeUnwrap()['flow']?.['timeout']).toBe(7)
})
