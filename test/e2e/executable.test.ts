/** The one executable, alone in an empty directory; and long work through the proxies that stand in front of it. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmod, copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { imageSize } from 'image-size'
import OpenAI from 'openai'
import { type Emulator, SAMPLE_ACCOUNTS, startEmulator } from '../emulator/index.ts'
import { API_KEY, addAccounts } from '../fixtures/accounts.ts'
import { missing, programPath } from '../fixtures/installed.ts'

const ROOT = join(import.meta.dir, '../..')
const PASSWORD = 'correct horse battery'
const LONG_MS = 90_000

/** Serves a picture of its own; uses whatever a plugin shares with the gateway. */
const PLUGIN = `
import { definePlugin, okAsync, ok, t } from 'flow2api/plugin'
import { Provider } from 'flow2api/contracts'
import { Value } from '@sinclair/typebox/value'
import { picture } from './picture.ts'

export default definePlugin({
  name: 'lab',
  version: '1.0.0',
  provides: [Provider],
  setup(ctx) {
    if (!Value.Check(t.String(), 'x')) throw new Error('another TypeBox')
    ctx.provide(Provider, {
      accounts: () => undefined,
      polling: () => ({ intervalMs: 1000, maxAttempts: 60 }),
      models: () => [{ id: 'lab-1', kind: 'image', accepts: { inputs: [], aspectRatios: ['1:1'], sizes: [], resolutions: [], seconds: [] } }],
      plan: model => ok({ model, requested: {} }),
      start: () => okAsync({ state: 'done' as const, media: [{ bytes: picture, mime: 'image/png' }] }),
      status: () => okAsync([]),
      cancel: () => okAsync(undefined),
    })
  },
})
`
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })

let scratch: string
let emulator: Emulator
let program: Bun.Subprocess<'ignore', 'pipe', 'pipe'>
let url: string

const clientOf = (base: string) =>
  new OpenAI({ baseURL: `${base}/v1`, apiKey: API_KEY, maxRetries: 0, timeout: 2 * LONG_MS })

