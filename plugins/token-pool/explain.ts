/** Why this account and not the others: what a job keeps about the choice. */
import { labelOf } from './account.ts'
import { OBSTACLES, obstacleOf, type Reading, serves } from './obstacles.ts'
import type { Roster } from './roster.ts'
import { inOrder, type Seat } from './seat.ts'
import { Survey } from './survey.ts'

export function explain(roster: Roster, best: Seat, reading: Reading): string {
  const load = `${best.load} of ${best.limit === Number.POSITIVE_INFINITY ? 'any number' : best.limit} in flight`
  const name = `#${best.id} ${labelOf(best.account)}`
  if (reading.want.only !== undefined) return `${name}: the work needs this account (${load})`
  const { next, count } = runnersUp(roster, best, reading)
  const [first] = next
  let text = first
    ? `${name}: ${decisive(best, first)} of ${count + 1} that fit (${load}), before ${names(next, count)}`
    : `${name}: the only one that fits (${load})`
  let how = '; not'
  for (const [obstacle, { seats, count: passed }] of new Survey(roster, reading)) {
    text += `${how} ${names(seats, passed)} ${OBSTACLES[obstacle]}`
    how = ';'
  }
  return text
}

/** So many that would have served next are named; of more, the first alone. */
const FEW = 8

/** Those that would have come next, the first of them first, and how many there are. */
function runnersUp(roster: Roster, best: Seat, reading: Reading): { next: readonly Seat[]; count: number } {
  let count = -1
  for (const shelf of roster.shelves) if (serves(shelf, reading)) count += shelf.groups.free.size
  let next: Seat[] = []
  // Those that cannot serve after all stand at most before them.
  const looked = (count <= FEW ? FEW : 1) + 1 + reading.excluded.length
  for (const shelf of roster.shelves) {
    if (!serves(shelf, reading)) continue
    const { free } = shelf.groups
    const all = free.leastSpare >= reading.cost && reading.excluded.length === 0
    for (const seat of free.head(looked)) {
      if (seat === best) continue
      if (!all && obstacleOf(seat, reading) !== undefined) count--
      else if (count <= FEW) next.push(seat)
      else if (!next[0] || inOrder(seat, next[0]) < 0) next = [seat]
    }
  }
  if (next.length > 1) next.sort(inOrder)
  return { next, count: Math.max(count, next.length) }
}

function decisive(best: Seat, next: Seat): string {
  if (best.rank === next.rank) return 'longest unused'
  if (best.load !== next.load) return 'fewest in flight'
  return best.fresh !== next.fresh ? 'ready to use' : 'most head-room'
}

function names(seats: readonly Seat[], count: number): string {
  let ids = ''
  for (const { id } of seats) ids += ids === '' ? `#${id}` : `, #${id}`
  return count > seats.length ? `${ids} and ${count - seats.length} more` : ids
}
