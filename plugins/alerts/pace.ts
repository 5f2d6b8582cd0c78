/** How fast credits are used, and for how long they last. Pure. */

const HOUR_MS = 3_600_000
/** What was seen for a shorter time says nothing. */
const LEAST_SEEN_MS = HOUR_MS / 2

export interface CreditSample {
  readonly at: number
  readonly credits: number
  readonly accounts: number
}

export interface Pace {
  /** Credits an hour. */
  readonly perHour: number
  /** Hours until none are left. */
  readonly leftH: number
}

/** `samples`: the oldest first. Undefined where nothing was used, or not for long enough to tell. */
export function paceOf(samples: readonly CreditSample[]): Pace | undefined {
  const [first, last] = [samples.at(0), samples.at(-1)]
  if (!first || !last || last.at - first.at < LEAST_SEEN_MS) return undefined
  let used = 0
  for (const [index, sample] of samples.entries()) {
    const before = samples[index - 1]
    // New credits, and accounts that come or go, are no use.
    if (before && before.accounts === sample.accounts) used += Math.max(0, before.credits - sample.credits)
  }
  if (used === 0) return undefined
  const perHour = used / ((last.at - first.at) / HOUR_MS)
  return { perHour, leftH: last.credits / perHour }
}
