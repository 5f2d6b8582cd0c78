/** What is held of one account, and what follows from it and from the account for its seats. */
import type { MediaKind } from 'flow2api/contracts'
import { type Account, FRESH_MS, hasAccess, limitOf, onProbation, stateAt } from './account.ts'
import { RANKS, type Seat, type Selection, type Standing } from './seat.ts'

export const KINDS = ['image', 'video'] as const satisfies readonly MediaKind[]

/** Outlives its account while something still runs there. */
export class Use {
  image = 0
  video = 0
  /** Credits. */
  reserved = 0
  /** Units that try the account after a throttling: one at a time. */
  probes = 0
  /** How often the account was throttled in this process. */
  throttles = 0
  /** The earliest that the account is to be looked at again. */
  dueAt = Number.POSITIVE_INFINITY
  /** While it is in the pool. */
  seats: Readonly<Record<MediaKind, Seat>> | undefined
}

/** Takes over what the account says. The seat must be in no ranking, and be counted anew afterwards. */
export function describe(seat: Seat, account: Account, now: number): void {
  seat.account = account
  seat.limit = limitOf(account, seat.kind)
  seat.fresh = hasAccess(account, now, FRESH_MS)
  seat.until = account.stateUntil ?? Number.POSITIVE_INFINITY
}

/** Takes over what is held. The seat must be in no ranking. */
export function recount(seat: Seat, now: number, selection: Selection): void {
  seat.load = seat.use[seat.kind]
  seat.count()
  seat.standing = standingOf(seat, now)
  seat.rank = RANKS[selection](seat)
}

function standingOf({ account, load, limit, use }: Seat, now: number): Standing {
  const state = stateAt(account, now)
  if (state === 'disabled') return state
  if (limit === 0) return 'kind_off'
  if (state !== 'ready') return state
  if (use.probes > 0 && onProbation(account)) return 'probed'
  return load >= limit ? 'busy' : 'free'
}

/** When time alone next changes something about the account; Infinity: never. */
export function nextChange(account: Account, now: number): number {
  const stale = account.access === null ? 0 : (account.accessExpiresAt ?? 0) - FRESH_MS
  const ends = Object.values(account.heldModels).map(({ until }) => until)
  const coming = [account.stateUntil ?? 0, stale, ...ends].filter(at => at > now)
  return coming.length > 0 ? Math.min(...coming) : Number.POSITIVE_INFINITY
}

/** What an account's place among the others depends on, but for its credits. */
const PLACING = [
  'provider',
  'tier',
  'state',
  'stateUntil',
  'access',
  'accessExpiresAt',
  'imageEnabled',
  'videoEnabled',
  'imageConcurrency',
  'videoConcurrency',
  'heldModels',
  'consecutiveThrottles',
] as const satisfies readonly (keyof Account)[]

export const samePlace = (a: Account, b: Account): boolean => PLACING.every(field => a[field] === b[field])
