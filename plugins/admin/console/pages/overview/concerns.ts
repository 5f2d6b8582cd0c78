/** What is not as it should be, the worst first. Pure. */
import type { PluginStatus } from 'flow2api/plugin'
import type { AlertRule } from '../../api/alerts.ts'
import type { Account, Upstream } from '../../api/types.ts'
import { fill, texts } from '../../texts.ts'

const { concerns: words } = texts.overview

export interface Concern {
  readonly key: string
  readonly title: string
  readonly detail: string
  readonly href: string
  /** The word on the button that leads there. */
  readonly step: string
  readonly severe: boolean
}

interface Known {
  /** Absent: nobody tells. */
  readonly accounts: readonly Account[] | undefined
  readonly plugins: readonly PluginStatus[]
  readonly rules: readonly AlertRule[]
  readonly upstreams: readonly Upstream[]
}

/** Rules that say of the accounts what the accounts say themselves. */
const ABOUT_ACCOUNTS = ['account_disabled', 'account_needs_session']

export function concernsOf({ accounts, plugins, rules, upstreams }: Known): readonly Concern[] {
  const firing = rules
    .filter(({ rule }) => !ABOUT_ACCOUNTS.includes(rule))
    .flatMap(({ rule, severity, alerts }) =>
      alerts
        .filter(({ state }) => state === 'firing')
        .map(({ subject, title, text }) => ({
          key: `${rule} ${subject}`,
          title,
          detail: text,
          href: '/alerts',
          step: words.toAlerts,
          severe: severity === 'critical',
        })),
    )
  const failed = plugins
    .filter(({ state, error }) => state === 'failed' || (state === 'live' && error !== null))
    .map(({ id, error }) => ({
      key: `plugin ${id}`,
      title: fill(words.plugin, { plugin: id }),
      detail: error ?? '',
      href: '/plugins',
      step: words.toPlugins,
      severe: true,
    }))
  const down = upstreams
    .filter(({ state }) => state !== 'closed')
    .map(({ provider, reason }) => ({
      key: `upstream ${provider}`,
      title: fill(words.upstream, { provider }),
      detail: reason,
      href: '/jobs',
      step: words.toJobs,
      severe: true,
    }))
  return [...failed, ...down, ...aboutAccounts(accounts), ...firing].sort((a, b) => Number(b.severe) - Number(a.severe))
}

function aboutAccounts(accounts: readonly Account[] | undefined): readonly Concern[] {
  if (!accounts) return []
  const step = { href: '/accounts', step: words.toAccounts }
  if (accounts.length === 0)
    return [{ key: 'none', title: words.noAccount, detail: words.noAccountHint, severe: true, ...step }]
  const concerns: Concern[] = []
  const able = accounts.filter(({ state }) => state === 'ready' || state === 'refreshing')
  if (able.length === 0)
    concerns.push({ key: 'none ready', title: words.noneReady, detail: words.noneReadyHint, severe: true, ...step })
  for (const [state, text, hint] of [
    ['needs_session', words.needsSession, words.needsSessionHint],
    ['migrated', words.migrated, words.migratedHint],
    ['quota_spent', words.quota, words.quotaHint],
    ['disabled', words.disabled, words.disabledHint],
  ] as const) {
    const n = accounts.filter(account => account.state === state).length
    if (n > 0)
      concerns.push({
        key: state,
        title: fill(text, { n }),
        detail: hint,
        severe: false,
        ...step,
        href: `/accounts?state=${state}`,
      })
  }
  return concerns
}
