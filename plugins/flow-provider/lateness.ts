/**
 * How often a finished video was asked for in vain. An operation is stored once and never changed, so the count lives
 * in the instance: after a reload or restart it merely begins anew.
 */
export interface Lateness {
  /** One more time; answers how many it are by now. */
  again(name: string): number
  over(name: string): void
}

/** More are not watched at a time; what is pushed out merely counts anew. */
const MOST_NAMES = 1000

export function createLateness(): Lateness {
  const counts = new Map<string, number>()
  return {
    again(name) {
      const count = (counts.get(name) ?? 0) + 1
      counts.delete(name)
      counts.set(name, count)
      const [oldest] = counts.keys()
      if (counts.size > MOST_NAMES && oldest !== undefined) counts.delete(oldest)
      return count
    },
    over: name => void counts.delete(name),
  }
}
