/** The pool behind the `Accounts` contract: places in a fair queue, and leases that survive every reload. */
import {
  type AccountPool,
  type AcquireWant,
  domainFault,
  type Lease,
  type LeaseOutcome,
  type MediaKind,
} from 'flow2api/contracts'
import { type Clock, err, errAsync, type Fault, okAsync, type Result, ResultAsync } from 'flow2api/plugin'
import { labelOf } from './account.ts'
import type { AccountBook } from './accounts.ts'
import { afterFault, afterSuccess } from './consequences.ts'
import { type Ledger, type Slot, switchedOff } from './ledger.ts'

export class Pool implements AccountPool {
  constructor(private readonly ledger: Ledger) {}

  acquire(want: AcquireWant): ResultAsync<Lease, Fault> {
    const { provider, kind, model, tier, only, exclude, signal, onQueue } = want
    // Who waits for one account has a place among those that wait for the same one.
    const lane = [provider, kind, only ?? ''].join('|')
    const key = [lane, tier ?? '', [...(exclude ?? [])].sort((a, b) => a - b).join(',')].join('|')
    const choosing = {
      provider,
      kind,
      model,
      ...(tier !== undefined && { tier }),
      ...(only !== undefined && { only }),
      ...(exclude && { exclude }),
    }
    const place = this.ledger.queue.enter({ want: choosing, key, lane, signal, onQueue })
    return new ResultAsync(place.then(slot => this.#settle(slot, kind)))
  }

  adopt(want: Parameters<AccountPool['adopt']>[0]): ResultAsync<Lease, Fault> {
    const account = this.ledger.accounts.get(want.accountId)
    if (account?.provider !== want.provider) {
      const message = `Account #${want.accountId} of ${want.provider}, on which this work began, is not in the pool any more.`
      return errAsync(domainFault('no_account', message))
    }
    const slot = this.ledger.take(account, want.kind, `#${account.id} ${labelOf(account)}: the work runs there already`)
    return okAsync(leaseOf(this.ledger, slot, want.kind))
  }

  #settle(slot: Result<Slot, Fault> | 'cancelled', kind: MediaKind): Result<Lease, Fault> {
    if (slot === 'cancelled') return err(domainFault('cancelled', 'The wait for a free account was cancelled.'))
    return slot.map(place => leaseOf(this.ledger, place, kind))
  }
}

/** It holds on to the ledger alone, and asks whichever instance is current. */
function leaseOf(ledger: Ledger, { account, why, release }: Slot, kind: MediaKind): Lease {
  let reported = false
  return {
    accountId: account.id,
    label: labelOf(account),
    proxyUrl: account.proxyUrl ?? undefined,
    why,
    session: signal => ledger.backend?.session(account.id, signal) ?? errAsync(switchedOff()),
    renew: (access, signal) => ledger.backend?.renew(account.id, access, signal) ?? errAsync(switchedOff()),
    report: outcome => {
      if (reported) return
      reported = true
      ledger.backend?.report(account.id, kind, outcome)
    },
    [Symbol.asyncDispose]: async () => release(),
  }
}

/** Writes down how a unit ended. */
export function record(
  book: AccountBook,
  {
    accountId,
    kind,
    outcome,
  }: { readonly accountId: number; readonly kind: MediaKind; readonly outcome: LeaseOutcome },
  banThreshold: number,
  clock: Clock,
): void {
  const account = book.get(accountId)
  if (!account) return
  const now = clock.now()
  const patch = outcome.ok
    ? afterSuccess(account, kind, outcome.credits, now)
    : afterFault(account, outcome.fault, { now, banThreshold })
  book.update(accountId, { ...patch, lastUsedAt: now })
}

export const noProvider = (provider: string): Result<never, Fault> =>
  err(
    domainFault(
      'no_account',
      `Provider ${provider}, which this account is of, is not switched on or takes no accounts.`,
    ),
  )
