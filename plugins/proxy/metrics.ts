/** Figures of the ways out, for `/metrics`. */
import type { MetricFamily } from 'flow2api/contracts'
import type { ProxyHealth } from './health.ts'
import type { Journal } from './journal.ts'
import type { Roster } from './roster.ts'

export interface MetricParts {
  readonly roster: Pick<Roster, 'all'>
  readonly health: Pick<ProxyHealth, 'standing'>
  readonly journal: Pick<Journal, 'requests' | 'changes' | 'failures'>
}

export function proxyMetrics({ roster, health, journal }: MetricParts, now: number): readonly MetricFamily[] {
  const states = new Map<string, { labels: Readonly<Record<string, string>>; value: number }>()
  for (const { role, address } of roster.all()) {
    const state = health.standing(address.url, now)?.state ?? 'unknown'
    const sample = states.get(`${role} ${state}`) ?? { labels: { role, state }, value: 0 }
    sample.value++
    states.set(`${role} ${state}`, sample)
  }
  return [
    {
      name: 'flow2api_proxies',
      help: 'Proxies by role (main, media, pool, account) and state.',
      kind: 'gauge',
      samples: [...states.values()],
    },
    {
      name: 'flow2api_egress_requests_total',
      help: 'Requests that left by each way; refused: no way was allowed.',
      kind: 'counter',
      samples: Object.entries(journal.requests).map(([route, value]) => ({ labels: { route }, value })),
    },
    {
      name: 'flow2api_route_changes_total',
      help: 'Times that an account went another way than before.',
      kind: 'counter',
      samples: [{ value: journal.changes }],
    },
    {
      name: 'flow2api_proxy_failures_total',
      help: 'Failures that count against a proxy, by code.',
      kind: 'counter',
      samples: [...journal.failures].map(([code, value]) => ({ labels: { code }, value })),
    },
  ]
}
