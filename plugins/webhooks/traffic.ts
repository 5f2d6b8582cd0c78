/** What all generations of the plugin share: what is on its way. */

export class Traffic {
  /** Origins of the deliveries that are being made at this moment, by whichever generation. */
  readonly inFlight = new Map<string, string>()
  #host: (() => void) | undefined

  /** `wake` is told from now on. Returns its undo. */
  attach(wake: () => void): () => void {
    this.#host = wake
    return () => {
      if (this.#host === wake) this.#host = undefined
    }
  }

  /** Origins to which `places` or more are on their way. */
  crowded(places: number): readonly string[] {
    const origins = [...this.inFlight.values()]
    return [...new Set(origins)].filter(origin => origins.filter(one => one === origin).length >= places)
  }

  /** Something has become due, or a place has become free. */
  wake(): void {
    this.#host?.()
  }
}
