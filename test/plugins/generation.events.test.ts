import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { domainFault } from 'flow2api/contracts'
import { err, ok } from 'flow2api/plugin'
import { type Gateway, imageDone, providerPlugin, running, settle, until, World } from './generation.world.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'flow2api-events-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

const SECOND = 1_000
const done = { state: 'done', media: [{ url: 'https://media.test/v.mp4' }] } as const

interface Event {
  readonly id: number
  readonly event: string
  readonly data: { readonly status: string; readonly progress: number; readonly error: { code: string } | null }
}

/** Somebody who follows a job. */
class Reader {
  readonly events: Event[] = []
  text = ''
  ended = false
  readonly #hangUp = new AbortController()

  static async of(gateway: Gateway, id: string, last?: number): Promise<Reader> {
    const reader = new Reader()
    const response = await gateway.kernel.fetch(`/v1/jobs/${id}/events`, {
      headers: { authorization: 'Bearer right', ...(last !== undefined && { 'last-event-id': String(last) }) },
      signal: reader.#hangUp.signal,
    })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toStartWith('text/event-stream')
    expect(response.headers.get('x-flow2api-job')).toBe(id)
    void reader.#read(response).catch(() => {})
    return reader
  }

  get last(): Event | undefined {
    return this.events.at(-1)
  }
  get names(): readonly string[] {
    return this.events.map(({ event, data }) => `${event} ${data.status} ${data.progress}`)
  }
  hangUp(): void {
    this.#hangUp.abort()
  }

  async #read(response: Response): Promise<void> {
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of response.body ?? []) {
      const text = decoder.decode(chunk, { stream: true })
      this.text += text
      const blocks = `${rest}${text}`.split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        const fields = new Map(block.split('\n').map(line => line.split(/: (.*)/s) as [string, string]))
        const data = fields.get('data')
        if (data === undefined) continue
        this.events.push({
          id: Number(fields.get('id')),
          event: fields.get('event') ?? '',
          data: JSON.parse(data),
        })
      }
    }
    this.ended = true
  }
}

const rising = (events: readonly Event[]) =>
  events.every(({ id }, index) => Number.isSafeInteger(id) && id > (events[index - 1]?.id ?? 0))

test('from its present state to its end, with ids that rise', async () => {
  const world = new World()
  const percent = { now: 20 }
  world.start = async () => ok(running('op'))
  world.status = () => (percent.now < 100 ? { state: 'running', progress: percent.now } : done)
  await using gateway = await world.boot()
  const { id } = await gateway.submit({ kind: 'video', model: 'vid' })
  await until(() => world.starts.length === 1)
  await settle()
  const reader = await Reader.of(gateway, id)
  await until(() => reader.events.length === 1)
  for (const next of [20, 40, 100]) {
    percent.now = next
    await world.clock.advance(3 * SECOND)
    await until(() => reader.last?.data.progress === next)
  }
  await until(() => reader.ended)
  expect(reader.names.slice(0, 3)).toEqual(['state running 10', 'progress running 20', 'progress running 40'])
  expect(reader.names.at(-1)).toBe('completed completed 100')
  expect(rising(reader.events)).toBe(true)
  const whole = await gateway.kernel.fetch(`/v1/jobs/${id}`, { headers: { authorization: 'Bearer right' } })
  expect(reader.last?.data).toEqual(await whole.json())
})

test('of a job that failed the last event says so; of one that has ended there is only that', async () => {
  const world = new World()
  world.start = async () => err(domainFault('moderation_blocked', 'It was refused.'))
  await using gateway = await world.boot()
  const { id } = await gateway.end((await gateway.submit()).id)
  const reader = await Reader.of(gateway, id)
  await until(() => reader.ended)
  expect(reader.names).toEqual(['failed failed 5'])
  expect(reader.last?.data.error?.code).toBe('moderation_blocked')
})

test('who comes back hears what is new, and nothing twice', async () => {
  const world = new World()
  world.start = async () => ok(running('op'))
  await using gateway = await world.boot()
  const { id } = await gateway.submit({ kind: 'video', model: 'vid' })
  await until(() => world.starts.length === 1)
  await settle()
  const first = await Reader.of(gateway, id)
  await until(() => first.events.length === 1)
  first.hangUp()
  const same = await Reader.of(gateway, id, first.last?.id)
  await until(() => same.text !== '')
  await settle()
  expect(same.events).toEqual([])
  same.hangUp()

  world.status = () => ({ state: 'running', progress: 50 })
  await world.clock.advance(3 * SECOND)
  const later = await Reader.of(gateway, id, first.last?.id)
  await until(() => later.events.length === 1)
  expect(later.names).toEqual(['state running 50'])
  world.status = () => done
  await world.clock.advance(3 * SECOND)
  await until(() => later.ended)
  expect(rising([...first.events, ...later.events])).toBe(true)
  // Both hung up, and the job went on.
  const over = await gateway.kernel.fetch(`/v1/jobs/${id}/events`, {
    headers: { authorization: 'Bearer right', 'last-event-id': String(later.last?.id) },
  })
  expect(over.status).toBe(204)
})

