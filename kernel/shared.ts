/**
 * Things that survive a reload: opened by the first holder, counted, closed by the last. A successor that asks for the
 * same key while its predecessor still drains gets the same object.
 */
type MaybePromise<T> = T | Promise<T>

interface Entry {
  count: number
  readonly value: Promise<object>
  readonly close: (value: object) => MaybePromise<void>
}

export class SharedPool {
  readonly #entries = new Map<string, Entry>()
  /** An opening waits for the closing of the same key: the resource may be exclusive. */
  readonly #closing = new Map<string, Promise<void>>()

  /** A failed opening is forgotten; the next holder tries again. */
  async acquire<T extends object>(
    key: string,
    open: () => MaybePromise<T>,
    close: (value: T) => MaybePromise<void> = () => {},
  ): Promise<T> {
    let entry = this.#entries.get(key)
    if (!entry) {
      entry = {
        count: 0,
        value: (this.#closing.get(key) ?? Promise.resolve()).then(open),
        // The key belongs to one plugin, which opens one type of value under it.
        close: close as (value: object) => MaybePromise<void>,
      }
      this.#entries.set(key, entry)
    }
    entry.count++
    try {
      return (await entry.value) as T // same key, same type, as above
    } catch (cause) {
      if (this.#entries.get(key) === entry) this.#entries.delete(key)
      throw cause
    }
  }

  async release(key: string): Promise<void> {
    const entry = this.#entries.get(key)
    if (!entry || --entry.count > 0) return
    this.#entries.delete(key)
    const closing = entry.value.then(entry.close).finally(() => {
      if (this.#closing.get(key) === settled) this.#closing.delete(key)
    })
    const settled = closing.catch(() => {})
    this.#closing.set(key, settled)
    await closing
  }

  /** What is still held; empty after the last holder left. */
  keys(): readonly string[] {
    return [...this.#entries.keys()]
  }
}
