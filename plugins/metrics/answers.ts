/** Answers to clients in figures: counts by steps of time become means and percentiles. Pure. */
import { ANSWER_STEPS_MS, type Counted } from './minute.ts'

type Times = Pick<Counted, 'requests' | 'requestsFailed' | 'requestsMs' | 'steps'>

/** Estimated within the step that it falls into; null of nothing. */
export function percentileMs(steps: readonly number[], percent: number): number | null {
  const all = steps.reduce((sum, count) => sum + count, 0)
  if (all === 0) return null
  const rank = (all * percent) / 100
  let below = 0
  for (const [index, count] of steps.entries()) {
    if (count > 0 && below + count >= rank) {
      const least = ANSWER_STEPS_MS[index - 1] ?? 0
      const most = ANSWER_STEPS_MS[index] ?? least
      return Math.round(least + ((most - least) * (rank - below)) / count)
    }
    below += count
  }
  return ANSWER_STEPS_MS.at(-1) ?? null
}

export function sumOf(all: Iterable<Times>): Times {
  const sum = { requests: 0, requestsFailed: 0, requestsMs: 0, steps: new Array<number>(ANSWER_STEPS_MS.length + 1) }
  sum.steps.fill(0)
  for (const { requests, requestsFailed, requestsMs, steps } of all) {
    sum.requests += requests
    sum.requestsFailed += requestsFailed
    sum.requestsMs += requestsMs
    for (const [index, count] of steps.entries()) sum.steps[index] = (sum.steps[index] ?? 0) + count
  }
  return sum
}

export const answersOf = ({ requests, requestsFailed, requestsMs, steps }: Times) => ({
  total: requests,
  failed: requestsFailed,
  mean_ms: requests === 0 ? null : Math.round(requestsMs / requests),
  p50_ms: percentileMs(steps, 50),
  p95_ms: percentileMs(steps, 95),
  p99_ms: percentileMs(steps, 99),
})
