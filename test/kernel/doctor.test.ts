/** What the doctor finds, in installations that are broken on purpose. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Finding } from '../../kernel/diagnosis.ts'

const MAIN = join(import.meta.dir, '../../kernel/main.ts')

let scratch: string
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'flow2api-doctor-'))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

/** Plugins of the box would look at the internet. */
const OFFLINE = (await Array.fromAsync(new Bun.Glob('*/index.ts').scan(join(import.meta.dir, '../../plugins'))))
  .map(file => file.split('/')[0])
  .filter(id => id !== 'contracts')
  .map(id => `${id} = false\n`)
  .join('')

async function examine(name: string, settings: string, env: Record<string, string> = {}) {
  const dir = join(scratch, name)
  await mkdir(dir, { recursive: true })
  await Bun.write(join(dir, 'setting.toml'), settings)
  const child = Bun.spawn([process.execPath, MAIN, '--doctor', '--json', '--config', join(dir, 'setting.toml')], {
    env: {
      PATH: process.env['PATH'] ?? '',
      FLOW2API_DATA_DIR: join(dir, 'data'),
      FLOW2API_TMP_DIR: join(dir, 'tmp'),
      ...env,
    },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const output = await new Response(child.stdout).text()
  const { findings } = JSON.parse(output) as { findings: readonly Finding[] } // our own program
  return { code: await child.exited, findings, dir, bad: findings.filter(({ severity }) => severity !== 'ok') }
}

const plugin = (body: string) => `
  import { definePlugin, Diagnosis, errAsync, fault, okAsync } from 'flow2api/plugin'
  export default definePlugin({ name: 'lab', version: '1.0.0', provides: [Diagnosis], setup(ctx) { ${body} } })`

test('where all is well, nothing is found and nothing is left behind', async () => {
  const { code, bad, dir } = await examine('well', `[server]\nport = 1\n[plugins]\n${OFFLINE}`)
  expect(bad).toEqual([])
  expect(code).toBe(0)
  expect(await Bun.file(join(dir, 'data/flow2api.db')).exists()).toBe(true)
  expect((await examine('well', `[plugins]\n${OFFLINE}`)).code).toBe(0)
})

test('mistakes in the settings come with file and line', async () => {
  const { code, bad } = await examine('settings', `[server]\nprot = 8000\n[plugins]\n${OFFLINE}`)
  expect(bad).toMatchObject([{ about: 'settings', message: expect.stringMatching(/setting\.toml:2[\s\S]*prot/) }])
  expect(code).toBe(2)
})

test('a key that others can read is a warning', async () => {
  const { dir } = await examine('rights', `[plugins]\n${OFFLINE}`)
  await Bun.write(join(dir, 'data/secret.key'), Buffer.alloc(32, 1).toString('base64'))
  await chmod(join(dir, 'data/secret.key'), 0o644)
  const { code, bad } = await examine('rights', `[plugins]\n${OFFLINE}`)
  expect(bad).toMatchObject([{ severity: 'warning', about: 'secret.key', todo: expect.stringContaining('chmod 600') }])
  expect(code).toBe(1)
})

test('a port that somebody else has is an error', async () => {
  using other = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
  const { bad } = await examine('port', `[server]\nport = ${other.port}\n[plugins]\n${OFFLINE}`)
  expect(bad).toMatchObject([{ severity: 'error', about: 'port', todo: expect.stringContaining('[server] port') }])
})

test('a database that is none is an error', async () => {
  const { dir } = await examine('database', `[plugins]\n${OFFLINE}`)
  await Bun.write(join(dir, 'data/flow2api.db'), 'not a database, whatever its name may say'.repeat(100))
  const { code, bad } = await examine('database', `[plugins]\n${OFFLINE}`)
  expect(bad).toMatchObject([{ severity: 'error', about: 'start' }])
  expect(code).toBe(2)
})

test('plugins say what they find, and one that cannot is named', async () => {
  await mkdir(join(scratch, 'plugins'), { recursive: true })
  const finding = `{ severity: 'warning', about: 'lab', message: 'It is cold.', todo: 'Heat it.' }`
  await Bun.write(
    join(scratch, 'plugins/cold.ts'),
    plugin(`ctx.provide(Diagnosis, { check: () => okAsync([${finding}]) })`),
  )
  await Bun.write(
    join(scratch, 'plugins/mute.ts'),
    plugin(
      `ctx.provide(Diagnosis, { check: () => errAsync(fault('lost', 'No.', { blame: 'gateway', retry: 'never' })) })`,
    ),
  )
  const settings = `[plugins]\n${OFFLINE}cold = { use = "${scratch}/plugins/cold.ts" }\nmute = { use = "${scratch}/plugins/mute.ts" }\n`
  const { code, bad } = await examine('plugins', settings)
  expect(bad).toMatchObject([
    { severity: 'warning', message: 'It is cold.', todo: 'Heat it.' },
    { severity: 'error', about: 'mute', message: 'The plugin "mute" could not check itself.' },
  ])
  expect(code).toBe(2)
})

test('the health check asks the address of the settings, loads no plugin and minds no other mistake', async () => {
  using healthy = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: request => new Response(null, { status: new URL(request.url).pathname === '/health' ? 200 : 404 }),
  })
  const file = join(scratch, 'health.toml')
  const check = async (port: number) => {
    await Bun.write(
      file,
      `[server]\nport = ${port}\n[plugins]\nloud = { use = "${scratch}/loud.ts" }\n[nobodys]\nkey = 1\n`,
    )
    const child = Bun.spawn([process.execPath, MAIN, '--healthcheck', '--config', file], { stdout: 'pipe' })
    return [await child.exited, await new Response(child.stdout).text()]
  }
  await Bun.write(join(scratch, 'loud.ts'), "console.log('loaded')")
  expect(await check(healthy.port ?? 0)).toEqual([0, ''])
  await healthy.stop(true)
  expect(await check(healthy.port ?? 1)).toEqual([1, ''])
})

