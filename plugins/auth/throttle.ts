/**
 * Slows down guessing: after some failures each further try has to wait, twice as long every time. An attempt counts
 * as failed from its beginning until it turns out right, so that many guesses at once gain nothing.
 */
import { domainFault } from 'flow2api/contracts'
import { type Clock, err, type Fault, ok, type Result } from 'flow2api/plugin'

interface Record {
  failures: number
  blockedUntil: number
  lastAt: number
}

/** Kept in `ctx.shared`: a reload forgives nothing. */
export interface ThrottleState {
  readonly byIp: Map<string, Record>
  readonly everyone: Record
}

const fresh = (): Record => ({ failures: 0, blockedUntil: 0, lastAt: 0 })

export const newThrottleState = (): ThrottleState => ({ byIp: new Map(), everyone: fresh() })

interface Limit {
  /** So many failures are free. */
  readonly free: number
  readonly longestMs: number
}

const PER_IP: Limit = { free: 5, longestMs: 15 * 60_000 }
/** Above what one person mistypes, and short: guessing from many addresses must not lock the operator out. */
const EVERYONE: Limit = { free: 30, longestMs: 30_000 }
const FORGET_AFTER_MS = 60 * 60_000
const MOST_ADDRESSES = 10_000

export interface Attempt {
  succeeded(): void
}

export class LoginThrottle {
  constructor(
    private readonly state: ThrottleState,
    private readonly clock: Clock,
  ) {}

  /** Error: `login_throttled` with the time to wait. */
  begin(ip: string): Result<Attempt, Fault> {
    const now = this.clock.now()
    const { everyone } = this.state
    const own = this.#recordOf(ip, now)
    if (now - everyone.lastAt > FORGET_AFTER_MS) Object.assign(everyone, fresh())
    const waitMs = Math.max(own.blockedUntil, everyone.blockedUntil) - now
    if (waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1000)
      const message = `Too many failed logins. Wait ${seconds} s, then try again with the right name and password.`
      return err(domainFault('login_throttled', message, { retryAfterMs: waitMs }))
    }
    const before = everyone.blockedUntil
    fail(own, PER_IP, now)
    fail(everyone, EVERYONE, now)
    const mine = everyone.blockedUntil
    return ok({
      succeeded: () => {
        this.state.byIp.delete(ip)
        everyone.failures = Math.max(0, everyone.failures - 1)
        // What others failed meanwhile stays.
        if (everyone.blockedUntil === mine) everyone.blockedUntil = before
      },
    })
  }

  #recordOf(ip: string, now: number): Record {
    const { byIp } = this.state
    const known = byIp.get(ip)
    if (known && now - known.lastAt <= FORGET_AFTER_MS) return known
    if (byIp.size >= MOST_ADDRESSES) this.#forget(now)
    const record = fresh()
    byIp.set(ip, record)
    return record
  }

  #forget(now: number): void {
    const { byIp } = this.state
    for (const [ip, { lastAt }] of byIp) if (now - lastAt > FORGET_AFTER_MS) byIp.delete(ip)
    // Still full: the one that failed longest ago goes, as a Map keeps the order of insertion.
    for (const ip of byIp.keys()) {
      if (byIp.size < MOST_ADDRESSES) return
      byIp.delete(ip)
    }
  }
}

function fail(record: Record, limit: Limit, now: number): void {
  record.failures += 1
  record.lastAt = now
  const over = record.failures - limit.free
  if (over >= 0) record.blockedUntil = now + Math.min(limit.longestMs, 1000 * 2 ** over)
}
