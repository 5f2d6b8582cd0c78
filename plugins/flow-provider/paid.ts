/**
 * What a fault means when the call it happened in is a paid one. Once the request may have reached Flow and no answer
 * of Flow says otherwise, nobody knows whether the work was taken: such a call is never repeated by itself.
 */
import { domainFault, type EgressFault } from 'flow2api/contracts'
import type { Fault } from 'flow2api/plugin'

/** What may come after the request was sent. A refusal of a proxy, and an abort that somebody wanted, are not among them. */
const LOST: ReadonlySet<string> = new Set(['upstream_timeout', 'upstream_unreachable', 'proxy_unreachable'])

/** A fault of the way out, from a paid call. */
export const lostOnTheWay = (fault: EgressFault): Fault =>
  LOST.has(fault.code) && !fault.unsent
    ? unknownOutcome('The connection to Flow was lost before it answered', fault)
    : fault

/**
 * An HTTP status that somebody on the way gave, not Flow's own answer: the request may have arrived. 504 always says
 * so; 502 does unless it carries Flow's error envelope.
 */
export const answeredOnTheWay = (status: number, hasEnvelope: boolean): boolean =>
  status === 504 || (status === 502 && !hasEnvelope)

export const unknownOutcome = (what: string, cause: unknown): Fault =>
  domainFault(
    'outcome_unknown',
    `${what}, so it is not known whether the work was taken and paid for. Look into the Flow project before you ask again.`,
    { cause },
  )
