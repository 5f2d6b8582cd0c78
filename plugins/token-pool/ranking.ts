/**
 * Seats in the order in which they serve: a treap, whose inner facts answer "the first that has so many credits"
 * without looking at those that have not. Every step is O(log n).
 */
import { inOrder, type Seat } from './seat.ts'

type Tree = Seat | undefined

/** `spare`: credits that nobody has reserved. `credits`: all of them. */
type Purse = 'spare' | 'credits'

export class Ranking {
  #root: Tree
  #size = 0
  /** The first of them, while nothing has changed. */
  #first: readonly Seat[] | undefined
  readonly #path: Seat[] = []

  get size(): number {
    return this.#size
  }

  /** The most that any has, and the earliest end of a standing. */
  get mostCredits(): number {
    return this.#root?.mostCredits ?? Number.NEGATIVE_INFINITY
  }
  /** The least that any has and nobody has reserved. */
  get leastSpare(): number {
    return this.#root?.leastSpare ?? Number.POSITIVE_INFINITY
  }
  get soonest(): number {
    return this.#root?.soonest ?? Number.POSITIVE_INFINITY
  }

  add(seat: Seat): void {
    this.#first = undefined
    this.#size++
    let parent: Tree
    let tree = this.#root
    while (tree && tree.priority >= seat.priority) {
      absorb(tree, seat)
      parent = tree
      tree = inOrder(seat, tree) < 0 ? tree.left : tree.right
    }
    split(tree, seat, seat)
    sum(seat)
    if (!parent) this.#root = seat
    else if (inOrder(seat, parent) < 0) parent.left = seat
    else parent.right = seat
  }

  remove(seat: Seat): void {
    this.#first = undefined
    this.#size--
    const parent = this.#descend(seat)
    const rest = merged(seat.left, seat.right)
    if (!parent) this.#root = rest
    else if (parent.left === seat) parent.left = rest
    else parent.right = rest
    this.#ascend()
  }

  /** After a change of its credits, on which its place does not depend. */
  refresh(seat: Seat): void {
    this.#descend(seat)
    if (sum(seat)) this.#ascend()
  }

  /** Remembers the way to a seat that is here; answers the last before it. */
  #descend(seat: Seat): Tree {
    const path = this.#path
    path.length = 0
    for (let tree = this.#root; tree && tree !== seat; tree = inOrder(seat, tree) < 0 ? tree.left : tree.right)
      path.push(tree)
    return path[path.length - 1]
  }

  /** Sums up along that way, as far up as it changes anything. */
  #ascend(): void {
    for (let tree = this.#path.pop(); tree && sum(tree); tree = this.#path.pop());
  }

  /** The first with at least `cost` in its purse that is not among `excluded`. */
  find(purse: Purse, cost: number, excluded: readonly number[]): Seat | undefined {
    // Nearly always everybody has enough, and the first is known from the last time.
    if (excluded.length === 0 && this.leastSpare >= cost) return this.head(2)[0]
    return found(this.#root, purse, cost, excluded)
  }

  /** The first so many, in order. */
  head(count: number): readonly Seat[] {
    if (this.#first && this.#first.length >= Math.min(count, this.size)) return this.#first
    const seats: Seat[] = []
    collect(this.#root, count, seats)
    this.#first = seats
    return seats
  }
}

/** From the seat itself and from what is below it; whether that changed anything. */
function sum(seat: Seat): boolean {
  const { left, right } = seat
  let { credits, spare, until } = seat
  let least = spare
  if (left) {
    if (left.mostCredits > credits) credits = left.mostCredits
    if (left.mostSpare > spare) spare = left.mostSpare
    if (left.leastSpare < least) least = left.leastSpare
    if (left.soonest < until) until = left.soonest
  }
  if (right) {
    if (right.mostCredits > credits) credits = right.mostCredits
    if (right.mostSpare > spare) spare = right.mostSpare
    if (right.leastSpare < least) least = right.leastSpare
    if (right.soonest < until) until = right.soonest
  }
  if (seat.mostCredits === credits && seat.mostSpare === spare && seat.leastSpare === least && seat.soonest === until)
    return false
  seat.mostCredits = credits
  seat.mostSpare = spare
  seat.leastSpare = least
  seat.soonest = until
  return true
}

/** `seat` comes somewhere below. */
function absorb(tree: Seat, { credits, spare, until }: Seat): void {
  if (credits > tree.mostCredits) tree.mostCredits = credits
  if (spare > tree.mostSpare) tree.mostSpare = spare
  if (spare < tree.leastSpare) tree.leastSpare = spare
  if (until < tree.soonest) tree.soonest = until
}

/** What comes before `pivot` is hung to the left of `into`, the rest to its right. */
function split(tree: Tree, pivot: Seat, into: { left: Tree; right: Tree }): void {
  if (!tree) {
    into.left = undefined
    into.right = undefined
  } else if (inOrder(tree, pivot) < 0) {
    split(tree.right, pivot, into)
    tree.right = into.left
    into.left = tree
    sum(tree)
  } else {
    split(tree.left, pivot, into)
    tree.left = into.right
    into.right = tree
    sum(tree)
  }
}

function merged(left: Tree, right: Tree): Tree {
  if (!left) return right
  if (!right) return left
  if (left.priority > right.priority) {
    left.right = merged(left.right, right)
    sum(left)
    return left
  }
  right.left = merged(left, right.left)
  sum(right)
  return right
}

function found(tree: Tree, purse: Purse, cost: number, excluded: readonly number[]): Seat | undefined {
  if (!tree || (purse === 'spare' ? tree.mostSpare : tree.mostCredits) < cost) return undefined
  const before = found(tree.left, purse, cost, excluded)
  if (before) return before
  if (tree[purse] >= cost && !excluded.includes(tree.id)) return tree
  return found(tree.right, purse, cost, excluded)
}

function collect(tree: Tree, count: number, seats: Seat[]): void {
  if (!tree || seats.length >= count) return
  collect(tree.left, count, seats)
  if (seats.length < count) {
    seats.push(tree)
    collect(tree.right, count, seats)
  }
}
