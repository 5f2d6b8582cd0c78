/** What is true now, read from the figures that other plugins give. Pure. */
import { METRICS, type MetricFamily } from 'flow2api/contracts'

export interface AccountsNow {
  readonly total: number
  readonly ready: number
  readonly byState: Readonly<Record<string, number>>
  readonly leases: number
  /** Null where no account's are known. */
  readonly credits: number | null
}

export interface CacheNow {
  readonly hits: number
  readonly misses: number
  readonly files: number
  readonly bytes: number
}

const samplesOf = (families: readonly MetricFamily[], name: string) =>
  families.find(family => family.name === name)?.samples ?? []

const sumOf = (families: readonly MetricFamily[], name: string): number =>
  samplesOf(families, name).reduce((sum, { value }) => sum + value, 0)

export function accountsNow(families: readonly MetricFamily[]): AccountsNow {
  const byState: Record<string, number> = {}
  for (const { labels, value } of samplesOf(families, METRICS.accounts)) {
    const state = labels?.['state'] ?? ''
    byState[state] = (byState[state] ?? 0) + value
  }
  const known = samplesOf(families, METRICS.accountCredits).length > 0
  return {
    total: sumOf(families, METRICS.accounts),
    ready: byState['ready'] ?? 0,
    byState,
    leases: sumOf(families, METRICS.accountLeases),
    credits: known ? sumOf(families, METRICS.accountCredits) : null,
  }
}

export const cacheNow = (families: readonly MetricFamily[]): CacheNow => ({
  hits: sumOf(families, METRICS.cacheHits),
  misses: sumOf(families, METRICS.cacheMisses),
  files: sumOf(families, METRICS.cacheFiles),
  bytes: sumOf(families, METRICS.cacheBytes),
})
