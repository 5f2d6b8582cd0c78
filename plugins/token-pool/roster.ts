/** All seats of one provider and kind, laid out so that a choice looks at few of them. */
import { Ranking } from './ranking.ts'
import type { HeldModel } from './schema.ts'
import { type Seat, STANDINGS, type Standing } from './seat.ts'

export type Held = ReadonlyMap<string, HeldModel['state']>

/** Seats that are alike for every want: of one tier, holding back the same models. */
export interface Shelf {
  readonly key: string
  readonly tier: string
  readonly held: Held
  readonly groups: Readonly<Record<Standing, Ranking>>
  count: number
}

export class Roster {
  readonly seats = new Map<number, Seat>()
  readonly #shelves = new Map<string, Shelf>()
  /** Seats whose credits have changed since somebody asked for some. */
  #outdated: Seat[] = []

  get shelves(): Iterable<Shelf> {
    return this.#shelves.values()
  }

  /** The shelf of accounts of that tier which do not serve `held` now. */
  shelf(tier: string, held: Held): Shelf {
    const key = `${tier}\n${[...held].join()}`
    const known = this.#shelves.get(key)
    if (known) return known
    const groups = Object.fromEntries(STANDINGS.map(standing => [standing, new Ranking()]))
    // One ranking a standing, as its type says.
    return { key, tier, held, groups: groups as Record<Standing, Ranking>, count: 0 }
  }

  /** To where its fields say. */
  put(seat: Seat, wanted: Shelf): void {
    const shelf = wanted.count > 0 ? wanted : this.#shelved(wanted)
    seat.shelf = shelf
    shelf.count++
    shelf.groups[seat.standing].add(seat)
  }

  /** Its account has other credits, or other reservations. Work that costs nothing need not know. */
  respent(seat: Seat): void {
    if (seat.outdated) return
    seat.outdated = true
    this.#outdated.push(seat)
  }

  /** To be called before credits are looked at. */
  update(): void {
    if (this.#outdated.length === 0) return
    for (const seat of this.#outdated) {
      seat.outdated = false
      seat.count()
      seat.shelf?.groups[seat.standing].refresh(seat)
    }
    this.#outdated = []
  }

  /** To be called before any field changes that the order depends on. Answers the shelf, for the way back. */
  pull(seat: Seat): Shelf | undefined {
    const { shelf } = seat
    if (!shelf) return undefined
    shelf.groups[seat.standing].remove(seat)
    seat.shelf = undefined
    if (--shelf.count === 0) this.#shelves.delete(shelf.key)
    return shelf
  }

  /** An empty shelf is in the way of every choice, so that it was taken down; another like it may hang there by now. */
  #shelved(shelf: Shelf): Shelf {
    const there = this.#shelves.get(shelf.key) ?? shelf
    this.#shelves.set(there.key, there)
    return there
  }

  forget(seat: Seat): void {
    this.pull(seat)
    this.seats.delete(seat.id)
  }
}
