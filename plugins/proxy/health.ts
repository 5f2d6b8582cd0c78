/** Which proxies work. One object for all generations of the plugin, so that a reload forgets nothing. */

/** Doubled with each failure in a row. */
const FIRST_COOLDOWN_MS = 30_000
const LONGEST_COOLDOWN_MS = 10 * 60_000
/** Connections that broke off may be the upstream's doing: so many in a row are the proxy's. */
const SOFT_FAILURES = 3
/** A probe that has not come to an end by then makes room for another. */
const PROBE_MS = 30_000

export interface Condition {
  /** `half_open`: its cool-down is over; one request at a time may find out. */
  readonly state: 'up' | 'half_open' | 'cooling'
  /** Epoch milliseconds at which it may be tried again; 0 unless it cools. */
  readonly until: number
}

export interface ProxyError {
  readonly code: string
  /** For people; without credentials. */
  readonly message: string
  readonly at: number
}

/** All that is known of a proxy. Times in epoch milliseconds. */
export interface Standing extends Condition {
  readonly since: number
  readonly lastUsedAt: number
  readonly lastError: ProxyError | undefined
  readonly requests: number
  readonly failures: number
}

interface Entry {
  since: number
  softFailures: number
  trips: number
  /** 0 while it is up. */
  openUntil: number
  /** When it was left out last. */
  trippedAt: number
  probeUntil: number
  lastUsedAt: number
  lastError: ProxyError | undefined
  requests: number
  failures: number
}

const UP: Condition = { state: 'up', until: 0 }
const HALF_OPEN: Condition = { state: 'half_open', until: 0 }

export class ProxyHealth {
  /** By the canonical address. */
  readonly #known = new Map<string, Entry>()

  condition(proxy: string, now: number): Condition {
    const entry = this.#known.get(proxy)
    if (!entry || entry.openUntil === 0) return UP
    const until = Math.max(entry.openUntil, entry.probeUntil)
    return until > now ? { state: 'cooling', until } : HALF_OPEN
  }

  /** Undefined for a proxy that was not used yet. */
  standing(proxy: string, now: number): Standing | undefined {
    const entry = this.#known.get(proxy)
    if (!entry) return undefined
    const { openUntil, lastUsedAt, lastError, requests, failures } = entry
    const halfOpen = openUntil !== 0 && openUntil <= now
    const since = halfOpen ? openUntil : entry.since
    const condition = halfOpen ? HALF_OPEN : this.condition(proxy, now)
    return { ...condition, since, lastUsedAt, lastError, requests, failures }
  }

  /** Takes the one place of whoever tries a half-open proxy. False: somebody else does. */
  claim(proxy: string, now: number): boolean {
    if (this.condition(proxy, now).state === 'cooling') return false
    this.#entry(proxy, now).probeUntil = now + PROBE_MS
    return true
  }

  /** The probe said nothing about the proxy. */
  release(proxy: string): void {
    const entry = this.#known.get(proxy)
    if (entry) entry.probeUntil = 0
  }

  /**
   * True if it had failed before and is well now. What began before it was left out proves nothing: such a request was
   * already past what failed for the others.
   */
  succeeded(proxy: string, now: number, began = now): boolean {
    const entry = this.#entry(proxy, now)
    entry.requests++
    entry.lastUsedAt = now
    if (entry.openUntil !== 0 && began < entry.trippedAt) return false
    const recovered = entry.openUntil !== 0
    const ill = recovered || entry.softFailures > 0
    if (recovered) entry.since = now
    Object.assign(entry, { softFailures: 0, trips: 0, openUntil: 0, probeUntil: 0 })
    return ill
  }

  /**
   * `hard`: the proxy did not take the connection or refused its service; it is left out at once. `soft`: a connection
   * broke off. Answers for how long the proxy is left out from now on, 0 if it is not.
   */
  failed(proxy: string, how: 'hard' | 'soft', now: number, error?: Omit<ProxyError, 'at'>): number {
    const entry = this.#entry(proxy, now)
    entry.failures++
    entry.lastUsedAt = now
    if (error) entry.lastError = { ...error, at: now }
    // Requests that were under way together fail together: that is one failure.
    if (entry.openUntil > now) return entry.openUntil - now
    const onProbation = entry.openUntil !== 0
    if (how === 'soft' && !onProbation && ++entry.softFailures < SOFT_FAILURES) return 0
    const cooldownMs = Math.min(FIRST_COOLDOWN_MS * 2 ** entry.trips, LONGEST_COOLDOWN_MS)
    if (!onProbation) entry.since = now
    entry.trips++
    entry.softFailures = 0
    entry.probeUntil = 0
    entry.trippedAt = now
    entry.openUntil = now + cooldownMs
    return cooldownMs
  }

  /** Forgets proxies that nothing went through since then. */
  prune(before: number): void {
    for (const [proxy, { lastUsedAt }] of this.#known) if (lastUsedAt < before) this.#known.delete(proxy)
  }

  #entry(proxy: string, now: number): Entry {
    const known = this.#known.get(proxy)
    if (known) return known
    const fresh: Entry = {
      since: now,
      softFailures: 0,
      trips: 0,
      openUntil: 0,
      trippedAt: 0,
      probeUntil: 0,
      lastUsedAt: now,
      lastError: undefined,
      requests: 0,
      failures: 0,
    }
    this.#known.set(proxy, fresh)
    return fresh
  }
}
