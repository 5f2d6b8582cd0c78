/** Makes deliveries when they are due: a few at once, each by one at a time, over reloads too. */
import { type GuardedAnswer, type GuardedFetch, signedHeaders } from 'flow2api/contracts'
import {
  type Clock,
  err,
  type Fault,
  FaultError,
  fault,
  type Handle,
  type Job,
  type Logger,
  messageOf,
  ok,
  type Result,
} from 'flow2api/plugin'
import type { Deliveries, Pending } from './deliveries.ts'
import type { SigningKey } from './signing-key.ts'
import type { Traffic } from './traffic.ts'
import { judge, type Verdict } from './verdict.ts'

const AT_ONCE = 8
/** Receivers that are down take long: they must leave places for others. */
const AT_ONCE_TO_ONE = 4
/** Nobody reads what receivers answer. */
const MOST_BYTES = 1024 ** 2
/** When deliveries cannot be written down, they are not made either: they would be made again and again. */
const PAUSE_MS = 60_000

export interface CourierParts {
  readonly deliveries: Deliveries
  readonly traffic: Traffic
  readonly guard: Handle<GuardedFetch>
  readonly key: SigningKey
  readonly clock: Clock
  readonly log: Logger
  readonly timeoutMs: number
  readonly giveUpAfterMs: number
  readonly allowPrivate: boolean
  /** Fires when others take over. */
  readonly leaving: AbortSignal
  begin(label: string): Job
  /** 0 to 1. Tests replace it. */
  readonly random: () => number
}

type Letter = Pick<Pending, 'id' | 'url' | 'body' | 'attempts' | 'dueAt'>

export class Courier {
  #cancelTimer = () => {}
  #pausedUntil = 0

  constructor(private readonly parts: CourierParts) {
    parts.leaving.addEventListener('abort', () => this.#cancelTimer(), { once: true })
  }

  /** Begins what is due, as far as there is place, and sets the clock for what comes next. Never throws. */
  readonly wake = (): void => {
    const { leaving, traffic, clock, deliveries } = this.parts
    this.#cancelTimer()
    if (leaving.aborted) return
    const now = clock.now()
    try {
      // Where there is no place, whoever ends wakes again.
      while (this.#pausedUntil <= now && traffic.inFlight.size < AT_ONCE) {
        const row = deliveries.next([...traffic.inFlight.keys()], traffic.crowded(AT_ONCE_TO_ONE))
        if (!row) return
        if (row.nextAt > now) {
          this.#wakeAfter(row.nextAt - now)
          return
        }
        void this.#deliver(row)
      }
      if (this.#pausedUntil > now) this.#wakeAfter(this.#pausedUntil - now)
    } catch (cause) {
      this.#pause(cause)
    }
  }

  /** One attempt. Error: `cancelled` where `signal` fired; whether it arrived is then not known. */
  async attempt(letter: Letter, signal: AbortSignal): Promise<Result<Verdict, Fault>> {
    const { clock, guard, key, timeoutMs, giveUpAfterMs, allowPrivate, random } = this.parts
    const tooLate = new AbortController()
    const disarm = clock.after(timeoutMs, () => tooLate.abort(new DOMException('too late', 'TimeoutError')))
    let answer: Result<GuardedAnswer, Fault>
    try {
      answer = await guard.fetch(letter.url, {
        method: 'POST',
        body: letter.body,
        headers: signedHeaders(letter.id, letter.body, key.use(), clock.now()),
        signal: AbortSignal.any([signal, tooLate.signal]),
        maxBytes: MOST_BYTES,
        allowPrivate,
      })
    } catch (cause) {
      // Nobody provides it at the moment, or it broke its contract.
      const bug = () => fault('plugin_bug', messageOf(cause), { blame: 'gateway', retry: 'later', cause })
      answer = err(cause instanceof FaultError ? cause.fault : bug())
    } finally {
      disarm()
    }
    if (signal.aborted && answer.isErr()) return err(answer.error)
    const attempts = letter.attempts + 1
    return ok(judge(answer, { attempts, dueAt: letter.dueAt, now: clock.now(), giveUpAfterMs, random: random() }))
  }

  async #deliver(row: Pending): Promise<void> {
    const { deliveries, traffic, clock, log } = this.parts
    traffic.inFlight.set(row.id, row.origin)
    try {
      await using job = this.parts.begin(`webhook ${row.id}`)
      const begunAt = clock.now()
      const verdict = await this.attempt(row, job.signal)
      // Cut off: it stays due, and goes out again as soon as somebody is there.
      if (verdict.isErr()) return
      deliveries.settle(row.id, verdict.value, { begunAt, now: clock.now() })
      const { state, status, error } = verdict.value
      const details = { delivery: row.id, job: row.jobId, host: URL.parse(row.url)?.host, status }
      if (state === 'given_up') log.warn(details, `a webhook is given up: ${error}`)
      else log.debug(details, state === 'delivered' ? 'webhook delivered' : `webhook failed: ${error}`)
    } catch (cause) {
      this.#pause(cause)
    } finally {
      traffic.inFlight.delete(row.id)
      traffic.wake()
    }
  }

  #pause(cause: unknown): void {
    this.parts.log.error({ err: cause }, `webhooks pause for a minute: ${messageOf(cause)}`)
    this.#pausedUntil = this.parts.clock.now() + PAUSE_MS
    this.#wakeAfter(PAUSE_MS)
  }

  #wakeAfter(milliseconds: number): void {
    this.#cancelTimer()
    if (!this.parts.leaving.aborted) this.#cancelTimer = this.parts.clock.after(milliseconds, this.wake)
  }
}