test('ids rise over a restart, and the end has the same id for everyone', async () => {
  const world = new World()
  world.start = async () => ok(running('op'))
  const before = await world.boot({ dataDir: join(root, 'restart') })
  const { id } = await before.submit({ kind: 'video', model: 'vid' })
  await until(() => world.starts.length === 1)
  await settle()
  const first = await Reader.of(before, id)
  await until(() => first.events.length === 1)
  const dataDir = world.crash(before)
  first.hangUp()
  await world.clock.advance(SECOND)
  await using after = await world.boot({ dataDir })
  const second = await Reader.of(after, id, first.last?.id)
  await until(() => second.events.length === 1)
  world.status = () => done
  await settle()
  await world.clock.advance(3 * SECOND)
  await until(() => second.ended)
  expect(rising([...first.events, ...second.events])).toBe(true)
  const third = await Reader.of(after, id, first.last?.id)
  await until(() => third.ended)
  expect(third.events.map(event => event.id)).toEqual([second.last?.id ?? 0])
})

test('silence is broken by comments', async () => {
  const world = new World()
  world.slots = 0
  await using gateway = await world.boot({ config: { generation: { heartbeat_s: 5 } } })
  const { id } = await gateway.submit()
  const reader = await Reader.of(gateway, id)
  await until(() => reader.last !== undefined)
  for (const beats of [1, 2]) {
    await world.clock.advance(5 * SECOND)
    await until(() => reader.text.split(': keep-alive\n\n').length === beats + 1)
  }
  reader.hangUp()
})

test('a reload of the engine does not end it; the last of its patience does, and who comes back goes on', async () => {
  const world = new World()
  world.start = async () => ok(running('op'))
  await using gateway = await world.boot()
  const { id } = await gateway.submit({ kind: 'video', model: 'vid' })
  await until(() => world.starts.length === 1)
  await settle()
  const reader = await Reader.of(gateway, id)
  await until(() => reader.events.length === 1)
  ;(await gateway.kernel.reload({ config: { generation: { max_queue: 7 } } }))._unsafeUnwrap()
  world.status = () => ({ state: 'running', progress: 60 })
  await world.clock.advance(3 * SECOND)
  await until(() => reader.last?.data.progress === 60)
  expect(reader.ended).toBe(false)
  // In steps: rounds of polling are not to be skipped.
  for (let second = 0; second < 70 && !reader.ended; second += 3) {
    await world.clock.advance(3 * SECOND)
    await settle()
  }
  await until(() => reader.ended)
  expect(reader.last?.event).toBe('progress')
  const again = await Reader.of(gateway, id, reader.last?.id)
  world.status = () => done
  await world.clock.advance(3 * SECOND)
  await until(() => again.ended)
  expect(again.names.at(-1)).toBe('completed completed 100')
  expect(gateway.kernel.leaks()).toEqual([])
})

test('a provider that is replaced meanwhile changes nothing for who watches', async () => {
  const world = new World()
  const { promise, resolve } = Promise.withResolvers<void>()
  world.start = async () => promise.then(() => ok(imageDone()))
  await using gateway = await world.boot()
  const { id } = await gateway.submit()
  const reader = await Reader.of(gateway, id)
  await until(() => reader.events.length > 0)
  ;(await gateway.kernel.reload({ plugins: { ...world.plugins, upstream: providerPlugin(world) } }))._unsafeUnwrap()
  resolve()
  await until(() => reader.ended)
  expect(reader.last?.event).toBe('completed')
})

test('when the gateway stops, the stream ends without an end of the job', async () => {
  const world = new World()
  world.slots = 0
  const gateway = await world.boot()
  const { id } = await gateway.submit()
  const reader = await Reader.of(gateway, id)
  await until(() => reader.events.length > 0)
  await gateway[Symbol.asyncDispose]()
  await until(() => reader.ended)
  expect(reader.names.every(name => name.startsWith('state queued') || name.startsWith('progress queued'))).toBe(true)
})

test('an unknown job is a 404, and without the key there is nothing', async () => {
  const world = new World()
  await using gateway = await world.boot()
  const headers = { authorization: 'Bearer right' }
  expect((await gateway.kernel.fetch('/v1/jobs/job_0/events', { headers })).status).toBe(404)
  expect((await gateway.kernel.fetch('/v1/jobs/job_0/events')).status).toBe(401)
})
