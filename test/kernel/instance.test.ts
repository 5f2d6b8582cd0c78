import { describe, expect, test } from 'bun:test'
import {
  Announcement,
  defineCapability,
  defineExtensionPoint,
  definePlugin,
  Elysia,
  type Job,
  t,
} from 'flow2api/plugin'
import { createTestKernel, manualClock } from 'flow2api/testing'
import { Greeted, Greeter, gate, greeter, type Journal, Words, word } from '../fixtures/plugins.ts'

const text = async (answer: Promise<Response>) => (await answer).text()

describe('draining', () => {
  test('waits for jobs, and cuts off at the deadline', async () => {
    const clock = manualClock()
    const log: string[] = []
    const worker = definePlugin({
      name: 'worker',
      version: '1.0.0',
      config: t.Object({ n: t.Integer({ default: 1 }) }, { additionalProperties: false }),
      setup(ctx) {
        const job = ctx.begin(`work ${ctx.generation}`)
        job.signal.addEventListener('abort', () => {
          log.push(`cut ${ctx.generation}`)
          void job[Symbol.asyncDispose]()
        })
        ctx.defer(() => void log.push(`disposed ${ctx.generation}`))
        return { drain: deadline => deadline.addEventListener('abort', () => log.push(`deadline ${ctx.generation}`)) }
      },
    })
    await using kernel = await createTestKernel({ plugins: { worker }, clock })
    await kernel.reload({ config: { worker: { n: 2 } } })
    expect(kernel.status().map(({ state, in_flight }) => [state, in_flight])).toEqual([
      ['live', ['work 2']],
      ['draining', ['work 1']],
    ])
    await clock.advance(4_900)
    expect(log).toEqual([])
    await clock.advance(200)
    expect(log.toSorted()).toEqual(['cut 1', 'deadline 1', 'disposed 1'])
    expect(log.at(-1)).toBe('disposed 1')
    const stopped = kernel.stop()
    await clock.advance(10_000)
    await stopped
  })

  test('those who need each other in a circle go once nothing is under way in any of them, and not before', async () => {
    const clock = manualClock()
    const Left = defineCapability<{ left(): void }>('left', 1)
    const Right = defineExtensionPoint<{ right(): void }>('right', 1)
    const config = t.Object({ n: t.Integer({ default: 1 }) }, { additionalProperties: false })
    const gone: string[] = []
    let work: Job | undefined
    const left = definePlugin({
      name: 'left',
      version: '1.0.0',
      config,
      provides: [Left],
      optional: { right: Right },
      setup(ctx) {
        ctx.provide(Left, { left() {} })
        ctx.defer(() => void gone.push(`left ${ctx.generation}`))
      },
    })
    const right = definePlugin({
      name: 'right',
      version: '1.0.0',
      config,
      provides: [Right],
      requires: { left: Left },
      setup(ctx) {
        ctx.provide(Right, { right() {} })
        if (ctx.generation === 1) work = ctx.begin('work')
        ctx.defer(() => void gone.push(`right ${ctx.generation}`))
      },
    })
    await using kernel = await createTestKernel({ plugins: { left, right }, clock })
    await kernel.reload({ config: { left: { n: 2 }, right: { n: 2 } } })
    await clock.advance(100)
    expect(gone).toEqual([])
    await work?.[Symbol.asyncDispose]()
    await clock.advance(100)
    expect(gone.toSorted()).toEqual(['left 1', 'right 1'])
    await kernel.reload({ config: { left: { n: 3 }, right: { n: 3 } } })
    await clock.advance(100)
    expect(gone).toHaveLength(4)
    expect(kernel.status().map(({ state }) => state)).toEqual(['live', 'live'])
  })

  test('a pinned dependency outlives its removal', async () => {
    const finish = gate()
    const answers: string[] = []
    const pinner = definePlugin({
      name: 'pinner',
      version: '1.0.0',
      optional: { greeter: Greeter },
      setup(ctx) {
        ctx.on(Greeted, async name => {
          await using job = ctx.begin('pinned greeting')
          const current = ctx.optional.greeter.current
          if (!current) return void answers.push('nobody')
          const pinned = job.pin(current)
          await finish.wait()
          answers.push((await pinned.greet(name))._unsafeUnwrap())
        })
      },
    })
    const journal: Journal = []
    await using kernel = await createTestKernel({ plugins: { pinner, greeter: greeter(journal) } })
    kernel.emit(Greeted, 'gus')
    await finish.reached
    await kernel.reload({ plugins: { pinner } })
    expect(journal).not.toContain('greeter#1 disposed')
    expect(kernel.status().find(({ id }) => id === 'greeter')?.in_flight).toEqual([
      'pinned by pinner (pinned greeting)',
    ])
    kernel.emit(Greeted, 'hal')
    finish.open()
    await kernel.stop()
    expect(answers.toSorted()).toEqual(['hello gus', 'nobody'])
    expect(journal).toContain('greeter#1 disposed')
  })

  test('a plugin that leaves, leaves nothing behind', async () => {
    let closed = 0
    const ticks: number[] = []
    const clock = manualClock()
    const leaky = definePlugin({
      name: 'leaky',
      version: '1.0.0',
      async setup(ctx) {
        await ctx.shared(
          'pool',
          () => ({}),
          () => void closed++,
        )
        ctx.on(Greeted, () => void ticks.push(-1))
        ctx.every(1000, () => void ticks.push(clock.now()))
        ctx.http({ routes: () => new Elysia().get('/leaky', () => 'x') })
      },
    })
    await using kernel = await createTestKernel({ plugins: { leaky }, clock })
    await clock.advance(2_500)
    expect(ticks).toHaveLength(2)
    await kernel.reload({ plugins: {} })
    kernel.emit(Greeted, 'nobody')
    await clock.advance(5_000)
    expect(ticks).toHaveLength(2)
    expect(closed).toBe(1)
    expect(kernel.leaks()).toEqual([])
    expect((await kernel.fetch('/leaky')).status).toBe(404)
  })

  test('what is shared goes over to the successor', async () => {
    const opened: number[] = []
    const counter = definePlugin({
      name: 'counter',
      version: '1.0.0',
      config: t.Object({ n: t.Integer({ default: 1 }) }, { additionalProperties: false }),
      async setup(ctx) {
        const state = await ctx.shared('state', () => {
          opened.push(ctx.generation)
          return { count: 0 }
        })
        ctx.http({ routes: () => new Elysia().get('/count', () => String(++state.count)) })
      },
    })
    await using kernel = await createTestKernel({ plugins: { counter } })
    expect(await text(kernel.fetch('/count'))).toBe('1')
    await kernel.reload({ config: { counter: { n: 2 } } })
    expect(await text(kernel.fetch('/count'))).toBe('2')
    expect(opened).toEqual([1])
  })
})

