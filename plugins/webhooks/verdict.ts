/** What comes of an attempt, and when the next one is due. Pure. */
import type { GuardedAnswer } from 'flow2api/contracts'
import type { Fault, Result } from 'flow2api/plugin'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
/** Waits after the first attempt, the second, and so on; the last one stays. */
const BACK_OFF_MS = [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR] as const
/** By so much of itself a wait is shorter or longer, so that what failed together does not come back together. */
const JITTER = 0.2
/** The receiver wants no more of it (Standard Webhooks). */
const GONE = 410

export interface Verdict {
  readonly state: 'delivered' | 'given_up' | 'pending'
  /** Null where there is none. */
  readonly nextAt: number | null
  readonly status: number | null
  readonly error: string | null
}

export interface Attempt {
  /** With this one. */
  readonly attempts: number
  /** Since when it is to be delivered. */
  readonly dueAt: number
  readonly now: number
  readonly giveUpAfterMs: number
  /** 0 to 1. */
  readonly random: number
}

/** `random` from 0 to 1. */
export function backOffMs(attempts: number, random: number): number {
  const wait = BACK_OFF_MS[Math.min(attempts, BACK_OFF_MS.length) - 1] ?? BACK_OFF_MS[0]
  return Math.round(wait * (1 + JITTER * (2 * random - 1)))
}

export function judge(answer: Result<GuardedAnswer, Fault>, attempt: Attempt): Verdict {
  const status = answer.isOk() ? answer.value.status : null
  if (status !== null && status >= 200 && status < 300) return { state: 'delivered', nextAt: null, status, error: null }
  const error = answer.isErr() ? answer.error.message : `The receiver answered with status ${status}.`
  const nextAt = attempt.now + backOffMs(attempt.attempts, attempt.random)
  return status === GONE || nextAt > attempt.dueAt + attempt.giveUpAfterMs
    ? { state: 'given_up', nextAt: null, status, error }
    : { state: 'pending', nextAt, status, error }
}
