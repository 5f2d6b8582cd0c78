/**
 * Who waits for an account. Callers take turns, however many pieces of work each of them has here; the pieces of one
 * caller come in the order in which they came.
 */

/** What `serve` answers when nothing is free for this want now. */
export type Served<T> = T | undefined

export interface Entry<W> {
  readonly want: W
  /** Those who wait for the same, or for some of the same, stand in one line. */
  readonly line: string
  /** Waiters of one key are alike: where one finds nothing, neither do the others. Asked for only where somebody waits. */
  key(): string
  /** Positions are counted within a lane of the line. */
  readonly lane: string
  readonly caller: string
  readonly signal: AbortSignal
  readonly onQueue?: ((position: number) => void) | undefined
}

interface Waiter<W, T> extends Pick<Entry<W>, 'want' | 'lane' | 'caller' | 'onQueue'> {
  readonly key: string
  /** The earlier comes first; among equals, who came first. Settled when it comes. */
  readonly turn: number
  readonly settle: (answer: T | 'cancelled') => void
  position: number
}

class Line<W, T> {
  /** In order. */
  readonly waiting: Waiter<W, T>[] = []
  /** How many wait by key, and by caller, with the latest turn that each caller has. */
  readonly keys = new Map<string, number>()
  readonly #callers = new Map<string, { count: number; last: number }>()
  /** The turn that was served last. */
  #turn = 0
  /** The first place whose position has not been told. */
  changedFrom = Number.POSITIVE_INFINITY

  /** The turn of the caller's next piece: one round after its latest. */
  nextTurn(caller: string): number {
    return Math.max(this.#turn, this.#callers.get(caller)?.last ?? 0) + 1
  }

  add(waiter: Waiter<W, T>): void {
    const at = this.waiting.findLastIndex(({ turn }) => turn <= waiter.turn) + 1
    this.waiting.splice(at, 0, waiter)
    this.changedFrom = Math.min(this.changedFrom, at)
    this.keys.set(waiter.key, (this.keys.get(waiter.key) ?? 0) + 1)
    const caller = this.#callers.get(waiter.caller)
    this.#callers.set(waiter.caller, { count: (caller?.count ?? 0) + 1, last: waiter.turn })
  }

  served(index: number): void {
    const waiter = this.#take(index)
    if (waiter) this.#turn = Math.max(this.#turn, waiter.turn)
  }

  /** Whether it was still there. */
  leave(waiter: Waiter<W, T>): boolean {
    if (!this.#take(this.waiting.indexOf(waiter))) return false
    // Whoever gives up gives the turn back.
    const caller = this.#callers.get(waiter.caller)
    if (caller) caller.last = this.waiting.findLast(one => one.caller === waiter.caller)?.turn ?? 0
    return true
  }

  #take(index: number): Waiter<W, T> | undefined {
    const [waiter] = index < 0 ? [] : this.waiting.splice(index, 1)
    if (!waiter) return undefined
    this.changedFrom = Math.min(this.changedFrom, index)
    const alike = (this.keys.get(waiter.key) ?? 0) - 1
    if (alike > 0) this.keys.set(waiter.key, alike)
    else this.keys.delete(waiter.key)
    const caller = this.#callers.get(waiter.caller)
    if (caller && --caller.count === 0) this.#callers.delete(waiter.caller)
    return waiter
  }
}

export class FairQueue<W, T> {
  readonly #lines = new Map<string, Line<W, T>>()
  #serve: ((want: W) => Served<T>) | undefined
  #pumping = false
  #again = false

