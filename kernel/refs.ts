/** Typed references: values that carry the type of what they name. The import is the visible dependency. */

/** A named, versioned contract that one plugin asks of another. `T` is the interface behind it. */
export interface Capability<T, Arity extends 'one' | 'many' = 'one' | 'many'> {
  readonly kind: 'capability'
  readonly id: string
  readonly version: number
  readonly arity: Arity
  /** Never set; carries the type. */
  readonly T?: T
}

/** A contract with exactly one provider. */
export const defineCapability = <T>(id: string, version: number): Capability<T, 'one'> => ({
  kind: 'capability',
  id,
  version,
  arity: 'one',
})

/** A contract that any number of plugins implement side by side, such as generation providers. */
export const defineExtensionPoint = <T>(id: string, version: number): Capability<T, 'many'> => ({
  kind: 'capability',
  id,
  version,
  arity: 'many',
})

/** Something that is told, without an answer. */
export interface EventType<P> {
  readonly kind: 'event'
  readonly id: string
  /** Never set; carries the type. */
  readonly P?: P
}

export const defineEvent = <P>(id: string): EventType<P> => ({ kind: 'event', id })

/** How a capability is named in errors and graphs. */
export const refName = (ref: Capability<unknown>): string => `${ref.id}@${ref.version}`
