/** How fast work is done, for those who wait. */
import type { JobStatus, MediaKind } from 'flow2api/contracts'

/** What a new duration counts against all before it. */
const WEIGHT = 0.2
/** For so long a count of what is under way is good enough. */
const COUNT_AGE_MS = 1_000

interface Working {
  readonly job: { readonly record: { readonly kind: MediaKind } }
  readonly record: { readonly state: JobStatus }
}

export class Pace {
  readonly #averageMs = new Map<MediaKind, number>()
  readonly #counts = new Map<MediaKind, { readonly at: number; readonly count: number }>()

  constructor(private readonly units: () => Iterable<Working>) {}

  /** A job of this kind was completed in so much time, the queue not counted. */
  learn(kind: MediaKind, milliseconds: number): void {
    const before = this.#averageMs.get(kind)
    this.#averageMs.set(kind, before === undefined ? milliseconds : before + WEIGHT * (milliseconds - before))
  }

  /** In how many seconds the turn of this place, from 1, may come; null while nothing of the kind was ever completed. */
  etaSeconds(kind: MediaKind, place: number, now: number): number | null {
    const average = this.#averageMs.get(kind)
    if (average === undefined) return null
    return Math.max(1, Math.ceil((place * average) / Math.max(1, this.#underWay(kind, now)) / 1000))
  }

  #underWay(kind: MediaKind, now: number): number {
    const known = this.#counts.get(kind)
    if (known && now - known.at < COUNT_AGE_MS) return known.count
    let count = 0
    for (const { job, record } of this.units())
      if (job.record.kind === kind && (record.state === 'starting' || record.state === 'running')) count++
    this.#counts.set(kind, { at: now, count })
    return count
  }
}
