/** From the queue through the paid calls: a slot, access, free preparation, a durable intent, `start`, the next step. */
import type { GenerationProvider, Session, Started } from 'flow2api/contracts'
import { err, type Fault, type Handle, type Job as Hold, ok, type Result } from 'flow2api/plugin'
import type { ActiveUnit } from './active.ts'
import { ask, faultOf } from './ask.ts'
import { cancelUpstream } from './cancellation.ts'
import type { Inputs } from './inputs.ts'
import { lookUp } from './lookup.ts'
import { callStart } from './paid-call.ts'
import { providerGone, type Situation, timedOut, unknownAfterRestart, unknownOutcome, verdictOf } from './policy.ts'
import type { Ports } from './ports.ts'
import { needsPreparing, prepare } from './preparation.ts'
import { sessionOf } from './session.ts'
import { acquireSlot, pause, type SlotParts } from './slot.ts'
import { unitOf } from './unit.ts'

export interface SubmissionParts extends SlotParts {
  readonly ports: Ports
  readonly inputs: Inputs
  /** Sets the deadline's timer. */
  arm(unit: ActiveUnit): void
}

export class Submission {
  constructor(private readonly parts: SubmissionParts) {}

  /** Ends with the unit running, delivering, ended, or ready to be handed over. */
  async run(unit: ActiveUnit, hold: Hold): Promise<void> {
    while (!unit.settled) {
      if (!(await this.#try(unit, hold))) return
    }
  }

  /** Work whose hand-over an earlier process had announced: first what became of that. */
  async resume(unit: ActiveUnit, hold: Hold): Promise<void> {
    if (await this.#unanswered(unit, unknownAfterRestart())) await this.run(unit, hold)
  }

  /** One try; whether another, or a further step, is due here. */
  async #try(unit: ActiveUnit, hold: Hold): Promise<boolean> {
    const { ports, ledger, life } = this.parts
    const { record } = unit.job
    const provider = ports.provider(record.provider)
    if (!provider) return this.#over(life.fail(unit, providerGone(record.provider)))
    const slot = await acquireSlot(this.parts, unit, provider)
    if (unit.settled || slot === 'handed over') return false
    if (slot !== 'ready') return this.#over(life.fail(unit, slot))
    if (this.parts.released()) return false
    this.#begin(unit)
    const session = await this.#session(unit)
    if (unit.settled || this.parts.released()) return false
    if (session.isErr()) return this.#react(unit, session.error, 'before')
    const access = session.value.account?.access
    if (needsPreparing(unit, provider)) {
      const prepared = await prepare(this.parts, unit, provider, session.value, hold)
      if (unit.settled || hold.signal.aborted) return false
      return prepared.isOk() || this.#react(unit, prepared.error, 'before', access)
    }
    if (!(await this.#intend(unit))) return false
    const work = { unit: unitOf(unit, this.parts.inputs), session: session.value, hold }
    const started = await callStart(this.parts, unit, provider, work)
    if (started.isOk()) return this.#accepted(unit, provider, started.value)
    if (unit.settled) return false
    // Cut off, and nobody goes on in this process: the intent stays unanswered, and the next process says so.
    if (hold.signal.aborted && !ledger.host) return false
    if (unit.late) return this.#over(life.fail(unit, timedOut(record.kind, ports.limitMs(record.kind))))
    return this.#react(unit, started.error, 'call', access)
  }

  /** The time limit counts from here, not from the queue, and for all steps together. */
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
    const accountId = lease?.accountId ?? null
    // What is prepared lives on its account.
    if (record.accountId !== accountId) record.prepared = undefined
    record.accountId = accountId
    const progress = (percent: number) => {
      if (!unit.settled && unit.advance(Math.min(94, percent))) this.parts.life.changed(unit)
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
    if (unit.settled) return false
    if (saved.isErr()) return this.#over(life.fail(unit, saved.error))
    life.changed(unit)
    return true
  }

  /** Whether a further paid step is due. */
  async #accepted(unit: ActiveUnit, provider: Handle<GenerationProvider>, started: Started): Promise<boolean> {
    const { life, ports } = this.parts
    const { record, job } = unit
    unit.renewed = false
    unit.repeats = 0
    const late = () => life.fail(unit, timedOut(job.record.kind, ports.limitMs(job.record.kind)))
    switch (started.state) {
      case 'done':
        if (!unit.settled) await life.finished(unit, started.media, started.credits)
        return false
      case 'next':
        if (unit.settled) return false
        await life.next(unit, started)
        if (unit.late) await late()
        return !unit.settled
      case 'running':
        record.operation = started.operation
        record.polls = 0
        if (started.credits !== undefined) record.credits = started.credits
        if (unit.late) await late()
        // Cancelled, or too late, while the call was under way: nobody will fetch it.
        if (unit.settled) return this.#over(cancelUpstream(ports, unit, provider, started.operation))
        record.state = 'running'
        unit.advance(10)
        // Paid and running: should this fail, it is still polled from memory.
        await life.save(unit)
        life.changed(unit)
        return false
    }
  }

  /** What follows from a fault; whether another try is due here. */
  async #react(unit: ActiveUnit, fault: Fault, phase: Situation['phase'], access = ''): Promise<boolean> {
    const { life } = this.parts
    const { lease, stays } = unit
    const verdict = verdictOf(fault, {
      accounts: unit.tried.length + 1,
      repeats: unit.repeats,
      renewed: unit.renewed,
      phase,
      stays,
      bound: stays || !lease,
    })
    switch (verdict.act) {
      case 'unknown':
        return this.#unanswered(unit, unknownOutcome(fault))
      case 'fail':
        return this.#over(life.fail(unit, fault))
      case 'renew': {
        unit.renewed = true
        this.#notTaken(unit)
        if (!lease) return this.#over(life.fail(unit, fault))
        const renewed = await ask(() => lease.renew(access, unit.abort.signal))
        if (unit.settled) return false
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

  /** It was announced and perhaps made, but no answer is there: `why`. Whether another try is due here. */
  async #unanswered(unit: ActiveUnit, why: Fault): Promise<boolean> {
    const { life, ports } = this.parts
    const provider = ports.provider(unit.job.record.provider)
    const found = await lookUp(this.parts, unit, provider)
    if (found === 'handed over' || unit.settled) return false
    this.parts.arm(unit)
    if (!provider || found.state === 'unknown') return this.#over(life.fail(unit, why))
    ports.log.info({ job: unit.job.id, found: found.state }, 'the outcome of a paid call was found out')
    if (found.state === 'failed') return this.#react(unit, found.fault, 'accepted')
    if (found.state !== 'not_taken') return this.#accepted(unit, provider, found)
    // A stopped call leaves a signal that has fired.
    if (unit.abort.signal.aborted) unit.abort = new AbortController()
    this.#notTaken(unit)
    return true
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
