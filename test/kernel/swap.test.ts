import { describe, expect, test } from 'bun:test'
import { type AnyPlugin, definePlugin, Elysia, Reloaded, type ReloadReport, t } from 'flow2api/plugin'
import { createTestKernel, manualClock } from 'flow2api/testing'
import { fragile, Greeter, gate, greeter, type Journal, page, web } from '../fixtures/plugins.ts'

const outcomes = (report: ReloadReport) => Object.fromEntries(report.plugins.map(({ id, outcome }) => [id, outcome]))
const text = async (answer: Promise<Response>) => (await answer).text()

describe('a reload', () => {
  test('that changes nothing touches nothing', async () => {
    const journal: Journal = []
    await using kernel = await createTestKernel({ plugins: { greeter: greeter(journal), web: web() } })
    const before = [...journal]
    // Writing out a default is no change.
    const report = (await kernel.reload({ config: { greeter: { word: 'hello' } } }))._unsafeUnwrap()
    expect(report.result).toBe('unchanged')
    expect(outcomes(report)).toEqual({ greeter: 'unchanged', web: 'unchanged' })
    expect(journal).toEqual(before)
  })

  test('replaces only what changed; a request under way ends on the old instances', async () => {
    const journal: Journal = []
    const slow = gate()
    await using kernel = await createTestKernel({ plugins: { greeter: greeter(journal, slow.wait), web: web() } })
    const underWay = text(kernel.fetch('/hi/ann'))
    await slow.reached
    const config = { greeter: { word: 'ciao' }, web: { mark: '?' } }
    const report = (await kernel.reload({ config }))._unsafeUnwrap()
    expect(outcomes(report)).toEqual({ greeter: 'reloaded', web: 'reloaded' })
    const after = text(kernel.fetch('/hi/ann'))
    expect(
      kernel
        .status()
        .filter(({ state }) => state === 'draining')
        .map(({ id }) => id),
    ).toEqual(['greeter', 'web'])
    slow.open()
    expect(await underWay).toBe('hello ann!')
    expect(await after).toBe('ciao ann?')
    await kernel.stop()
    expect(journal.slice(0, 4)).toEqual(['greeter#1 setup', 'greeter#1 live', 'greeter#2 setup', 'greeter#2 live'])
    expect(journal.indexOf('greeter#1 leaving')).toBeLessThan(journal.indexOf('greeter#1 disposed'))
  })

  test('rebinds those that depend on what was replaced, without restarting them', async () => {
    await using kernel = await createTestKernel({ plugins: { greeter: greeter(), web: web() } })
    const report = (await kernel.reload({ config: { greeter: { word: 'salut' } } }))._unsafeUnwrap()
    expect(outcomes(report)).toEqual({ greeter: 'reloaded', web: 'unchanged' })
    expect(await text(kernel.fetch('/hi/bo'))).toBe('salut bo!')
  })

  test('adds and removes routes', async () => {
    const plugins: Record<string, AnyPlugin> = { one: page('/one') }
    await using kernel = await createTestKernel({ plugins })
    expect((await kernel.fetch('/two')).status).toBe(404)
    await kernel.reload({ plugins: { ...plugins, two: page('/two') } })
    expect(await text(kernel.fetch('/two'))).toBe('page')
    const report = (await kernel.reload({ plugins: { two: page('/two') } }))._unsafeUnwrap()
    expect(outcomes(report)).toEqual({ one: 'removed', two: 'reloaded' })
    expect((await kernel.fetch('/one')).status).toBe(404)
  })

  test('with mistakes changes nothing and names them all', async () => {
    const journal: Journal = []
    await using kernel = await createTestKernel({ plugins: { greeter: greeter(journal), web: web() } })
    const rejected = (
      await kernel.reload({ config: { greeter: { wrod: 'x' }, web: { mark: 7 }, wbe: {} } })
    )._unsafeUnwrapErr()
    expect(rejected.code).toBe('config_invalid')
    expect(rejected.problems.map(({ path }) => path).toSorted()).toEqual(['greeter.wrod', 'wbe', 'web.mark'])
    expect(rejected.problems.find(({ path }) => path === 'greeter.wrod')?.suggestion).toContain('word')
    expect(await text(kernel.fetch('/hi/cy'))).toBe('hello cy!')
    expect(journal).toEqual(['greeter#1 setup', 'greeter#1 live'])
  })

  test('that takes away what another plugin needs is rejected', async () => {
    const plugins = { greeter: greeter(), web: web() }
    await using kernel = await createTestKernel({ plugins })
    const rejected = (await kernel.reload({ plugins: { web: plugins.web } }))._unsafeUnwrapErr()
    expect(rejected.problems[0]?.message).toContain('Plugin "web" needs greeter@1')
    expect(await text(kernel.fetch('/hi/di'))).toBe('hello di!')
  })

  test('reloads are queued, and each sees the world that the last one left', async () => {
    await using kernel = await createTestKernel({ plugins: { greeter: greeter(), web: web() } })
    const reports = await Promise.all(['a', 'b', 'c'].map(word => kernel.reload({ config: { greeter: { word } } })))
    expect(reports.map(one => one._unsafeUnwrap().plugins.find(({ id }) => id === 'greeter')?.generation)).toEqual([
      2, 2, 2,
    ])
    expect(await text(kernel.fetch('/hi/x'))).toBe('c x!')
  })

  test('tells what happened', async () => {
    await using kernel = await createTestKernel({ plugins: { greeter: greeter() } })
    const told: ReloadReport[] = []
    kernel.on(Reloaded, report => void told.push(report))
    await kernel.reload({ config: { greeter: { word: 'x' } } })
    expect(told.map(({ result }) => result)).toEqual(['applied'])
  })
})

