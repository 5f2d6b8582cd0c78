import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { drizzle } from 'drizzle-orm/bun-sqlite'
import { domainFault, type Idempotency } from 'flow2api/contracts'
import { err, ok } from 'flow2api/plugin'
import init from '../../plugins/generation/migrations/0000_init.sql' with { type: 'text' }
import chains from '../../plugins/generation/migrations/0001_chains.sql' with { type: 'text' }
import keys from '../../plugins/generation/migrations/0002_keys.sql' with { type: 'text' }
import choices from '../../plugins/generation/migrations/0003_choices.sql' with { type: 'text' }
import { forgetKeys } from '../../plugins/generation/retention.ts'
import { Store } from '../../plugins/generation/store.ts'
import { type Gateway, imageDone, PNG, running, until, World } from './generation.world.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'flow2api-keys-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

const SECOND = 1_000
const first: Idempotency = { fingerprint: 'f', retry: false }
const retry: Idempotency = { fingerprint: 'f', retry: true }
const withKey = (key: string, more: Partial<Idempotency> = {}): Idempotency => ({ ...first, key, ...more })

const send = async (gateway: Gateway, idempotency: Idempotency, by?: string) =>
  (await gateway.trySubmit({}, idempotency, by))._unsafeUnwrap()
const keyRows = (dataDir: string) => {
  using db = new Database(join(dataDir, 'flow2api.db'), { readonly: true })
  return db.query('select key, fingerprint, job_id from generation_keys order by seq').all()
}

test('the same key and body: the same job, while it runs and after; nothing is paid twice', async () => {
  const world = new World()
  const { promise, resolve } = Promise.withResolvers<void>()
  world.start = async () => promise.then(() => ok(imageDone()))
  await using gateway = await world.boot()
  const { id } = await send(gateway, withKey('k'))
  expect(await send(gateway, withKey('k'))).toMatchObject({ id, finishedAt: null })
  resolve()
  await gateway.end(id)
  expect(await send(gateway, withKey('k'))).toMatchObject({ id, status: 'completed' })
  expect(world.starts).toHaveLength(1)
})

test('two at once become one job', async () => {
  const world = new World()
  await using gateway = await world.boot()
  const both = await Promise.all([send(gateway, withKey('k')), send(gateway, withKey('k'))])
  expect(both[0]?.id).toBe(both[1]?.id ?? '')
  await gateway.end(both[0]?.id ?? '')
  expect(world.starts).toHaveLength(1)
})

test('also while the files of the first are still being written', async () => {
  const world = new World()
  await using gateway = await world.boot()
  const request = {
    model: 'pic-edit',
    inputs: [{ role: 'reference', mime: 'image/png', bytes: PNG }],
  } as const
  const both = [gateway.trySubmit(request, withKey('k')), gateway.trySubmit(request, { ...retry })]
  const other = await gateway.trySubmit(request, withKey('k', { fingerprint: 'g' }))
  expect(other._unsafeUnwrapErr().code).toBe('idempotency_key_reused')
  const [one, two] = (await Promise.all(both)).map(result => result._unsafeUnwrap())
  expect(one?.id).toBe(two?.id ?? '')
})

test('the same key with another body is refused, and says where the mistake is', async () => {
  const world = new World()
  await using gateway = await world.boot()
  await send(gateway, withKey('k'))
  const again = await gateway.trySubmit({}, withKey('k', { fingerprint: 'other' }))
  expect(again._unsafeUnwrapErr()).toMatchObject({ code: 'idempotency_key_reused', param: 'Idempotency-Key' })
  expect(world.starts).toHaveLength(1)
})

test('another caller has keys of its own', async () => {
  const world = new World()
  await using gateway = await world.boot()
  const mine = await send(gateway, withKey('k'), 'me')
  const yours = await send(gateway, withKey('k', { fingerprint: 'other' }), 'you')
  expect(yours.id).not.toBe(mine.id)
  expect((await send(gateway, retry, 'you')).id).not.toBe(mine.id)
})

test('after a crash the first try is found again, by its key and by its body', async () => {
  const world = new World()
  world.start = async () => ok(running('op'))
  const before = await world.boot({ dataDir: join(root, 'crash') })
  const { id } = await send(before, withKey('k'))
  await until(() => world.starts.length === 1)
  const dataDir = world.crash(before)
  await using after = await world.boot({ dataDir })
  expect((await send(after, withKey('k'))).id).toBe(id)
  expect((await send(after, retry)).id).toBe(id)
  expect(world.starts).toHaveLength(1)
})

test("a client library's own retry joins its first try within the window, and only then", async () => {
  const world = new World()
  await using gateway = await world.boot({ config: { generation: { retry_window_s: 10 } } })
  const one = await send(gateway, first)
  expect((await send(gateway, retry)).id).toBe(one.id)
  expect((await send(gateway, { ...retry, fingerprint: 'other' })).id).not.toBe(one.id)
  // Who asks anew wants a new picture, and is what a retry joins from now on.
  const two = await send(gateway, first)
  expect(two.id).not.toBe(one.id)
  expect((await send(gateway, retry)).id).toBe(two.id)
  await world.clock.advance(10 * SECOND)
  expect((await send(gateway, retry)).id).not.toBe(two.id)
})

