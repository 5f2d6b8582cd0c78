/** The last lines of the log, as a list and as a stream. */
import { describe, expect, test } from 'bun:test'
import { Auth, domainFault, Ring } from 'flow2api/contracts'
import { definePlugin, Elysia, errAsync, okAsync, sleep, t } from 'flow2api/plugin'
import { createTestKernel } from 'flow2api/testing'
import { Correlation, jobIn } from '../../plugins/debug/correlation.ts'
import debug from '../../plugins/debug/index.ts'
import { readLine, wants } from '../../plugins/debug/log-line.ts'

const auth = definePlugin({
  name: 'auth',
  version: '1.0.0',
  provides: [Auth],
  setup: ctx =>
    ctx.provide(Auth, {
      verify: request =>
        request.headers.get('authorization') === 'Bearer admin'
          ? okAsync({ kind: 'admin', id: 'admin' })
          : errAsync(domainFault('admin_required', 'Sign in first.')),
    }),
})

/** Says in the log what it is told to. */
const speaker = definePlugin({
  name: 'speaker',
  version: '1.0.0',
  config: t.Object({ n: t.Integer({ default: 1 }) }),
  setup(ctx) {
    ctx.http({
      routes: () =>
        new Elysia().get('/say', async ({ query }: { query: Record<string, string | undefined> }) => {
          const { text = '', level, ...fields } = query
          await sleep(ctx.clock, 0)
          if (level === 'warn') ctx.log.warn(fields, text)
          else ctx.log.info(fields, text)
          return 'said'
        }),
    })
  },
})

async function start(config: Record<string, unknown> = {}) {
  const kernel = await createTestKernel({
    plugins: { auth, debug, speaker },
    config: { debug: config },
    onLog: () => {},
  })
  const ask = (query: string, headers: Record<string, string> = {}, credential = 'Bearer admin') =>
    kernel.fetch(`/admin/api/logs${query}`, { headers: { authorization: credential, ...headers } })
  return {
    kernel,
    say: async (query: string) => (await kernel.fetch(`/say?${query}`)).headers.get('x-request-id') ?? '',
    ask,
    list: async (query = '') => (await (await ask(query)).json()) as { data: Line[]; has_more: boolean }, // the documented list
    follow: async (query = '', headers: Record<string, string> = {}) =>
      events(await ask(query, { accept: 'text/event-stream', ...headers })),
    [Symbol.asyncDispose]: () => kernel.stop(),
  }
}

interface Line {
  readonly id: string
  readonly level: string
  readonly plugin: string
  readonly message: string
  readonly request_id: string | null
  readonly job_id: string | null
  readonly fields: Record<string, unknown>
}
interface Event {
  readonly id: string | undefined
  readonly event: string | undefined
  readonly data: Line & { readonly lost?: number }
}

/** Events of a stream, one at a time; `undefined` at its end. */
function events(response: Response) {
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  const next = async (): Promise<Event | undefined> => {
    for (;;) {
      const end = text.indexOf('\n\n')
      if (end >= 0) {
        const block = text.slice(0, end)
        text = text.slice(end + 2)
        const field = (name: string) => block.match(new RegExp(`^${name}: (.*)$`, 'm'))?.[1]
        const data = field('data')
        if (data !== undefined) return { id: field('id'), event: field('event'), data: JSON.parse(data) }
        continue
      }
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
      if (done) return undefined
      text += decoder.decode(value, { stream: true })
    }
  }
  return { next, close: () => reader?.cancel() }
}

const messages = ({ data }: { data: readonly Line[] }) => data.map(({ message }) => message)

describe('the list', () => {
  test('has the last lines, newest first, also while nothing is watched; it filters and pages', async () => {
    await using world = await start()
    await world.say('text=one')
    await world.say('text=two&level=warn&job=job_0123456789ab')
    await world.say('text=three&note=Needle')
    const all = await world.list('?plugin=speaker')
    expect(messages(all)).toEqual(['three', 'two', 'one'])
    expect(all.data[1]).toMatchObject({
      level: 'warn',
      plugin: 'speaker',
      job_id: 'job_0123456789ab',
      request_id: null,
    })
    expect(all.data[0]?.fields).toMatchObject({ note: 'Needle' })
    expect(messages(await world.list('?level=warn'))).toEqual(['two'])
    expect(messages(await world.list('?text=needle'))).toEqual(['three'])
    expect(messages(await world.list('?job=video_0123456789ab'))).toEqual(['two'])
    expect(messages(await world.list('?plugin=kernel,speaker&level=error'))).toEqual([])
    const page = await world.list('?plugin=speaker&limit=2')
    expect([messages(page), page.has_more]).toEqual([['three', 'two'], true])
    const rest = await world.list(`?plugin=speaker&limit=2&before=${page.data[1]?.id}`)
    expect([messages(rest), rest.has_more]).toEqual([['one'], false])
  })

  test('is the administrator’s alone', async () => {
    await using world = await start()
    expect((await world.ask('', {}, 'Bearer other')).status).toBe(401)
    expect((await world.ask('?level=loud')).status).toBe(400)
    await world.kernel.reload({ plugins: { debug, speaker } })
    expect((await world.ask('')).status).toBe(500)
  })

  test('of one request has whatever was written while it was served', async () => {
    await using world = await start({ enabled: true })
    const [mine] = await Promise.all([world.say('text=mine'), world.say('text=other'), world.say('text=another')])
    const { data } = await world.list(`?request=${mine}`)
    expect(data.map(({ message }) => message.replace(/ [\d.]+ ms$/, '')).toReversed()).toEqual([
      'GET /say?text=mine arrives',
      'mine',
      'GET /say?text=mine 200',
    ])
    expect(data.map(({ request_id }) => request_id)).toEqual([mine, mine, mine])
    // Reading the log leaves no line in it.
    expect(messages(await world.list('?text=/admin/api/logs'))).toEqual([])
  })
})

