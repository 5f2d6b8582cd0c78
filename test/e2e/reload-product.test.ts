/** Reloads as an operator has them: the file is watched, and what makes answers fail is taken back. */
import { expect, test } from 'bun:test'
import { startWorld, type World } from '../fixtures/world.ts'

interface Reload {
  readonly trigger: string
  readonly reason: string | null
}

const list = async <T>(world: World, path: string) => ((await (await world.admin(path)).json()) as { data: T[] }).data // the documented list

/** Waits for the gateway to do something by itself. */
async function reloaded(world: World, trigger: string): Promise<Reload> {
  for (;;) {
    const [last] = await list<Reload>(world, '/admin/api/reloads')
    if (last?.trigger === trigger) return last
    await Bun.sleep(50)
  }
}

test('with watch = true, saving the file is enough', async () => {
  const watched = '[server]\nport = 0\nwatch = true\n'
  await using world = await startWorld({ settings: watched, accounts: 1 })
  await world.gateway.writeSettings(world.settings(`${watched}[cache]\ntimeout = 600\n`))
  await reloaded(world, 'watch')
  const { sections } = (await (await world.admin('/admin/api/config')).json()) as {
    sections: { cache: { timeout: number } }
  } // the documented answer
  expect(sections.cache.timeout).toBe(600)
})

test('an edit of a provider that loads and then fails is rolled back by itself, and says so', async () => {
  const lab = (answer: string) => `
import { definePlugin, errAsync, ok, okAsync } from 'flow2api/plugin'
import { domainFault, Provider } from 'flow2api/contracts'
const PIXEL = Uint8Array.fromBase64('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==')
const accepts = { inputs: [], aspectRatios: ['1:1'], sizes: [], resolutions: [], seconds: [] }
export default definePlugin({
  name: 'lab', version: '1.0.0', provides: [Provider],
  setup: ctx => ctx.provide(Provider, {
    accounts: () => undefined,
    polling: () => ({ intervalMs: 1000, maxAttempts: 10 }),
    models: () => [{ id: 'lab-1', kind: 'image', accepts }],
    plan: model => ok({ model, requested: {} }),
    start: () => ${answer},
    status: () => okAsync([]),
    cancel: () => okAsync(undefined),
  }),
})
`
  await using world = await startWorld({ accounts: 1 })
  const file = `${world.gateway.dir}/lab.ts`
  const settings = world.settings('[plugins]\nlab = { use = "./lab.ts" }')
  const body = JSON.stringify({ model: 'lab-1', prompt: 'x', response_format: 'url' })
  const image = async () => (await world.call('/v1/images/generations', { method: 'POST', body })).status
  await Bun.write(file, lab("okAsync({ state: 'done', media: [{ bytes: PIXEL, mime: 'image/png' }] })"))
  expect((await world.reload(settings)).status).toBe(200)
  for (let nth = 0; nth < 30; nth++) expect(await image()).toBe(200)

  await Bun.write(file, lab("errAsync(domainFault('upstream_unreadable', 'A mistake of the author.'))"))
  expect((await world.reload(settings)).status).toBe(200)
  const failing = await Promise.all(Array.from({ length: 25 }, image))
  expect(failing.filter(status => status === 502).length).toBeGreaterThanOrEqual(20)
  const { reason } = await reloaded(world, 'rollback')
  expect(reason).toMatch(/^Rolled back: \d+ of \d+ answers failed after it \(before: 0 %\)/)
  expect(await image()).toBe(200)
  const plugins = await list<{ id: string; state: string; error: string | null }>(world, '/admin/api/plugins')
  expect(plugins.find(({ id, state }) => id === 'lab' && state === 'live')?.error).toContain('Rolled back')
  const audit = await list<{ actor: string; action: string }>(world, '/admin/api/audit?action=config.rollback')
  expect(audit).toMatchObject([{ actor: 'gateway', action: 'config.rollback' }])
})
