/** What the work at hand belongs to: carried along every await, never into anybody else's. */
import { expect, test } from 'bun:test'
import {
  defineCapability,
  definePlugin,
  Elysia,
  type Fault,
  Kernel,
  okAsync,
  ResultAsync,
  type Scope,
} from 'flow2api/plugin'
import { createTestKernel } from 'flow2api/testing'
import { systemClock } from '../../kernel/clock.ts'
import { LogFeed } from '../../kernel/log.ts'
import { currentScope, within } from '../../kernel/scope.ts'

interface Desk {
  work(id: string): ResultAsync<Scope, Fault>
}
const Desk = defineCapability<Desk>('test-desk', 1)

const desk = definePlugin({
  name: 'desk',
  version: '1.0.0',
  provides: [Desk],
  setup: ctx =>
    ctx.provide(Desk, {
      work: id =>
        id === 'none'
          ? okAsync({})
          : new ResultAsync(
              (async () => {
                await Bun.sleep(1)
                ctx.log.info(`working on ${id}`)
                return okAsync<Scope, Fault>(currentScope() ?? {})
              })(),
            ),
    }),
})
const front = definePlugin({
  name: 'front',
  version: '1.0.0',
  requires: { desk: Desk },
  setup: ctx =>
    ctx.http({
      routes: () =>
        new Elysia().get('/work/:id', async ({ params }) => {
          const inside = (await ctx.deps.desk.work(params.id))._unsafeUnwrap()
          ctx.log.info(`done with ${params.id}`)
          return { inside, after: currentScope() ?? null }
        }),
    }),
})

test('while somebody taps, requests and what a tap names go along, and lines of the log carry them', async () => {
  const log: Record<string, unknown>[] = []
  await using kernel = await createTestKernel({ plugins: { desk, front }, onLog: line => log.push(line) })
  const ask = async (id: string) => {
    const answer = await kernel.fetch(`/work/${id}`)
    const body = (await answer.json()) as { inside: Scope; after: Scope | null }
    return { requestId: answer.headers.get('x-request-id') ?? '', ...body }
  }
  expect(await ask('a')).toMatchObject({ inside: {}, after: null })
  const records: Scope[] = []
  const untap = kernel.ask(Kernel).tap({
    scope: ({ args }, outer) => ({ ...outer, jobId: String(args[0]) }),
    bus: ({ scope }) => void records.push(scope),
  })
  const answers = await Promise.all(['b', 'c', 'd'].map(ask))
  for (const [index, { requestId, inside, after }] of answers.entries()) {
    const jobId = ['b', 'c', 'd'][index] ?? ''
    expect(inside).toEqual({ requestId, jobId })
    expect(after).toEqual({ requestId })
    expect(records).toContainEqual({ requestId, jobId })
    expect(log.find(({ msg }) => msg === `working on ${jobId}`)).toMatchObject({ plugin: 'desk', requestId, jobId })
    const done = log.find(({ msg }) => msg === `done with ${jobId}`)
    expect(done).toMatchObject({ plugin: 'front', requestId })
    expect(done).not.toHaveProperty('jobId')
  }
  untap()
  expect(await ask('e')).toMatchObject({ inside: {}, after: null })
  expect(log.find(({ msg }) => msg === 'working on e')).not.toHaveProperty('requestId')
})

test('a tap that throws while it names is passed over', async () => {
  await using kernel = await createTestKernel({ plugins: { desk, front } })
  const fail = () => {
    throw new Error('a tap is broken')
  }
  kernel.ask(Kernel).tap({ scope: fail, arrival: fail, http: fail, bus: fail, stream: fail })
  expect((await kernel.fetch('/work/none')).status).toBe(200)
})

test('a timer of the clock belongs to nobody’s work; who awaits stays in his own', async () => {
  const seen = await within({ requestId: 'mine' }, async () => {
    const inTimer = await new Promise(resolve => systemClock.after(0, () => resolve(currentScope())))
    return [inTimer, currentScope()]
  })
  expect(seen).toEqual([undefined, { requestId: 'mine' }])
})

test('lines of the log are shown to whoever listens, who cannot disturb them', () => {
  const written: string[] = []
  const heard: string[] = []
  const feed = new LogFeed()
  const destination = feed.before({ write: line => void written.push(line) })
  feed.listen(() => {
    throw new Error('a listener is broken')
  })
  const unlisten = feed.listen(line => void heard.push(line))
  destination.write('one')
  unlisten()
  destination.write('two')
  expect([written, heard]).toEqual([['one', 'two'], ['one']])
})
