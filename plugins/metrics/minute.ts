/** What is counted for the table of samples between two looks. One for all generations of the plugin. */
import type { HttpRecord } from 'flow2api/plugin'

/** Answers in so many milliseconds or less, each more than the one before; what took longer comes last. */
export const ANSWER_STEPS_MS = [10, 50, 100, 250, 500, 1000, 2500, 5000, 15_000, 60_000, 300_000] as const

export interface Counted {
  readonly requests: number
  readonly requestsFailed: number
  readonly requestsMs: number
  /** As `ANSWER_STEPS_MS`, and one more. */
  readonly steps: readonly number[]
  readonly cacheHits: number
  readonly cacheMisses: number
}

const nothing = () => ({
  requests: 0,
  requestsFailed: 0,
  requestsMs: 0,
  steps: new Array<number>(ANSWER_STEPS_MS.length + 1).fill(0),
  cacheHits: 0,
  cacheMisses: 0,
})

/** What clients call; the console's own questions say nothing about the service. */
const isClients = (route: string) => route.startsWith('/v1/') || route.startsWith('/v1beta/')

export class Minute {
  #counted = nothing()
  #cacheSeen = { hits: 0, misses: 0 }

  answered({ route, response, durationMs }: HttpRecord): void {
    if (!isClients(route)) return
    const counted = this.#counted
    counted.requests++
    counted.requestsMs += durationMs
    if (response.status >= 500) counted.requestsFailed++
    const step = ANSWER_STEPS_MS.findIndex(most => durationMs <= most)
    const index = step < 0 ? ANSWER_STEPS_MS.length : step
    counted.steps[index] = (counted.steps[index] ?? 0) + 1
  }

  /** Counters of the cache, which begin anew where the plugin does. */
  cacheCounters(now: { readonly hits: number; readonly misses: number }): void {
    const risen = (value: number, before: number) => (value >= before ? value - before : value)
    this.#counted.cacheHits += risen(now.hits, this.#cacheSeen.hits)
    this.#counted.cacheMisses += risen(now.misses, this.#cacheSeen.misses)
    this.#cacheSeen = { ...now }
  }

  /** What was counted since the last time. */
  take(): Counted {
    const taken = this.#counted
    this.#counted = nothing()
    return taken
  }
}
