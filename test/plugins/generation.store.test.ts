import { expect, test } from 'bun:test'
import { domainFault } from 'flow2api/contracts'
import { GroupCommit } from '../../plugins/generation/group-commit.ts'
import { durable, indexOf, newUnit } from '../../plugins/generation/records.ts'
import { openStore, record, ref } from './generation.store.fixture.ts'

/** Ticks that the test ends by hand. */
function ticks() {
  const tasks: (() => void)[] = []
  return {
    defer: (task: () => void) => void tasks.push(task),
    end: () => {
      for (const task of tasks.splice(0)) task()
    },
  }
}

function transactions() {
  const log: string[] = []
  return {
    log,
    transaction: (run: () => void) => {
      log.push('begin')
      try {
        run()
        log.push('commit')
      } catch (cause) {
        log.push('rollback')
        throw cause
      }
    },
  }
}

test('what arrives in one tick shares one transaction, and nobody is told before its commit', async () => {
  const { log, transaction } = transactions()
  const { defer, end } = ticks()
  const commit = new GroupCommit({ transaction, defer })
  let told = 0
  for (const name of ['a', 'b', 'c']) void commit.add(name, () => void log.push(name)).andTee(() => void told++)
  await Promise.resolve()
  expect(told).toBe(0)
  end()
  await Bun.sleep(0)
  expect(log).toEqual(['begin', 'a', 'b', 'c', 'commit'])
  expect(told).toBe(3)
  void commit.add('d', () => void log.push('d'))
  end()
  expect(log.slice(5)).toEqual(['begin', 'd', 'commit'])
})

test('a later write of the same thing replaces the earlier one', async () => {
  const { log, transaction } = transactions()
  const { defer, end } = ticks()
  const commit = new GroupCommit({ transaction, defer })
  const first = commit.add('unit', () => void log.push('old'))
  const second = commit.add('unit', () => void log.push('new'))
  end()
  expect((await first).isOk() && (await second).isOk()).toBe(true)
  expect(log).toEqual(['begin', 'new', 'commit'])
})

test('a write that fails fails alone', async () => {
  const { transaction } = transactions()
  const { defer, end } = ticks()
  const commit = new GroupCommit({ transaction, defer })
  const written: string[] = []
  const good = commit.add('good', () => void written.push('good'))
  const full = commit.add('full', () => {
    throw new Error('database or disk is full')
  })
  const bad = commit.add('bad', () => {
    throw new Error('constraint')
  })
  end()
  expect((await good).isOk()).toBe(true)
  expect((await full)._unsafeUnwrapErr()).toMatchObject({ code: 'disk_full', retry: 'later' })
  expect((await bad)._unsafeUnwrapErr()).toMatchObject({ code: 'internal_error' })
  expect(written.at(-1)).toBe('good')
})

test('closing writes what waits and refuses the rest', async () => {
  const { log, transaction } = transactions()
  const commit = new GroupCommit({ transaction, defer: () => {} })
  const waiting = commit.add('a', () => void log.push('a'))
  commit.close()
  expect((await waiting).isOk()).toBe(true)
  expect((await commit.add('b', () => void log.push('b')))._unsafeUnwrapErr().code).toBe('shutting_down')
  expect(log).toEqual(['begin', 'a', 'commit'])
})

test('a job comes back as it was written, step by step', async () => {
  const { store } = openStore()
  const unit = newUnit(ref('job_1'), 0)
  await store.insert(record('job_1'), [unit, newUnit(ref('job_1'), 1)])
  expect(store.get('job_1')).toEqual({ job: record('job_1'), units: [unit, newUnit(ref('job_1'), 1)] })
  expect(store.get('job_2')).toBeUndefined()
  Object.assign(unit, {
    state: 'running',
    accountId: 7,
    intentAt: 2,
    step: null,
    prepared: null,
    credits: 12.5,
    fallback: [{ held: 'made-0-1-0', mime: 'image/png', origin: { id: 'm' } }],
    operation: { name: 'op', parts: [1, null] },
    sources: [{ url: 'https://media.test/a' }],
    media: [{ url: 'u', mime: 'm', bytes: 1, width: null, height: null, duration_s: 8, file: 'f' }],
    fault: domainFault('upstream_error', 'It broke.', { retryAfterMs: 5 }),
    attempts: 2,
    polls: 3,
    startedAt: 4,
    deadlineAt: 5,
    progress: 60,
  })
  await store.saveUnit(unit)
  expect(store.get('job_1')?.units[0]).toEqual(unit)
  unit.step = undefined
  unit.prepared = undefined
  await store.saveUnit(unit)
  expect(store.get('job_1')?.units[0]).toMatchObject({ step: undefined, prepared: undefined })
  const end = { seq: 1, status: 'failed', startedAt: 4, finishedAt: 9, fault: unit.fault } as const
  await store.finish(end)
  expect(store.get('job_1')?.job).toEqual(
    record('job_1', { status: 'failed', startedAt: 4, finishedAt: 9, fault: unit.fault }),
  )
})

