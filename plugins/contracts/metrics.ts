/** Figures for monitoring. Provided by whichever plugin has some; collected by `metrics`, watched by `alerts`. */
import { defineExtensionPoint } from 'flow2api/plugin'

export interface MetricSample {
  /** Few and bounded: never a prompt, an address or a request id. */
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
}

export interface MetricFamily {
  /** Prometheus' naming: `flow2api_…`, the unit in the name, `_total` behind a counter. */
  readonly name: string
  readonly help: string
  /** A `counter` only rises while the process lives. */
  readonly kind: 'gauge' | 'counter'
  readonly samples: readonly MetricSample[]
}

export interface MetricsSource {
  /** What is true now. Called at each scrape: cheap, from memory. */
  collect(): readonly MetricFamily[]
}

export const MetricsSource = defineExtensionPoint<MetricsSource>('metrics.source', 1)

/** Names of families that other plugins read. Whoever has such figures gives them under these names, with these labels. */
export const METRICS = {
  /** Gauge `{provider, state}`: accounts by state, in the words of `/admin/api/tokens`. */
  accounts: 'flow2api_accounts',
  /** Gauge `{provider}`: what all accounts together have left, as far as it is known. */
  accountCredits: 'flow2api_account_credits',
  /** Gauge `{provider, kind}`: units that run on accounts. */
  accountLeases: 'flow2api_account_leases',
  /** Counter: files that were asked for and were there, or were not there (any more). */
  cacheHits: 'flow2api_cache_hits_total',
  cacheMisses: 'flow2api_cache_misses_total',
  /** Gauge: what is kept. */
  cacheFiles: 'flow2api_cache_files',
  cacheBytes: 'flow2api_cache_bytes',
} as const
