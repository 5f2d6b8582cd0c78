/** The moves that every phase shares: recording, reporting to the account, and the one end of each unit. */
import type { LeaseOutcome, MediaSource } from 'flow2api/contracts'
import type { Fault } from 'flow2api/plugin'
import type { ActiveJob, ActiveUnit } from './active.ts'
import type { Ledger } from './ledger.ts'
import { nothingDelivered, withoutBlame } from './policy.ts'
import type { Ports } from './ports.ts'
import { type JobRecord, unitId } from './records.ts'
import { type Ending, endOf } from './state.ts'

export class Lifecycle {
  constructor(
    private readonly ledger: Ledger,
    private readonly ports: Pick<Ports, 'clock' | 'log' | 'emit'>,
  ) {}

  /** Writes the unit as it is. Await it where something may only happen after it is on disk. */
  save(unit: ActiveUnit) {
    unit.savedProgress = unit.record.progress
    return this.ledger.store.saveUnit(unit.record).mapErr(fault => {
      this.ports.log.error({ unit: unitId(unit.record), err: fault.cause, code: fault.code }, fault.message)
      return fault
    })
  }

  changed(unit: ActiveUnit): void {
    this.ledger.changed(unit.job)
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

  fail(unit: ActiveUnit, fault: Fault): Promise<boolean> {
    return this.end(unit, { state: 'failed', media: [], fault })
  }

  /** The generation is over and its media can be fetched. */
  async finished(unit: ActiveUnit, sources: readonly MediaSource[], credits: number | undefined): Promise<void> {
    if (credits !== undefined) unit.credits = credits
    if (sources.length === 0) {
      await this.fail(unit, nothingDelivered())
      return
    }
    const { record } = unit
    record.sources = sources
    record.state = 'delivering'
    record.step = undefined
    unit.advance(95)
    unit.disarm?.()
    // The call was stopped at the deadline and had succeeded all the same: fetching it needs a signal of its own.
    if (unit.abort.signal.aborted) unit.abort = new AbortController()
    this.succeeded(unit)
    // Not awaited: fetching media costs nothing, so it may begin before this is on disk.
    void this.save(unit)
    this.changed(unit)
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
    this.report(unit, { ok: true, ...(unit.credits !== undefined && { credits: unit.credits }) })
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
    record.accountId = null
    record.intentAt = null
    record.operation = null
    void this.save(unit)
    this.changed(unit)
  }

  /** Gives the slot back. */
  release(unit: ActiveUnit): void {
    const { lease } = unit
    unit.lease = undefined
    unit.reported = false
    if (!lease) return
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
    this.ledger.finish(job, view => this.ports.emit(view))
  }
}

type JobEnding = Pick<JobRecord, 'status' | 'fault' | 'startedAt' | 'finishedAt'>

function apply({ record, ending }: ActiveUnit): void {
  Object.assign(record, ending)
  if (ending?.state === 'completed') record.progress = 100
}
