/** Everything in Prometheus' text format. */
import type { MetricFamily } from 'flow2api/contracts'
import { Counter, Gauge, Registry } from 'prom-client'

/** Where a family has no sample, a label that no sample has keeps the library from showing a 0. */
const NO_SAMPLE = ['none']

/** `counted`: what is kept by the library; no family has the name of something there. */
export async function exposition(counted: Registry, families: readonly MetricFamily[]): Promise<string> {
  const now = new Registry()
  for (const { name, help, kind, samples } of families) {
    const names = [...new Set(samples.flatMap(({ labels = {} }) => Object.keys(labels)))]
    const labelNames = samples.length === 0 ? NO_SAMPLE : names
    const settings = { name, help: help === '' ? name : help, labelNames, registers: [now] }
    if (kind === 'gauge') {
      const gauge = new Gauge(settings)
      for (const { labels = {}, value } of samples) gauge.set(labels, value)
    } else {
      const counter = new Counter(settings)
      // A counter cannot fall, so it begins nowhere below 0.
      for (const { labels = {}, value } of samples) counter.inc(labels, Math.max(0, value))
    }
  }
  return `${await counted.metrics()}\n${await now.metrics()}`
}

export const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE

/** Names that the library's part uses. */
export const namesIn = (registry: Registry): ReadonlySet<string> =>
  new Set(registry.getMetricsAsArray().map(({ name }) => name))
