/**
 * A place that one instance has at a time. Two generations overlap for a moment; who comes takes it from whom it
 * replaces in one step, so that nothing is seen twice or by nobody.
 */
export class Seat {
  #taken: { readonly by: object; readonly undo: () => void } | undefined

  take(by: object, begin: () => () => void): void {
    this.#taken?.undo()
    this.#taken = { by, undo: begin() }
  }

  leave(by: object): void {
    if (this.#taken?.by !== by) return
    this.#taken.undo()
    this.#taken = undefined
  }
}
