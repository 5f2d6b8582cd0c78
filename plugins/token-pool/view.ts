/** An account as the API shows it (design of `/admin/api/tokens`): no secret comes out. Times in unix seconds. */
import { type Account, type AccountState, hasAccess, heldAt, onProbation, stateAt } from './account.ts'
import type { Ledger } from './ledger.ts'
import type { HeldModel } from './schema.ts'

/** A proxy with its password masked. */
export function maskProxy(proxyUrl: string): string {
  const url = URL.parse(proxyUrl)
  if (!url) return '***'
  if (!url.password) return proxyUrl
  url.password = '***'
  return url.href.replace(/\/$/, '')
}

const seconds = (milliseconds: number | null) => (milliseconds === null ? null : Math.floor(milliseconds / 1000))

const PROBATION = 'It has rested after a throttling; one unit at a time, until one has succeeded.'

function reasonOf(account: Account, state: AccountState, same: boolean): string {
  if (state === 'ready' && onProbation(account)) return PROBATION
  return same ? account.stateReason : ''
}

/** Models that the account does not serve for now. */
const heldView = (model: string, held: HeldModel | undefined) =>
  held
    ? [{ model, state: held.state, reason: held.reason, since: seconds(held.since), until: seconds(held.until) }]
    : []

/** What its operator decides of it, and is no secret. */
export const operatorFields = (account: Account) => ({
  remark: account.remark,
  project_id: account.attributes['project_id'] ?? null,
  project_name: account.attributes['project_name'] ?? null,
  image_enabled: account.imageEnabled,
  video_enabled: account.videoEnabled,
  image_concurrency: account.imageConcurrency,
  video_concurrency: account.videoConcurrency,
})

export function accountView(account: Account, ledger: Ledger, now: number) {
  const state = stateAt(account, now)
  const opening = ledger.opening.has(account.id) && !hasAccess(account, now, 0)
  const same = state === account.state
  const { reserved, ...inFlight } = ledger.seating.inFlight(account.id)
  return {
    id: account.id,
    object: 'account',
    provider: account.provider,
    email: account.email,
    name: account.name,
    ...operatorFields(account),
    proxy_url: account.proxyUrl === null ? null : maskProxy(account.proxyUrl),
    tier: account.tier,
    credits: account.credits,
    credits_at: seconds(account.creditsAt),
    credits_reserved: reserved,
    state: state === 'ready' && opening ? 'refreshing' : state,
    state_reason: reasonOf(account, state, same),
    state_since: seconds(same ? account.stateSince : account.stateUntil),
    state_until: same ? seconds(account.stateUntil) : null,
    held_models: heldAt(account, now).flatMap(model => heldView(model, account.heldModels[model])),
    in_flight: inFlight,
    counts: { images: account.images, videos: account.videos, errors: account.errors },
    consecutive_errors: account.consecutiveErrors,
    last_used_at: seconds(account.lastUsedAt),
    created_at: seconds(account.createdAt),
  }
}
