/** What a want asks of an account, and what can keep one from serving it. */
import type { AcquireWant } from 'flow2api/contracts'
import type { Shelf } from './roster.ts'
import type { Seat } from './seat.ts'

export type Want = Pick<
  AcquireWant,
  'provider' | 'kind' | 'model' | 'tier' | 'only' | 'exclude' | 'credits' | 'patienceMs'
>

/** What the choice depends on besides the seats. */
export interface View {
  readonly now: number
  /** Place of a tier among the provider's, from 0. An unknown tier counts as the least. */
  rank(tier: string): number
}

/** A want as it is looked at, seat after seat. */
export interface Reading {
  readonly want: Want
  readonly now: number
  /** Whether the tier of a shelf is enough. */
  suits(shelf: Shelf): boolean
  /** -Infinity where it costs nothing: then credits do not matter. */
  readonly cost: number
  readonly excluded: readonly number[]
}

/** Why an account cannot serve a want now. */
export const OBSTACLES = {
  excluded: 'already tried',
  disabled: 'disabled',
  kind_off: 'switched off for this kind',
  tier_low: 'of too low a tier',
  needs_session: 'waiting for a new session',
  migrated: 'moved away upstream',
  quota_spent: 'out of quota',
  model_spent: 'out of quota for this model',
  not_entitled: 'not entitled to this model',
  credits_low: 'short of credits',
  cooling: 'cooling down',
  probed: 'being tried after a throttling',
  reserved: 'with their credits reserved',
  busy: 'busy',
} as const

export type Obstacle = keyof typeof OBSTACLES

export function read(want: Want, { now, rank }: View): Reading {
  const least = want.tier === undefined ? 0 : rank(want.tier)
  return {
    want,
    now,
    suits: shelf => least === 0 || rank(shelf.tier) >= least,
    cost: want.credits || Number.NEGATIVE_INFINITY,
    excluded: want.exclude ?? [],
  }
}

/** Whether seats of this shelf may serve the want at all. */
export const serves = (shelf: Shelf, { suits, want }: Reading): boolean => suits(shelf) && !shelf.held.has(want.model)

/** What keeps this seat from serving; undefined: nothing. `excluding`: whether those that were tried count as such. */
export function obstacleOf(seat: Seat, reading: Reading, excluding = true): Obstacle | undefined {
  const { standing, shelf } = seat
  if (excluding && reading.excluded.includes(seat.id)) return 'excluded'
  if (standing === 'disabled' || standing === 'kind_off') return standing
  if (shelf && !reading.suits(shelf)) return 'tier_low'
  const held = shelf?.held.get(reading.want.model)
  if (standing === 'needs_session' || standing === 'migrated') return standing
  if (held) return held === 'quota_spent' ? 'model_spent' : 'not_entitled'
  if (standing === 'quota_spent') return standing
  if (seat.credits < reading.cost) return 'credits_low'
  if (standing !== 'free') return standing
  return seat.spare < reading.cost ? 'reserved' : undefined
}
