/** When the credits are gone, if they go on being used as they were. Pure. */
import type { Point } from '../../api/stats.ts'

/** Unix seconds; null where they do not fall, or too little is known. What was added counts for nothing. */
export function endOfCredits(series: readonly Pick<Point, 'at' | 'credits'>[]): number | null {
  const known = series.flatMap(({ at, credits }) => (credits === null ? [] : [{ at, credits }]))
  const [first] = known
  const last = known.at(-1)
  if (!first || !last || last.at <= first.at) return null
  let used = 0
  for (const [index, { credits }] of known.entries())
    used += Math.max(0, (known[index - 1]?.credits ?? credits) - credits)
  return used === 0 ? null : last.at + (last.credits / used) * (last.at - first.at)
}
