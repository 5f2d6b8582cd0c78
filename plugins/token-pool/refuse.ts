/** What is said where no account can serve now: to wait, or a fault that tells why. */
import { domainFault } from 'flow2api/contracts'
import type { Fault } from 'flow2api/plugin'
import { OBSTACLES, type Obstacle, obstacleOf, type Reading, serves, type Want } from './obstacles.ts'
import type { Roster } from './roster.ts'
import { type Passed, Survey } from './survey.ts'

export function busyOrRefused(roster: Roster, reading: Reading): 'busy' | Fault {
  const { only } = reading.want
  if (only !== undefined) return onlyOne(roster, only, reading)
  return canWait(roster, reading) ? 'busy' : refusal(new Survey(roster, reading), reading)
}

/** Whether one that fits is only busy, or rests for no longer than there is patience. */
function canWait(roster: Roster, reading: Reading): boolean {
  const { cost, excluded, now, want } = reading
  const patience = now + (want.patienceMs ?? 0)
  for (const shelf of roster.shelves) {
    if (!serves(shelf, reading)) continue
    const { busy, probed, free, cooling } = shelf.groups
    for (const group of [busy, probed, free]) if (group.find('credits', cost, excluded)) return true
    if (cooling.soonest <= patience && cooling.find('credits', cost, excluded)) return true
  }
  return false
}

/** When the first of those accounts is back, where that is known. */
const returning = (soonest: number, now: number): { readonly retryAfterMs?: number } =>
  Number.isFinite(soonest) ? { retryAfterMs: Math.max(1, soonest - now) } : {}

/** Of work that only one account can do: what is the matter with that one. */
function onlyOne(roster: Roster, only: number, reading: Reading): 'busy' | Fault {
  const { want, now } = reading
  const needs = `This work goes on with something that was made with account #${only}`
  const seat = roster.seats.get(only)
  const obstacle = seat && obstacleOf(seat, reading)
  if (!seat || !obstacle) {
    const message = `${needs}, which is not in the pool any more. Begin anew without it.`
    return domainFault('no_account', message)
  }
  const reason = `${needs}, which is ${OBSTACLES[obstacle]}`
  switch (obstacle) {
    case 'busy':
    case 'probed':
    case 'reserved':
      return 'busy'
    case 'cooling':
      if (seat.until - now <= (want.patienceMs ?? 0)) return 'busy'
      return domainFault('accounts_cooling', `${reason}. Try again later.`, returning(seat.until, now))
    case 'quota_spent':
    case 'model_spent':
    case 'credits_low': {
      const until = obstacle === 'model_spent' ? (seat.account.heldModels[want.model]?.until ?? 0) : seat.until
      const message = `${reason}. Wait for the next day, or begin anew without it.`
      return domainFault('insufficient_quota', message, returning(until, now))
    }
    default: {
      const tier = obstacle === 'tier_low' ? ` (${want.model} needs ${want.tier})` : ''
      return domainFault('no_account', `${reason}${tier}. GET /admin/api/tokens/${only} shows it.`)
    }
  }
}

const SPENT = ['quota_spent', 'model_spent', 'credits_low'] as const

function refusal(passed: Survey, { want, now }: Reading): Fault {
  const cooling = passed.get('cooling')
  if (cooling) {
    const message = `Every account that could serve ${want.model} is cooling down after the upstream asked for it. Try again later.`
    return domainFault('accounts_cooling', message, returning(cooling.soonest, now))
  }
  const spent = SPENT.flatMap(obstacle => passed.get(obstacle) ?? [])
  if (spent.length > 0) return nothingLeft(passed, spent, want, now)
  if (passed.size === 0) {
    const message = `No account of ${want.provider} has been added. Add one with POST /admin/api/tokens or in the console.`
    return domainFault('no_account', message)
  }
  const needs = passed.get('tier_low') ? ` (it needs ${want.tier})` : ''
  const message = `No account can serve ${want.kind}s of ${want.model}${needs}: ${counted(passed)}. GET /admin/api/tokens shows each with its reason.`
  return domainFault('no_account', message)
}

function nothingLeft(passed: Survey, spent: readonly Passed[], want: Want, now: number): Fault {
  const soonest = Math.min(...spent.map(one => one.soonest))
  const advice = passed.get('credits_low')
    ? `One piece is expected to cost ${want.credits} credits.`
    : 'Wait for the next day.'
  const message = `Every account that could serve ${want.model} has spent its quota (${counted(passed)}). Add an account. ${advice}`
  return domainFault('insufficient_quota', message, returning(soonest, now))
}

const counted = (passed: Iterable<[Obstacle, Passed]>): string =>
  [...passed].map(([obstacle, { count }]) => `${count} ${OBSTACLES[obstacle]}`).join(', ')
