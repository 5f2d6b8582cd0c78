/**
 * What the end of a unit means for its account. Pure. Only a fault with blame `account` counts; a refused prompt or a
 * dead proxy never does.
 */
import type { MediaKind } from 'flow2api/contracts'
import type { Fault } from 'flow2api/plugin'
import { type Account, type AccountPatch, type AccountState, stateAt } from './account.ts'

export interface Rules {
  readonly now: number
  /** So many faults in a row disable an account; 0: never. */
  readonly banThreshold: number
}

const SHORTEST_COOLING_MS = 30_000
const LONGEST_COOLING_MS = 15 * 60_000
/** A wait that the upstream names is believed up to here. */
const LONGEST_NAMED_MS = 24 * 60 * 60_000

/** How firmly a state holds an account back. A weaker one never replaces a stronger one. */
const WEIGHT: Readonly<Record<AccountState, number>> = {
  ready: 0,
  cooling: 1,
  quota_spent: 2,
  needs_session: 3,
  migrated: 3,
  disabled: 4,
}

/** What a fault changes about its account; nothing where it is not the account's. */
export function afterFault(account: Account, fault: Fault, rules: Rules): AccountPatch {
  if (fault.blame !== 'account') return {}
  const { now } = rules
  const errors = account.errors + 1
  switch (fault.code) {
    // Neither is anything against the account: another one may do, or none is left to blame.
    case 'account_not_entitled':
    case 'insufficient_quota':
      return {}
    case 'account_throttled': {
      // Many units that are told at once are one refusal.
      const again = stateAt(account, now) === 'cooling' ? 0 : 1
      const consecutiveThrottles = account.consecutiveThrottles + again
      const until = now + (named(fault) ?? graded(consecutiveThrottles))
      return { errors, consecutiveThrottles, ...into(account, 'cooling', fault.message, now, until) }
    }
    case 'account_quota_spent':
      return { errors, ...into(account, 'quota_spent', fault.message, now, now + (named(fault) ?? untilNextDay(now))) }
    default:
      return sessionLost(account, fault, now) ?? { errors, ...counted(account, fault, rules) }
  }
}

/** The state that a lost session brings. It needs no counting: the upstream said so. */
export function sessionLost(account: Account, fault: Fault, now: number): AccountPatch | undefined {
  if (fault.code === 'account_needs_session') return into(account, 'needs_session', fault.message, now, null)
  if (fault.code === 'account_migrated') return into(account, 'migrated', fault.message, now, null)
  return undefined
}

/** A unit ended well: whatever was counted before is forgotten. */
export function afterSuccess(
  account: Account,
  kind: MediaKind,
  credits: number | undefined,
  now: number,
): AccountPatch {
  return {
    ...(kind === 'image' ? { images: account.images + 1 } : { videos: account.videos + 1 }),
    consecutiveErrors: 0,
    consecutiveThrottles: 0,
    ...(credits !== undefined && { credits, creditsAt: now }),
  }
}

/** Back to work, with a clean slate. */
export const backToReady = (now: number): AccountPatch => ({
  state: 'ready',
  stateReason: '',
  stateSince: now,
  stateUntil: null,
  consecutiveErrors: 0,
  consecutiveThrottles: 0,
})

/** The change into `state`, unless a firmer one holds; the same one again only lasts longer. */
export function into(
  account: Account,
  state: AccountState,
  stateReason: string,
  now: number,
  stateUntil: number | null,
): AccountPatch {
  const current = stateAt(account, now)
  if (current === state) {
    if (stateUntil === null || stateUntil <= (account.stateUntil ?? 0)) return {}
    return { stateUntil, stateReason }
  }
  return WEIGHT[current] > WEIGHT[state] ? {} : { state, stateReason, stateSince: now, stateUntil }
}

function counted(account: Account, fault: Fault, { now, banThreshold }: Rules): AccountPatch {
  const consecutiveErrors = account.consecutiveErrors + 1
  if (banThreshold === 0 || consecutiveErrors < banThreshold) return { consecutiveErrors }
  const reason = `${consecutiveErrors} errors in a row, the last: ${fault.message}`
  return { consecutiveErrors, ...into(account, 'disabled', reason, now, null) }
}

const named = ({ retryAfterMs }: Fault): number | undefined =>
  retryAfterMs === undefined ? undefined : Math.min(Math.max(0, retryAfterMs), LONGEST_NAMED_MS)

const graded = (times: number): number => Math.min(SHORTEST_COOLING_MS * 2 ** (times - 1), LONGEST_COOLING_MS)

function untilNextDay(now: number): number {
  const day = new Date(now)
  return Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate() + 1) - now
}
