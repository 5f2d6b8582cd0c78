/** A job and its units as they are stored. What is not written here does not survive a crash. */
import type {
  InputRole,
  Job,
  JobStatus,
  Json,
  KeptMedia,
  MediaKind,
  MediaSource,
  Operation,
  Parameters,
} from 'flow2api/contracts'
import type { Fault } from 'flow2api/plugin'

export interface InputRecord {
  readonly role: InputRole
  readonly mime: string
}

/** Settled at admission; the last four change once, when the job is final. */
export interface JobRecord {
  /** Order of admission. */
  readonly seq: number
  readonly id: string
  readonly kind: MediaKind
  readonly surface: string
  readonly callerId: string
  readonly model: string
  readonly resolvedModel: string
  readonly provider: string
  readonly tier: string | null
  readonly prompt: string
  readonly parameters: Parameters
  readonly requested: Job['requested']
  readonly inputs: readonly InputRecord[]
  readonly count: number
  readonly createdAt: number
  status: JobStatus
  startedAt: number | null
  finishedAt: number | null
  fault: Fault | null
}

export interface UnitRecord {
  readonly key: number
  readonly jobId: string
  state: JobStatus
  accountId: number | null
  /** Set before a paid call; cleared when it is known that nothing was taken. */
  intentAt: number | null
  /** The further paid step that is due. `undefined`: the first. */
  step: Json | undefined
  operation: Operation | null
  sources: readonly MediaSource[] | null
  media: readonly KeptMedia[]
  fault: Fault | null
  attempts: number
  polls: number
  startedAt: number | null
  deadlineAt: number | null
  progress: number
}

export interface StoredJob {
  readonly job: JobRecord
  readonly units: readonly UnitRecord[]
}

/** No job has more units than this. */
const KEYS_PER_JOB = 16
export const unitKey = (seq: number, index: number): number => seq * KEYS_PER_JOB + index
export const indexOf = ({ key }: Pick<UnitRecord, 'key'>): number => key % KEYS_PER_JOB

/** For providers and logs: stable over retries and restarts. */
export const unitId = (unit: Pick<UnitRecord, 'key' | 'jobId'>): string => `${unit.jobId}-${indexOf(unit)}`

export const newUnit = (job: Pick<JobRecord, 'id' | 'seq'>, index: number): UnitRecord => ({
  key: unitKey(job.seq, index),
  jobId: job.id,
  state: 'queued',
  accountId: null,
  intentAt: null,
  step: undefined,
  operation: null,
  sources: null,
  media: [],
  fault: null,
  attempts: 0,
  polls: 0,
  startedAt: null,
  deadlineAt: null,
  progress: 0,
})

/** Bytes would be base64 in the database and headers may carry a key: only plain addresses are written. */
const writable = (source: MediaSource): boolean => 'url' in source && source.headers === undefined

/**
 * The unit as a restart should find it. Finished media that cannot be written is asked for again where there is an
 * operation, and otherwise lost with the process: its intent then stands without an answer.
 */
export function durable(unit: UnitRecord): UnitRecord {
  if (unit.state !== 'delivering' && unit.state !== 'completed') return unit
  if (unit.sources === null || unit.sources.every(writable)) return unit
  const state = unit.state === 'completed' ? 'completed' : unit.operation === null ? 'starting' : 'running'
  return { ...unit, sources: null, state }
}
