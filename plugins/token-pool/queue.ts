/** Who waits for an account: first come, first served among those that want the same. */

/** What `serve` answers when nothing is free for this want now. */
export type Served<T> = T | undefined

interface Waiter<W, T> {
  readonly want: W
  /** Waiters of one key are alike: where one finds nothing, neither do the others. */
  readonly key: string
  /** Positions are counted within a lane. */
  readonly lane: string
  readonly settle: (answer: T | 'cancelled') => void
  readonly onQueue: ((position: number) => void) | undefined
  position: number
}

export interface Entry<W> {
  readonly want: W
  readonly key: string
  readonly lane: string
  readonly signal: AbortSignal
  readonly onQueue?: ((position: number) => void) | undefined
}

export class FairQueue<W, T> {
  readonly #waiting = new Set<Waiter<W, T>>()
  #serve: ((want: W) => Served<T>) | undefined
  #pumping = false
  #again = false

  get size(): number {
    return this.#waiting.size
  }

  /** How wants are served from now on; undefined: everybody waits. Those in the queue are looked at again. */
  serveWith(serve: ((want: W) => Served<T>) | undefined): void {
    this.#serve = serve
    this.pump()
  }

  /** Resolves with what `serve` answered, in turn, or when the signal aborts. */
  enter(entry: Entry<W>): Promise<T | 'cancelled'> {
    const { want, key, lane, signal, onQueue } = entry
    if (signal.aborted) return Promise.resolve('cancelled')
    const { promise, resolve } = Promise.withResolvers<T | 'cancelled'>()
    const leave = () => {
      if (!this.#waiting.delete(waiter)) return
      resolve('cancelled')
      this.#renumber()
    }
    const settle = (answer: T | 'cancelled') => {
      signal.removeEventListener('abort', leave)
      resolve(answer)
    }
    const waiter: Waiter<W, T> = { want, key, lane, settle, onQueue, position: 0 }
    this.#waiting.add(waiter)
    signal.addEventListener('abort', leave, { once: true })
    this.pump()
    return promise
  }

  /** Offers what is free to everybody in turn. To be called after every change that may free something. */
  pump(): void {
    // A callback that changes something while we go round brings another round, not a nested one.
    this.#again = true
    if (this.#pumping) return
    this.#pumping = true
    try {
      while (this.#again) {
        this.#again = false
        this.#round()
        this.#renumber()
      }
    } finally {
      this.#pumping = false
    }
  }

  /** Answers everybody; the queue is empty then. */
  close(answer: T): void {
    for (const waiter of [...this.#waiting]) this.#finish(waiter, answer)
  }

  #round(): void {
    const stuck = new Set<string>()
    for (const waiter of this.#waiting) {
      if (stuck.has(waiter.key)) continue
      const answer = this.#serve?.(waiter.want)
      if (answer === undefined) stuck.add(waiter.key)
      else this.#finish(waiter, answer)
    }
  }

  #finish(waiter: Waiter<W, T>, answer: T): void {
    this.#waiting.delete(waiter)
    waiter.settle(answer)
  }

  #renumber(): void {
    const lanes = new Map<string, number>()
    for (const waiter of [...this.#waiting]) {
      const position = (lanes.get(waiter.lane) ?? 0) + 1
      lanes.set(waiter.lane, position)
      if (position === waiter.position) continue
      waiter.position = position
      try {
        waiter.onQueue?.(position)
      } catch {
        // What one waiter does with its position must not keep the others from being served.
      }
    }
  }
}
