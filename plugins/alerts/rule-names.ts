/** The rules there are. */
export const RULES = [
  'account_disabled',
  'account_needs_session',
  'pool_low',
  'credits_low',
  'error_rate',
  'slow',
  'disk_low',
  'memory_high',
] as const
export type RuleName = (typeof RULES)[number]

export const CHANNELS = ['webhook', 'slack', 'discord', 'telegram', 'email'] as const
export type ChannelName = (typeof CHANNELS)[number]

export type Severity = 'critical' | 'warning'

/** Critical: nothing, or little, is served. */
export const SEVERITY: Readonly<Record<RuleName, Severity>> = {
  account_disabled: 'warning',
  account_needs_session: 'warning',
  pool_low: 'critical',
  credits_low: 'warning',
  error_rate: 'critical',
  slow: 'warning',
  disk_low: 'critical',
  memory_high: 'warning',
}
