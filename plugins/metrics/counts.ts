/** Ended jobs in figures. Pure. */
import type { JobTally } from 'flow2api/contracts'

const seconds = (milliseconds: number) => Math.round(milliseconds) / 1000

/** `part` of `whole`; null of nothing. */
export const share = (part: number, whole: number): number | null =>
  whole === 0 ? null : Math.round((part / whole) * 10_000) / 10_000

export function countsOf(tallies: readonly JobTally[]) {
  const sum = (of: readonly JobTally[], what: 'count' | 'waitedMs' | 'tookMs') =>
    of.reduce((all, tally) => all + tally[what], 0)
  const inState = (status: JobTally['status']) => tallies.filter(tally => tally.status === status)
  const done = inState('completed')
  const failures = inState('failed')
  const completed = sum(done, 'count')
  // Whose prompt or parameters were refused had no failing gateway.
  const refused = sum(
    failures.filter(({ blame }) => blame === 'request'),
    'count',
  )
  const failed = sum(failures, 'count') - refused
  const unknown = sum(inState('outcome_unknown'), 'count')
  const total = sum(tallies, 'count')
  return {
    total,
    completed,
    failed,
    refused,
    cancelled: sum(inState('cancelled'), 'count'),
    outcome_unknown: unknown,
    success_rate: share(completed, completed + failed + unknown),
    mean_s: completed === 0 ? null : seconds(sum(done, 'tookMs') / completed),
    mean_wait_s: total === 0 ? null : seconds(sum(tallies, 'waitedMs') / total),
  }
}

const MOST_LISTED = 20

export function byModel(tallies: readonly JobTally[]) {
  const groups = Map.groupBy(tallies, ({ kind, provider, model }) => JSON.stringify([kind, provider, model]))
  return [...groups.values()]
    .flatMap(group => {
      const first = group[0]
      return first ? [{ model: first.model, provider: first.provider, kind: first.kind, ...countsOf(group) }] : []
    })
    .sort((a, b) => b.total - a.total || a.model.localeCompare(b.model))
    .slice(0, MOST_LISTED)
}

export function byFault(tallies: readonly JobTally[]) {
  const counts = new Map<string, { code: string; blame: JobTally['blame']; count: number }>()
  for (const { code, blame, count } of tallies) {
    if (code === null) continue
    const key = `${code} ${blame}`
    counts.set(key, { code, blame, count: (counts.get(key)?.count ?? 0) + count })
  }
  return [...counts.values()].sort((a, b) => b.count - a.count || a.code.localeCompare(b.code)).slice(0, MOST_LISTED)
}
