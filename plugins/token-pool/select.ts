/** Which account serves: a pure choice, with its reasons. */
import { type AcquireWant, domainFault } from 'flow2api/contracts'
import type { Fault } from 'flow2api/plugin'
import { type Account, labelOf, limitOf, stateAt } from './account.ts'

export type Want = Pick<AcquireWant, 'provider' | 'kind' | 'model' | 'tier' | 'only' | 'exclude'>

/** What the choice depends on besides the accounts. */
export interface View {
  readonly now: number
  /** Units of that kind that run on the account. */
  inFlight(accountId: number): number
  /** Rises with each lease; 0: not leased in this process yet. */
  lastPick(accountId: number): number
  /** Place of a tier among the provider's, from 0. An unknown tier counts as the least. */
  rank(tier: string): number
}

export type Choice =
  | { readonly outcome: 'chosen'; readonly account: Account; readonly why: string }
  /** Waiting helps: an account that fits is only busy. */
  | { readonly outcome: 'busy' }
  | { readonly outcome: 'refused'; readonly fault: Fault }

/** Why an account cannot serve now, in the order in which they are looked at. */
const OBSTACLES = {
  excluded: 'already tried',
  disabled: 'disabled',
  kind_off: 'switched off for this kind',
  tier_low: 'of too low a tier',
  needs_session: 'waiting for a new session',
  migrated: 'moved away upstream',
  quota_spent: 'out of quota',
  cooling: 'cooling down',
  busy: 'busy',
} as const

type Obstacle = keyof typeof OBSTACLES

/** So many passed-over accounts are named in a record; the rest are counted. */
const NAMED = 8

export function choose(accounts: Iterable<Account>, want: Want, view: View): Choice {
  const least = want.tier === undefined ? 0 : view.rank(want.tier)
  const passed = new Map<Obstacle, Account[]>()
  let best: Account | undefined
  let fitting = 0
  for (const account of accounts) {
    if (account.provider !== want.provider) continue
    if (want.only !== undefined && account.id !== want.only) continue
    const obstacle = obstacleOf(account, want, view, least)
    if (obstacle === undefined) {
      fitting++
      if (best === undefined || isBetter(account, best, want, view)) best = account
    } else {
      const list = passed.get(obstacle)
      if (list) list.push(account)
      else passed.set(obstacle, [account])
    }
  }
  if (best) return { outcome: 'chosen', account: best, why: explain(best, fitting, passed, want, view) }
  if (passed.has('busy')) return { outcome: 'busy' }
  const { only } = want
  return {
    outcome: 'refused',
    fault: only === undefined ? refusal(passed, want, view.now) : boundRefusal(passed, { ...want, only }, view.now),
  }
}

function obstacleOf(account: Account, want: Want, view: View, least: number): Obstacle | undefined {
  if (want.exclude?.includes(account.id)) return 'excluded'
  const state = stateAt(account, view.now)
  if (state === 'disabled') return 'disabled'
  const limit = limitOf(account, want.kind)
  if (limit === 0) return 'kind_off'
  if (view.rank(account.tier) < least) return 'tier_low'
  if (state !== 'ready') return state
  return view.inFlight(account.id) >= limit ? 'busy' : undefined
}

/** Fewest in flight, then most head-room, then the one whose last use is longest ago. */
function isBetter(one: Account, other: Account, want: Want, view: View): boolean {
  const load = view.inFlight(one.id) - view.inFlight(other.id)
  if (load !== 0) return load < 0
  // The load is the same, so that the limits compare as the head-room does.
  const [limit, otherLimit] = [limitOf(one, want.kind), limitOf(other, want.kind)]
  if (limit !== otherLimit) return limit > otherLimit
  const pick = view.lastPick(one.id) - view.lastPick(other.id)
  if (pick !== 0) return pick < 0
  return (one.lastUsedAt ?? 0) < (other.lastUsedAt ?? 0)
}

function explain(best: Account, fitting: number, passed: Passed, want: Want, view: View): string {
  const limit = limitOf(best, want.kind)
  const load = `${view.inFlight(best.id)} of ${limit === Number.POSITIVE_INFINITY ? 'any number' : limit}`
  const chosen = `#${best.id} ${labelOf(best)}: fewest in flight (${load}) of ${fitting} that fit`
  const others = [...passed].map(([obstacle, list]) => `${named(list)} ${OBSTACLES[obstacle]}`)
  return others.length > 0 ? `${chosen}; not ${others.join('; ')}` : chosen
}

const named = (list: readonly Account[]): string => {
  const ids = list.slice(0, NAMED).map(({ id }) => `#${id}`)
  return list.length > NAMED ? `${ids.join(', ')} and ${list.length - NAMED} more` : ids.join(', ')
}

type Passed = ReadonlyMap<Obstacle, readonly Account[]>

/** When the first of those accounts is back, where that is known. */
function returning(accounts: readonly Account[] = [], now: number): { readonly retryAfterMs?: number } {
  const times = accounts.flatMap(({ stateUntil }) => (stateUntil === null ? [] : [stateUntil - now]))
  return times.length > 0 ? { retryAfterMs: Math.max(1, Math.min(...times)) } : {}
}

/** Of work that only one account can do: what is the matter with that one. */
function boundRefusal(passed: Passed, want: Want & { readonly only: number }, now: number): Fault {
  const needs = `This work goes on with something that was made with account #${want.only}`
  const [found] = passed
  if (!found) return domainFault('no_account', `${needs}, which is not in the pool any more. Begin anew without it.`)
  const [obstacle, accounts] = found
  const reason = `${needs}, which is ${OBSTACLES[obstacle]}`
  const back = returning(accounts, now)
  switch (obstacle) {
    case 'cooling':
      return domainFault('accounts_cooling', `${reason}. Try again later.`, back)
    case 'quota_spent':
      return domainFault('insufficient_quota', `${reason}. Wait for the next day, or begin anew without it.`, back)
    default: {
      const tier = obstacle === 'tier_low' ? ` (${want.model} needs ${want.tier})` : ''
      return domainFault('no_account', `${reason}${tier}. GET /admin/api/tokens/${want.only} shows it.`)
    }
  }
}

function refusal(passed: Passed, want: Want, now: number): Fault {
  if (passed.has('cooling')) {
    const message = `Every account that could serve ${want.model} is cooling down after the upstream asked for it. Try again later.`
    return domainFault('accounts_cooling', message, returning(passed.get('cooling'), now))
  }
  if (passed.has('quota_spent')) {
    const message = `Every account that could serve ${want.model} has spent its quota. Add an account or wait for the next day.`
    return domainFault('insufficient_quota', message, returning(passed.get('quota_spent'), now))
  }
  if (passed.size === 0) {
    const message = `No account of ${want.provider} has been added. Add one with POST /admin/api/tokens or in the console.`
    return domainFault('no_account', message)
  }
  const counts = [...passed].map(([obstacle, list]) => `${list.length} ${OBSTACLES[obstacle]}`)
  const needs = passed.has('tier_low') ? ` (it needs ${want.tier})` : ''
  const message = `No account can serve ${want.kind}s of ${want.model}${needs}: ${counts.join(', ')}. GET /admin/api/tokens shows each with its reason.`
  return domainFault('no_account', message)
}