const draw = async (base: string, model: string) => {
  const { data } = await clientOf(base).images.generate({ model, prompt: 'A lighthouse' })
  return imageSize(Buffer.from(data?.[0]?.b64_json ?? '', 'base64'))
}

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'flow2api-executable-'))
  const home = join(scratch, 'home')
  const built = Bun.spawnSync([process.execPath, join(ROOT, 'kernel/build.ts'), '--outfile', join(scratch, 'built')])
  if (!built.success) throw new Error(built.stderr.toString())
  await mkdir(join(home, 'config'), { recursive: true })
  await copyFile(join(scratch, 'built'), join(home, 'flow2api'))
  await chmod(join(home, 'flow2api'), 0o755)
  await mkdir(join(scratch, 'elsewhere'))
  await Bun.write(join(scratch, 'elsewhere/lab.ts'), PLUGIN)
  await Bun.write(
    join(scratch, 'elsewhere/picture.ts'),
    `export const picture = Uint8Array.from(atob('${PIXEL}'), letter => letter.charCodeAt(0))`,
  )
  emulator = await startEmulator()
  await Bun.write(
    join(home, 'config/setting.toml'),
    `[flow]\nlabs_base_url = "${emulator.labsBaseUrl}"\napi_base_url = "${emulator.apiBaseUrl}"\n
     [plugins]\nlab = { use = "${join(scratch, 'elsewhere/lab.ts')}" }\n`,
  )
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  program = Bun.spawn([join(home, 'flow2api')], {
    cwd: scratch,
    env: { FLOW2API_PORT: String(port), FLOW2API_API_KEY: API_KEY, FLOW2API_ADMIN_PASSWORD: PASSWORD },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  for (;;) {
    if (program.exitCode !== null) throw new Error(await new Response(program.stderr).text())
    if (
      await fetch(`${url}/ready`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      break
    await Bun.sleep(50)
  }
  await addAccounts(url, PASSWORD, SAMPLE_ACCOUNTS)
}, 120_000)

afterAll(async () => {
  program?.kill('SIGKILL')
  await program?.exited
  await emulator?.stop()
  await rm(scratch, { recursive: true, force: true })
})

test('it keeps what it needs beside itself', async () => {
  expect((await readdir(join(scratch, 'home'))).sort()).toEqual(['config', 'data', 'flow2api', 'tmp'])
})

test('it serves an image of the upstream', async () => {
  expect(await draw(url, 'gemini-3.0-pro-image')).toMatchObject({ type: 'jpg' })
})

test('it serves an image of a plugin by path', async () => {
  expect(await draw(url, 'lab-1')).toMatchObject({ type: 'png', width: 1, height: 1 })
})

test('it carries the console, in the same small parts', async () => {
  const html = await (await fetch(`${url}/admin`)).text()
  const [, script = ''] = /src="(\/admin\/assets\/[^"]+\.js)"/.exec(html) ?? []
  const answer = await fetch(`${url}${script}`)
  expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
  const text = await answer.text()
  const parts = [...text.matchAll(/import\("\.\/([^"]+\.js)"\)/g)].map(([, name]) => name)
  expect(parts.length).toBeGreaterThan(8)
  for (const name of parts) expect((await fetch(`${url}/admin/assets/${name}`)).status).toBe(200)
})

test('it says that it is alive', () => {
  const ask = (port: string) =>
    Bun.spawnSync([join(scratch, 'home/flow2api'), '--healthcheck'], { env: { FLOW2API_PORT: port } }).exitCode
  expect([ask(new URL(url).port), ask('1')]).toEqual([0, 1])
})

interface Front {
  readonly name: string
  readonly start: (port: number, upstream: string) => Promise<readonly string[]>
}

const FRONTS: readonly Front[] = [
  {
    name: 'nginx',
    async start(port, upstream) {
      const snippet = await Bun.file(join(ROOT, 'config/examples/reverse-proxies/nginx.conf')).text()
      const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      const file = join(scratch, 'nginx.conf')
      await Bun.write(
        file,
        `pid ${join(scratch, 'nginx.pid')};\nevents {}\nhttp {\naccess_log off;\n` +
          places.map(place => `${place}_temp_path ${join(scratch, `nginx-${place}`)};\n`).join('') +
          `server {\nlisten 127.0.0.1:${port};\n${snippet.replace('http://127.0.0.1:8000', upstream)}\n}\n}\n`,
      )
      return [programPath('nginx'), '-p', scratch, '-e', 'stderr', '-c', file, '-g', 'daemon off;']
    },
  },
  {
    name: 'caddy',
    async start(port, upstream) {
      const snippet = await Bun.file(join(ROOT, 'config/examples/reverse-proxies/Caddyfile')).text()
      const file = join(scratch, 'Caddyfile')
      const site = snippet.replace('media.example.com', `http://127.0.0.1:${port}`)
      await Bun.write(file, `{\nadmin off\n}\n${site.replace('127.0.0.1:8000', new URL(upstream).host)}`)
      return [programPath('caddy'), 'run', '--config', file, '--adapter', 'caddyfile']
    },
  },
]
const absent = missing(...FRONTS.map(({ name }) => name))

describe(`behind Debian's proxies${absent ? ` (${absent})` : ''}`, () => {
  // In real time, since it is the proxies' clocks that matter; both at once.
  test.skipIf(absent !== null)(
    'a picture that takes 90 s arrives',
    async () => {
      const fast = emulator.faults.always('image', { delayMs: LONG_MS })
      const began = performance.now()
      const arrived = await Promise.all(
        FRONTS.map(async ({ name, start }) => {
          const port = await freePort()
          const front = Bun.spawn([...(await start(port, url))], {
            env: { HOME: scratch, PATH: process.env['PATH'] ?? '' },
            stdout: 'ignore',
            stderr: 'ignore',
          })
          try {
            const base = `http://127.0.0.1:${port}`
            while (
              !(await fetch(`${base}/health`).then(
                ({ ok }) => ok,
                () => false,
              ))
            ) {
              if (front.exitCode !== null) throw new Error(`${name} ended with ${front.exitCode}`)
              await Bun.sleep(50)
            }
            return { name, ...(await draw(base, 'gemini-3.0-pro-image')) }
          } finally {
            front.kill()
            await front.exited
          }
        }),
      )
      fast()
      expect(arrived).toMatchObject([
        { name: 'nginx', type: 'jpg' },
        { name: 'caddy', type: 'jpg' },
      ])
      expect(performance.now() - began).toBeGreaterThan(LONG_MS)
    },
    2 * LONG_MS,
  )
})
