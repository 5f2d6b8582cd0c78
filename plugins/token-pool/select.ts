/** Which account serves: a pure choice over a roster. */
import type { Fault } from 'flow2api/plugin'
import { explain } from './explain.ts'
import { obstacleOf, type Reading, read, serves, type View, type Want } from './obstacles.ts'
import { busyOrRefused } from './refuse.ts'
import type { Roster } from './roster.ts'
import { inOrder, type Seat } from './seat.ts'

export type Choice =
  | { readonly outcome: 'chosen'; readonly seat: Seat; readonly why: string }
  /** Waiting helps: an account that fits is only busy, or returns soon. */
  | { readonly outcome: 'busy' }
  | { readonly outcome: 'refused'; readonly fault: Fault }

export function choose(roster: Roster, want: Want, view: View): Choice {
  const reading = read(want, view)
  if (reading.cost > 0) roster.update()
  const best = want.only === undefined ? first(roster, reading) : bound(roster, want.only, reading)
  if (best) return { outcome: 'chosen', seat: best, why: explain(roster, best, reading) }
  const fault = busyOrRefused(roster, reading)
  return fault === 'busy' ? { outcome: 'busy' } : { outcome: 'refused', fault }
}

function first(roster: Roster, reading: Reading): Seat | undefined {
  let best: Seat | undefined
  for (const shelf of roster.shelves) {
    if (!serves(shelf, reading)) continue
    const seat = shelf.groups.free.find('spare', reading.cost, reading.excluded)
    if (seat && (!best || inOrder(seat, best) < 0)) best = seat
  }
  return best
}

function bound(roster: Roster, only: number, reading: Reading): Seat | undefined {
  const seat = roster.seats.get(only)
  return seat && obstacleOf(seat, reading) === undefined ? seat : undefined
}