describe('a plugin that fails', () => {
  const failures = [
    ['setup', 'failed in setup: the set-up broke'],
    ['ready', 'failed in ready: not ready'],
    ['routes', 'failed in routes(): the routes broke'],
  ] as const
  for (const [where, why] of failures)
    test(`in ${where} is rolled back to its old instance; the rest lands`, async () => {
      const journal: Journal = []
      await using kernel = await createTestKernel({ plugins: { fragile: fragile(where, journal), greeter: greeter() } })
      const report = (
        await kernel.reload({ config: { fragile: { word: 'bad' }, greeter: { word: 'ciao' } } })
      )._unsafeUnwrap()
      expect(report.result).toBe('partial')
      expect(outcomes(report)).toEqual({ fragile: 'rolled_back', greeter: 'reloaded' })
      expect(report.plugins.find(({ id }) => id === 'fragile')?.reason).toContain(why)
      expect(await text(kernel.fetch('/fragile'))).toBe('hello')
      expect((await kernel.ask(Greeter).greet('x'))._unsafeUnwrap()).toBe('ciao x')
      expect(journal).toEqual(['fragile#2 disposed'])
      expect(kernel.status().find(({ id }) => id === 'fragile')).toMatchObject({
        state: 'live',
        generation: 1,
        error: expect.stringContaining(why),
      })
      // Once it is right again, it reloads.
      expect(outcomes((await kernel.reload({ config: {} }))._unsafeUnwrap())).toEqual({
        fragile: 'unchanged',
        greeter: 'reloaded',
      })
      expect(kernel.status().find(({ id }) => id === 'fragile')?.error).toBeNull()
    })

  test('to provide what it declares is told so', async () => {
    await expect(createTestKernel({ plugins: { fragile: fragile('missing') } })).rejects.toThrow(
      'it declares greeter@1 and did not provide it',
    )
  })

  test('to finish its set-up in time is named and cut off', async () => {
    const clock = manualClock()
    await using kernel = await createTestKernel({ plugins: { fragile: fragile('slow') }, clock })
    const reload = kernel.reload({ config: { fragile: { word: 'bad' } } })
    await clock.advance(30_000)
    const report = (await reload)._unsafeUnwrap()
    expect(report.plugins[0]).toMatchObject({
      id: 'fragile',
      outcome: 'rolled_back',
      reason: expect.stringContaining('did not finish within 30 s'),
    })
  })

  test('at boot is left out together with those that need it, and reported', async () => {
    const broken = definePlugin({
      name: 'broken',
      version: '1.0.0',
      provides: [Greeter],
      setup() {
        throw new Error('no luck')
      },
    })
    await using kernel = await createTestKernel({ plugins: { broken, web: web(), one: page('/one') }, tolerant: true })
    const states = Object.fromEntries(kernel.status().map(({ id, state }) => [id, state]))
    expect(states).toEqual({ broken: 'failed', web: 'failed', one: 'live' })
    expect(kernel.status().find(({ id }) => id === 'web')?.error).toContain(
      'needs greeter@1, whose provider did not start',
    )
    expect(await text(kernel.fetch('/one'))).toBe('page')
    // The next reload tries again.
    const report = (
      await kernel.reload({ plugins: { broken: greeter(), web: web(), one: page('/one') } })
    )._unsafeUnwrap()
    expect(outcomes(report)).toMatchObject({ broken: 'added', web: 'added' })
    expect(await text(kernel.fetch('/hi/ed'))).toBe('hello ed!')
  })

  test('as the successor of what others need leads to a rejection, and nothing has changed', async () => {
    const w = web()
    await using kernel = await createTestKernel({ plugins: { greeter: greeter(), web: w } })
    const usurper = definePlugin({
      name: 'usurper',
      version: '1.0.0',
      provides: [Greeter],
      setup() {
        throw new Error('cannot')
      },
    })
    const rejected = (await kernel.reload({ plugins: { usurper, web: w } }))._unsafeUnwrapErr()
    expect(rejected.problems.map(({ message }) => message).join(' ')).toContain('cannot')
    expect(await text(kernel.fetch('/hi/flo'))).toBe('hello flo!')
    expect(kernel.status().map(({ id }) => id)).toEqual(['greeter', 'web'])
  })
})

