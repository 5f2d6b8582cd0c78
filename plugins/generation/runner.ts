/** Moves units: decides by its state which phase a unit is in, and keeps its time. One an instance; one hosts. */
import type { Job } from 'flow2api/contracts'
import type { Job as Hold } from 'flow2api/plugin'
import type { ActiveJob, ActiveUnit } from './active.ts'
import { faultOf, tookTooLong } from './ask.ts'
import { cancelUpstream } from './cancellation.ts'
import { Delivery } from './delivery.ts'
import type { JobFiles } from './files.ts'
import type { Inputs } from './inputs.ts'
import type { Host, Ledger } from './ledger.ts'
import { Lifecycle } from './lifecycle.ts'
import { accountGone, timedOut, unknownOutcome } from './policy.ts'
import { Poller } from './poller.ts'
import type { Ports } from './ports.ts'
import { adoptSlot } from './slot.ts'
import { cancelledEnding } from './state.ts'
import { Submission } from './submission.ts'

/** How long a paid call may take to notice that it was stopped. */
const CALL_GRACE_MS = 5_000
const MOST_DELIVERIES = 128
/** The deadline may have passed while the gateway was down: what was paid gets its chance all the same. */
const RESTART_GRACE_MS = 60_000

export class Runner implements Host {
  readonly #ledger: Ledger
  readonly #ports: Ports
  readonly #life: Lifecycle
  readonly #submission: Submission
  readonly #delivery: Delivery
  readonly #poller: Poller
  readonly #undelivered = new Set<ActiveUnit>()
  #delivering = 0
  #released = false

  constructor(ledger: Ledger, ports: Ports, files: JobFiles, inputs: Inputs) {
    this.#ledger = ledger
    this.#ports = ports
    const life = new Lifecycle(ledger, ports, files)
    const parts = {
      ledger,
      ports,
      life,
      files,
      inputs,
      released: () => this.#released,
      arm: (unit: ActiveUnit) => this.#arm(unit),
    }
    this.#life = life
    this.#submission = new Submission(parts)
    this.#delivery = new Delivery(parts)
    this.#poller = new Poller(parts)
  }

