import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { JobFiles } from '../../plugins/generation/files.ts'
import { shrink } from '../../plugins/generation/retention.ts'
import { PNG, until, World } from './generation.world.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'flow2api-retention-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

const MB = 1024 ** 2
const { signal } = new AbortController()

/** Files of jobs; `open` are not final, and of others nobody knows. */
async function folder(name: string, jobs: Readonly<Record<string, number>>, open: readonly string[] = []) {
  const dataDir = join(root, name)
  for (const [id, bytes] of Object.entries(jobs))
    await Bun.write(join(dataDir, 'inputs', id, '0'), new Uint8Array(bytes))
  const known = (id: string) => id !== 'job_unknown'
  const get = (id: string) => (known(id) ? { job: { finishedAt: open.includes(id) ? null : 1 } } : undefined)
  // Only this of a stored job is looked at.
  const store = { get } as unknown as Parameters<typeof shrink>[0]
  const left = async () => (await readdir(join(dataDir, 'inputs'))).sort()
  return { dataDir, store, files: new JobFiles(dataDir), left }
}

test('the oldest go until the rest is small enough', async () => {
  const { store, files, left } = await folder('oldest', { job_3: 40, job_1: 40, job_2: 40 })
  expect(await shrink(store, files, { mostBytes: 120, signal })).toBe(0)
  expect(await shrink(store, files, { mostBytes: 80, signal })).toBe(1)
  expect(await left()).toEqual(['job_2', 'job_3'])
  expect(await shrink(store, files, { mostBytes: 1, signal })).toBe(2)
  expect(await left()).toEqual([])
})

test('what is needed stays, and does not count', async () => {
  const jobs = { job_1: 100, job_2: 10, job_unknown: 100 }
  const { store, files, left } = await folder('needed', jobs, ['job_1'])
  expect(await shrink(store, files, { mostBytes: 10, signal })).toBe(0)
  expect(await shrink(store, files, { mostBytes: 5, signal })).toBe(1)
  expect(await left()).toEqual(['job_1', 'job_unknown'])
})

test('what was made stays', async () => {
  const { dataDir, store, files } = await folder('made', { job_1: 100 })
  await Bun.write(join(dataDir, 'inputs/job_1/made-0-1-0'), 'a result')
  expect(await shrink(store, files, { mostBytes: 5, signal })).toBe(1)
  expect(await readdir(join(dataDir, 'inputs/job_1'))).toEqual(['made-0-1-0'])
  expect(await shrink(store, files, { mostBytes: 5, signal })).toBe(0)
})

test('an instance that leaves removes nothing more', async () => {
  const { store, files, left } = await folder('leaving', { job_1: 100, job_2: 100 })
  expect(await shrink(store, files, { mostBytes: 5, signal: AbortSignal.abort() })).toBe(0)
  expect(await left()).toEqual(['job_1', 'job_2'])
})

test('an ended job gives up its input files and is still there', async () => {
  const world = new World()
  const dataDir = join(root, 'whole')
  const bytes = PNG.length / MB
  await using gateway = await world.boot({ dataDir, config: { generation: { max_data_mb: bytes * 1.5 } } })
  const inputs = [{ role: 'reference', mime: 'image/png', bytes: PNG }] as const
  const ended = async () => (await gateway.end((await gateway.submit({ model: 'pic-edit', inputs })).id)).id
  const one = await ended()
  const two = await ended()
  await world.clock.advance(600_000)
  await until(async () => (await readdir(join(dataDir, 'inputs'))).length === 1)
  expect(await readdir(join(dataDir, 'inputs'))).toEqual([two])
  expect((await gateway.job(one)).status).toBe('completed')
})
