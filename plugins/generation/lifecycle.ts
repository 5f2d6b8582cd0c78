/** The moves that every phase shares: recording, reporting to the account, and the one end of each unit. */
import type { Lease, LeaseOutcome, MediaSource, NextStep } from 'flow2api/contracts'
import type { Fault } from 'flow2api/plugin'
import type { ActiveJob, ActiveUnit } from './active.ts'
import { endingWith } from './downgrade.ts'
import type { JobFiles } from './files.ts'
import { handOn } from './hand-on.ts'
import type { Ledger } from './ledger.ts'
import { nothingDelivered, withoutBlame } from './policy.ts'
import type { Ports } from './ports.ts'
import { type Ending, type JobRecord, type Source, type UnitMedia, unitId } from './records.ts'
import { endOf, failedEnding } from './state.ts'

export class Lifecycle {
  constructor(
    private readonly ledger: Ledger,
    private readonly ports: Pick<Ports, 'clock' | 'log' | 'emit' | 'media'>,
    private readonly files: JobFiles,
  ) {}

  /** Writes the unit as it is. Await it where something may only happen after it is on disk. */
  save(unit: ActiveUnit) {
    unit.savedProgress = unit.record.progress
    const saved = this.ledger.store.saveUnit(unit.record)
    void saved.then(result => {
      if (result.isErr()) {
        const { code, message, cause } = result.error
        this.ports.log.error({ unit: unitId(unit.record), err: cause, code }, message)
      }
    })
    return saved
  }

  changed(unit: ActiveUnit): void {
    this.ledger.changed(unit.job, this.ports.clock.now())
  }

  /**
   * Ends the unit, once; whoever comes second gets `false`. Others learn of it after it is on disk. The last unit ends
   * the job in the same transaction.
   */
  async end(unit: ActiveUnit, ending: Ending): Promise<boolean> {
    if (unit.ending) return false
    unit.ending = ending
    unit.queuePosition = null
    unit.disarm?.()
    if (ending.state !== 'completed') {
      unit.abort.abort()
      unit.wait?.abort()
    }
    const { job } = unit
    const final = job.units.every(one => one.ending) ? this.#ending(job) : undefined
    const written = [this.ledger.store.saveUnit({ ...unit.record, ...ending })]
    if (final) written.push(this.ledger.store.finish({ seq: job.record.seq, ...final }))
    // It happened all the same. After a restart it is found out again; nothing is paid for that.
    for (const result of await Promise.all(written))
      if (result.isErr()) this.ports.log.error({ job: job.id, err: result.error.cause }, result.error.message)
    apply(unit)
    if (!unit.busy) this.retire(unit)
    if (final) this.#finish(job, final)
    else this.changed(unit)
    return true
  }

  /**
   * The unit cannot be had as it was asked for. What earlier steps finished is delivered all the same, and the fault is
   * said with it; where there is nothing, this is the end. `false` where something else had ended it.
   */
  async fail(unit: ActiveUnit, fault: Fault): Promise<boolean> {
    if (unit.ending) return false
    const { record } = unit
    if (record.fallback === null) return this.end(unit, failedEnding(fault))
    this.report(unit, { ok: false, fault })
    record.fault = fault
    record.operation = null
    // Whatever the unit still does or waits for has lost its purpose.
    unit.abort.abort()
    unit.wait?.abort()
    this.#deliver(unit, record.fallback)
    if (!unit.busy) this.ledger.hand(unit)
    return true
  }

  /** One paid step is done and another one is due. On disk when this resolves, so that a restart begins with it. */
  async next(unit: ActiveUnit, { step, media = [], credits }: NextStep): Promise<void> {
    const { record } = unit
    const sources = hasBytes(media) ? await this.hold(unit, media) : media
    if (unit.ending) return
    record.state = 'starting'
    record.intentAt = null
    record.step = step
    if (sources.length > 0) record.fallback = sources
    record.operation = null
    if (credits !== undefined) record.credits = credits
    await this.save(unit)
    this.changed(unit)
  }

  /** The generation is over and its media can be fetched. */
  async finished(unit: ActiveUnit, media: readonly MediaSource[], credits: number | undefined): Promise<void> {
    const { record } = unit
    if (credits !== undefined) record.credits = credits
    if (media.length === 0) {
      await this.fail(unit, nothingDelivered())
      return
    }
    const sources = hasBytes(media) ? await this.hold(unit, media) : media
    if (unit.ending) return
    this.succeeded(unit)
    const handed = this.#handedOn(unit, sources)
    if (!handed) return this.#deliver(unit, sources)
    record.sources = sources
    await this.end(unit, endingWith(handed, unit.job.record, record.fault))
  }