describe('a route', () => {
  test('that is taken is refused to the newcomer', async () => {
    const one = page('/same', 'one')
    await using kernel = await createTestKernel({ plugins: { one }, config: { one: { text: 'first' } } })
    const report = (await kernel.reload({ plugins: { one, two: page('/same', 'two') } }))._unsafeUnwrap()
    expect(report.plugins.find(({ id }) => id === 'two')).toMatchObject({
      outcome: 'rolled_back',
      reason: 'Plugin "two" wants GET /same, which plugin "one" already serves.',
    })
    expect(await text(kernel.fetch('/same'))).toBe('first')
  })

  test('clashes whatever its parameter is called', async () => {
    const plugin = (name: string, path: string) =>
      definePlugin({ name, version: '1', setup: ctx => ctx.http({ routes: () => new Elysia().get(path, () => name) }) })
    await expect(
      createTestKernel({ plugins: { a: plugin('a', '/x/:id'), b: plugin('b', '/x/:name') } }),
    ).rejects.toThrow('already serves')
  })
})

describe('an exclusive plugin (overlap: false)', () => {
  const exclusive = (journal: Journal) =>
    definePlugin({
      name: 'exclusive',
      version: '1.0.0',
      overlap: false,
      config: t.Object({ mode: t.String({ default: 'good' }) }, { additionalProperties: false }),
      setup(ctx) {
        if (ctx.config.mode === 'bad') throw new Error('bad mode')
        journal.push(`open ${ctx.generation}`)
        ctx.defer(() => void journal.push(`close ${ctx.generation}`))
        ctx.http({ routes: () => new Elysia().get('/mode', () => ctx.config.mode) })
      },
    })

  test('stops before its successor starts', async () => {
    const journal: Journal = []
    await using kernel = await createTestKernel({ plugins: { exclusive: exclusive(journal) } })
    await kernel.reload({ config: { exclusive: { mode: 'better' } } })
    expect(journal).toEqual(['open 1', 'close 1', 'open 2'])
    expect(await text(kernel.fetch('/mode'))).toBe('better')
  })

  test('comes back with its old configuration when the new one fails', async () => {
    const journal: Journal = []
    await using kernel = await createTestKernel({ plugins: { exclusive: exclusive(journal) } })
    const report = (await kernel.reload({ config: { exclusive: { mode: 'bad' } } }))._unsafeUnwrap()
    expect(report.plugins[0]).toMatchObject({ outcome: 'rolled_back', reason: expect.stringContaining('bad mode') })
    expect(await text(kernel.fetch('/mode'))).toBe('good')
    expect(journal).toEqual(['open 1', 'close 1', 'open 3'])
  })

  test('comes back also when the reload as a whole is refused', async () => {
    const journal: Journal = []
    const [w, mine] = [web(), exclusive(journal)]
    await using kernel = await createTestKernel({ plugins: { exclusive: mine, greeter: greeter(), web: w } })
    const usurper = definePlugin({
      name: 'usurper',
      version: '1.0.0',
      provides: [Greeter],
      setup() {
        throw new Error('cannot')
      },
    })
    const rejected = await kernel.reload({
      plugins: { exclusive: mine, usurper, web: w },
      config: { exclusive: { mode: 'new' } },
    })
    expect(rejected.isErr()).toBe(true)
    expect(await text(kernel.fetch('/mode'))).toBe('good')
    expect(await text(kernel.fetch('/hi/ida'))).toBe('hello ida!')
  })
})
