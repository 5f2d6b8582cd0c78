import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { FlowClient } from './client.ts'
import { SAMPLE_ACCOUNTS, startEmulator } from './index.ts'

const run = (...options: string[]) =>
  Bun.spawn([process.execPath, join(import.meta.dir, 'cli.ts'), ...options], { stdout: 'pipe', stderr: 'pipe' })

test('prints both bases, the control address and the session tokens, serves, and ends on a signal', async () => {
  const child = run('--port', '0')
  let printed = ''
  const decoder = new TextDecoder()
  for await (const chunk of child.stdout) {
    printed += decoder.decode(chunk, { stream: true })
    if (printed.includes('bun start')) break
  }
  for (const { st } of SAMPLE_ACCOUNTS) expect(printed).toContain(st)
  const labsBaseUrl = /labs_base_url +(\S+)/.exec(printed)?.[1] ?? ''
  const apiBaseUrl = /api_base_url +(\S+)/.exec(printed)?.[1] ?? ''
  const controlUrl = /control +(\S+)/.exec(printed)?.[1] ?? ''
  expect((await fetch(controlUrl)).status).toBe(200)
  const session = await new FlowClient({ labsBaseUrl, apiBaseUrl }, 'emulator-session-pro').session()
  expect(await session.json()).toMatchObject({ user: { email: 'pro@flow.example' } })
  child.kill('SIGTERM')
  expect(await child.exited).toBe(0)
})

test('a port that is taken, and an option that makes no sense, are said plainly', async () => {
  await using other = await startEmulator()
  const taken = run('--port', new URL(other.url).port)
  expect(await taken.exited).toBe(69)
  expect(await new Response(taken.stderr).text()).toContain('Choose another with --port')
  const wrong = run('--latency-image', 'long')
  expect(await wrong.exited).toBe(64)
  expect(await new Response(wrong.stderr).text()).toContain('--latency-image is "long"')
})
