/** What is true now, as far as the rules want to know it. */
import { statfs } from 'node:fs/promises'
import { type JobEngine, type JobTally, METRICS, type MetricFamily, type MetricsSource } from 'flow2api/contracts'
import { type Contributions, FaultError, type Handle } from 'flow2api/plugin'
import type { CreditSample } from './pace.ts'

export interface AccountFact {
  readonly state: string
  readonly reason: string
}

export interface Facts {
  /** Accounts by state, by provider; undefined where nobody says. */
  readonly pool: ReadonlyMap<string, Readonly<Record<string, number>>> | undefined
  /** The state of accounts that have changed it since the process began. */
  readonly changed: ReadonlyMap<number, AccountFact>
  /** Credits by provider over time, the oldest first, the present ones last; undefined where nobody says. */
  readonly credits: ReadonlyMap<string, readonly CreditSample[]> | undefined
  /** Jobs that ended within the window; undefined where the ledger cannot be read. */
  readonly jobs: readonly JobTally[] | undefined
  /** Free bytes by directory; undefined where the system does not say. */
  readonly disks: Readonly<Record<string, number | undefined>>
  readonly rssBytes: number
}

/** A source that throws has nothing to say; the figures of the others are as good as before. */
export function familiesOf(sources: Contributions<MetricsSource>): readonly MetricFamily[] {
  return sources.all().flatMap(({ service }) => {
    try {
      return service.collect()
    } catch (cause) {
      if (cause instanceof FaultError) return []
      throw cause
    }
  })
}

const samplesOf = (families: readonly MetricFamily[], name: string) =>
  families.find(family => family.name === name)?.samples ?? []

export function poolOf(families: readonly MetricFamily[]): Facts['pool'] {
  if (!families.some(({ name }) => name === METRICS.accounts)) return undefined
  const pool = new Map<string, Record<string, number>>()
  for (const { labels, value } of samplesOf(families, METRICS.accounts)) {
    const { provider = '', state = '' } = labels ?? {}
    const states = pool.get(provider) ?? {}
    states[state] = (states[state] ?? 0) + value
    pool.set(provider, states)
  }
  return pool
}

export const totalOf = (states: Readonly<Record<string, number>>): number =>
  Object.values(states).reduce((sum, count) => sum + count, 0)

/** Credits by provider, where it has any account; undefined where nobody says. */
export function creditsOf(families: readonly MetricFamily[]): ReadonlyMap<string, number> | undefined {
  if (!families.some(({ name }) => name === METRICS.accountCredits)) return undefined
  const samples = samplesOf(families, METRICS.accountCredits)
  return new Map(samples.map(({ labels, value }) => [labels?.['provider'] ?? '', value]))
}

export async function jobsOf(jobs: Handle<JobEngine>, now: number, windowMs: number): Promise<Facts['jobs']> {
  try {
    // One that ended in this very millisecond counts.
    const tally = await jobs.tally({ from: now + 1 - windowMs, to: now + 1, spanMs: windowMs })
    return tally.unwrapOr(undefined)
  } catch (cause) {
    if (cause instanceof FaultError) return undefined
    throw cause
  }
}

/** What may still be written there; undefined where the system does not say. */
export async function freeBytes(path: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(path)
    return bavail * bsize
  } catch {
    return undefined
  }
}