test('causes are not written: they may hold anything', async () => {
  const { store, sqlite } = openStore()
  await store.insert(record('job_1'), [
    {
      ...newUnit(ref('job_1'), 0),
      fault: domainFault('upstream_error', 'x', { cause: { token: 'ya29.secret', big: 1n } }),
    },
  ])
  expect(JSON.stringify(sqlite.query('select * from generation_units').all())).not.toContain('secret')
})

test('unfinished jobs are found in the order of admission, however many there are', async () => {
  const { store } = openStore()
  const ids = Array.from({ length: 1_200 }, (_, index) => `job_${index + 1}`)
  await Promise.all(ids.map(id => store.insert(record(id), [newUnit(ref(id), 0), newUnit(ref(id), 1)])))
  const ended = ids.filter((_, index) => index % 2 === 0)
  await Promise.all(
    ended.map((id, index) =>
      store.finish({ seq: ref(id).seq, status: 'completed', startedAt: 1, finishedAt: 10 + index, fault: null }),
    ),
  )
  const left = store.unfinished()
  expect(left.map(({ job }) => job.id)).toEqual(ids.filter((_, index) => index % 2 === 1))
  expect(left.every(({ units }) => units.map(indexOf).join() === '0,1')).toBe(true)
  expect(store.oldest(0, 3).map(({ id }) => id)).toEqual(['job_1', 'job_2', 'job_3'])
  await store.remove([1, 3])
  expect(store.oldest(0, 2)).toMatchObject([
    { seq: 2, finishedAt: null },
    { seq: 4, finishedAt: null },
  ])
  expect(store.get('job_3')).toBeUndefined()
  expect((await store.history.list({ order: 'asc', after: 'job_4' }, 2))?.map(({ job }) => job.id)).toEqual([
    'job_5',
    'job_6',
  ])
  expect(await store.history.list({ after: 'job_gone' }, 2)).toBeUndefined()
})

test('media that no disk has is not pretended to be there', () => {
  const bytes = new Uint8Array([1])
  const delivering = { ...newUnit(ref('job_1'), 0), state: 'delivering', intentAt: 1 } as const
  expect(durable({ ...delivering, sources: [{ url: 'https://x' }] }).state).toBe('delivering')
  expect(durable({ ...delivering, sources: [{ bytes }] })).toMatchObject({ state: 'starting', sources: null })
  expect(durable({ ...delivering, sources: [{ bytes }], operation: {} })).toMatchObject({
    state: 'running',
    sources: null,
  })
  const keyed = [{ url: 'https://x', headers: { authorization: 'Bearer secret' } }]
  expect(JSON.stringify(durable({ ...delivering, sources: keyed }))).not.toContain('secret')
  for (const state of ['completed', 'failed', 'cancelled'] as const)
    expect(durable({ ...delivering, state, sources: keyed })).toMatchObject({ state, sources: null })
  expect(durable({ ...delivering, sources: [{ held: 'made-0-1-0' }] }).state).toBe('delivering')
  const lost = durable({ ...delivering, state: 'running', fallback: keyed, operation: {} })
  expect(lost).toMatchObject({ state: 'running', fallback: null })
})

test('bytes are never in the database: not as media, not as an address made of them', () => {
  const { store, sqlite } = openStore()
  const bytes = new Uint8Array(1_000).fill(7)
  const url = `data:image/png;base64,${bytes.toBase64()}`
  const media = [
    { url, mime: 'image/png', bytes: 1, width: 1, height: 1, duration_s: null, file: null, held: 'made-0-1-0' },
  ]
  const unit = {
    ...newUnit(ref('job_1'), 0),
    state: 'completed',
    sources: [{ bytes }],
    fallback: [{ bytes }],
    media,
  } as const
  void store.insert(record('job_1'), [unit])
  store.close()
  const rows = JSON.stringify(sqlite.query('select * from generation_units').all())
  expect(rows).toContain('made-0-1-0')
  expect(rows.length).toBeLessThan(500)
})

test('a job and its key are written together or not at all', async () => {
  const { store } = openStore()
  const key = { seq: 1, jobId: 'job_1', callerId: 'key', key: 'k', fingerprint: 'f', createdAt: 1 }
  expect((await store.insert(record('job_1'), [], key)).isOk()).toBe(true)
  expect(store.key('key', 'k')).toEqual(key)
  expect(store.key('other', 'k')).toBeUndefined()
  expect(store.newestAlike('key', 'f')).toEqual(key)
  // The key's place is taken, so the second job must not be there either.
  expect((await store.insert(record('job_2'), [], { ...key, jobId: 'job_2' })).isErr()).toBe(true)
  expect(store.get('job_2')).toBeUndefined()
  expect(store.key('key', 'k')?.jobId).toBe('job_1')
})