  /** Takes over all work there is. Synchronous. */
  host(): void {
    this.#ledger.attach(this)
    for (const job of [...this.#ledger.jobs()])
      if (job.units.every(unit => unit.ending && !unit.busy)) void this.#life.close(job)
  }

  /** Leaves; a successor, if there is one, has taken over already. */
  leave(): void {
    this.#ledger.detach(this)
    this.release()
  }

  release(): void {
    if (this.#released) return
    this.#released = true
    this.#poller.stop()
    this.#undelivered.clear()
    for (const unit of this.#ledger.units()) {
      unit.disarm?.()
      unit.disarm = undefined
      unit.wait?.abort()
    }
  }

  emit(job: Job): void {
    this.#ports.emit(job)
  }

  take(unit: ActiveUnit): void {
    if (unit.ending) return
    if (unit.restored) this.#restore(unit)
    this.#arm(unit)
    if (unit.busy) return
    const { record, job } = unit
    switch (record.state) {
      case 'queued':
      case 'starting':
        this.#phase(unit, `starting ${job.id}`, hold =>
          record.intentAt === null ? this.#submission.run(unit, hold) : this.#submission.resume(unit, hold),
        )
        break
      case 'running':
        if (unit.lease || record.accountId === null) this.#poller.add(unit)
        else this.#phase(unit, `adopting ${job.id}`, () => this.#adopt(unit))
        break
      case 'delivering':
        this.#deliver(unit)
    }
  }

  /** Ends everything of the job that has not ended. */
  async cancel(job: ActiveJob): Promise<void> {
    job.cancelled = true
    await Promise.all(job.units.map(unit => this.#cancel(unit)))
  }

  #cancel(unit: ActiveUnit): Promise<boolean> {
    const provider = this.#ports.provider(unit.job.record.provider)
    const tell = provider && !unit.busy && unit.record.state === 'running'
    const ended = this.#life.end(unit, cancelledEnding)
    // The slot is given back when the upstream has heard of it, or had its chance.
    if (tell)
      this.#phase(unit, `cancelling ${unit.job.id}`, async () => {
        await ended
        await cancelUpstream(this.#ports, unit, provider)
      })
    return ended
  }

  /** As many at once as a machine has sockets and memory for; the others wait without holding anything. */
  #deliver(unit: ActiveUnit): void {
    if (this.#delivering >= MOST_DELIVERIES) {
      this.#undelivered.add(unit)
      return
    }
    this.#delivering++
    this.#phase(unit, `delivering ${unit.job.id}`, async hold => {
      try {
        // Only for the account's own proxy; the media is there without it, too.
        if ((await adoptSlot(this.#parts(), unit)) !== 'handed over') await this.#delivery.run(unit, hold)
      } finally {
        this.#delivering--
        this.#deliverNext()
      }
    })
  }

  #deliverNext(): void {
    for (const next of this.#undelivered) {
      if (this.#released || this.#delivering >= MOST_DELIVERIES) return
      this.#undelivered.delete(next)
      this.take(next)
    }
  }

  #parts() {
    return { ports: this.#ports, ledger: this.#ledger, life: this.#life, released: () => this.#released }
  }

  #restore(unit: ActiveUnit): void {
    unit.restored = false
    const { record } = unit
    const begun = record.state === 'running' || record.step !== undefined || record.intentAt !== null
    if (begun && record.deadlineAt !== null)
      record.deadlineAt = Math.max(record.deadlineAt, this.#ports.clock.now() + RESTART_GRACE_MS)
  }

  async #adopt(unit: ActiveUnit): Promise<void> {
    const slot = await adoptSlot(this.#parts(), unit)
    if (typeof slot !== 'string') await this.#life.fail(unit, accountGone(slot))
  }

  /** Works on the unit alone; afterwards it ends, or goes to whoever hosts then. */
  #phase(unit: ActiveUnit, label: string, work: (hold: Hold) => Promise<void>): void {
    const hold = this.#ports.begin(label)
    unit.busy = true
    const run = async () => {
      await using _hold = hold
      try {
        await work(hold)
      } catch (cause) {
        await this.#broken(unit, label, cause)
      }
      unit.busy = false
      if (unit.ending) this.#life.retire(unit)
      else this.#ledger.hand(unit)
    }
    run().catch(cause => this.#ports.log.error({ err: cause, job: unit.job.id }, `${label} failed`))
  }

  /** A bug of the engine itself. What it was about to pay for may have been paid. */
  async #broken(unit: ActiveUnit, label: string, cause: unknown): Promise<void> {
    const fault = faultOf(cause)
    this.#ports.log.error({ err: cause, job: unit.job.id }, `${label} failed: ${fault.message}`)
    const { state, intentAt } = unit.record
    await this.#life.fail(unit, state === 'starting' && intentAt !== null ? unknownOutcome(fault) : fault)
  }

  #arm(unit: ActiveUnit): void {
    unit.disarm?.()
    unit.disarm = undefined
    const { clock } = this.#ports
    const { deadlineAt, state } = unit.record
    if (deadlineAt === null || state === 'delivering') return
    unit.disarm = unit.late
      ? clock.after(CALL_GRACE_MS, () => unit.giveUp?.())
      : clock.after(Math.max(0, deadlineAt - clock.now()), () => this.#expire(unit))
  }

  #expire(unit: ActiveUnit): void {
    if (unit.holding) return
    const { kind } = unit.job.record
    if (!unit.giveUp) return void this.#life.fail(unit, timedOut(kind, this.#ports.limitMs(kind)))
    unit.late = true
    unit.abort.abort(tookTooLong())
    this.#arm(unit)
  }
}
