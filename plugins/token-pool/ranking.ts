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
  #first: Tree
  #size = 0

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
    this.#size++
    let above: Tree
    let tree = this.#root
    let before = false
    while (tree && tree.priority >= seat.priority) {
      absorb(tree, seat)
      above = tree
      before = inOrder(seat, tree) < 0
      tree = before ? tree.left : tree.right
    }
    split(tree, seat, seat)
    if (seat.left) seat.left.above = seat
    if (seat.right) seat.right.above = seat
    sum(seat)
    this.#hang(seat, above, before)
    if (!this.#first || inOrder(seat, this.#first) < 0) this.#first = seat
  }

  /** Needs no way down, and the way up only as far as anything changes there. */
  remove(seat: Seat): void {
    this.#size--
    if (seat === this.#first) this.#first = following(seat)
    const { above } = seat
    this.#hang(merged(seat.left, seat.right), above, above?.left === seat)
    ascend(above)
  }

  /** After a change of its credits, on which its place does not depend. */
  refresh(seat: Seat): void {
    ascend(seat)
  }

  #hang(tree: Tree, above: Tree, before: boolean): void {
    if (tree) tree.above = above
    if (!above) this.#root = tree
    else if (before) above.left = tree
    else above.right = tree
  }

  /** The first with at least `cost` in its purse that is not among `excluded`. */
  find(purse: Purse, cost: number, excluded: readonly number[]): Seat | undefined {
    // Nearly always everybody has enough.
    if (excluded.length === 0 && this.leastSpare >= cost) return this.#first
    return found(this.#root, purse, cost, excluded)
  }

  /** The first so many, in order. */
  head(count: number): readonly Seat[] {
    const seats: Seat[] = []
    for (let seat = this.#first; seat && seats.length < count; seat = following(seat)) seats.push(seat)
    return seats
  }
}

/** Sums up from there on, as far up as it changes anything. */
function ascend(from: Tree): void {
  for (let tree = from; tree && sum(tree); tree = tree.above);
}

/** The next in order. */
function following(seat: Seat): Tree {
  let tree = seat.right
  if (tree) {
    while (tree.left) tree = tree.left
    return tree
  }
  let below = seat
  for (tree = seat.above; tree && tree.right === below; tree = tree.above) below = tree
  return tree
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
    if (tree.right) tree.right.above = tree
    into.left = tree
    sum(tree)
  } else {
    split(tree.left, pivot, into)
    tree.left = into.right
    if (tree.left) tree.left.above = tree
    into.right = tree
    sum(tree)
  }
}

function merged(left: Tree, right: Seat): Seat
function merged(left: Seat, right: Tree): Seat
function merged(left: Tree, right: Tree): Tree
function merged(left: Tree, right: Tree): Tree {
  if (!left) return right
  if (!right) return left
  if (left.priority > right.priority) {
    left.right = merged(left.right, right)
    left.right.above = left
    sum(left)
    return left
  }
  right.left = merged(left, right.left)
  right.left.above = right
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
