import { describe, expect, test } from 'bun:test'
import { chmod, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { definePlugin, Elysia, Kernel, secret, t } from 'flow2api/plugin'
import { createTestKernel, manualClock, type TestOptions } from 'flow2api/testing'
import { fixedProblems } from '../../kernel/changes.ts'
import { watchFile } from '../../kernel/watch.ts'

/** Answers what its section says, and may be told to fail. */
const shop = definePlugin({
  name: 'shop',
  version: '1.0.0',
  config: t.Object({
    status: t.Integer({ default: 200, minimum: 200, maximum: 599 }),
    key: secret(t.String({ default: '' })),
    breaks: t.Boolean({ default: false }),
  }),
  setup(ctx) {
    if (ctx.config.breaks) throw new Error('it was told to')
    ctx.http({
      routes: () => new Elysia().get('/shop', () => new Response(ctx.config.key, { status: ctx.config.status })),
    })
  },
})
const quiet = definePlugin({ name: 'quiet', version: '1.0.0', setup() {} })

async function booted(options: Partial<TestOptions> = {}) {
  const kernel = await createTestKernel({ plugins: { shop, quiet }, ...options })
  return { kernel, control: kernel.ask(Kernel), overrides: Bun.file(join(kernel.dataDir, 'overrides.toml')) }
}

describe('a change from the console', () => {
  test('is applied, kept for its owner alone, listed, compared and restored', async () => {
    const { kernel, control, overrides } = await booted()
    await using _kernel = kernel
    const report = (await control.change({ shop: { key: 'first' } }, 'ann'))._unsafeUnwrap()
    expect(report.plugins.map(({ id, outcome }) => [id, outcome])).toEqual([
      ['quiet', 'unchanged'],
      ['shop', 'reloaded'],
    ])
    expect(await (await kernel.fetch('/shop')).text()).toBe('first')
    expect(await overrides.text()).toContain('key = "first"')
    expect((await stat(overrides.name ?? '')).mode & 0o777).toBe(0o600)
    await control.change({ shop: { key: 'second', status: 201 } }, 'bob')
    expect(control.versions().map(({ version, by, note }) => [version, by, note])).toEqual([
      [3, 'bob', 'shop.key, shop.status'],
      [2, 'ann', 'shop.key'],
      [1, 'operator', 'as found'],
    ])
    expect(control.compare(2)).toEqual([
      { path: 'shop.key', before: '********', after: '********' },
      { path: 'shop.status', before: 201, after: null },
    ])
    expect((await control.restore(2, 'bob')).isOk()).toBe(true)
    expect(await (await kernel.fetch('/shop')).text()).toBe('first')
    expect((await control.restore(1, 'bob')).isOk()).toBe(true)
    expect(await (await kernel.fetch('/shop')).text()).toBe('')
    expect(control.versions()[0]).toMatchObject({ version: 5, note: 'version 1 restored' })
    expect((await control.restore(99, 'bob'))._unsafeUnwrapErr().code).toBe('not_found')
    expect(control.compare(99)).toBeUndefined()
  })

  test('can be looked at before', async () => {
    const { kernel, control, overrides } = await booted()
    await using _kernel = kernel
    const preview = (await control.preview({ shop: { status: 201 }, server: { port: 81 } }))._unsafeUnwrap()
    expect(preview).toEqual({
      object: 'config_preview',
      changes: [
        { path: 'shop.status', before: 200, after: 201 },
        { path: 'server.port', before: 0, after: 81 },
      ].sort(
        (a, b) =>
          preview.changes.findIndex(({ path }) => path === a.path) -
          preview.changes.findIndex(({ path }) => path === b.path),
      ),
      plugins: [
        { id: 'quiet', effect: 'unchanged' },
        { id: 'shop', effect: 'reloaded' },
      ],
      needs_restart: ['server.port'],
    })
    expect((await kernel.fetch('/shop')).status).toBe(200)
    expect(await overrides.exists()).toBe(false)
    const wrong = (await control.preview({ shop: { stauts: 1 } }))._unsafeUnwrapErr()
    expect(wrong.problems).toMatchObject([{ path: 'shop.stauts', suggestion: 'status' }])
  })

  test('with a mistake in it changes nothing', async () => {
    const { kernel, control, overrides } = await booted()
    await using _kernel = kernel
    const rejected = (await control.change({ shop: { status: 7, key: 'new' } }, 'ann'))._unsafeUnwrapErr()
    expect(rejected.problems).toMatchObject([{ path: 'shop.status' }])
    expect(await (await kernel.fetch('/shop')).text()).toBe('')
    expect(await overrides.exists()).toBe(false)
    expect(control.reloads()[0]).toMatchObject({ result: 'rejected', trigger: 'change by ann' })
  })

  test('that a plugin does not come up with is undone as a whole', async () => {
    const { kernel, control, overrides } = await booted()
    await using _kernel = kernel
    await control.change({ shop: { key: 'good' } }, 'ann')
    const before = await overrides.text()
    const rejected = (await control.change({ shop: { key: 'bad', breaks: true } }, 'ann'))._unsafeUnwrapErr()
    expect(rejected.problems).toMatchObject([{ path: 'plugins.shop' }])
    expect(rejected.problems[0]?.message).toContain('it was told to')
    expect(await (await kernel.fetch('/shop')).text()).toBe('good')
    expect(await overrides.text()).toBe(before)
    expect(control.versions()).toHaveLength(2)
  })

  test('is not kept back by a plugin that was broken before', async () => {
    const broken = definePlugin({
      name: 'broken',
      version: '1.0.0',
      setup() {
        throw new Error('it never comes up')
      },
    })
    const { kernel, control } = await booted({ plugins: { shop, broken }, tolerant: true })
    await using _kernel = kernel
    const report = (await control.change({ shop: { key: 'new' } }, 'ann'))._unsafeUnwrap()
    expect(report).toMatchObject({
      result: 'partial',
      plugins: [{ id: 'broken', outcome: 'rolled_back' }, { id: 'shop' }],
    })
    expect(await (await kernel.fetch('/shop')).text()).toBe('new')
    expect(control.versions()).toHaveLength(2)
  })

  test('null takes an override away; a mask that comes back is no new secret', async () => {
    const { kernel, control, overrides } = await booted({ config: { shop: { key: 'from the file' } } })
    await using _kernel = kernel
    await control.change({ shop: { key: '********', status: 202 } }, 'ann')
    expect(await (await kernel.fetch('/shop')).text()).toBe('from the file')
    expect(await overrides.text()).not.toContain('key')
    await control.change({ shop: { key: 'mine' } }, 'ann')
    expect(await (await kernel.fetch('/shop')).text()).toBe('mine')
    await control.change({ shop: { key: null } }, 'ann')
    expect(await (await kernel.fetch('/shop')).text()).toBe('from the file')
    expect((await kernel.fetch('/shop')).status).toBe(202)
  })

  test('is not written over a file that cannot be read', async () => {
    const { kernel, control, overrides } = await booted()
    await using _kernel = kernel
    await Bun.write(overrides, '[shop\nkey = "half written')
    expect((await control.change({ shop: { key: 'new' } }, 'ann'))._unsafeUnwrapErr().code).toBe('config_invalid')
    expect(await overrides.text()).toBe('[shop\nkey = "half written')
    expect(await (await kernel.fetch('/shop')).text()).toBe('')
  })

  test('that cannot be written is not in force either', async () => {
    const { kernel, control } = await booted()
    await using _kernel = kernel
    // Root may write anywhere, but not into a directory where a file is.
    await Bun.write(join(kernel.dataDir, 'overrides'), 'in the way')
    const rejected = await control.change({ shop: { key: 'new' } }, 'ann')
    expect(rejected.isErr()).toBe(true)
    expect(await (await kernel.fetch('/shop')).text()).toBe('')
  })

  test('of what the environment fixes is refused', () => {
    const fixedBy = (path: string) => (path === 'shop.key' ? 'FLOW2API_SHOP_KEY' : null)
    // Nothing else of a configuration is looked at.
    const problems = fixedProblems({ shop: { key: 'x', status: 1 } }, { fixedBy } as never)
    expect(problems).toMatchObject([{ path: 'shop.key', file: 'FLOW2API_SHOP_KEY' }])
  })

  test('every key tells where its value comes from', async () => {
    const { kernel, control } = await booted({ config: { shop: { key: 'hidden' } } })
    await using _kernel = kernel
    const settings = control.settings().filter(({ path }) => path.startsWith('shop.'))
    expect(settings).toContainEqual({ path: 'shop.key', value: '********', origin: 'file', fixed_by: null })
    expect(settings).toContainEqual({ path: 'shop.status', value: 200, origin: 'default', fixed_by: null })
  })
})

describe('answers that fail after a reload', () => {
  const ask = async (kernel: { fetch(path: string): Promise<Response> }, times: number) => {
    for (let time = 0; time < times; time++) await kernel.fetch('/shop')
  }

  test('bring back what was there before, and say so', async () => {
    const clock = manualClock()
    const { kernel, control, overrides } = await booted({ clock })
    await using _kernel = kernel
    await ask(kernel, 30)
    await control.change({ shop: { key: 'kept' } }, 'ann')
    await clock.advance(70_000)
    const before = await overrides.text()
    await control.change({ shop: { status: 500 } }, 'ann')
    await ask(kernel, 25)
    await clock.advance(2_000)
    expect((await kernel.fetch('/shop')).status).toBe(200)
    expect(await overrides.text()).toBe(before)
    expect(control.versions()[0]).toMatchObject({ by: 'gateway', note: 'undone: shop.status' })
    expect(control.reloads()[0]).toMatchObject({ trigger: 'rollback' })
    expect(control.reloads()[0]?.reason).toContain('25 of 25 answers failed')
    expect(kernel.status().find(({ id }) => id === 'shop')?.error).toContain('Rolled back')
  })

  test('are nothing new where as many failed before', async () => {
    const clock = manualClock()
    const { kernel, control } = await booted({ clock, config: { shop: { status: 503 } } })
    await using _kernel = kernel
    await ask(kernel, 30)
    await clock.advance(5_000)
    await control.change({ shop: { status: 500 } }, 'ann')
    await ask(kernel, 30)
    await clock.advance(60_000)
    expect((await kernel.fetch('/shop')).status).toBe(500)
  })

  test('are no reason once the time is over, where they are few, or with 0 in the settings', async () => {
    for (const [count, after, window] of [
      [30, 61_000, 60],
      [10, 0, 60],
      [30, 0, 0],
    ] as const) {
      const clock = manualClock()
      const { kernel, control } = await booted({ clock, config: { server: { rollback_window_s: window } } })
      await using _kernel = kernel
      await control.change({ shop: { status: 500 } }, 'ann')
      await clock.advance(after)
      await ask(kernel, count)
      await clock.advance(5_000)
      expect((await kernel.fetch('/shop')).status).toBe(500)
    }
  })

  test('do not undo what somebody has changed since', async () => {
    const clock = manualClock()
    const { kernel, control } = await booted({ clock })
    await using _kernel = kernel
    await control.change({ shop: { status: 500 } }, 'ann')
    await ask(kernel, 25)
    await control.change({ shop: { status: 501 } }, 'bob')
    await clock.advance(60_000)
    expect((await kernel.fetch('/shop')).status).toBe(501)
  })
})

describe('a watched file', () => {
  test('is told of however it was saved, once for all steps of it', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'flow2api-watch-'))
    const file = join(directory, 'setting.toml')
    await Bun.write(file, 'a')
    const clock = manualClock()
    let saved = 0
    const unwatch = watchFile(
      file,
      clock,
      () => saved++,
      () => {},
    )
    const told = async (change: () => Promise<unknown>) => {
      await change()
      for (let turn = 0; turn < 200 && clock.waiting === 0; turn++) await Bun.sleep(5)
      await clock.advance(1_000)
      return saved
    }
    expect(await told(() => Bun.write(file, 'b'))).toBe(1)
    expect(
      await told(async () => {
        await Bun.write(`${file}.new`, 'c')
        await rename(`${file}.new`, file)
      }),
    ).toBe(2)
    await Bun.write(join(directory, 'other'), 'x')
    unwatch()
    await chmod(file, 0o600)
    expect(clock.waiting).toBe(0)
    await rm(directory, { recursive: true })
  })

  test('that cannot be watched is said', () => {
    const failures: unknown[] = []
    const undo = watchFile(
      '/nowhere/at/all/setting.toml',
      manualClock(),
      () => {},
      cause => failures.push(cause),
    )
    expect(failures).toHaveLength(1)
    undo()
  })
})
