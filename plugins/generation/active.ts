/** A job that is not final yet, with what lives in memory only. It belongs to the ledger and survives reloads. */
import type { Job, Lease } from 'flow2api/contracts'
import type { Fault } from 'flow2api/plugin'
import { accountOf, type Ending, type JobRecord, type UnitRecord } from './records.ts'
import { endingOf, jobOf } from './state.ts'

const VERSIONS_PER_MS = 1_000

/**
 * A number for a state of a job that was reached at this time. It rises with every change, and over restarts as long as
 * the machine's clock does, without being stored.
 */
const versionAt = (milliseconds: number): number => milliseconds * VERSIONS_PER_MS

/** Of a job that ended then: higher than whatever came before, and the same whenever it is asked for. */
export const finalVersion = (finishedAt: number): number => versionAt(finishedAt + 1) - 1

export class ActiveJob {
  readonly units: readonly ActiveUnit[]
  /** The caller asked for the end of it. */
  cancelled = false
  /** One request counts against one account at most; this is set when it has. */
  penalised = false
  /** Bytes that its units made are in files. */
  hasFiles: boolean
  /** Of its present state; see `versionAt`. */
  version: number

  constructor(
    readonly record: JobRecord,
    units: readonly UnitRecord[],
    /** It was begun by an earlier process; some of its units may have ended already. */
    restored = false,
    /** Since when this process knows it; epoch milliseconds. */
    since = record.createdAt,
  ) {
    this.version = versionAt(since)
    this.units = units.map(unit => new ActiveUnit(this, unit, restored))
    // An earlier process may have written some that no record names.
    this.hasFiles = restored
  }

  get id(): string {
    return this.record.id
  }

  /** It is another than before. */
  touch(now: number): void {
    this.version = Math.max(this.version + 1, versionAt(now))
  }

  view(): Job {
    const places = this.units.flatMap(({ queuePosition }) => queuePosition ?? [])
    return jobOf(
      this.record,
      this.units.map(({ record }) => record),
      places.length > 0 ? Math.min(...places) : null,
    )
  }
}

export class ActiveUnit {
  /** A phase works on it, on whichever instance; nobody else may. */
  busy = false
  /** How it ends. Set at once; the record follows when that is on disk. */
  ending: Ending | undefined
  /** The slot on an account, closed when the unit has ended and is not busy. */
  lease: Lease | undefined
  reported = false
  /** Accounts that refused it. */
  readonly tried: number[] = []
  /** What the last of them said; better news than "no account is left". */
  refusal: Fault | undefined
  /** Repetitions on the same account. */
  repeats = 0
  renewed = false
  queuePosition: number | null = null
  /** Ends the upstream call that is under way: cancellation, deadline. */
  abort = new AbortController()
  /** Ends a wait that costs nothing: for a slot, or between two tries. Also fired to hand the unit over. */
  wait: AbortController | undefined
  /** Stops the deadline's timer. */
  disarm: (() => void) | undefined
  /** A paid call is under way; this stops waiting for its answer. */
  giveUp: (() => void) | undefined
  /** Its finished media is being written to files. */
  holding = false
  /** The deadline passed during that call. */
  late = false
  /** For so long its provider has answered that it runs, and nothing else. Silence of the provider does not count. */
  quietMs = 0
  /** When it last did; `undefined` once it did not answer. */
  answeredAt: number | undefined
  /** The progress that was last written. */
  savedProgress = 0

  constructor(
    readonly job: ActiveJob,
    readonly record: UnitRecord,
    /** It was begun by an earlier process. */
    public restored = false,
  ) {
    this.savedProgress = record.progress
    this.ending = endingOf(record)
  }

  /** Nothing is left to submit: it has ended, or something of it is being delivered. */
  get settled(): boolean {
    return this.ending !== undefined || this.record.state === 'delivering'
  }

  /** Only its account can go on with it. */
  get stays(): boolean {
    return this.record.step !== undefined || accountOf(this.job.record) !== undefined
  }

  /** One more round was answered; `progress`: there is some, or the operation is a new one. */
  answered(now: number, progress: boolean): void {
    if (progress) this.quietMs = 0
    else if (this.answeredAt !== undefined) this.quietMs += Math.max(0, now - this.answeredAt)
    this.answeredAt = now
  }

  /** Never falls. */
  advance(percent: number): boolean {
    const next = Math.min(99, Math.floor(percent))
    if (!(next > this.record.progress)) return false
    this.record.progress = next
    return true
  }
}