describe('the set-up', () => {
  test('may ask what it depends on; its events go out once it is live', async () => {
    const early = definePlugin({
      name: 'early',
      version: '1.0.0',
      requires: { greeter: Greeter, words: Words },
      async setup(ctx) {
        const greeting = (await ctx.deps.greeter.greet('setup'))._unsafeUnwrap()
        const words = ctx.deps.words.all().map(({ plugin, service }) => `${plugin}:${service.word()}`)
        ctx.emit(Announcement, { lines: [greeting, ...words] })
      },
    })
    await using kernel = await createTestKernel({
      plugins: { early, greeter: greeter(), a: word('one'), b: word('two') },
    })
    expect(kernel.announced).toEqual([['hello setup', 'a:one', 'b:two']])
  })

  test('half done is undone in reverse order', async () => {
    const undone: string[] = []
    const half = definePlugin({
      name: 'half',
      version: '1.0.0',
      async setup(ctx) {
        ctx.defer(() => void undone.push('first'))
        await ctx.shared(
          'thing',
          () => ({}),
          () => void undone.push('shared'),
        )
        ctx.defer(() => {
          undone.push('last')
          throw new Error('clean-up failed')
        })
        throw new Error('half-way')
      },
    })
    await using kernel = await createTestKernel({ plugins: { half }, tolerant: true })
    expect(undone).toEqual(['last', 'shared', 'first'])
    expect(kernel.status()[0]).toMatchObject({ state: 'failed', error: expect.stringContaining('half-way') })
    expect(kernel.leaks()).toEqual([])
  })

  test('that goes on after its time is up cannot leave anything behind', async () => {
    const clock = manualClock()
    const late = gate()
    let refused = ''
    const sleeper = definePlugin({
      name: 'sleeper',
      version: '1.0.0',
      async setup(ctx) {
        await late.wait()
        try {
          await ctx.shared('late', () => ({}))
        } catch (cause) {
          refused = String(cause)
        }
      },
    })
    const starting = createTestKernel({ plugins: { sleeper }, clock, tolerant: true })
    await late.reached
    await clock.advance(30_000)
    await using kernel = await starting
    late.open()
    await clock.advance(0)
    expect(refused).toContain('after it had left')
    expect(kernel.leaks()).toEqual([])
  })
})
