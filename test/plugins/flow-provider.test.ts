import { describe, expect, test } from 'bun:test'
import { type GenerationProvider, Provider } from 'flow2api/contracts'
import { defineCapability, definePlugin } from 'flow2api/plugin'
import { createTestKernel } from 'flow2api/testing'
import flow from '../../plugins/flow-provider/index.ts'
import { readSettings } from '../../plugins/flow-provider/settings.ts'
import { config } from './flow-provider.fixtures.ts'

/** Hands the contributions of the extension point to the test. */
const Seen = defineCapability<{
  providers(): readonly { plugin: string; service: Pick<GenerationProvider, 'polling' | 'models'> }[]
}>('test.seen', 1)
const probe = definePlugin({
  name: 'probe',
  version: '0.0.0',
  requires: { providers: Provider },
  provides: [Seen],
  setup: ctx => ctx.provide(Seen, { providers: () => ctx.deps.providers.all() }),
})
const plugins = { 'flow-provider': flow, probe }

test('the plugin contributes Flow with nothing configured', async () => {
  await using kernel = await createTestKernel({ plugins })
  const [found, ...others] = kernel.ask(Seen).providers()
  expect(others).toEqual([])
  expect(found?.plugin).toBe('flow-provider')
  expect(found?.service.polling()).toEqual({ intervalMs: 3000, maxAttempts: 200 })
  expect(found?.service.models().length).toBeGreaterThan(50)
})

test('a change of [flow] replaces it, and it leaves nothing behind', async () => {
  await using kernel = await createTestKernel({ plugins })
  const report = (
    await kernel.reload({ config: { flow: { poll_interval: 0.05, max_poll_attempts: 7 } } })
  )._unsafeUnwrap()
  expect(report.plugins.find(({ id }) => id === 'flow-provider')?.outcome).toBe('reloaded')
  expect(kernel.ask(Seen).providers()[0]?.service.polling()).toEqual({ intervalMs: 50, maxAttempts: 7 })
  expect(kernel.leaks()).toEqual([])
})

test.each([
  ['poll_interval', 0.01],
  ['timeout', 0],
  ['max_poll_attempts', 1.5],
  ['labs_base_url', 'labs.google'],
  ['pol_interval', 3],
])('[flow] %s = %p is refused', async (key, value) => {
  await using kernel = await createTestKernel({ plugins })
  const rejected = (await kernel.reload({ config: { flow: { [key]: value } } }))._unsafeUnwrapErr()
  expect(rejected.problems.map(({ path }) => path)).toEqual([`flow.${key}`])
})

describe('time limits', () => {
  test('are short for quick calls and grow with a longer `timeout`', () => {
    const usual = readSettings({ ...config, timeout: 120 })
    expect([usual.timeoutMs('session'), usual.timeoutMs('video'), usual.timeoutMs('image')]).toEqual([
      10_000, 75_000, 120_000,
    ])
    expect(readSettings({ ...config, timeout: 240 }).timeoutMs('session')).toBe(20_000)
  })
  test('never exceed `timeout`', () => {
    const short = readSettings({ ...config, timeout: 5 })
    for (const call of ['session', 'credits', 'video', 'image', 'status'] as const)
      expect(short.timeoutMs(call)).toBe(5000)
  })
})

test('base URLs lose their slashes', () => {
  expect(readSettings({ ...config, labs_base_url: 'https://a.test/x//' }).labsBaseUrl).toBe('https://a.test/x')
})