describe('the stream', () => {
  test('begins with what is there, goes on live, and resumes behind an id', async () => {
    await using world = await start()
    await world.say('text=one')
    await world.say('text=two')
    const stream = await world.follow('?plugin=speaker&limit=1')
    expect((await stream.next())?.data.message).toBe('two')
    await world.say('text=three')
    const three = await stream.next()
    expect(three).toMatchObject({ event: 'line', data: { message: 'three', id: three?.id } })
    await stream.close()
    await world.say('text=four')
    await world.say('text=five')
    const again = await world.follow('?plugin=speaker', { 'last-event-id': three?.id ?? '' })
    expect([(await again.next())?.data.message, (await again.next())?.data.message]).toEqual(['four', 'five'])
    await again.close()
    // An id of another process: all that there is.
    const other = await world.follow('?plugin=speaker&after=ffffffff-3')
    expect((await other.next())?.data.message).toBe('one')
    await other.close()
  })

  test('ends when its plugin is replaced, and whoever comes back has missed nothing', async () => {
    await using world = await start()
    const stream = await world.follow('?plugin=speaker')
    await world.say('text=before')
    const before = await stream.next()
    const reloaded = await world.kernel.reload({ config: { debug: { enabled: true } } })
    expect(reloaded._unsafeUnwrap().plugins).toContainEqual(
      expect.objectContaining({ id: 'debug', outcome: 'reloaded' }),
    )
    await world.say('text=between')
    expect(await stream.next()).toBeUndefined()
    const again = await world.follow('?plugin=speaker', { 'last-event-id': before?.id ?? '' })
    expect((await again.next())?.data.message).toBe('between')
    await again.close()
    while (world.kernel.status().some(({ state }) => state === 'draining'))
      await new Promise(resolve => setImmediate(resolve))
    expect(world.kernel.leaks()).toEqual([])
  })
})

describe('correlation', () => {
  test('finds the job that a value is about', () => {
    expect(jobIn('video_0123456789ab')).toBe('job_0123456789ab')
    expect(jobIn({ id: 'job_0123456789ab-0', model: 'm' })).toBe('job_0123456789ab')
    expect(jobIn({ kind: 'image', jobId: 'job_0123456789ab' })).toBe('job_0123456789ab')
    expect(jobIn([{ id: 'job_0123456789ab' }])).toBeUndefined()
    expect(jobIn({ prompt: 'job_0123456789ab' })).toBeUndefined()
  })

  test('work of a job belongs to the request that brought it, whoever set it going', () => {
    const correlation = new Correlation()
    const call = (ref: string, method: string, ...args: unknown[]) => ({ ref, method, args })
    correlation.learn('job_aaaaaaaaaaaa', 'req_a')
    const start = call('generation.provider', 'start', { id: 'job_aaaaaaaaaaaa-0' })
    expect(correlation.scope(start, { requestId: 'req_b' })).toEqual({ requestId: 'req_a', jobId: 'job_aaaaaaaaaaaa' })
    expect(correlation.scope(call('jobs', 'get', 'job_aaaaaaaaaaaa'), { requestId: 'req_b' })).toEqual({
      requestId: 'req_b',
      jobId: 'job_aaaaaaaaaaaa',
    })
    expect(correlation.scope(call('egress', 'route', {}), { requestId: 'req_b' })).toEqual({ requestId: 'req_b' })
    expect(correlation.scope(call('generation.provider', 'status', []), { requestId: 'req_b' })).toEqual({})
  })
})

test('a line that is no JSON is shown as far as it goes', () => {
  const ring = new Ring()
  const read = readLine({ number: 7, line: 'not json' }, ring)
  expect(read).toMatchObject({ id: `${ring.epoch}-7`, plugin: 'kernel', level: 'info', message: '' })
  expect(wants({ text: 'NOT' }, 'not json', read, () => undefined)).toBe(true)
  expect(readLine({ number: 1, line: '{"level":40,"time":1500}' }, ring)).toMatchObject({
    level: 'warn',
    created_at: 1.5,
  })
})
