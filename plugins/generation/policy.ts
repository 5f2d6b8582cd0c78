/**
 * What a fault means for the unit that met it. Pure: one table of decisions for slots, paid calls and polling alike.
 *
 * Never a blind repetition: whoever reports a fault other than `outcome_unknown` from a paid call says with it that the
 * upstream did not take the work.
 */
import { domainFault } from 'flow2api/contracts'
import type { Fault } from 'flow2api/plugin'

/** On how many accounts one unit is tried. */
export const MOST_ACCOUNTS = 3
/** How often a call is repeated as it is. */
export const MOST_REPEATS = 2
/** A longer wait is the caller's decision, not ours. */
const LONGEST_WAIT_MS = 60_000
const BACK_OFF_MS = [1_000, 4_000] as const
/** Where a throttled account says no time, and no other can do the work. */
const THROTTLED_BACK_OFF_MS = 15_000

export interface Situation {
  /** Accounts that were tried, the present one included. */
  readonly accounts: number
  /** Repetitions so far. */
  readonly repeats: number
  /** Fresh access was already fetched for this call. */
  readonly renewed: boolean
  /** Where it happened: before the paid call, in it, or after the upstream had taken the work. */
  readonly phase: 'before' | 'call' | 'accepted'
  /** Nothing to move to: it stays, or its provider has no accounts. */
  readonly bound: boolean
  /** It goes on with something that lives on this account: an earlier step, an input. */
  readonly stays?: boolean
}

export type Verdict =
  | { readonly act: 'renew' }
  | { readonly act: 'move' }
  | { readonly act: 'repeat'; readonly afterMs: number }
  | { readonly act: 'unknown' }
  | { readonly act: 'fail' }

export function verdictOf(fault: Fault, situation: Situation): Verdict {
  const { phase } = situation
  // A provider that broke in the middle of a paid call has left it open what the upstream did.
  if (phase !== 'before' && fault.code === 'outcome_unknown') return { act: 'unknown' }
  if (phase === 'call' && fault.code === 'plugin_bug') return { act: 'unknown' }
  // The upstream refuses before it takes work: the same call may be sent again.
  if (phase !== 'accepted' && fault.code === 'access_expired' && !situation.renewed) return { act: 'renew' }
  if (fault.blame === 'request' || fault.retry === 'never') return { act: 'fail' }
  if (fault.retry === 'other-account' || fault.blame === 'account') {
    if (!situation.bound) return situation.accounts >= MOST_ACCOUNTS ? { act: 'fail' } : { act: 'move' }
    // No other account helps, but time does.
    return situation.stays && fault.code === 'account_throttled'
      ? repeated(situation, fault.retryAfterMs ?? THROTTLED_BACK_OFF_MS)
      : { act: 'fail' }
  }
  return repeated(situation, fault.retryAfterMs ?? 0)
}

function repeated({ phase, repeats }: Situation, waitMs: number): Verdict {
  if (phase === 'accepted' || repeats >= MOST_REPEATS) return { act: 'fail' }
  const afterMs = Math.max(BACK_OFF_MS[repeats] ?? LONGEST_WAIT_MS, waitMs)
  return afterMs > LONGEST_WAIT_MS ? { act: 'fail' } : { act: 'repeat', afterMs }
}

/** What a pool is told of a fault when this request has already counted against another account. */
export const withoutBlame = (fault: Fault): Fault =>
  fault.blame === 'account' ? { ...fault, blame: 'upstream', retry: 'never' } : fault

export const unknownAfterRestart = (): Fault =>
  domainFault(
    'outcome_unknown',
    'The gateway stopped while this work was being handed to the provider. It is not known whether the provider took it, so it was not sent again. Look into the account before you repeat the request.',
  )

export const unknownOutcome = (fault: Fault): Fault =>
  fault.code === 'outcome_unknown'
    ? fault
    : domainFault(
        'outcome_unknown',
        'The provider plugin failed while it handed over the work. It is not known whether the upstream took it, so it was not sent again.',
        { cause: fault },
      )

/** Of work that runs: another account cannot even ask for it. */
export const accountGone = (fault: Fault): Fault =>
  domainFault(
    'outcome_unknown',
    `The work was running on an account that left the pool, so its result cannot be fetched: ${fault.message}`,
    { cause: fault },
  )

export const providerGone = (provider: string): Fault =>
  domainFault(
    'internal_error',
    `The plugin "${provider}" that serves this model is not loaded. Switch it on in [plugins] and send the request again.`,
  )

export const nothingDelivered = (): Fault =>
  domainFault('generation_failed', 'The provider reported success but delivered no media. Send the request again.')

export const timedOut = (kind: 'image' | 'video', limitMs: number): Fault =>
  domainFault(
    'generation_timeout',
    `The ${kind} was not ready within ${limitMs / 1000} s. Raise [generation] ${kind}_timeout if this provider needs longer.`,
  )

export const stalled = (limitMs: number): Fault =>
  domainFault(
    'generation_timeout',
    `The provider reported the work as running for ${limitMs / 1000} s without any progress, so it was given up. Raise [generation] stall_timeout_s if this provider reports nothing in between.`,
  )

export const polledEnough = (rounds: number): Fault =>
  domainFault(
    'generation_timeout',
    `The provider still reported the work as running after ${rounds} inquiries. Raise its poll limit (for Flow: [flow] max_poll_attempts) if it needs longer.`,
  )
