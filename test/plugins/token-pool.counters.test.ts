import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Accounts } from 'flow2api/contracts'
import { Bench, never } from './token-pool.fixture.ts'

const onDisk = (bench: Bench) => {
  using database = new Database(join(bench.kernel.dataDir, 'flow2api.db'), { readonly: true })
  return database.query('select images, last_used_at is not null as used, credits from token_pool_accounts').get()
}

async function use(bench: Bench, credits: number): Promise<void> {
  const want = { provider: 'flow-provider', kind: 'image', model: 'm', signal: never } as const
  const lease = (await bench.kernel.ask(Accounts).acquire(want))._unsafeUnwrap()
  lease.report({ ok: true, credits })
  await lease[Symbol.asyncDispose]()
}

test('what every lease counts is on disk within a second, not at once', async () => {
  await using bench = await Bench.open()
  await bench.add('one')
  await use(bench, 90)
  await use(bench, 80)
  expect(onDisk(bench)).toEqual({ images: 0, used: 0, credits: 100 })
  await bench.clock.advance(1_000)
  expect(onDisk(bench)).toEqual({ images: 2, used: 1, credits: 80 })
})

test('a stop writes what is open; over a reload the newest values win', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'flow2api-counters-'))
  try {
    const bench = await Bench.open({ dataDir })
    await bench.add('one')
    await use(bench, 90)
    await bench.kernel.reload({ config: { admin: { error_ban_threshold: 7 } } })
    await use(bench, 70)
    await bench.kernel.stop()
    expect(onDisk(bench)).toEqual({ images: 2, used: 1, credits: 70 })
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})
