/** Sends what is due: over every channel one at a time, in order, over reloads too. */
import {
  type Clock,
  err,
  type Fault,
  FaultError,
  fault,
  type Job,
  type Logger,
  messageOf,
  type Result,
} from 'flow2api/plugin'
import type { Channel } from './channels.ts'
import type { Delivery, Outbox, Outcome } from './outbox.ts'
import type { ChannelName } from './rule-names.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
/** Waits after the first attempt, the second, and so on; the last one stays. */
const BACK_OFF_MS = [10 * SECOND_MS, MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, 30 * MINUTE_MS] as const

export interface CourierParts {
  readonly outbox: Outbox
  readonly channels: readonly Channel[]
  /** Channels over which something goes out right now, whichever generation sends it. */
  readonly busy: Set<ChannelName>
  readonly clock: Clock
  readonly log: Logger
  readonly timeoutMs: number
  readonly giveUpAfterMs: number
  readonly leaving: AbortSignal
  begin(label: string): Job
}

export class Courier {
  /** What cannot be written down is not sent either: it would be sent again and again. */
  #pausedUntil = 0

  constructor(private readonly parts: CourierParts) {}

  /** Begins whatever is due. Never throws. */
  wake(): void {
    const { channels, busy, outbox, clock, leaving, log } = this.parts
    if (leaving.aborted || clock.now() < this.#pausedUntil) return
    try {
      outbox.release(clock.now())
      for (const channel of channels) {
        const row = busy.has(channel.name) ? undefined : outbox.next(channel.name, clock.now())
        if (row) void this.#deliver(channel, row)
      }
    } catch (cause) {
      log.error({ err: cause }, `alerts could not be looked up: ${messageOf(cause)}`)
    }
  }

  /** One attempt within the time that the settings give. */
  async attempt(channel: Channel, message: Delivery, signal: AbortSignal): Promise<Result<void, Fault>> {
    const { clock, timeoutMs } = this.parts
    const tooLate = new AbortController()
    const disarm = clock.after(timeoutMs, () => tooLate.abort(new DOMException('too late', 'TimeoutError')))
    try {
      return await channel.send(message, AbortSignal.any([signal, tooLate.signal]))
    } catch (cause) {
      // Nobody provides the way out at the moment, or it broke its contract.
      const bug = () => fault('plugin_bug', messageOf(cause), { blame: 'gateway', retry: 'later', cause })
      return err(cause instanceof FaultError ? cause.fault : bug())
    } finally {
      disarm()
    }
  }

  async #deliver(channel: Channel, row: Delivery): Promise<void> {
    const { busy, outbox, clock, log } = this.parts
    busy.add(channel.name)
    try {
      await using job = this.parts.begin(`alert over ${channel.name}`)
      const sent = await this.attempt(channel, row, job.signal)
      // Cut off by a stop: it stays due.
      if (sent.isErr() && job.signal.aborted) return
      const outcome = this.#outcome(sent, row)
      outbox.settle(row.id, outcome, row.attempts + 1, clock.now())
      const details = { delivery: row.id, channel: channel.name, rule: row.rule }
      if (outcome.state === 'given_up') log.warn(details, `an alert is given up: ${outcome.error}`)
      else log.debug(details, outcome.error === null ? 'alert sent' : `an alert failed: ${outcome.error}`)
    } catch (cause) {
      log.error({ err: cause }, `alerts pause for a minute: ${messageOf(cause)}`)
      this.#pausedUntil = clock.now() + MINUTE_MS
    } finally {
      busy.delete(channel.name)
    }
    this.wake()
  }

  #outcome(sent: Result<void, Fault>, { attempts, dueAt }: Delivery): Outcome {
    const { clock, giveUpAfterMs } = this.parts
    if (sent.isOk()) return { state: 'delivered', error: null, nextAt: dueAt }
    const wait = BACK_OFF_MS[Math.min(attempts, BACK_OFF_MS.length - 1)] ?? BACK_OFF_MS[0]
    const nextAt = clock.now() + wait
    return nextAt > dueAt + giveUpAfterMs
      ? { state: 'given_up', error: sent.error.message, nextAt: dueAt }
      : { state: 'pending', error: sent.error.message, nextAt }
  }
}
