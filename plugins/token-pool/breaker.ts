/**
 * The breaker of one upstream. Where many accounts fail alike within a short time and nothing succeeds in between, it is
 * not the accounts: work is refused for a while, and then a little of it is let through to see.
 */
import { domainFault } from 'flow2api/contracts'
import type { Fault } from 'flow2api/plugin'

/** So many accounts, or all of a smaller pool with as many failures. */
const MANY = 5
const WINDOW_MS = 60_000
/** Sessions are opened now and then, and a lost answer is waited for: about them it takes longer to learn anything. */
const SLOW_WINDOW_MS = 15 * 60_000
const SESSION_FAULTS: ReadonlySet<string> = new Set(['account_needs_session', 'account_migrated'])
const OPEN_MS = 30_000
const LONGEST_OPEN_MS = 5 * 60_000
/**
 * While it is half open, a probe of which nothing is heard makes room for the next one, after twice as long each time:
 * where the upstream swallows what is sent, every one of them may have been paid for.
 */
const PROBE_MS = 10_000
/** Those before do not matter. */
const REMEMBERED = 200

/** Faults of accounts that are no outage where one account has them, and hardly chance where many have them at once. */
const SUSPICIOUS: ReadonlySet<string> = new Set([...SESSION_FAULTS, 'access_expired', 'account_throttled'])

/** The upstream may have been paid, and nothing came of it: not to be repeated, and no more is to be sent after it. */
const LOST: ReadonlySet<string> = new Set(['outcome_unknown', 'upstream_unreadable'])

interface Failure {
  readonly accountId: number
  readonly code: string
  readonly at: number
}

export type BreakerState = 'closed' | 'open' | 'half_open'

/** What may happen now. */
export type Passage = { readonly pass: true } | { readonly pass: false; readonly fault: Fault }

const PASS: Passage = { pass: true }

export class Breaker {
  #failures: Failure[] = []
  #openedAt: number | undefined
  #since = 0
  #untilMs = 0
  #probedAt = Number.NEGATIVE_INFINITY
  #probes = 0
  #row = 0
  #reason = ''
  #code = ''
  /** How often it has opened since the process began. */
  openings = 0

  constructor(
    private readonly provider: string,
    private readonly random: () => number = Math.random,
  ) {}

  state(now: number): BreakerState {
    if (this.#openedAt === undefined) return 'closed'
    return now < this.#untilMs ? 'open' : 'half_open'
  }

  view(now: number) {
    const state = this.state(now)
    return {
      state,
      reason: this.#reason,
      since: state === 'closed' ? null : this.#since,
      until: state === 'open' ? this.#untilMs : null,
    }
  }

  /** Whether work may begin. While it is half open: one piece, and the next where nothing was heard of that for a while. */
  passage(now: number): Passage {
    if (this.#openedAt === undefined) return PASS
    const silence = Math.min(PROBE_MS * 2 ** (this.#probes - 1), LONGEST_OPEN_MS)
    const free = Math.max(this.#untilMs, this.#probedAt + silence)
    if (now >= free) return PASS
    return { pass: false, fault: this.#down(free - now) }
  }

  /** Work begins. */
  began(now: number): void {
    if (this.#openedAt === undefined) return
    this.#probedAt = now
    this.#probes++
  }

  /** The upstream did its part in work that began at `takenAt`. Whether this has closed the breaker. */
  answered(takenAt: number): boolean {
    // What failed after this had begun may still be the beginning of an outage.
    if (this.#failures.length > 0) this.#failures = this.#failures.filter(({ at }) => at > takenAt)
    if (this.#openedAt === undefined || takenAt < this.#openedAt) return false
    this.reset()
    return true
  }

  /** A session was opened: those that were refused were so for themselves. */
  sessionOpened(): void {
    if (this.#failures.length > 0) this.#failures = this.#failures.filter(({ code }) => !SESSION_FAULTS.has(code))
  }

  /** Whether this has opened the breaker. `serving`: how many accounts could have failed. */
  failed(accountId: number, fault: Fault, now: number, serving: number): boolean {
    if (!isOutage(fault)) return false
    if (this.#openedAt !== undefined) {
      if (now < this.#untilMs) return false
      this.#open(fault, now)
      return true
    }
    this.#failures.push({ accountId, code: fault.code, at: now })
    this.#failures = this.#failures.filter(one => now - one.at <= windowOf(one)).slice(-REMEMBERED)
    const alike = this.#failures.filter(({ code }) => code === fault.code)
    const accounts = new Set(alike.map(one => one.accountId)).size
    const many = fault.blame === 'account' ? MANY : Math.min(MANY, Math.max(1, serving))
    if (alike.length < MANY || accounts < many) return false
    this.#open(fault, now)
    return true
  }

  /** Whether a fault of an account belongs to the outage, and says nothing about the account. */
  excuses(fault: Fault): boolean {
    return this.#openedAt !== undefined && fault.code === this.#code
  }

  reset(): void {
    this.#failures = []
    this.#openedAt = undefined
    this.#reason = ''
    this.#code = ''
    this.#row = 0
    this.#probedAt = Number.NEGATIVE_INFINITY
    this.#probes = 0
  }

  #open(fault: Fault, now: number): void {
    const graded = Math.min(OPEN_MS * 2 ** this.#row++, LONGEST_OPEN_MS)
    const wait = Math.max(graded, Math.min(fault.retryAfterMs ?? 0, LONGEST_OPEN_MS))
    if (this.#openedAt === undefined) {
      this.#since = now
      this.openings++
    }
    this.#openedAt = now
    this.#untilMs = now + Math.round(wait * (1 + this.random() / 10))
    this.#probedAt = Number.NEGATIVE_INFINITY
    this.#probes = 0
    this.#failures = []
    this.#code = fault.code
    this.#reason = `Account after account failed with \`${fault.code}\`: ${fault.message}`
  }

  #down(retryAfterMs: number): Fault {
    const message = `${this.provider} seems to be down, so that nothing is sent there for the moment. ${this.#reason}`
    return domainFault('upstream_down', message, { retryAfterMs: Math.max(1, Math.ceil(retryAfterMs)) })
  }
}

const windowOf = ({ code }: Failure): number =>
  SESSION_FAULTS.has(code) || LOST.has(code) ? SLOW_WINDOW_MS : WINDOW_MS

/** A request alone cannot bring these about: what the upstream says of a model or a prompt is never to be tried `later`. */
const isOutage = ({ blame, code, retry }: Fault): boolean =>
  (blame === 'upstream' && (retry === 'later' || LOST.has(code)) && code !== 'media_unavailable') ||
  (blame === 'account' && SUSPICIOUS.has(code))

/** Whether a fault shows that the upstream does its work. */
export const showsLife = (fault: Fault): boolean =>
  (fault.blame === 'request' && fault.code !== 'cancelled') || (fault.blame === 'account' && !isOutage(fault))
