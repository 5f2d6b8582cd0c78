/**
 * What the end of a unit means for its account. Pure. Only a fault with blame `account` counts; a refused prompt or a
 * dead proxy never does.
 */
import type { MediaKind } from 'flow2api/contracts'
import type { Fault } from 'flow2api/plugin'
import { type Account, type AccountPatch, type AccountState, stateAt } from './account.ts'
import type { HeldModel } from './schema.ts'

export interface Rules {
  readonly now: number
  /** So many faults in a row disable an account; 0: never. */
  readonly banThreshold: number
  /** What the work was of; a quota can be that of a model alone. */
  readonly model?: string | undefined
  /** From 0 to 1: spreads the returns of accounts that were told to rest at once. */
  random(): number
}

const SHORTEST_COOLING_MS = 30_000
const LONGEST_COOLING_MS = 15 * 60_000
/** A rest is longer by up to this part of it, and by no more than so much. */
const JITTER = 0.2
const LONGEST_JITTER_MS = 30_000
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
    // It is said of the request, after several accounts: none of them is meant.
    case 'insufficient_quota':
      return {}
    // Of its other models this says nothing.
    case 'account_not_entitled':
      return rules.model === undefined ? {} : held(account, rules.model, 'not_entitled', fault, now)
    case 'model_quota_spent': {
      if (rules.model === undefined) return { errors }
      return { errors, ...held(account, rules.model, 'quota_spent', fault, now) }
    }
    case 'account_throttled': {
      // Many units that are told at once are one refusal.
      const again = stateAt(account, now) === 'cooling' ? 0 : 1
      const consecutiveThrottles = account.consecutiveThrottles + again
      const rest = named(fault) ?? graded(consecutiveThrottles)
      const until = Math.round(now + rest + Math.min(rest * JITTER, LONGEST_JITTER_MS) * rules.random())
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

export interface Success {
  readonly kind: MediaKind
  /** What the account has left, where the upstream said so. */
  readonly credits: number | undefined
  /** What it was expected to cost, and when it began. */
  readonly reserved: number
  readonly takenAt: number
  /** Whether the account was throttled while it ran: then it does not show that this is over. */
  readonly throttledSince: boolean
}

/** A unit ended well: whatever was counted before is forgotten. */
export function afterSuccess(account: Account, success: Success, now: number): AccountPatch {
  return {
    ...(success.kind === 'image' ? { images: account.images + 1 } : { videos: account.videos + 1 }),
    consecutiveErrors: 0,
    ...(!success.throttledSince && { consecutiveThrottles: 0 }),
    ...settled(account, success, now),
  }
}

/** What the account has after a unit. Others may have ended while it ran, and the least that was said of them is true. */
function settled(account: Account, { credits, reserved, takenAt }: Success, now: number): AccountPatch {
  const overtaken = account.credits !== null && (account.creditsAt ?? 0) >= takenAt
  if (credits !== undefined)
    return { credits: overtaken ? Math.min(credits, account.credits ?? credits) : credits, creditsAt: now }
  // Nobody said: it will have cost what was expected, unless that was asked for since.
  return account.credits === null || overtaken ? {} : { credits: Math.max(0, account.credits - reserved) }
}

/** Back to work, with a clean slate. */
export const backToReady = (now: number): AccountPatch => ({
  state: 'ready',
  stateReason: '',
  stateSince: now,
  stateUntil: null,
  consecutiveErrors: 0,
  consecutiveThrottles: 0,
  heldModels: {},
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

/** Holds one model of the account back until the next day, or for as long as the upstream says. */
function held(account: Account, model: string, state: HeldModel['state'], fault: Fault, now: number): AccountPatch {
  const passing = Object.entries(account.heldModels).filter(([, { until }]) => until > now)
  const until = now + (named(fault) ?? untilNextDay(now))
  return {
    heldModels: { ...Object.fromEntries(passing), [model]: { state, reason: fault.message, since: now, until } },
  }
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
