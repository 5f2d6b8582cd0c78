/** Figures for monitoring. Provided by whichever plugin has some; collected by `metrics`. */
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
