/** The pool of upstream accounts. Provided by `token-pool`. */
import { defineCapability, defineEvent, type Fault, type ResultAsync } from 'flow2api/plugin'
import type { MediaKind, SessionAccount } from './provider.ts'

export interface AcquireWant {
  /** Id of the provider plugin. */
  readonly provider: string
  readonly kind: MediaKind
  readonly model: string
  /** The least tier, one of the provider's. */
  readonly tier?: string
  /** This account and no other, because earlier work that lives there is needed. */
  readonly only?: number
  /** Accounts that this piece of work has already tried. */
  readonly exclude?: readonly number[]
  /** Whose work it is: callers take turns in the queue, however many pieces each of them has there. Absent: one more caller. */
  readonly caller?: string
  /** What it is expected to cost, in the provider's credits; reserved on the account until the lease is closed. Absent: nothing. */
  readonly credits?: number
  /** The job that it is for; named in logs. */
  readonly jobId?: string
  /** Accounts that rest are waited for where the first is back within so many milliseconds. Absent: they are not. */
  readonly patienceMs?: number
  /** Gives up waiting in the queue; the answer is then `cancelled`. */
  readonly signal: AbortSignal
  /** Told while it waits. */
  readonly onQueue?: (position: number) => void
}

/** How a unit ended, as far as its account is concerned. Only a fault with blame `account` counts against it. */
export type LeaseOutcome =
  | { readonly ok: true; readonly credits?: number }
  | { readonly ok: false; readonly fault: Fault }

/** A slot on an account. Closing it gives the slot back, once. It survives reloads of every plugin. */
export interface Lease extends AsyncDisposable {
  readonly accountId: number
  /** For people and job records: the account's name or e-mail. */
  readonly label: string
  /** The account's own proxy. */
  readonly proxyUrl: string | undefined
  /** Why this account and not the others; for people and job records. */
  readonly why: string
  /** Account and fresh access; refreshed here when it has aged. Errors: `account_needs_session`, `account_migrated`, egress. */
  session(signal: AbortSignal): ResultAsync<SessionAccount, Fault>
  /** After `access_expired`: throws `access` away if it is still the current one, then as `session`. One at a time per account. */
  renew(access: string, signal: AbortSignal): ResultAsync<SessionAccount, Fault>
  /** At most once. */
  report(outcome: LeaseOutcome): void
}

export interface AccountPool {
  /**
   * Waits for a free slot in a fair queue. Errors: `no_account` (none could ever serve; says why), `accounts_cooling`,
   * `insufficient_quota`, `upstream_down` (its breaker is open), `cancelled`.
   */
  acquire(want: AcquireWant): ResultAsync<Lease, Fault>
  /**
   * The slot of work that already runs upstream on a known account, after a restart: never waits, may exceed a limit.
   * Errors: `no_account` if the account is gone.
   */
  adopt(want: {
    readonly accountId: number
    readonly provider: string
    readonly kind: MediaKind
    /** Absent: a free call, not paid work of a model. */
    readonly model?: string
    readonly credits?: number
    /** The job that it is for; named in logs. */
    readonly jobId?: string
  }): ResultAsync<Lease, Fault>
}

export const Accounts = defineCapability<AccountPool>('accounts', 1)

/** An account left the pool or came back. */
export const AccountStateChanged = defineEvent<{
  readonly accountId: number
  readonly state: string
  readonly reason: string
}>('accounts.state-changed')
