/** Which proxies work. One object for all generations of the plugin, so that a reload forgets nothing. */

/** Doubled with each failure in a row. */
const FIRST_COOLDOWN_MS = 30_000
const LONGEST_COOLDOWN_MS = 10 * 60_000
/** Connections that broke off may be the upstream's doing: so many in a row are the proxy's. */
const SOFT_FAILURES = 3

interface Sick {
  softFailures: number
  trips: number
  openUntil: number
}

export class ProxyHealth {
  /** Only proxies that failed last have an entry. */
  readonly #sick = new Map<string, Sick>()
  #turn = 0

  /** Epoch milliseconds until which the proxy is left out; 0 if it is not. */
  coolingUntil(proxy: string, now: number): number {
    const until = this.#sick.get(proxy)?.openUntil ?? 0
    return until > now ? until : 0
  }

  /** True if it had failed before. */
  succeeded(proxy: string): boolean {
    return this.#sick.delete(proxy)
  }

  /**
   * `hard`: the proxy did not take the connection or refused its service; it is left out at once. `soft`: a connection
   * broke off. Answers for how long the proxy is left out from now on, 0 if it is not.
   */
  failed(proxy: string, how: 'hard' | 'soft', now: number): number {
    const sick = this.#sick.get(proxy) ?? { softFailures: 0, trips: 0, openUntil: 0 }
    this.#sick.set(proxy, sick)
    if (how === 'soft' && ++sick.softFailures < SOFT_FAILURES) return 0
    // Requests that were under way together fail together: that is one failure.
    if (sick.openUntil > now) return sick.openUntil - now
    const cooldownMs = Math.min(FIRST_COOLDOWN_MS * 2 ** sick.trips, LONGEST_COOLDOWN_MS)
    sick.trips++
    sick.softFailures = 0
    sick.openUntil = now + cooldownMs
    return cooldownMs
  }

  /** For requests of no account: another number each time. */
  nextTurn(): number {
    return this.#turn++
  }
}
