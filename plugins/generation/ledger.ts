/**
 * Everything that is under way, who watches it and who works on it. One for all generations of the plugin: it survives
 * reloads, so that a swap moves no job.
 */
import type { Job } from 'flow2api/contracts'
import type { Logger } from 'flow2api/plugin'
import { ActiveJob, type ActiveUnit } from './active.ts'
import { Claims } from './claims.ts'
import { Pace } from './pace.ts'
import type { Store } from './store.ts'

/** The instance that takes work. There is one, except between the end of one and the start of the next. */
export interface Host {
  /** Works on the unit from where it stands; nothing if it is busy or has ended. */
  take(unit: ActiveUnit): void
  /** Another took over, or nobody will: give up timers and waits. Paid calls under way are finished. */
  release(): void
  emit(job: Job): void
}

export interface Watcher {
  /** It is not final yet. */
  changed?(job: Job): void
  ended?(job: Job): void
  /** Nobody works on the job any more, and nobody will in this process unless the plugin returns. */
  parked?(job: Job): void
}

export class Ledger {
  readonly #jobs = new Map<string, ActiveJob>()
  readonly #watchers = new Map<string, Set<Watcher>>()
  /** Units that wait for a slot: the queue that admission bounds. */
  readonly waiting = new Set<ActiveUnit>()
  /** Submissions that are not on disk yet. */
  readonly claims = new Claims()
  readonly pace = new Pace(() => this.units())
  #host: Host | undefined

  constructor(
    readonly store: Store,
    private readonly log: Logger,
  ) {}

  /** Takes up what the last process left unfinished. Work on it begins with the first host. */
  load(now: number): void {
    for (const { job, units } of this.store.unfinished()) this.#jobs.set(job.id, new ActiveJob(job, units, true, now))
    for (const { kind, milliseconds } of this.store.durations()) this.pace.learn(kind, milliseconds)
  }

  get host(): Host | undefined {
    return this.#host
  }
  get size(): number {
    return this.#jobs.size
  }
  get(id: string): ActiveJob | undefined {
    return this.#jobs.get(id)
  }
  jobs(): Iterable<ActiveJob> {
    return this.#jobs.values()
  }
  *units(): Iterable<ActiveUnit> {
    for (const job of this.#jobs.values()) yield* job.units
  }

  /** `host` takes over from whoever had the work. Units that are busy come to it when their phase has ended. */
  attach(host: Host): void {
    const previous = this.#host
    this.#host = host
    previous?.release()
    for (const unit of [...this.units()]) host.take(unit)
  }

  /** `host` leaves without a successor. */
  detach(host: Host): void {
    if (this.#host !== host) return
    this.#host = undefined
    host.release()
    for (const job of [...this.#jobs.values()]) this.#park(job)
  }

  add(job: ActiveJob): void {
    this.#jobs.set(job.id, job)
  }

  /** A phase has ended, or the unit is new: whoever hosts goes on with it. */
  hand(unit: ActiveUnit): void {
    if (this.#host) this.#host.take(unit)
    else this.#park(unit.job)
  }

  changed(job: ActiveJob, now: number): void {
    job.touch(now)
    const watchers = this.#watchers.get(job.id)
    if (!watchers) return
    let view: Job | undefined
    for (const watcher of [...watchers]) {
      if (!watcher.changed) continue
      view ??= job.view()
      const seen = view
      this.#tell(() => watcher.changed?.(seen))
    }
  }

  /** Takes out a job that is final, and tells everyone, once. */
  finish(job: ActiveJob, emit: (job: Job) => void): void {
    if (!this.#jobs.delete(job.id)) return
    const view = job.view()
    const { status, startedAt, finishedAt, kind } = view
    if (status === 'completed' && startedAt !== null && finishedAt !== null)
      this.pace.learn(kind, finishedAt - startedAt)
    const watchers = this.#watchers.get(job.id)
    this.#watchers.delete(job.id)
    for (const watcher of watchers ?? []) this.#tell(() => watcher.ended?.(view))
    if (this.#host) this.#host.emit(view)
    else emit(view)
  }

  /** Takes out a job that was never durable; nobody heard of it. */
  drop(job: ActiveJob): void {
    this.#jobs.delete(job.id)
    this.#watchers.delete(job.id)
  }

  /** Told of every change from now on; the undo. */
  watch(id: string, watcher: Watcher): () => void {
    const set = this.#watchers.get(id) ?? new Set()
    this.#watchers.set(id, set.add(watcher))
    return () => {
      set.delete(watcher)
      if (set.size === 0 && this.#watchers.get(id) === set) this.#watchers.delete(id)
    }
  }

  /** Whether nobody works on the job now: no host, and no paid call of it under way. */
  isParked(job: ActiveJob): boolean {
    return this.#host === undefined && job.units.every(unit => !unit.busy)
  }

  /** The last holder leaves: what is waiting is written and every slot given back. Operations run on upstream. */
  async close(): Promise<void> {
    this.store.close()
    for (const unit of this.units()) {
      const { lease } = unit
      unit.lease = undefined
      unit.disarm?.()
      await lease?.[Symbol.asyncDispose]()
    }
    this.#jobs.clear()
    this.#watchers.clear()
  }

  #park(job: ActiveJob): void {
    if (!this.isParked(job)) return
    const view = job.view()
    for (const watcher of [...(this.#watchers.get(job.id) ?? [])]) this.#tell(() => watcher.parked?.(view))
  }

  #tell(call: () => void): void {
    try {
      call()
    } catch (cause) {
      this.log.error({ err: cause }, 'somebody who watches a job threw')
    }
  }
}
