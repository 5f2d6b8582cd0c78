/** One account, as far as one kind of work is concerned: whether it may serve, and how it stands against the others. */
import type { MediaKind } from 'flow2api/contracts'
import type { Account } from './account.ts'
import type { Roster, Shelf } from './roster.ts'
import type { Use } from './use.ts'

/** `free`, or what keeps it from serving anything of its kind now. `probed`: one unit tries it after a throttling. */
export const STANDINGS = [
  'free',
  'busy',
  'probed',
  'cooling',
  'quota_spent',
  'needs_session',
  'migrated',
  'kind_off',
  'disabled',
] as const
export type Standing = (typeof STANDINGS)[number]

/** Lives in the ledger. What the order depends on changes only while the seat is in no ranking. */
export class Seat {
  standing: Standing = 'disabled'
  /** Units of the kind that run on it, and how many may: Infinity for unlimited. */
  load = 0
  limit = 0
  /** Whether its access can be used as it is. */
  fresh = false
  /** The lower serves first; among equals, the lower stamp. */
  rank = 0
  /** Rises with each use of any seat; 0: never used. */
  stamp = 0
  /** What the account has, Infinity where unknown, and what of it no lease has reserved. */
  credits = Number.POSITIVE_INFINITY
  spare = Number.POSITIVE_INFINITY
  /** When the standing ends by itself; Infinity: not. */
  until = Number.POSITIVE_INFINITY
  /** Whether its roster knows that its credits have changed. */
  outdated = false
  shelf: Shelf | undefined
  /** The ranking's: place in its tree, and what holds for the tree below. */
  above: Seat | undefined
  left: Seat | undefined
  right: Seat | undefined
  mostCredits = 0
  mostSpare = 0
  leastSpare = 0
  soonest = Number.POSITIVE_INFINITY
  readonly id: number

  constructor(
    public account: Account,
    readonly kind: MediaKind,
    readonly roster: Roster,
    readonly use: Use,
    /** Random; keeps the tree balanced. */
    readonly priority: number,
  ) {
    this.id = account.id
    roster.seats.set(account.id, this)
  }

  /** What it has and what is left of that. */
  count(): void {
    this.credits = this.account.credits ?? Number.POSITIVE_INFINITY
    this.spare = this.credits - this.use.reserved
  }
}

/** Whether `a` serves before `b` (negative) or after. Never 0 for two seats. */
export const inOrder = (a: Seat, b: Seat): number => a.rank - b.rank || a.stamp - b.stamp || a.id - b.id

/** Beyond this a limit makes no difference to the order. */
const MOST_LIMIT = 4095

/** Before the stamp decides. */
export const RANKS = {
  /** Fewest in flight, then usable access, then most head-room: the limits compare as that does where the load is the same. */
  least_loaded: ({ load, fresh, limit }) =>
    (load * 2 + (fresh ? 0 : 1)) * (MOST_LIMIT + 1) + (MOST_LIMIT - Math.min(limit, MOST_LIMIT)),
  /** Strictly one after the other. */
  round_robin: () => 0,
} as const satisfies Record<string, (seat: Seat) => number>

export type Selection = keyof typeof RANKS