  get size(): number {
    return [...this.#lines.values()].reduce((sum, { waiting }) => sum + waiting.length, 0)
  }

  /** How many wait, by line. */
  get lengths(): readonly (readonly [line: string, length: number])[] {
    return [...this.#lines].map(([name, { waiting }]) => [name, waiting.length])
  }

  /** How wants are served from now on; undefined: everybody waits. Those in the queue are looked at again. */
  serveWith(serve: ((want: W) => Served<T>) | undefined): void {
    this.#serve = serve
    this.pump()
  }

  /** What `serve` answers, at once or in turn; `cancelled` when the signal aborts. */
  enter(entry: Entry<W>): T | 'cancelled' | Promise<T | 'cancelled'> {
    const { want, lane, caller, signal, onQueue, line: name } = entry
    if (signal.aborted) return 'cancelled'
    const known = this.#lines.size > 0 ? this.#lines.get(name) : undefined
    // Everybody who waits could not be served; whoever is like none of them may be, and takes nothing from them.
    if (!this.#pumping && !known?.keys.has(entry.key())) {
      const answer = this.#serve?.(want)
      if (answer !== undefined) return answer
    }
    const line = known ?? new Line<W, T>()
    const { promise, resolve } = Promise.withResolvers<T | 'cancelled'>()
    const leave = () => {
      if (!line.leave(waiter)) return
      resolve('cancelled')
      this.#tidy()
    }
    const settle = (answer: T | 'cancelled') => {
      signal.removeEventListener('abort', leave)
      resolve(answer)
    }
    const turn = line.nextTurn(caller)
    const waiter: Waiter<W, T> = { want, key: entry.key(), lane, caller, onQueue, turn, settle, position: 0 }
    line.add(waiter)
    this.#lines.set(name, line)
    signal.addEventListener('abort', leave, { once: true })
    if (this.#pumping) this.#again = true
    else this.#tidy()
    return promise
  }

  /** Offers what is free to everybody in turn. To be called after every change that may free something. */
  pump(): void {
    if (this.#lines.size === 0) return
    // A callback that changes something while we go round brings another round, not a nested one.
    this.#again = true
    if (this.#pumping) return
    this.#pumping = true
    try {
      while (this.#again) {
        this.#again = false
        for (const line of this.#lines.values()) this.#round(line)
        this.#renumber()
      }
    } finally {
      this.#pumping = false
    }
  }

  /** Answers everybody; the queue is empty then. */
  close(answer: T): void {
    for (const line of this.#lines.values()) while (line.waiting.length > 0) this.#finish(line, 0, answer)
    this.#lines.clear()
  }

  #round(line: Line<W, T>): void {
    const stuck = new Set<string>()
    for (let index = 0; index < line.waiting.length && stuck.size < line.keys.size; ) {
      const waiter = line.waiting[index]
      const answer = waiter && !stuck.has(waiter.key) ? this.#serve?.(waiter.want) : undefined
      if (answer !== undefined) this.#finish(line, index, answer)
      else {
        if (waiter) stuck.add(waiter.key)
        index++
      }
    }
  }

  #finish(line: Line<W, T>, index: number, answer: T): void {
    const waiter = line.waiting[index]
    line.served(index)
    waiter?.settle(answer)
  }

  /** Tells positions, outside of a round. */
  #tidy(): void {
    if (this.#pumping) return
    this.#pumping = true
    try {
      this.#renumber()
    } finally {
      this.#pumping = false
    }
    if (this.#again) this.pump()
  }

  #renumber(): void {
    for (const [name, line] of [...this.#lines]) {
      const { changedFrom } = line
      line.changedFrom = Number.POSITIVE_INFINITY
      if (line.waiting.length === 0) this.#lines.delete(name)
      else if (changedFrom < line.waiting.length) this.#tell(line, changedFrom)
    }
  }

  #tell(line: Line<W, T>, from: number): void {
    const places = new Map<string, number>()
    for (const [index, waiter] of [...line.waiting].entries()) {
      const position = (places.get(waiter.lane) ?? 0) + 1
      places.set(waiter.lane, position)
      if (index < from || position === waiter.position) continue
      waiter.position = position
      try {
        waiter.onQueue?.(position)
      } catch {
        // What one waiter does with its position must not keep the others from being served.
      }
    }
  }
}