  /** Where nobody keeps media, an address is delivered as soon as it is known. `undefined`: there is something to do. */
  #handedOn(unit: ActiveUnit, sources: readonly Source[]): readonly UnitMedia[] | undefined {
    if (this.ports.media()) return undefined
    const { kind } = unit.job.record
    const media: UnitMedia[] = []
    for (const source of sources) {
      if (!('url' in source)) return undefined
      media.push({ ...handOn(source, kind), ...(source.origin && { origin: source.origin }) })
    }
    return media
  }

  #deliver(unit: ActiveUnit, sources: readonly Source[]): void {
    const { record } = unit
    record.sources = sources
    if (record.fallback === sources) record.fallback = null
    record.state = 'delivering'
    record.step = undefined
    unit.advance(95)
    unit.disarm?.()
    // Its calls may have been stopped: fetching needs a signal of its own.
    if (unit.abort.signal.aborted) unit.abort = new AbortController()
    // Not awaited: fetching media costs nothing, so it may begin before this is on disk.
    void this.save(unit)
    this.changed(unit)
  }

  /**
   * Bytes outlive the process before the unit counts as finished; meanwhile nothing else is learned of it, and it is not
   * late. Where no file can be written they live in memory.
   */
  async hold(unit: ActiveUnit, media: readonly MediaSource[]): Promise<readonly Source[]> {
    unit.holding = true
    unit.job.hasFiles = true
    try {
      return await this.files.hold(unit.record, media)
    } catch (cause) {
      this.ports.log.error({ err: cause, job: unit.job.id }, 'finished media could not be written to a file')
      return media
    } finally {
      unit.holding = false
    }
  }

  /** Ends a restored job all of whose units had ended. */
  async close(job: ActiveJob): Promise<void> {
    const final = this.#ending(job)
    await this.ledger.store.finish({ seq: job.record.seq, ...final })
    this.#finish(job, final)
  }

  /** Tells the account how it went: once a lease, and against one account a request at most. */
  report(unit: ActiveUnit, outcome: LeaseOutcome): void {
    if (!unit.lease || unit.reported) return
    unit.reported = true
    if (!outcome.ok && outcome.fault.blame === 'account') {
      const fault = unit.job.penalised ? withoutBlame(outcome.fault) : outcome.fault
      unit.job.penalised = true
      unit.lease.report({ ok: false, fault })
    } else unit.lease.report(outcome)
  }

  succeeded(unit: ActiveUnit): void {
    const { credits } = unit.record
    this.report(unit, { ok: true, ...(credits !== null && { credits }) })
  }

  /** Leaves an account that refused the work, for another. */
  move(unit: ActiveUnit, refusal: Fault): void {
    const { record, lease } = unit
    this.report(unit, { ok: false, fault: refusal })
    if (lease) unit.tried.push(lease.accountId)
    this.release(unit)
    unit.refusal = refusal
    unit.renewed = false
    unit.repeats = 0
    record.state = 'queued'
    const left = record.choices.at(-1)
    if (left) record.choices = [...record.choices.slice(0, -1), { ...left, refused: refusal.code }]
    record.accountId = null
    record.intentAt = null
    record.prepared = undefined
    record.credits = null
    record.operation = null
    void this.save(unit)
    this.changed(unit)
  }

  /** Gives the slot back. */
  release(unit: ActiveUnit): void {
    const { lease } = unit
    unit.lease = undefined
    unit.reported = false
    if (lease) this.giveBack(lease)
  }

  giveBack(lease: Lease): void {
    Promise.resolve(lease[Symbol.asyncDispose]()).catch(cause =>
      this.ports.log.error({ err: cause, account: lease.accountId }, 'a slot could not be given back'),
    )
  }

  /** Reports and gives back what an ended unit still holds. */
  retire(unit: ActiveUnit): void {
    const { ending } = unit
    if (!ending) return
    if (ending.state === 'completed') this.succeeded(unit)
    else if (ending.fault) this.report(unit, { ok: false, fault: ending.fault })
    this.release(unit)
  }

  #ending(job: ActiveJob): JobEnding {
    const starts = job.units.flatMap(({ record }) => record.startedAt ?? [])
    return {
      ...endOf(
        job.units.flatMap(({ ending }) => ending ?? []),
        job.cancelled,
      ),
      startedAt: starts.length > 0 ? Math.min(...starts) : null,
      finishedAt: this.ports.clock.now(),
    }
  }

  #finish(job: ActiveJob, final: JobEnding): void {
    // All were committed by now, but the units of one tick come back here in any order.
    for (const unit of job.units) apply(unit)
    Object.assign(job.record, final)
    this.#tidy(job)
    this.ledger.finish(job, view => this.ports.emit(view))
  }

  /** Files of what was made are needed no longer, but for those that are all there is. */
  #tidy(job: ActiveJob): void {
    const kept = job.units.flatMap(({ record }) => record.media.flatMap(({ held }) => held ?? []))
    if (job.hasFiles)
      this.files
        .removeMade(job.id, kept)
        .catch(cause => this.ports.log.warn({ err: cause, job: job.id }, 'files of a finished job were not removed'))
  }
}

type JobEnding = Pick<JobRecord, 'status' | 'fault' | 'startedAt' | 'finishedAt'>

const hasBytes = (media: readonly MediaSource[]): boolean => media.some(source => 'bytes' in source)

function apply({ record, ending }: ActiveUnit): void {
  Object.assign(record, ending)
  if (ending?.state === 'completed') record.progress = 100
}