test('a gateway that runs is asked, with its password', async () => {
  const dir = join(scratch, 'running')
  await mkdir(dir, { recursive: true })
  const free = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
  const { port } = free
  await free.stop(true)
  const on = OFFLINE.replace('auth = false\n', '').replace('admin = false\n', '')
  const settings = `[server]\nport = ${port}\n[plugins]\n${on}`
  await Bun.write(join(dir, 'setting.toml'), settings)
  const gateway = Bun.spawn([process.execPath, MAIN, '--config', join(dir, 'setting.toml')], {
    env: {
      PATH: process.env['PATH'] ?? '',
      FLOW2API_DATA_DIR: join(dir, 'data'),
      FLOW2API_TMP_DIR: join(dir, 'tmp'),
      FLOW2API_ADMIN_PASSWORD: 'correct horse battery',
    },
    stdout: 'ignore',
    stderr: 'ignore',
  })
  try {
    while (
      !(await fetch(`http://127.0.0.1:${port}/health`).then(
        ({ ok }) => ok,
        () => false,
      ))
    )
      await Bun.sleep(20)
    const blind = await examine('running', settings)
    expect(blind.bad).toMatchObject([{ severity: 'warning', about: 'gateway' }])
    const right = await examine('running', settings, { FLOW2API_ADMIN_PASSWORD: 'correct horse battery' })
    expect(right.findings).toContainEqual(expect.objectContaining({ severity: 'ok', about: 'gateway' }))
    expect(right.bad).toEqual([])
    const wrong = await examine('running', settings, { FLOW2API_ADMIN_PASSWORD: 'another one' })
    expect(wrong.bad).toMatchObject([{ severity: 'error', todo: expect.stringContaining('FLOW2API_ADMIN_PASSWORD') }])
  } finally {
    gateway.kill()
    await gateway.exited
  }
})
