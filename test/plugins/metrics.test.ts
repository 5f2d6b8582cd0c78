/** The pure parts: spans, percentiles, counts. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { JobTally } from '../../plugins/contracts/index.ts'
import { percentileMs } from '../../plugins/metrics/answers.ts'
import { byFault, byModel, countsOf } from '../../plugins/metrics/counts.ts'
import { ANSWER_STEPS_MS } from '../../plugins/metrics/minute.ts'
import { endOf, readSpan } from '../../plugins/metrics/span.ts'

const NOW = Date.UTC(2026, 5, 1, 12, 34, 56)

describe('spans', () => {
  test('the named ones end with the bucket that is under way', () => {
    for (const [span, bucketS, buckets] of [
      ['1h', 60, 60],
      ['24h', 900, 96],
      ['7d', 7200, 84],
      ['30d', 21_600, 120],
    ] as const) {
      const read = readSpan({ span }, NOW)._unsafeUnwrap()
      expect([read.bucketMs / 1000, read.buckets], span).toEqual([bucketS, buckets])
      expect(endOf(read) - NOW).toBeGreaterThan(0)
      expect(endOf(read) - NOW).toBeLessThanOrEqual(read.bucketMs)
    }
    expect(readSpan({}, NOW)).toEqual(readSpan({ span: '24h' }, NOW))
  })

  test('any other covers what is asked for, in few buckets', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2e9 }), fc.integer({ min: 1, max: 700 * 86_400 }), (from, length) => {
        const span = readSpan({ from: `${from}`, to: `${from + length}` }, NOW)._unsafeUnwrap()
        expect(span.from).toBe(from * 1000)
        expect(endOf(span)).toBeGreaterThanOrEqual((from + length) * 1000)
        expect(endOf(span) - (from + length) * 1000).toBeLessThan(span.bucketMs)
        expect(span.buckets).toBeLessThanOrEqual(120)
      }),
    )
  })

  test('what cannot be a span is refused by name', () => {
    const param = (query: Record<string, string>) => readSpan(query, NOW)._unsafeUnwrapErr().param
    expect(param({ span: '2h' })).toBe('span')
    expect(param({ span: 'toString' })).toBe('span')
    expect(param({ to: '5' })).toBe('from')
    expect(param({ from: 'x' })).toBe('from')
    expect(param({ from: '5', to: '5' })).toBe('to')
    expect(param({ from: '5', to: '-1' })).toBe('to')
    expect(param({ from: '0' })).toBe('from')
  })
})

test('a percentile falls into the step of the answer that it means', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 299_999 }), { minLength: 1 }),
      fc.constantFrom(50, 95, 99),
      (times, percent) => {
        const stepOf = (ms: number) => ANSWER_STEPS_MS.findIndex(most => ms <= most)
        const steps = new Array<number>(ANSWER_STEPS_MS.length + 1).fill(0)
        for (const ms of times) steps[stepOf(ms)] = (steps[stepOf(ms)] ?? 0) + 1
        const exact = times.toSorted((a, b) => a - b)[Math.max(0, Math.ceil((times.length * percent) / 100) - 1)] ?? 0
        const most = ANSWER_STEPS_MS[stepOf(exact)] ?? 0
        const least = ANSWER_STEPS_MS[stepOf(exact) - 1] ?? 0
        const estimate = percentileMs(steps, percent) ?? -1
        expect(estimate).toBeGreaterThanOrEqual(least)
        expect(estimate).toBeLessThanOrEqual(most)
      },
    ),
  )
  expect(percentileMs([0, 0], 50)).toBeNull()
})

const tally = (more: Partial<JobTally>): JobTally => ({
  from: 0,
  kind: 'image',
  model: 'pic',
  provider: 'flow',
  status: 'completed',
  code: null,
  blame: null,
  count: 1,
  waitedMs: 1_000,
  tookMs: 4_000,
  ...more,
})

describe('counts', () => {
  test('a refused prompt is no failure of the gateway', () => {
    expect(
      countsOf([
        tally({ count: 3, waitedMs: 3_000, tookMs: 12_000 }),
        tally({ status: 'failed', code: 'upstream_error', blame: 'upstream', waitedMs: 5_000 }),
        tally({ status: 'failed', code: 'moderation_blocked', blame: 'request', count: 4, waitedMs: 0 }),
        tally({ status: 'cancelled', code: 'cancelled', blame: 'request', waitedMs: 0 }),
        tally({ status: 'outcome_unknown', code: 'outcome_unknown', blame: 'gateway', waitedMs: 2_000 }),
      ]),
    ).toEqual({
      total: 10,
      completed: 3,
      failed: 1,
      refused: 4,
      cancelled: 1,
      outcome_unknown: 1,
      success_rate: 0.6,
      mean_s: 4,
      mean_wait_s: 1,
    })
    expect(countsOf([])).toMatchObject({ total: 0, success_rate: null, mean_s: null, mean_wait_s: null })
  })

  test('models and faults, the most frequent first', () => {
    const rows = [
      tally({ model: 'a' }),
      tally({ model: 'b', count: 2, code: 'x', blame: 'upstream', status: 'failed' }),
      tally({ model: 'a', from: 9, code: 'y', blame: 'proxy', status: 'failed' }),
    ]
    expect(byModel(rows).map(({ model, total }) => [model, total])).toEqual([
      ['a', 2],
      ['b', 2],
    ])
    expect(byFault(rows)).toEqual([
      { code: 'x', blame: 'upstream', count: 2 },
      { code: 'y', blame: 'proxy', count: 1 },
    ])
  })
})
