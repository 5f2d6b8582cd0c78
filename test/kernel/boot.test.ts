import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { only, spawnGateway, startGateway } from '../fixtures/gateway.ts'

let dir = ''
let none = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'flow2api-boot-'))
  none = await only()
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const until = async (holds: () => boolean) => {
  while (!holds()) await Bun.sleep(5)
}

describe('a boot that fails says why, without a stack, and ends with its own code', () => {
  const ending = async (options: Parameters<typeof spawnGateway>[0]) => {
    await using gateway = await spawnGateway(options)
    const code = await gateway.exited
    expect(gateway.output()).not.toMatch(/\n\s+at .+:\d+:\d+/)
    return { code, output: gateway.output(), file: join(gateway.dir, 'setting.toml') }
  }

  test('78: every mistake in the settings at once, with file, line, key, found and allowed', async () => {
    const settings = `${none}\n[server]\nmax_body_mb = "many"\nhots = "x"\n\n[sevrer]\nport = 1\n`
    const { code, output, file } = await ending({ settings })
    expect(code).toBe(78)
    const line = (text: string) => settings.split('\n').findIndex(one => one.startsWith(text)) + 1
    expect(output).toContain(`${file}:${line('max_body_mb')}`)
    expect(output).toContain('server.max_body_mb')
    expect(output).toContain('many')
    expect(output).toContain('number')
    expect(output).toContain(`${file}:${line('hots')}`)
    expect(output).toContain('host')
    expect(output).toContain(`${file}:${line('[sevrer]')}`)
  })

  test('78: not TOML', async () => {
    const { code, output, file } = await ending({ settings: '[server]\nport = = 3\n' })
    expect(code).toBe(78)
    expect(output).toContain(`${file}:2`)
  })

  test('78: a plugin without what it needs', async () => {
    await Bun.write(
      join(dir, 'needy.ts'),
      `import { definePlugin, defineCapability } from 'flow2api/plugin'\nexport default definePlugin({ name: 'needy', version: '1', requires: { x: defineCapability('x', 1) }, setup() {} })`,
    )
    const { code, output } = await ending({ settings: `${none}needy = { use = "${join(dir, 'needy.ts')}" }` })
    expect(code).toBe(78)
    expect(output).toContain('Plugin "needy" needs x@1')
  })

  test('69: the port is taken', async () => {
    using taken = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
    const { code, output } = await ending({ settings: none, env: { FLOW2API_PORT: String(taken.port) } })
    expect(code).toBe(69)
    expect(output).toContain(`Port ${taken.port} on 127.0.0.1 is already in use`)
  })

  test('75: another gateway runs on the same data directory, until it ends, however it ends', async () => {
    const home = join(dir, 'shared')
    await using first = await startGateway({ settings: none, dir: home })
    const { code, output } = await ending({ settings: none, dir: home })
    expect(code).toBe(75)
    expect(output).toContain(`(process ${first.pid}) is running on ${join(home, 'data')}`)
    first.kill('SIGKILL')
    await first.exited
    await using second = await startGateway({ settings: none, dir: home })
    expect((await fetch(`${second.url}/ready`)).status).toBe(200)
  })

  test('73: the data directory cannot be written', async () => {
    await Bun.write(join(dir, 'a-file'), '')
    const { code, output } = await ending({ settings: none, env: { FLOW2API_DATA_DIR: join(dir, 'a-file', 'data') } })
    expect(code).toBe(73)
    expect(output).toContain('FLOW2API_DATA_DIR')
  })

  test('65: the database was written by a newer version', async () => {
    const home = join(dir, 'newer')
    const plugin = (migrations: string) =>
      `import { definePlugin } from 'flow2api/plugin'\nexport default definePlugin({ name: 'store', version: '1', migrations: ${migrations}, setup() {} })`
    const settings = `${none}store = { use = "${join(dir, 'store.ts')}" }`
    const init = `{ name: '0000_init', sql: 'create table store_a (x integer)' }`
    await Bun.write(
      join(dir, 'store.ts'),
      plugin(`[${init}, { name: '0001_more', sql: 'create table store_b (x integer)' }]`),
    )
    await using first = await startGateway({ settings, dir: home })
    first.kill('SIGTERM')
    expect(await first.exited).toBe(0)
    await Bun.write(join(dir, 'store.ts'), plugin(`[${init}]`))
    const { code, output } = await ending({ settings, dir: home })
    expect(code).toBe(65)
    expect(output).toContain('0001_more')
  })

  test('70: the database is no database', async () => {
    const home = join(dir, 'corrupt')
    await Bun.write(join(home, 'data', 'flow2api.db'), 'this is not a database, '.repeat(100))
    const { code, output } = await ending({ settings: none, dir: home })
    expect(code).toBe(70)
    expect(output).toContain('flow2api.db')
  })

  test('1: a required plugin does not come up; without `required` it is left out', async () => {
    await Bun.write(
      join(dir, 'broken.ts'),
      `import { definePlugin } from 'flow2api/plugin'\nexport default definePlugin({ name: 'broken', version: '1', setup() { throw new Error('no luck today') } })`,
    )
    const use = `use = "${join(dir, 'broken.ts')}"`
    const { code, output } = await ending({ settings: `${none}broken = { ${use}, required = true }` })
    expect(code).toBe(1)
    expect(output).toContain('no luck today')
    await using gateway = await startGateway({ settings: `${none}broken = { ${use} }` })
    expect(gateway.output()).toContain('NOT LIVE: broken: Plugin "broken" failed in setup: no luck today')
  })

  test('64: arguments that it does not know', async () => {
    const child = Bun.spawn([process.execPath, join(import.meta.dir, '../../kernel/main.ts'), '--prot', '1'], {
      stderr: 'pipe',
    })
    expect(await child.exited).toBe(64)
    expect(await new Response(child.stderr).text()).toContain('--config')
  })
})

