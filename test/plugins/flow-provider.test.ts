import { describe, expect, test } from 'bun:test'
import { type GenerationProvider, Provider, Verification } from 'flow2api/contracts'
import { defineCapability, definePlugin, okAsync } from 'flow2api/plugin'
import { createTestKernel } from 'flow2api/testing'
import flow from '../../plugins/flow-provider/index.ts'
import { readSettings } from '../../plugins/flow-provider/settings.ts'
import { config, picture, session, unit, upstream } from './flow-provider.fixtures.ts'

/** Hands the contributions of the extension point to the test. */
const Seen = defineCapability<{
  providers(): readonly { plugin: string; service: Pick<GenerationProvider, 'polling' | 'models' | 'start'> }[]
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
  expect(found?.service.models().length).toBeGreaterThan(200)
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

test('a plugin that comes with verification values is asked from then on, and no longer once it has gone', async () => {
  const source = definePlugin({
    name: 'source',
    version: '0.0.0',
    provides: [Verification],
    setup: ctx => ctx.provide(Verification, { value: want => okAsync(`for ${want.provider} ${want.action}`) }),
  })
  const sentBy = async (kernel: Awaited<ReturnType<typeof createTestKernel>>) => {
    const flow = upstream(picture())
    await kernel.ask(Seen).providers()[0]?.service.start(unit(), session(flow.fetch))
    return JSON.stringify(flow.sent[0]?.json)
  }
  await using kernel = await createTestKernel({ plugins })
  expect(await sentBy(kernel)).not.toContain('recaptcha')
  await kernel.reload({ plugins: { ...plugins, source } })
  expect(await sentBy(kernel)).toContain('for flow-provider image')
  await kernel.reload({ plugins })
  expect(await sentBy(kernel)).not.toContain('recaptcha')
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
  test('are 2.5 times as long for what answers late', () => {
    for (const [timeout, limit] of [
      [120, 300_000],
      [60, 150_000],
      [240, 600_000],
    ] as const) {
      const settings = readSettings({ ...config, timeout })
      expect([settings.timeoutMs('image_upsample'), settings.timeoutMs('concatenation')]).toEqual([limit, limit])
    }
  })
  test('never exceed `timeout` otherwise', () => {
    const short = readSettings({ ...config, timeout: 5 })
    for (const call of ['session', 'credits', 'upload', 'video', 'image', 'status', 'lookup', 'discard'] as const)
      expect(short.timeoutMs(call)).toBe(5000)
  })
})

test('base URLs lose their slashes', () => {
  expect(readSettings({ ...config, labs_base_url: 'https://a.test/x//' }).labsBaseUrl).toBe('https://a.test/x')
})
