/** Who is told of which job: takes registrations, and turns ended jobs into deliveries. */
import { domainFault, FINAL, type GuardedFetch, type Job, type JobEngine, type WebhookDesk } from 'flow2api/contracts'
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
import type { GlobalUrl } from './global-url.ts'
import type { SigningKey } from './signing-key.ts'
import type { Traffic } from './traffic.ts'

const LONGEST_URL = 2048
const PAGE = 100
/** How many jobs, the newest first, are looked at for an end that was missed. */
const MOST_LOOKED_AT = 10_000
const LONGEST_JOB_MS = 86_400_000
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
  readonly global: GlobalUrl
  readonly clock: Clock
  readonly allowPrivate: boolean
  readonly giveUpAfterMs: number
  readonly events: ReadonlySet<EventType>
}

export class Desk implements WebhookDesk {
  constructor(private readonly parts: DeskParts) {}

  check(url: string): ResultAsync<void, Fault> {
    return new ResultAsync(this.usable(url, 'callback_url'))
  }

  /** As `check`, for an address that has another name. */
  async usable(url: string, param: string): Promise<Result<void, Fault>> {
    const invalid = (message: string) => err(domainFault('invalid_value', message, { param }))
    if (url.length > LONGEST_URL) return invalid(`\`${param}\` is longer than ${LONGEST_URL} characters.`)
    const checked = await this.parts.guard.check(url, this.parts.allowPrivate)
    return checked.isErr() ? invalid(`\`${param}\` cannot be used: ${checked.error.message}`) : ok()
  }

  register(jobId: string, url: string): ResultAsync<void, Fault> {
    return new ResultAsync(this.#register(jobId, url))
  }

  /** Writes down who has to be told, and has them told. A job that ended earlier may come again. */
  ended(job: Job): void {
    const { deliveries, traffic, global, events, clock } = this.parts
    const awaited = traffic.awaited.has(job.id)
    const wanted = global.url !== '' && events.has(typeOf(job))
    if (!awaited && !wanted) return
    // First what was asked for: it tells the same address whatever the settings want it to hear.
    if (awaited) deliveries.release(job, clock.now())
    traffic.awaited.delete(job.id)
    if (wanted) deliveries.add(job, global.url, clock.now())
    traffic.wake()
  }

  /** Finds jobs that ended while nobody listened: around a crash, a stop, or with this plugin switched off. */
  async catchUp(signal: AbortSignal): Promise<void> {
    const { deliveries, traffic, jobs, clock } = this.parts
    const awaited = deliveries.awaited()
    for (const [index, jobId] of awaited.entries()) {
      if (signal.aborted) return
      if (index % PAGE === PAGE - 1) await breathe()
      const job = await jobs.get(jobId)
      if (job.isOk() && FINAL.has(job.value.status)) this.ended(job.value)
      if (job.isErr() && job.error.code === 'not_found') {
        deliveries.abandon(jobId, 'The job was deleted before its end could be reported.', clock.now())
        traffic.awaited.delete(jobId)
      }
    }
    if (this.parts.global.url !== '') await this.#catchUpGlobal(signal)
  }

  async #catchUpGlobal(signal: AbortSignal): Promise<void> {
    const { jobs, global, clock, giveUpAfterMs } = this.parts
    const now = clock.now()
    const from = Math.max(global.since, now - Math.min(giveUpAfterMs, FURTHEST_BACK_MS))
    let after: string | undefined
    for (let seen = 0; seen < MOST_LOOKED_AT; seen += PAGE) {
      const page = await jobs.list({ limit: PAGE, ...(after !== undefined && { after }) })
      if (page.isErr() || signal.aborted) return
      const found = page.value.jobs
      for (const job of found) if (FINAL.has(job.status) && (job.finishedAt ?? 0) >= from) this.ended(job)
      after = found.at(-1)?.id
      if (!page.value.more || found.every(job => job.createdAt < from - LONGEST_JOB_MS)) break
      await breathe()
    }
    global.settled(now - OVERLAP_MS)
  }

  async #register(jobId: string, url: string): Promise<Result<void, Fault>> {
    const { deliveries, traffic, jobs, key, clock } = this.parts
    const checked = await this.usable(url, 'callback_url')
    if (checked.isErr()) return checked
    try {
      // Who asks for the first time learns the secret before anything arrives.
      key.use()
      deliveries.await(jobId, url, clock.now())
    } catch (cause) {
      return err(unwritten(cause))
    }
    traffic.awaited.add(jobId)
    const job = await jobs.get(jobId)
    if (job.isOk() && FINAL.has(job.value.status)) this.ended(job.value)
    if (job.isErr() && job.error.code === 'not_found') {
      deliveries.forget(jobId, url)
      return err(job.error)
    }
    // What else went wrong is no matter: it is written down, and the end of the job will be told.
    return ok()
  }
}

/** Lets others run in between. */
const breathe = () => new Promise(resolve => setImmediate(resolve))

function unwritten(cause: unknown): Fault {
  if (/disk is full|SQLITE_FULL/i.test(messageOf(cause)))
    return domainFault('disk_full', 'The disk is full, so the webhook cannot be recorded. Free some space.', { cause })
  if (cause instanceof FaultError) return cause.fault
  return domainFault('internal_error', 'The webhook could not be recorded; the log has the reason.', { cause })
}
