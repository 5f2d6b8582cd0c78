/** Who is told of which job: checks addresses, and turns ended jobs into deliveries. */
import { domainFault, type GuardedFetch, type Job, type JobEngine, type WebhookDesk } from 'flow2api/contracts'
import {
  type Clock,
  err,
  type Fault,
  FaultError,
  type Handle,
  messageOf,
  ok,
  type Result,
  ResultAsync,
} from 'flow2api/plugin'
import type { Deliveries } from './deliveries.ts'
import { type EventType, typeOf } from './event.ts'
import type { SigningKey } from './signing-key.ts'
import type { Traffic } from './traffic.ts'
import type { Watermark } from './watermark.ts'

const LONGEST_URL = 2048
const PAGE = 100
/** Deliveries that were made are forgotten later than this, so none is made twice. */
const FURTHEST_BACK_MS = 7 * 86_400_000
/** For ends that were being written down while it was looked. */
const OVERLAP_MS = 60_000

export interface DeskParts {
  readonly deliveries: Deliveries
  readonly traffic: Traffic
  readonly guard: Handle<GuardedFetch>
  readonly jobs: Handle<JobEngine>
  readonly key: SigningKey
  /** The address of the settings; empty: none. */
  readonly url: string
  readonly callbacks: Watermark
  readonly global: Watermark
  readonly clock: Clock
  readonly allowPrivate: boolean
  readonly giveUpAfterMs: number
  readonly events: ReadonlySet<EventType>
}

export class Desk implements WebhookDesk {
  constructor(private readonly parts: DeskParts) {}

  check(url: string): ResultAsync<void, Fault> {
    return new ResultAsync(this.#check(url))
  }

  /** As `check`, for an address that has another name. */
  async usable(url: string, param: string): Promise<Result<void, Fault>> {
    const invalid = (message: string) => err(domainFault('invalid_value', message, { param }))
    if (url.length > LONGEST_URL) return invalid(`\`${param}\` is longer than ${LONGEST_URL} characters.`)
    const checked = await this.parts.guard.check(url, this.parts.allowPrivate)
    return checked.isErr() ? invalid(`\`${param}\` cannot be used: ${checked.error.message}`) : ok()
  }

  /** Writes down who has to be told, and has them told. A job that ended earlier may come again. */
  ended(job: Job): void {
    const { deliveries, traffic, url, events, clock } = this.parts
    const wanted = url !== '' && events.has(typeOf(job))
    if (job.callbackUrl === null && !wanted) return
    // First what was asked for: it tells the same address whatever the settings want it to hear.
    if (job.callbackUrl !== null) deliveries.add(job, job.callbackUrl, 'callback', clock.now())
    if (wanted) deliveries.add(job, url, 'global', clock.now())
    traffic.wake()
  }

  /** Finds jobs that ended while nobody listened: around a crash, a stop, or with this plugin switched off. */
  async catchUp(signal: AbortSignal): Promise<void> {
    const { callbacks, global, url } = this.parts
    await this.#catchUp(callbacks, true, signal)
    if (url !== '') await this.#catchUp(global, false, signal)
  }

  async #catchUp(mark: Watermark, withCallback: boolean, signal: AbortSignal): Promise<void> {
    const { jobs, clock, giveUpAfterMs } = this.parts
    const now = clock.now()
    const finishedSince = Math.max(mark.since, now - Math.min(giveUpAfterMs, FURTHEST_BACK_MS))
    for (let after: string | undefined, more = true; more; ) {
      const page = await jobs.list({ withCallback, finishedSince, limit: PAGE, ...(after !== undefined && { after }) })
      if (page.isErr() || signal.aborted) return
      for (const job of page.value.jobs) this.ended(job)
      after = page.value.jobs.at(-1)?.id
      more = page.value.more
      await breathe()
    }
    mark.settled(now - OVERLAP_MS)
  }

  async #check(url: string): Promise<Result<void, Fault>> {
    const usable = await this.usable(url, 'callback_url')
    if (usable.isErr()) return usable
    try {
      // Who asks for the first time learns the secret before anything arrives.
      this.parts.key.use()
      return ok()
    } catch (cause) {
      return err(unwritten(cause))
    }
  }
}

/** Lets others run in between. */
const breathe = () => new Promise(resolve => setImmediate(resolve))

function unwritten(cause: unknown): Fault {
  if (/disk is full|SQLITE_FULL/i.test(messageOf(cause)))
    return domainFault('disk_full', 'The disk is full, so no webhook can be recorded. Free some space.', { cause })
  if (cause instanceof FaultError) return cause.fault
  return domainFault('internal_error', 'The webhook could not be prepared; the log has the reason.', { cause })
}
