/** `bun run doctor` on a whole gateway: what it says of accounts, proxies and the upstream. */
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { okAsync } from 'flow2api/plugin'
import { manualClock } from 'flow2api/testing'
import type { Finding } from '../../kernel/diagnosis.ts'
import { diagnose } from '../../plugins/flow-provider/diagnosis.ts'
import { startHttpProxy } from '../fixtures/proxies.ts'
import { ADMIN_PASSWORD, startWorld, type World } from '../fixtures/world.ts'

const MAIN = join(import.meta.dir, '../../kernel/main.ts')

async function doctor({ gateway: { dir, url } }: World) {
  const child = Bun.spawn([process.execPath, MAIN, '--doctor', '--json', '--config', join(dir, 'setting.toml')], {
    env: {
      PATH: process.env['PATH'] ?? '',
      FLOW2API_PORT: new URL(url).port,
      FLOW2API_DATA_DIR: join(dir, 'data'),
      FLOW2API_TMP_DIR: join(dir, 'tmp'),
      FLOW2API_ADMIN_PASSWORD: ADMIN_PASSWORD,
    },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const { findings } = (await new Response(child.stdout).json()) as { findings: readonly Finding[] } // our own program
  const of = (about: string) => findings.filter(one => one.about === about).map(({ severity }) => severity)
  // Else it has made something that is shown once, such as a key.
  expect(await new Response(child.stderr).text()).toBe('')
  return { code: await child.exited, findings, of }
}

test('a gateway that runs says how it is, and so does its data once it has stopped', async () => {
  await using proxy = await startHttpProxy()
  await using world = await startWorld()
  const settings = (proxyUrl: string) =>
    world.settings(
      `[proxy]\nproxy_enabled = true\nproxy_url = "${proxyUrl}"\nfallback = "none"\ntest_url = "${world.emulator.url}/"`,
    )
  await world.reload(settings(`http://me:hidden@${proxy.place}`))

  const running = await doctor(world)
  expect(running.of('gateway')).toEqual(['ok'])
  expect(running.findings).toContainEqual({
    severity: 'ok',
    about: 'accounts',
    message: '3 of 3 can serve.',
    todo: null,
  })
  expect(running.of('upstream')).toEqual(['ok'])

  await world.admin('/admin/api/tokens/2/disable', { method: 'POST' })
  await proxy[Symbol.asyncDispose]()
  const ill = await doctor(world)
  expect(ill.code).toBe(2)
  expect(ill.of('account 2')).toEqual(['warning'])
  expect([ill.of('proxy proxy_url'), ill.of('upstream')]).toEqual([['error'], ['error']])
  expect(JSON.stringify(ill.findings)).not.toContain('hidden')

  world.gateway.kill('SIGTERM')
  await world.gateway.exited
  await world.gateway.writeSettings(world.settings(''))
  const stopped = await doctor(world)
  expect([stopped.of('port'), stopped.of('database'), stopped.of('upstream')]).toEqual([['ok'], ['ok'], ['ok']])
  expect(stopped.findings).toContainEqual(expect.objectContaining({ about: 'accounts', message: '2 of 3 can serve.' }))
  expect(stopped.of('account 2')).toEqual(['warning'])
  expect(stopped.code).toBe(1)
})

test('a clock that is wrong is noticed by the upstream’s', async () => {
  const clock = manualClock()
  const date = new Date(clock.now() - 3_600_000).toUTCString()
  const answer = () => okAsync(new Response(null, { headers: { date } }))
  const route = () => ({ describe: 'direct', fetch: answer })
  const urls = { labsBaseUrl: 'https://labs.example/api', apiBaseUrl: 'https://labs.example/v1' }
  const egress = { route, parse: () => expect.unreachable() }
  const found = await diagnose(urls, egress, clock, new AbortController().signal)
  expect(found).toMatchObject([
    { severity: 'ok', about: 'upstream' },
    { severity: 'warning', about: 'clock', message: expect.stringContaining('3600 s ahead') },
  ])
})
