/** `bun run plugin:new`: what it makes works at once, in the box and outside; it never writes over anything. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { decode } from 'fast-png'
import { API_KEY } from '../fixtures/accounts.ts'
import { type GatewayOptions, startGateway } from '../fixtures/gateway.ts'

const ROOT = resolve(import.meta.dir, '../..')

let scratch = ''
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'flow2api-new-'))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

async function bun(cwd: string, ...args: string[]) {
  const child = Bun.spawn([process.execPath, ...args], { cwd, stdout: 'pipe', stderr: 'pipe' })
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { code, stdout, stderr }
}
const make = (...args: string[]) => bun(scratch, join(ROOT, 'test/kit/new.ts'), ...args)

/** Asks for a picture of `model`, as the documented request does; answers its size. */
async function pictureOf(model: string, options: GatewayOptions) {
  await using gateway = await startGateway({ ...options, env: { FLOW2API_API_KEY: API_KEY } })
  const answer = await fetch(`${gateway.url}/v1/images/generations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, prompt: 'A lighthouse', aspect_ratio: '16:9' }),
  })
  const text = await answer.text()
  expect({ status: answer.status, text: answer.ok ? '' : text }).toEqual({ status: 200, text: '' })
  const { data } = JSON.parse(text) as { data: { b64_json: string }[] } // an image answer
  const { width, height } = decode(Uint8Array.fromBase64(data[0]?.b64_json ?? ''))
  return `${width}x${height}`
}

describe('outside of the repository', () => {
  test('its plugin passes its own test, and serves a picture at once', async () => {
    const made = await make('wonder', '--dir', 'outside')
    expect(made).toMatchObject({ code: 0, stderr: '' })
    const home = join(scratch, 'outside/wonder')
    expect(made.stdout).toContain(`wonder = { use = "${home}/index.ts" }`)
    const tested = await bun(home, 'test')
    expect(tested).toMatchObject({ code: 0, stderr: expect.stringContaining('8 pass') })
    const types = await bun(home, join(ROOT, 'node_modules/.bin/tsc'), '-p', '.')
    expect(types).toMatchObject({ code: 0, stdout: '' })
    expect(await pictureOf('wonder-1', { settings: `[plugins]\nwonder = { use = "${home}/index.ts" }\n` })).toBe(
      '768x432',
    )
  })

  test('it writes over nothing', async () => {
    await mkdir(join(scratch, 'taken/wonder'), { recursive: true })
    await Bun.write(join(scratch, 'taken/wonder/index.ts'), 'mine')
    const refused = await make('wonder', '--dir', 'taken')
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('is there already') })
    expect(await Bun.file(join(scratch, 'taken/wonder/index.ts')).text()).toBe('mine')
    expect(await Bun.file(join(scratch, 'taken/wonder/package.json')).exists()).toBe(false)
  })

  test('names that cannot be, or mean something already, are refused with the reason', async () => {
    for (const [name, why] of [
      ['Wonder', 'small letters, digits and -'],
      ['../up', 'small letters, digits and -'],
      ['1st', 'small letters, digits and -'],
      ['cache', 'belongs to the plugin "cache"'],
      ['flow', 'belongs to the plugin "flow-provider"'],
      ['server', 'belongs to the kernel'],
      ['contracts', 'belongs to the folder of the contracts'],
    ] as const) {
      const refused = await make(name, '--dir', 'refused')
      expect({ name, ...refused }).toMatchObject({ name, code: 2, stderr: expect.stringContaining(why) })
    }
    expect((await make()).code).toBe(2)
    expect((await make('a', 'b')).code).toBe(2)
    expect((await make('wonder', '--dri', 'x')).code).toBe(2)
    expect(await Array.fromAsync(new Bun.Glob('refused/**').scan(scratch))).toEqual([])
  })
})

test('in the repository it becomes one of the plugins in the box, and keeps to the rules of the house', async () => {
  const copy = join(scratch, 'repository')
  for (const part of [
    'kernel',
    'plugins',
    'test/kit',
    'test/architecture.test.ts',
    'package.json',
    'tsconfig.json',
    'biome.json',
  ])
    await cp(join(ROOT, part), join(copy, part), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  expect(await bun(copy, 'test/kit/new.ts', 'wonder')).toMatchObject({ code: 0, stderr: '' })
  expect(await bun(copy, 'test', 'wonder', 'architecture')).toMatchObject({ code: 0 })
  const format = await bun(
    copy,
    'node_modules/.bin/biome',
    'check',
    '--vcs-enabled=false',
    'plugins/wonder',
    'test/plugins',
  )
  expect(format).toMatchObject({ code: 0 })
  expect(await pictureOf('wonder-1', { main: join(copy, 'kernel/main.ts') })).toBe('768x432')
})
