/** Plugins reload alone, under load, and no request notices. */
import { describe, expect, test } from 'bun:test'
import type { ReloadOutcome, ReloadReport } from 'flow2api/plugin'
import { startWorld, type World } from '../fixtures/world.ts'

/** Sends requests without a pause until told to stop; answers every status that came back. */
function load(world: World, workers: number) {
  let stop = false
  const statuses: number[] = []
  const worker = async (n: number) => {
    for (let i = 0; !stop; i++) {
      const body = JSON.stringify({ prompt: `load ${n}-${i}`, response_format: 'url' })
      const answer =
        i % 3 === 0
          ? await world.call('/v1/models')
          : await world.call('/v1/images/generations', { method: 'POST', body })
      statuses.push(answer.status)
      // biome-ignore lint/suspicious/noExplicitAny: whatever the answer is, it is read to its end
      const content = (await answer.json()) as any
      const url: string | undefined = content.data?.[0]?.url
      if (url?.startsWith(world.url)) statuses.push((await fetch(url)).status)
    }
  }
  const done = Promise.all(Array.from({ length: workers }, (_, n) => worker(n)))
  return {
    statuses,
    /** Resolves when so many more answers have come. */
    more: async (count: number) => {
      const goal = statuses.length + count
      while (statuses.length < goal) await Bun.sleep(1)
    },
    end: async () => {
      stop = true
      await done
      return statuses
    },
  }
}

const changed = async (answer: Response) => {
  const report = (await answer.json()) as ReloadReport // the documented answer
  return Object.fromEntries(
    report.plugins.filter(({ outcome }) => outcome !== 'unchanged').map(({ id, outcome }) => [id, outcome]),
  )
}

describe('a reload', () => {
  test('under load fails no request and names exactly the plugins concerned', async () => {
    await using world = await startWorld({ emulator: { latency: { imageMs: 5 } } })
    const traffic = load(world, 6)
    await traffic.more(20)
    const steps: [string, string, string, Record<string, ReloadOutcome>][] = [
      ['cache', '[cache]\ntimeout = 600', 'poll_interval = 0.05', { cache: 'reloaded' }],
      ['debug', '[cache]\ntimeout = 600\n[debug]\nenabled = true', 'poll_interval = 0.05', { debug: 'reloaded' }],
      [
        'flow',
        '[cache]\ntimeout = 600\n[debug]\nenabled = true',
        'poll_interval = 0.1',
        { 'flow-provider': 'reloaded' },
      ],
      [
        'proxy',
        '[cache]\ntimeout = 600\n[debug]\nenabled = true\n[proxy]\nfallback = "none"',
        'poll_interval = 0.1',
        { proxy: 'reloaded' },
      ],
      [
        'all four',
        '',
        'poll_interval = 0.05',
        { cache: 'reloaded', debug: 'reloaded', 'flow-provider': 'reloaded', proxy: 'reloaded' },
      ],
      ['comments only', '# nothing\n[cache]\n# still nothing\ntimeout = 7200', 'poll_interval = 0.05', {}],
    ]
    for (const [what, sections, flow, expected] of steps) {
      const answer = await world.reload(world.settings(sections, flow))
      expect({ what, status: answer.status, changed: await changed(answer) }).toEqual({
        what,
        status: 200,
        changed: expected,
      })
      await traffic.more(20)
    }
    const statuses = await traffic.end()
    expect(statuses.length).toBeGreaterThan(100)
    expect(statuses.filter(status => status !== 200)).toEqual([])
  })

  test('switches a plugin off and on: its routes vanish and return', async () => {
    await using world = await startWorld()
    const tmp = () =>
      world
        .call('/tmp/00000000000000000000000000000000.png')
        .then(async answer => ((await answer.json()) as { error: { message: string } }).error.message)
    const image = async () => {
      const answer = await world.call('/v1/images/generations', {
        method: 'POST',
        body: JSON.stringify({ prompt: 'x', response_format: 'url' }),
      })
      return ((await answer.json()) as { data: { url: string }[] }).data[0]?.url ?? ''
    }
    expect(await tmp()).not.toContain('nothing at /tmp')
    expect(await image()).toStartWith(`${world.url}/tmp/`)
    expect(await changed(await world.reload(world.settings('[plugins]\ncache = false')))).toEqual({ cache: 'removed' })
    expect(await tmp()).toContain('nothing at /tmp')
    // Without it the upstream's own URL is handed on.
    expect(await image()).toStartWith(world.emulator.url)
    expect(await changed(await world.reload(world.settings()))).toEqual({ cache: 'added' })
    expect(await tmp()).not.toContain('nothing at /tmp')
  })

  test('of a broken file changes nothing and says every mistake', async () => {
    await using world = await startWorld()
    const answer = await world.reload(world.settings('[cache]\ntimeuot = 1\n[debug]\nenabled = "yes"'))
    expect(answer.status).toBe(422)
    const body = (await answer.json()) as {
      error: { code: string }
      problems: { path: string; line: number; suggestion: string | null }[]
    } // the documented answer
    expect(body.error.code).toBe('config_invalid')
    expect(body.problems.map(({ path, line }) => [path, line])).toEqual([
      ['cache.timeuot', 2],
      ['debug.enabled', 4],
    ])
    expect(body.problems[0]?.suggestion).toContain('timeout')
    expect((await world.call('/v1/models')).status).toBe(200)
  })
})

