/** What a step is carried out with. */
import type { Session, Unit } from 'flow2api/contracts'
import type { CatalogueModel } from './catalogue.ts'
import type { Prepared } from './prepared.ts'
import type { Seat } from './seat.ts'

/** A step, with everything that can be known to be wrong ruled out before anything is paid. */
export interface Order {
  readonly unit: Unit
  readonly model: CatalogueModel
  readonly seat: Seat
  readonly session: Session
}

/** The first step. */
export interface Generation extends Order {
  readonly prepared: Prepared
  /** Custom method (PROTOCOL.md 2). */
  readonly call: string
  /** The upstream's own name of the model. */
  readonly key: string
}
