/** `config/examples/flow2api-provider-relay`, installed as an author's users would: by path, and by name. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { API_KEY } from '../fixtures/accounts.ts'
import { startGateway } from '../fixtures/gateway.ts'
import { png } from '../fixtures/media.ts'

const PACKAGE = resolve(import.meta.dir, '../../config/examples/flow2api-provider-relay')
const PICTURE = Buffer.from(png(1536, 1024)).toString('base64')

const asked: { path: string; key: string | null; size: unknown }[] = []
const upstream = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  async fetch(request) {
    const { pathname: path } = new URL(request.url)
    const key = request.headers.get('authorization')
    if (path.endsWith('/edits')) asked.push({ path, key, size: (await request.formData()).get('size') })
    else asked.push({ path, key, size: ((await request.json()) as { size: string }).size }) // what the plugin sends
    return Response.json({ created: 0, data: [{ b64_json: PICTURE }] })
  },
})
let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'flow2api-packages-'))
})
afterAll(async () => {
  await upstream.stop(true)
  await rm(dir, { recursive: true, force: true })
})

const section = `[relay]\nbase_url = "${upstream.url.href}v1"\napi_key = "\${ENV:RELAY_KEY}"\n`
const env = { FLOW2API_API_KEY: API_KEY, RELAY_KEY: 'sk-relay' }
const headers = { authorization: `Bearer ${API_KEY}` }

async function pictures(url: string) {
  const generated = await fetch(`${url}/v1/images/generations`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'relay-gpt-image-1', prompt: 'A pier', size: '1536x1024' }),
  })
  const form = new FormData()
  form.set('model', 'relay-gpt-image-1')
  form.set('prompt', 'At night')
  form.set('image', new File([png(64, 64)], 'pier.png', { type: 'image/png' }))
  const edited = await fetch(`${url}/v1/images/edits`, { method: 'POST', headers, body: form })
  const sizes: number[] = []
  for (const answer of [generated, edited]) {
    const text = await answer.text()
    expect({ status: answer.status, text: answer.ok ? '' : text }).toEqual({ status: 200, text: '' })
    const { data } = JSON.parse(text) as { data: { b64_json: string }[] } // an image answer
    sizes.push(data[0]?.b64_json.length ?? 0)
  }
  return sizes
}

const source = async (url: string, password: string) => {
  const answer = await fetch(`${url}/admin/api/plugins`, {
    headers: { authorization: `Basic ${btoa(`admin:${password}`)}` },
  })
  const { data } = (await answer.json()) as { data: { id: string; source: string; state: string }[] } // the documented list
  return data.find(({ id }) => id === 'relay')
}

test('by path: the file is bundled, with what it imports', async () => {
  await using gateway = await startGateway({
    settings: `[plugins]\nrelay = { use = "${PACKAGE}/index.ts", required = true }\n${section}`,
    env: { ...env, FLOW2API_ADMIN_PASSWORD: 'a password' },
  })
  expect(await source(gateway.url, 'a password')).toMatchObject({
    state: 'live',
    source: expect.stringContaining(`${PACKAGE}/index.ts (`),
  })
  expect(await pictures(gateway.url)).toEqual([PICTURE.length, PICTURE.length])
  expect(asked.splice(0)).toEqual([
    { path: '/v1/images/generations', key: 'Bearer sk-relay', size: '1536x1024' },
    { path: '/v1/images/edits', key: 'Bearer sk-relay', size: '1024x1024' },
  ])
})

test('by name: installed beside the settings, with no network and nothing else', async () => {
  await Bun.write(join(dir, 'package.json'), '{ "name": "operator", "private": true }')
  const added = Bun.spawn([process.execPath, 'add', PACKAGE], {
    cwd: dir,
    // Whoever asked a registry would fail here.
    env: { PATH: process.env['PATH'] ?? '', HOME: dir, BUN_CONFIG_REGISTRY: 'http://127.0.0.1:9' },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const output = await new Response(added.stderr).text()
  expect({ code: await added.exited, output }).toMatchObject({ code: 0 })
  await using gateway = await startGateway({
    dir,
    settings: `[plugins]\nrelay = { use = "flow2api-provider-relay", required = true }\n${section}`,
    env: { ...env, FLOW2API_ADMIN_PASSWORD: 'a password' },
  })
  expect(await source(gateway.url, 'a password')).toMatchObject({ state: 'live', source: 'flow2api-provider-relay' })
  expect(await pictures(gateway.url)).toEqual([PICTURE.length, PICTURE.length])
})
