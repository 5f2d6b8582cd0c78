type End = (timer: unknown) => void

/** Whatever is begun with `setInterval` while this watches. The kernel uses none: what is left is a plugin's. */
export class Intervals {
  readonly #running = new Map<unknown, number>()
  readonly #original = {
    set: globalThis.setInterval,
    clear: globalThis.clearInterval,
    clearOther: globalThis.clearTimeout,
  }

  constructor() {
    const { set } = this.#original
    // Each takes whatever timer there is; two libraries' types disagree on the name of it.
    const [clear, clearOther] = [this.#original.clear, this.#original.clearOther] as [End, End]
    const watched = (task: () => void, milliseconds = 0, ...rest: []) => {
      const timer = set(task, milliseconds, ...rest)
      this.#running.set(timer, milliseconds)
      return timer
    }
    // Its other forms (promises, text to run) nobody uses.
    globalThis.setInterval = Object.assign(watched, set) as typeof setInterval
    // Either of them ends a timer of either kind.
    globalThis.clearInterval = timer => {
      this.#running.delete(timer)
      clear(timer)
    }
    globalThis.clearTimeout = timer => {
      this.#running.delete(timer)
      clearOther(timer)
    }
  }

  /** Milliseconds of each that was not cleared. */
  get running(): readonly number[] {
    return [...this.#running.values()]
  }

  /** Clears what is left, and puts things back. */
  stop(): void {
    const { set, clear, clearOther } = this.#original
    for (const timer of this.#running.keys()) clear(timer as Timer) // what `set` returned
    globalThis.setInterval = set
    globalThis.clearInterval = clear
    globalThis.clearTimeout = clearOther
  }
}