test('a key is forgotten after its time', async () => {
  const world = new World()
  await using gateway = await world.boot({ config: { generation: { idempotency_ttl_s: 60 } } })
  const { id } = await send(gateway, withKey('k'))
  await world.clock.advance(59 * SECOND)
  expect((await send(gateway, withKey('k'))).id).toBe(id)
  await world.clock.advance(SECOND)
  const other = await send(gateway, withKey('k', { fingerprint: 'other' }))
  expect(other.id).not.toBe(id)
  expect((await send(gateway, withKey('k', { fingerprint: 'other' }))).id).toBe(other.id)
})

test('what is not admitted is not remembered', async () => {
  const world = new World()
  world.slots = 0
  const dataDir = join(root, 'refused')
  await using gateway = await world.boot({ dataDir, config: { generation: { max_queue: 1 } } })
  const wrong = await gateway.trySubmit({ model: 'nothing' }, withKey('k'))
  expect(wrong._unsafeUnwrapErr().code).toBe('model_not_found')
  const { id } = await send(gateway, withKey('k', { fingerprint: 'right' }))
  await until(async () => (await gateway.job(id)).queuePosition === 1)
  expect((await gateway.trySubmit({}, withKey('full')))._unsafeUnwrapErr().code).toBe('queue_full')
  // The first try holds its place; its repetition needs none.
  expect((await send(gateway, withKey('k', { fingerprint: 'right' }))).id).toBe(id)
  expect(keyRows(dataDir)).toEqual([{ key: 'k', fingerprint: 'right', job_id: id }])
})

test('a failed job is the answer to its key; a retry begins anew where nothing was sent and waiting helps', async () => {
  const world = new World()
  await using gateway = await world.boot()
  world.refusals.push(domainFault('accounts_cooling', 'All accounts rest.', { retryAfterMs: SECOND }))
  const { id } = await send(gateway, withKey('k'))
  expect((await gateway.end(id)).status).toBe('failed')
  expect((await send(gateway, withKey('k'))).id).toBe(id)
  const anew = await send(gateway, retry)
  expect(anew.id).not.toBe(id)
  expect((await gateway.end(anew.id)).status).toBe('completed')

  world.start = async () => err(domainFault('generation_failed', 'It failed.'))
  const sent = await gateway.end((await send(gateway, { ...first, fingerprint: 'sent' })).id)
  expect((await send(gateway, { ...retry, fingerprint: 'sent' })).id).toBe(sent.id)
})

test('a removed job takes its keys with it', async () => {
  const world = new World()
  const dataDir = join(root, 'removed')
  await using gateway = await world.boot({ dataDir })
  const { id } = await gateway.end((await send(gateway, withKey('k'))).id)
  ;(await gateway.jobs.remove(id))._unsafeUnwrap()
  expect(keyRows(dataDir)).toEqual([])
  expect((await send(gateway, withKey('k'))).id).not.toBe(id)
  expect((await send(gateway, withKey('k', { key: 'new' }))).id).not.toBe(id)
})

test('old keys are pruned, those without one sooner', async () => {
  const sqlite = new Database(':memory:', { strict: true })
  for (const statement of [init, chains, keys, choices]
    .join('--> statement-breakpoint')
    .split('--> statement-breakpoint'))
    sqlite.run(statement)
  // More than go at once, so that what is due stands behind what is not.
  const insert = sqlite.prepare("insert into generation_keys values (?, 'job', 'me', ?, 'f', ?)")
  sqlite.transaction(() => {
    for (let seq = 1; seq <= 2_500; seq++) insert.run(seq, seq <= 1_200 ? 'key' : null, seq)
  })()
  const left = () => sqlite.query('select count(*) n, min(seq) first from generation_keys').get()
  const store = new Store(drizzle(sqlite))
  const { signal } = new AbortController()
  await forgetKeys(store, 2_600, { ttlMs: 5_000, retryWindowMs: 200 }, signal)
  expect(left()).toEqual({ n: 1_300, first: 1 })
  await forgetKeys(store, 2_700, { ttlMs: 2_000, retryWindowMs: 200 }, signal)
  expect(left()).toEqual({ n: 500, first: 701 })
})

test('what an engine says of its settings', async () => {
  const world = new World()
  await using gateway = await world.boot({ config: { generation: { heartbeat_s: 2.5 } } })
  expect(gateway.jobs.heartbeatMs?.()).toBe(2_500)
  expect(gateway.jobs.defaultModel?.('video')).toMatchObject({ id: 'vid', provider: 'upstream' })
  world.models.length = 0
  await using empty = await world.boot()
  expect(empty.jobs.defaultModel?.('image')).toBeUndefined()
})
