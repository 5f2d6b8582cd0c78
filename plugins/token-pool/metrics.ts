/** Figures for monitoring: bounded by providers, kinds and states, never by accounts. */
import type { MetricFamily, MetricSample } from 'flow2api/contracts'
import { limitOf, stateAt } from './account.ts'
import type { Ledger } from './ledger.ts'

const BREAKER = { closed: 0, half_open: 1, open: 2 } as const

/** Sums by labels. */
class Sums {
  readonly #sums = new Map<string, { readonly labels: Readonly<Record<string, string>>; value: number }>()

  add(labels: Readonly<Record<string, string>>, value: number): void {
    const key = Object.values(labels).join('\n')
    const sum = this.#sums.get(key)
    if (sum) sum.value += value
    else this.#sums.set(key, { labels, value })
  }
  get samples(): readonly MetricSample[] {
    return [...this.#sums.values()]
  }
}

export function collect(ledger: Ledger, now: number): readonly MetricFamily[] {
  const [states, leases, limits, unlimited] = [new Sums(), new Sums(), new Sums(), new Sums()]
  const [credits, reserved] = [new Sums(), new Sums()]
  for (const account of ledger.accounts.values()) {
    const { id, provider } = account
    const state = stateAt(account, now)
    states.add({ provider, state }, 1)
    const use = ledger.seating.inFlight(id)
    credits.add({ provider }, account.credits ?? 0)
    reserved.add({ provider }, use.reserved)
    for (const kind of ['image', 'video'] as const) {
      leases.add({ provider, kind }, use[kind])
      const limit = state === 'ready' ? limitOf(account, kind) : 0
      const bounded = Number.isFinite(limit)
      limits.add({ provider, kind }, bounded ? limit : 0)
      unlimited.add({ provider, kind }, bounded ? 0 : 1)
    }
  }
  const waiting = new Sums()
  for (const [line, length] of ledger.queue.lengths) {
    const [provider = '', kind = ''] = line.split('|')
    waiting.add({ provider, kind }, length)
  }
  const breakers = [...ledger.breakers].map(([provider, breaker]) => ({
    provider,
    state: BREAKER[breaker.state(now)],
    openings: breaker.openings,
  }))
  return [
    gauge('accounts', 'Accounts by state.', states.samples),
    gauge('account_leases', 'Units that run on accounts.', leases.samples),
    gauge('account_limits', 'Units that may run at once on accounts that are ready and have a limit.', limits.samples),
    gauge('accounts_unlimited', 'Accounts that are ready and have no limit.', unlimited.samples),
    gauge('account_queue_length', 'Units that wait for an account.', waiting.samples),
    gauge('account_credits', 'Credits that accounts have, as far as it is known.', credits.samples),
    gauge('account_credits_reserved', 'Credits that running units are expected to cost.', reserved.samples),
    gauge(
      'upstream_breaker_state',
      '0: closed, 1: half open, 2: open.',
      breakers.map(({ provider, state }) => ({ labels: { provider }, value: state })),
    ),
    counter(
      'upstream_breaker_openings_total',
      'How often the breaker has opened.',
      breakers.map(({ provider, openings }) => ({ labels: { provider }, value: openings })),
    ),
    counter(
      'account_units_total',
      'Units that ended, by whom their fault blames; `ok` where there was none.',
      tallied(ledger, 'units', ['provider', 'outcome']),
    ),
    counter(
      'account_refreshes_total',
      'Times that access was opened or credits were asked for.',
      tallied(ledger, 'refreshes', ['provider', 'what', 'outcome']),
    ),
    counter(
      'account_leases_orphaned_total',
      'Leases that nobody closed, and that were taken back.',
      tallied(ledger, 'leases_orphaned', []),
    ),
  ]
}

const family =
  (kind: MetricFamily['kind']) =>
  (name: string, help: string, samples: readonly MetricSample[]): MetricFamily => ({
    name: `flow2api_${name}`,
    help,
    kind,
    samples,
  })
const gauge = family('gauge')
const counter = family('counter')

function tallied({ tally }: Ledger, what: string, names: readonly string[]): readonly MetricSample[] {
  return [...tally].flatMap(([key, value]) => {
    const [first, ...values] = key.split('\n')
    if (first !== what) return []
    return [{ labels: Object.fromEntries(names.map((name, at) => [name, values[at] ?? ''])), value }]
  })
}
