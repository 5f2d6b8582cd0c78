/** What every call about work at Flow needs of its account. */
import { domainFault, type Session, type SessionAccount } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import { PROJECT_ID } from './account.ts'
import { type Tier, tierOf } from './tiers.ts'

export interface Seat {
  readonly account: SessionAccount
  readonly projectId: string
  readonly tier: Tier
}

export function seatOf({ account, signal }: Session): Result<Seat, Fault> {
  if (account === undefined) return err(domainFault('internal_error', 'Flow was asked to generate without an account.'))
  if (signal.aborted) return err(domainFault('cancelled', 'The work was cancelled before Flow was asked for it.'))
  const projectId = account.attributes[PROJECT_ID]
  if (!projectId)
    // Opening the account once more makes it a project.
    return err(domainFault('access_expired', 'The account has no Flow project yet; it is opened again.'))
  return ok({ account, projectId, tier: tierOf(account.tier) })
}
