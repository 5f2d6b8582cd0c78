/** `GET /admin/api/alerts`, of the plugin `alerts`. Times in unix seconds. */
import type { List } from './types.ts'

export interface Alert {
  readonly subject: string
  readonly state: string
  readonly since: number
  readonly title: string
  readonly text: string
}

export interface AlertRule {
  readonly rule: string
  readonly severity: string
  readonly enabled: boolean
  readonly thresholds: Readonly<Record<string, unknown>>
  readonly state: string
  readonly alerts: readonly Alert[]
  readonly last_fired_at: number | null
  readonly last_recovered_at: number | null
}

export interface AlertList extends List<AlertRule> {
  readonly channels: readonly { readonly channel: string; readonly configured: boolean }[]
  readonly quiet?: { readonly until: number | null } | null
}

export interface AlertDelivery {
  readonly id: string
  readonly event: string
  readonly rule: string | null
  readonly subject: string | null
  readonly title: string
  readonly channel: string
  readonly state: string
  readonly attempts: number
  readonly last_error: string | null
  readonly created_at: number
}
