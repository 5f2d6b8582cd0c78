/** The last lines of something, in memory: bounded by their number and by their length together. */

export interface RingEntry {
  /** Rising by one. */
  readonly number: number
  /** As it was pushed. */
  readonly line: string
}

export interface RingLimits {
  readonly lines: number
  readonly characters: number
}

const LIMITS: RingLimits = { lines: 5_000, characters: 8 * 2 ** 20 }

export class Ring {
  /** Tells the lines of this ring from those of the one before, which had the same numbers. */
  readonly epoch = crypto.randomUUID().slice(0, 8)
  readonly #lines = new Map<number, string>()
  readonly #listeners = new Set<() => void>()
  #characters = 0
  #next = 1

  constructor(private readonly limits: RingLimits = LIMITS) {}

  get oldest(): number {
    return this.#next - this.#lines.size
  }
  /** Of the line that comes next. */
  get next(): number {
    return this.#next
  }

  push(line: string): void {
    this.#lines.set(this.#next++, line)
    this.#characters += line.length
    while (
      this.#lines.size > this.limits.lines ||
      (this.#characters > this.limits.characters && this.#lines.size > 1)
    ) {
      const { oldest } = this
      this.#characters -= this.#lines.get(oldest)?.length ?? 0
      this.#lines.delete(oldest)
    }
    for (const listener of this.#listeners) listener()
  }

  /** How a line is called outside. */
  idOf(number: number): string {
    return `${this.epoch}-${number}`
  }

  /** Undefined for what is the id of no line here, such as of another process. */
  numberOf(id: string): number | undefined {
    const [, epoch, number] = /^(.*)-(\d{1,15})$/.exec(id) ?? []
    return epoch === this.epoch ? Number(number) : undefined
  }

  /** Where a reader goes on who has seen `id`; of another process nothing is left, so with what there is. */
  after(id: string): number {
    const number = this.numberOf(id)
    return number === undefined ? this.oldest : Math.min(number + 1, this.#next)
  }

  /** From `number` on, as far as they are still there. */
  *from(number: number): Generator<RingEntry> {
    for (let at = Math.max(number, this.oldest); at < this.#next; at++) yield this.#entry(at)
  }

  /** From before `number` back to the oldest. */
  *before(number: number): Generator<RingEntry> {
    for (let at = Math.min(number, this.#next) - 1; at >= this.oldest; at--) yield this.#entry(at)
  }

  /** Called after each new line; returns its undo. */
  onPush(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #entry(number: number): RingEntry {
    return { number, line: this.#lines.get(number) ?? '' }
  }
}
