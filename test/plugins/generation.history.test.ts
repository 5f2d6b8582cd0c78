import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { domainFault, type JobFilter, type JobTally } from 'flow2api/contracts'
import { History } from '../../plugins/generation/history.ts'
import { type JobRecord, newUnit } from '../../plugins/generation/records.ts'
import { openStore, record } from './generation.store.fixture.ts'

const DAY = 86_400_000
const BEGAN = 100 * DAY
const unsafe = domainFault('moderation_blocked', 'No.')
const idOf = (seq: number, at: number) => `job_${at.toString(16).padStart(12, '0')}${seq}`

interface Wanted {
  readonly kind: 'image' | 'video'
  readonly status: 'completed' | 'failed'
  readonly prompt: string
  readonly days: number
  readonly tookMs: number
}

const job: fc.Arbitrary<Wanted> = fc.record({
  kind: fc.constantFrom('image' as const, 'video' as const),
  status: fc.constantFrom('completed' as const, 'failed' as const),
  prompt: fc.constantFrom('A fox', 'a FOXGLOVE', '100 % fox_', 'Rain'),
  days: fc.nat({ max: 60 }),
  tookMs: fc.nat({ max: 1_000 }),
})

const filter: fc.Arbitrary<JobFilter> = fc.record(
  {
    kind: fc.constantFrom('image' as const, 'video' as const),
    status: fc.constantFrom('completed' as const, 'failed' as const),
    search: fc.constantFrom('fox', '%', '_', 'nothing'),
    order: fc.constantFrom('asc' as const, 'desc' as const),
    finishedSince: fc.nat({ max: 60 }).map(days => BEGAN + days * DAY),
  },
  { requiredKeys: [] },
)

async function filled(wanted: readonly Wanted[]) {
  const { db, store } = openStore()
  const sorted = wanted.toSorted((a, b) => a.days - b.days)
  const records = sorted.map(({ kind, status, prompt, days, tookMs }, index): JobRecord => {
    const at = BEGAN + days * DAY
    return record('', {
      seq: index + 1,
      id: idOf(index + 1, at),
      count: 1,
      kind,
      status,
      prompt,
      createdAt: at,
      startedAt: at,
      finishedAt: at + tookMs,
      fault: status === 'failed' ? unsafe : null,
    })
  })
  await Promise.all(records.map(one => store.insert(one, [newUnit(one, 0)])))
  const history = (atOnce: number) => new History(db, atOnce)
  return { records, bits: history(3), whole: history(10_000) }
}

test('a search that is done a part at a time finds what one at once finds', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(job, { maxLength: 20 }),
      filter,
      fc.integer({ min: 1, max: 8 }),
      fc.option(fc.nat({ max: 19 })),
      async (wanted, what, limit, position) => {
        const { records, bits, whole } = await filled(wanted)
        const after = position === null ? undefined : records[position]?.id
        const asked = { ...what, ...(after !== undefined && { after }) }
        const found = await bits.list(asked, limit)
        expect(found).toEqual(await whole.list(asked, limit))
        const fitting = records
          .filter(({ kind }) => what.kind === undefined || kind === what.kind)
          .filter(({ status }) => what.status === undefined || status === what.status)
          .filter(one => [one.id, one.prompt].some(text => text.toLowerCase().includes(what.search ?? '')))
          .filter(({ finishedAt }) => what.finishedSince === undefined || (finishedAt ?? 0) >= what.finishedSince)
        const ordered = what.order === 'asc' ? fitting : fitting.toReversed()
        const behind = ({ seq }: JobRecord) =>
          position === null || after === undefined || (what.order === 'asc' ? seq > position + 1 : seq < position + 1)
        expect(found?.map(one => one.job.id)).toEqual(
          ordered
            .filter(behind)
            .slice(0, limit)
            .map(({ id }) => id),
        )
        expect(found?.every(({ units }) => units.length === 1)).toBe(true)
      },
    ),
    { numRuns: 200 },
  )
})

test('counts of the parts add up', async () => {
  const sorted = (tallies: readonly JobTally[]) =>
    tallies.map(tally => JSON.stringify(Object.entries(tally).toSorted())).toSorted()
  await fc.assert(
    fc.asyncProperty(fc.array(job, { maxLength: 20 }), fc.nat({ max: 59 }), async (wanted, days) => {
      const { records, bits, whole } = await filled(wanted)
      const [from, to] = [BEGAN + days * DAY, BEGAN + 60 * DAY]
      const counted = await bits.tally(from, to, 7 * DAY)
      expect(sorted(counted)).toEqual(sorted(await whole.tally(from, to, 7 * DAY)))
      const ended = records.filter(({ finishedAt }) => finishedAt !== null && finishedAt >= from && finishedAt < to)
      expect(counted.reduce((sum, tally) => sum + tally.count, 0)).toBe(ended.length)
    }),
  )
})

test('others have a turn in between', async () => {
  const { bits } = await filled(
    Array.from({ length: 20 }, () => ({ kind: 'image', status: 'completed', prompt: 'x', days: 1, tookMs: 1 })),
  )
  let turns = 0
  const turn = () => {
    turns++
    next = setImmediate(turn)
  }
  let next = setImmediate(turn)
  await bits.list({ search: 'nothing' }, 5)
  expect(turns).toBeGreaterThanOrEqual(6)
  turns = 0
  await bits.tally(BEGAN, BEGAN + 9 * DAY, DAY)
  expect(turns).toBeGreaterThanOrEqual(6)
  clearImmediate(next)
})
