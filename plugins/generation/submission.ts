/** From the queue through the paid call: a slot, access, a durable intent, `start`. */
import type { GenerationProvider, Session, Started, Unit } from 'flow2api/contracts'
import { err, type Fault, type Handle, type Job as Hold, ok, type Result } from 'flow2api/plugin'
import type { ActiveUnit } from './active.ts'
import { ask, faultOf } from './ask.ts'
import { cancelUpstream } from './cancellation.ts'
import type { InputFiles } from './inputs.ts'
import { providerGone, type Situation, timedOut, unknownOutcome, verdictOf } from './policy.ts'
import type { Ports } from './ports.ts'
import { unitId } from './records.ts'
import { sessionOf } from './session.ts'
import { acquireSlot, pause, type SlotParts } from './slot.ts'

export interface SubmissionParts extends SlotParts {
  readonly ports: Ports
  readonly inputs: InputFiles
  /** Sets the deadline's timer. */
  arm(unit: ActiveUnit): void
}

export class Submission {
  constructor(private readonly parts: SubmissionParts) {}

  /** Ends with the unit running, delivering, ended, or ready to be handed over. */
  async run(unit: ActiveUnit, hold: Hold): Promise<void> {
    while (!unit.ending) {
      if (!(await this.#try(unit, hold))) return
    }
  }

  /** One try; whether another is due here. */
  async #try(unit: ActiveUnit, hold: Hold): Promise<boolean> {
    const { ports, ledger, life } = this.parts
    const { record } = unit.job
    const provider = ports.provider(record.provider)
    if (!provider) return this.#over(life.fail(unit, providerGone(record.provider)))
    const slot = await acquireSlot(this.parts, unit, provider)
    if (unit.ending || slot === 'handed over') return false
    if (slot !== 'ready') return this.#over(life.fail(unit, slot))
    if (this.parts.released()) return false
    this.#begin(unit)
    const session = await this.#session(unit)
    if (unit.ending || this.parts.released()) return false
    if (session.isErr()) return this.#react(unit, session.error, 'before')
    if (!(await this.#intend(unit))) return false
    const started = await this.#start(unit, provider, session.value, hold)
    if (started.isOk()) return this.#over(this.#accepted(unit, provider, started.value))
    if (unit.ending) return false
    // Cut off, and nobody goes on in this process: the intent stays unanswered, and the next process says so.
    if (hold.signal.aborted && !ledger.host) return false
    if (unit.late) return this.#over(life.fail(unit, timedOut(record.kind, ports.limitMs(record.kind))))
    return this.#react(unit, started.error, 'call', session.value.account?.access)
  }

  /** The time limit counts from here, not from the queue. */
  #begin(unit: ActiveUnit): void {
    const { clock, limitMs } = this.parts.ports
    const { record } = unit
    if (record.startedAt === null) {
      record.startedAt = clock.now()
      record.deadlineAt = record.startedAt + limitMs(unit.job.record.kind)
    }
    this.parts.arm(unit)
  }

  async #session(unit: ActiveUnit): Promise<Result<Session, Fault>> {
    const { lease, abort, record } = unit
    const account = lease ? await ask(() => lease.session(abort.signal)) : ok(undefined)
    if (account.isErr()) return err(account.error)
    record.accountId = lease?.accountId ?? null
    const progress = (percent: number) => {
      if (!unit.ending && unit.advance(Math.min(94, percent))) this.parts.life.changed(unit)
    }
    try {
      return ok(sessionOf(this.parts.ports, unit, account.value, abort.signal, progress))
    } catch (cause) {
      return err(faultOf(cause))
    }
  }

  /** The intent is on disk before the call that it announces. */
  async #intend(unit: ActiveUnit): Promise<boolean> {
    const { life, ports } = this.parts
    const { record } = unit
    record.state = 'starting'
    record.intentAt = ports.clock.now()
    record.attempts++
    unit.advance(5)
    const saved = await life.save(unit)
    if (unit.ending) return false
    if (saved.isErr()) return this.#over(life.fail(unit, saved.error))
    life.changed(unit)
    return true
  }

  async #start(
    unit: ActiveUnit,
    provider: Handle<GenerationProvider>,
    session: Session,
    hold: Hold,
  ): Promise<Result<Started, Fault>> {
    // Patience ends for a reload, too; but then a successor takes the answer, and the call may go on.
    const stop = () => {
      if (!this.parts.ledger.host) unit.abort.abort()
    }
    hold.signal.addEventListener('abort', stop, { once: true })
    unit.calling = true
    const started = await ask(() => provider.start(this.#paidWork(unit), session))
    unit.calling = false
    hold.signal.removeEventListener('abort', stop)
    return started
  }

  #paidWork({ record, job }: ActiveUnit): Unit {
    return {
      id: unitId(record),
      model: job.record.resolvedModel,
      kind: job.record.kind,
      prompt: job.record.prompt,
      inputs: this.parts.inputs.of(job.record),
      parameters: job.record.parameters,
      ...(record.step !== undefined && { step: record.step }),
    }
  }

  async #accepted(unit: ActiveUnit, provider: Handle<GenerationProvider>, started: Started): Promise<void> {
    const { life, ports } = this.parts
    const { record, job } = unit
    unit.renewed = false
    unit.repeats = 0
    if (started.state === 'done') {
      if (!unit.ending) await life.finished(unit, started.media, started.credits)
      return
    }
    record.operation = started.operation
    record.step = undefined
    if (started.credits !== undefined) unit.credits = started.credits
    if (unit.late) await life.fail(unit, timedOut(job.record.kind, ports.limitMs(job.record.kind)))
    // Cancelled, or too late, while the call was under way: nobody will fetch it.
    if (unit.ending) return cancelUpstream(ports, unit, provider)
    record.state = 'running'
    unit.advance(10)
    // Paid and running: should this fail, it is still polled from memory.
    await life.save(unit)
    life.changed(unit)
  }

  /** What follows from a fault; whether another try is due here. */
  async #react(unit: ActiveUnit, fault: Fault, phase: Situation['phase'], access = ''): Promise<boolean> {
    const { life } = this.parts
    const { lease, record } = unit
    const verdict = verdictOf(fault, {
      accounts: unit.tried.length + 1,
      repeats: unit.repeats,
      renewed: unit.renewed,
      phase,
      bound: record.step !== undefined || !lease,
    })
    switch (verdict.act) {
      case 'unknown':
        return this.#over(life.end(unit, { state: 'outcome_unknown', media: [], fault: unknownOutcome(fault) }))
      case 'fail':
        return this.#over(life.fail(unit, fault))
      case 'renew': {
        unit.renewed = true
        this.#notTaken(unit)
        if (!lease) return this.#over(life.fail(unit, fault))
        const renewed = await ask(() => lease.renew(access, unit.abort.signal))
        if (unit.ending) return false
        return renewed.isOk() || this.#react(unit, renewed.error, 'before')
      }
      case 'move':
        life.move(unit, fault)
        return true
      case 'repeat':
        unit.repeats++
        this.#notTaken(unit)
        return pause(this.parts, unit, verdict.afterMs)
    }
  }

  /** The announced call came to nothing; a restart may begin it again. */
  #notTaken(unit: ActiveUnit): void {
    unit.record.intentAt = null
    void this.parts.life.save(unit)
  }

  async #over(last: Promise<unknown>): Promise<false> {
    await last
    return false
  }
}
