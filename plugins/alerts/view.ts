/** Rules, alerts and messages as the operator sees them. Times in unix seconds. */
import type { Alert } from './alarms.ts'
import type { Delivery } from './outbox.ts'
import { CHANNELS, type ChannelName, RULES, type RuleName, SEVERITY } from './rule-names.ts'
import type { AlertSettings } from './settings.ts'

const seconds = (milliseconds: number | null) => (milliseconds === null ? null : Math.floor(milliseconds / 1000))
const latest = (times: readonly (number | null)[]) => {
  const known = times.filter(time => time !== null)
  return known.length === 0 ? null : seconds(Math.max(...known))
}

/** The settings that a rule goes by. */
const THRESHOLDS: Readonly<Record<RuleName, readonly (keyof AlertSettings)[]>> = {
  account_disabled: [],
  account_needs_session: [],
  pool_low: ['pool_ready_share'],
  credits_low: ['credits_least', 'credits_last_h'],
  error_rate: ['error_rate', 'window_s', 'least_jobs'],
  slow: ['slow_image_s', 'slow_video_s', 'window_s', 'least_jobs'],
  disk_low: ['disk_free_mb'],
  memory_high: ['memory_mb'],
}

const alertView = ({ subject, state, since, firedAt, wellSince, title, text }: Alert) => ({
  subject,
  state: wellSince !== null ? 'recovering' : state,
  since: seconds(since),
  fired_at: seconds(firedAt),
  title,
  text,
})

const ruleView = (rule: RuleName, settings: AlertSettings, alerts: readonly Alert[]) => {
  const open = alerts.filter(({ state }) => state !== 'over')
  const firing = open.some(({ state }) => state === 'firing')
  return {
    object: 'alert.rule',
    rule,
    severity: SEVERITY[rule],
    enabled: settings.rules.includes(rule),
    thresholds: Object.fromEntries(THRESHOLDS[rule].map(key => [key, settings[key]])),
    state: firing ? 'firing' : open.length > 0 ? 'pending' : 'ok',
    alerts: open.map(alertView),
    last_fired_at: latest(alerts.map(({ firedAt }) => firedAt)),
    last_recovered_at: latest(alerts.map(({ overAt }) => overAt)),
  }
}

export function rulesView(
  settings: AlertSettings,
  alerts: readonly Alert[],
  channels: readonly ChannelName[],
  quietUntil: number | undefined,
) {
  return {
    object: 'list',
    data: RULES.map(rule =>
      ruleView(
        rule,
        settings,
        alerts.filter(alert => alert.rule === rule),
      ),
    ),
    channels: CHANNELS.map(channel => ({ channel, configured: channels.includes(channel) })),
    quiet: {
      from: settings.quiet_from || null,
      to: settings.quiet_to || null,
      until: quietUntil === undefined ? null : seconds(quietUntil),
    },
  }
}

export const deliveryView = (row: Delivery) => ({
  id: row.id,
  object: 'alert.delivery',
  event: row.event,
  rule: row.rule,
  subject: row.subject,
  title: row.title,
  text: row.text,
  channel: row.channel,
  state: row.state,
  attempts: row.attempts,
  last_error: row.lastError,
  created_at: seconds(row.createdAt),
  next_attempt_at: row.endedAt === null ? seconds(row.nextAt) : null,
  ended_at: seconds(row.endedAt),
})
