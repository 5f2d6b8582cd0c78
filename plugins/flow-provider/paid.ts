/**
 * A paid call, and what a fault in it means. Once the request may have reached Flow and no answer of Flow says
 * otherwise, nobody knows whether the work was taken: such a call is never repeated by itself.
 */
import { domainFault, type EgressFault, type Session, type VerificationWant } from 'flow2api/contracts'
import { type Blame, err, errAsync, type Fault, ok, type Result, ResultAsync } from 'flow2api/plugin'
import type { Answer } from './client.ts'
import { asObject, at } from './json.ts'
import { readRemainingCredits } from './readers.ts'
import type { CallKind } from './settings.ts'
import type { Tools } from './tools.ts'
import { verificationFor } from './verification.ts'

export interface PaidCall {
  readonly kind: CallKind
  readonly path: string
  readonly action: VerificationWant['action']
  readonly projectId: string
  body(verification: string | undefined): unknown
}

/** Any answer but a 2xx with a JSON object is a fault. */
export function paidCall(tools: Tools, session: Session, call: PaidCall): ResultAsync<Answer, Fault> {
  const { account, signal } = session
  if (account === undefined)
    return errAsync(domainFault('internal_error', 'Flow was asked to generate without an account.'))
  const value = verificationFor(tools.verification, tools.warn, {
    provider: tools.id,
    accountId: account.id,
    action: call.action,
    projectId: call.projectId,
    signal,
  })
  return ResultAsync.fromSafePromise(value)
    .andThen(verification => {
      // Later on, an abort could not be told from one with the request on its way.
      if (signal.aborted)
        return errAsync(domainFault('cancelled', 'The work was cancelled before Flow was asked for it.'))
      return tools.client
        .api(call.kind, call.path, account.access, session, call.body(verification))
        .mapErr(lostOnTheWay)
    })
    .andThen(answer => taken(tools, answer))
}

/** What may come after the request was sent. A refusal of a proxy, and an abort that somebody wanted, are not among them. */
const LOST: ReadonlySet<string> = new Set(['upstream_timeout', 'upstream_unreachable', 'proxy_unreachable'])

/** A fault of the way out, from a paid call. */
const lostOnTheWay = (fault: EgressFault): Fault =>
  LOST.has(fault.code) && !fault.unsent
    ? unknownOutcome('The connection to Flow was lost before it answered', fault.blame, fault)
    : fault

function taken({ judge }: Tools, answer: Answer): Result<Answer, Fault> {
  const { status, body } = answer
  if (status >= 200 && status < 300) return asObject(body) === undefined ? err(takenUnreadably()) : ok(answer)
  if (answeredOnTheWay(status, at(body, 'error') !== undefined))
    return err(
      unknownOutcome(`Something between here and Flow gave up waiting (HTTP ${status})`, 'upstream', undefined),
    )
  return err(judge.answer(answer, 'verified'))
}

export const takenUnreadably = (): Fault =>
  domainFault(
    'upstream_unreadable',
    'Flow accepted the work, but its answer cannot be read. It may have been paid for: look into the Flow project before you ask again.',
  )

/**
 * An HTTP status that somebody on the way gave, not Flow's own answer: the request may have arrived. 504 always says
 * so; 502 does unless it carries Flow's error envelope.
 */
const answeredOnTheWay = (status: number, hasEnvelope: boolean): boolean =>
  status === 504 || (status === 502 && !hasEnvelope)

const unknownOutcome = (what: string, blame: Blame, cause: unknown): Fault =>
  domainFault(
    'outcome_unknown',
    `${what}, so it is not known whether the work was taken and paid for. Look into the Flow project before you ask again.`,
    { blame, cause },
  )

/** For spreading into what a step answers. */
export const creditsOf = ({ body }: Pick<Answer, 'body'>): { credits?: number } => {
  const credits = readRemainingCredits(body)
  return credits === undefined ? {} : { credits }
}