describe('signals', () => {
  test('SIGTERM drains and ends with 0', async () => {
    await using gateway = await startGateway({ settings: none })
    expect((await fetch(`${gateway.url}/ready`)).status).toBe(200)
    gateway.kill('SIGTERM')
    expect(await gateway.exited).toBe(0)
  })

  test('a second signal exits at once', async () => {
    await Bun.write(
      join(dir, 'slow.ts'),
      `import { definePlugin } from 'flow2api/plugin'\nexport default definePlugin({ name: 'slow', version: '1', setup(ctx) { ctx.begin('forever') } })`,
    )
    await using gateway = await startGateway({ settings: `${none}slow = { use = "${join(dir, 'slow.ts')}" }` })
    gateway.kill('SIGINT')
    await until(() => gateway.output().includes('a second signal exits at once'))
    gateway.kill('SIGINT')
    expect(await gateway.exited).toBe(1)
  })

  test('SIGHUP reloads; a broken file changes nothing and is reported', async () => {
    await Bun.write(
      join(dir, 'page.ts'),
      `import { definePlugin, Elysia, t } from 'flow2api/plugin'\nexport default definePlugin({ name: 'page', version: '1', config: t.Object({ text: t.String({ default: 'one' }) }, { additionalProperties: false }), setup(ctx) { ctx.http({ routes: () => new Elysia().get('/page', () => ctx.config.text) }) } })`,
    )
    const settings = `${none}page = { use = "${join(dir, 'page.ts')}" }\n`
    await using gateway = await startGateway({ settings })
    const page = async () => (await fetch(`${gateway.url}/page`)).text()
    expect(await page()).toBe('one')
    await gateway.writeSettings(`${settings}[page]\ntext = "two"`)
    gateway.kill('SIGHUP')
    await until(() => gateway.output().includes('configuration reloaded: applied'))
    expect(await page()).toBe('two')
    await gateway.writeSettings(`${settings}[page]\ntxet = "three"`)
    gateway.kill('SIGHUP')
    await until(() => gateway.output().includes('page.txet'))
    expect(await page()).toBe('two')
    // The code of a file plugin reloads too.
    await Bun.write(join(dir, 'page.ts'), (await Bun.file(join(dir, 'page.ts')).text()).replace("'/page'", "'/other'"))
    await gateway.writeSettings(settings)
    gateway.kill('SIGHUP')
    await until(() => gateway.output().split('configuration reloaded: applied').length > 2)
    expect(await (await fetch(`${gateway.url}/other`)).text()).toBe('one')
  })
})

test('the boot block says what serves and what does not; logs are JSON lines where stdout is no terminal', async () => {
  await using gateway = await startGateway({ settings: none })
  await until(() => gateway.output().includes('"serving"'))
  const output = gateway.output()
  for (const part of ['Flow2API', '/v1', '/swagger', '/health', 'live:']) expect(output).toContain(part)
  const json = output.split('\n').filter(line => line.startsWith('{'))
  expect(json.map(line => JSON.parse(line).msg)).toContain('serving')
})

test('the database on disk survives, and is opened in WAL mode', async () => {
  const home = join(dir, 'wal')
  await using gateway = await startGateway({ settings: none, dir: home })
  gateway.kill('SIGTERM')
  await gateway.exited
  using database = new Database(join(home, 'data', 'flow2api.db'), { readonly: true })
  expect(database.query('pragma journal_mode').get()).toEqual({ journal_mode: 'wal' })
})
