/** Who was passed over, counted by reason, with the first few by name. */

import { OBSTACLES, type Obstacle, obstacleOf, type Reading, serves } from './obstacles.ts'
import type { Ranking } from './ranking.ts'
import type { Roster, Shelf } from './roster.ts'
import { type Seat, STANDINGS } from './seat.ts'

/** So many passed-over accounts of one reason are named; the rest are counted. */
export const NAMED = 8
/** In a group of up to so many, each seat's credits are looked at; in a larger one they are summed up. */
const LOOKED_AT = 64

// The keys of a constant object.
const ALL = Object.keys(OBSTACLES) as readonly Obstacle[]

export interface Passed {
  count: number
  readonly seats: Seat[]
  /** When the first of them is back. */
  soonest: number
}

export class Survey {
  readonly #passed = new Map<Obstacle, Passed>()

  constructor(roster: Roster, reading: Reading) {
    for (const shelf of roster.shelves) {
      // Nearly always, and nothing is to be said of it.
      if (
        shelf.groups.free.size === shelf.count &&
        shelf.groups.free.leastSpare >= reading.cost &&
        serves(shelf, reading)
      )
        continue
      for (const standing of STANDINGS) {
        const group = shelf.groups[standing]
        if (group.size > 0) this.#group(group, shelf, reading)
      }
    }
    for (const id of reading.excluded) this.#exclude(roster.seats.get(id), reading)
  }

  get size(): number {
    return this.#passed.size
  }
  get(obstacle: Obstacle): Passed | undefined {
    return this.#passed.get(obstacle)
  }
  /** In the order of the catalogue. */
  *[Symbol.iterator](): Iterator<[Obstacle, Passed]> {
    if (this.#passed.size === 0) return
    for (const obstacle of ALL) {
      const passed = this.#passed.get(obstacle)
      if (passed) yield [obstacle, passed]
    }
  }

  #group(group: Ranking, shelf: Shelf, reading: Reading): void {
    const unlike = group.leastSpare < reading.cost && group.size <= LOOKED_AT
    const seats = group.head(unlike ? LOOKED_AT : NAMED + 1)
    if (unlike) {
      for (const seat of seats) this.#count(obstacleIn(seat, reading), 1, [seat], soonestOf(seat, shelf, reading))
      return
    }
    const [one] = seats
    if (!one) return
    const poor = group.mostCredits < reading.cost
    const obstacle = obstacleIn(poor ? one : rich(group, one, reading), reading)
    this.#count(obstacle, group.size, seats, soonestIn(group, seats, shelf, reading))
  }

  #count(obstacle: Obstacle | undefined, count: number, seats: readonly Seat[], soonest: number): void {
    if (obstacle === undefined) return
    const passed = this.#passed.get(obstacle) ?? { count: 0, seats: [], soonest: Number.POSITIVE_INFINITY }
    this.#passed.set(obstacle, passed)
    passed.count += count
    for (const seat of seats) if (passed.seats.length < NAMED) passed.seats.push(seat)
    if (soonest < passed.soonest) passed.soonest = soonest
  }

  /** It was counted with its group. */
  #exclude(seat: Seat | undefined, reading: Reading): void {
    if (!seat) return
    const counted = obstacleIn(seat, reading)
    const passed = counted && this.#passed.get(counted)
    if (passed) {
      passed.count--
      const at = passed.seats.indexOf(seat)
      if (at >= 0) passed.seats.splice(at, 1)
      if (passed.count === 0) this.#passed.delete(counted)
    }
    this.#count('excluded', 1, [seat], Number.POSITIVE_INFINITY)
  }
}

/** As if nobody were excluded. */
const obstacleIn = (seat: Seat, reading: Reading) => obstacleOf(seat, reading, false)

/** A seat that stands for a large group: one that has the credits. */
const rich = (group: Ranking, one: Seat, { cost }: Reading): Seat =>
  cost < 0 ? one : (group.find('spare', cost, []) ?? group.find('credits', cost, []) ?? one)

const heldUntil = (seat: Seat, { want }: Reading): number => seat.account.heldModels[want.model]?.until ?? 0

/** Where the model is held back, that ends later than whatever else there is. */
const soonestOf = (seat: Seat, shelf: Shelf, reading: Reading): number =>
  shelf.held.has(reading.want.model) ? heldUntil(seat, reading) : seat.until

/** Days end at the same time for nearly all, so that those who are looked at stand for the rest. */
const soonestIn = (group: Ranking, seats: readonly Seat[], shelf: Shelf, reading: Reading): number =>
  shelf.held.has(reading.want.model) ? Math.min(...seats.map(seat => heldUntil(seat, reading))) : group.soonest
