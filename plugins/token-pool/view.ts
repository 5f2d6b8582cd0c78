/** An account as the API shows it (design of `/admin/api/tokens`): no secret comes out. Times in unix seconds. */
import { type Account, hasAccess, stateAt } from './account.ts'
import type { Ledger } from './ledger.ts'

/** A proxy with its password masked. */
export function maskProxy(proxyUrl: string): string {
  const url = URL.parse(proxyUrl)
  if (!url) return '***'
  if (!url.password) return proxyUrl
  url.password = '***'
  return url.href.replace(/\/$/, '')
}

const seconds = (milliseconds: number | null) => (milliseconds === null ? null : Math.floor(milliseconds / 1000))

export function accountView(account: Account, ledger: Ledger, now: number) {
  const state = stateAt(account, now)
  const opening = ledger.opening.has(account.id) && !hasAccess(account, now, 0)
  const held = state === account.state
  return {
    id: account.id,
    object: 'account',
    provider: account.provider,
    email: account.email,
    name: account.name,
    remark: account.remark,
    project_id: account.attributes['project_id'] ?? null,
    project_name: account.attributes['project_name'] ?? null,
    image_enabled: account.imageEnabled,
    video_enabled: account.videoEnabled,
    image_concurrency: account.imageConcurrency,
    video_concurrency: account.videoConcurrency,
    proxy_url: account.proxyUrl === null ? null : maskProxy(account.proxyUrl),
    tier: account.tier,
    credits: account.credits,
    credits_at: seconds(account.creditsAt),
    state: state === 'ready' && opening ? 'refreshing' : state,
    state_reason: held ? account.stateReason : '',
    state_since: seconds(held ? account.stateSince : account.stateUntil),
    state_until: held ? seconds(account.stateUntil) : null,
    in_flight: { ...ledger.inFlight(account.id) },
    counts: { images: account.images, videos: account.videos, errors: account.errors },
    consecutive_errors: account.consecutiveErrors,
    last_used_at: seconds(account.lastUsedAt),
    created_at: seconds(account.createdAt),
  }
}