describe('a provider outside the repository', () => {
  const lab = (colour: string) => `
import { definePlugin, ok, okAsync } from 'flow2api/plugin'
import { Provider } from 'flow2api/contracts'
const PIXEL = Uint8Array.from(atob('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='), c => c.charCodeAt(0))
export default definePlugin({
  name: 'lab', version: '1.0.0', provides: [Provider],
  setup(ctx) {
    ctx.provide(Provider, {
      accounts: () => undefined,
      polling: () => ({ intervalMs: 1000, maxAttempts: 10 }),
      models: () => [{ id: 'lab-${colour}', kind: 'image', accepts: { inputs: [], aspectRatios: ['1:1'], sizes: [], resolutions: [], seconds: [] } }],
      plan: model => ok({ model, requested: {} }),
      start: () => okAsync({ state: 'done', media: [{ bytes: PIXEL, mime: 'image/png' }] }),
      status: () => okAsync([]),
      cancel: () => okAsync(undefined),
    })
  },
})
`
  test('serves an image; broken, it is reported with file and line and everything else runs on', async () => {
    await using world = await startWorld()
    const file = `${world.gateway.dir}/outside/lab.ts`
    await Bun.write(file, lab('red'))
    const settings = world.settings('[plugins]\nlab = { use = "./outside/lab.ts" }')
    const image = (model: string) =>
      world.call('/v1/images/generations', {
        method: 'POST',
        body: JSON.stringify({ model, prompt: 'x', response_format: 'url' }),
      })
    expect(await changed(await world.reload(settings))).toEqual({ lab: 'added' })
    const { data } = (await (await image('lab-red')).json()) as { data: { url: string }[] }
    expect((await fetch(data[0]?.url ?? '')).headers.get('content-type')).toBe('image/png')

    await Bun.write(file, lab('blue').replace('version:', 'version ='))
    const answer = await world.reload(settings)
    expect(answer.status).toBe(200)
    const report = (await answer.json()) as ReloadReport
    expect(report.result).toBe('partial')
    expect(report.plugins.find(({ id }) => id === 'lab')).toMatchObject({
      outcome: 'rolled_back',
      reason: expect.stringContaining(`${file}:6:`),
    })
    expect((await image('lab-red')).status).toBe(200)
    expect((await image('gpt-image-1')).status).toBe(200)

    await Bun.write(file, lab('blue'))
    expect(await changed(await world.reload(settings))).toEqual({ lab: 'reloaded' })
    expect((await image('lab-blue')).status).toBe(200)
    expect((await image('lab-red')).status).toBe(404)
  })
})
