/** A job and its units as they are stored. What is not written here does not survive a crash. */
import type {
  InputRole,
  Job,
  JobInput,
  JobStatus,
  Json,
  KeptMedia,
  MediaKind,
  MediaSource,
  Operation,
  Origin,
  Parameters,
} from 'flow2api/contracts'
import type { Fault } from 'flow2api/plugin'

/** Which finished piece of which job. */
export type EarlierMedia = Extract<JobInput, { readonly from: unknown }>['from']

/** Bytes of an input are a file of the job, unless they are `from` an earlier one. */
export interface InputRecord {
  readonly role: InputRole
  readonly mime: string
  readonly from?: EarlierMedia
  /** With `from`: how its provider, the same that does this work, finds it again. */
  readonly origin?: Origin
  /** With `origin`: where it lives. */
  readonly accountId?: number
}

/** Settled at admission; the last four change once, when the job is final. */
export interface JobRecord {
  /** Order of admission. */
  readonly seq: number
  readonly id: string
  readonly kind: MediaKind
  readonly surface: string
  readonly callerId: string
  readonly user: string | null
  readonly callbackUrl: string | null
  /** Of one unit, in credits of its account; null where it is not known to cost any. */
  readonly cost: number | null
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

type Facts<S> = S extends unknown ? Omit<S, 'url' | 'headers' | 'bytes'> : never
/** Bytes that a provider handed over, as a file of the job. */
export type HeldSource = Facts<MediaSource> & { readonly held: string }
export type Source = MediaSource | HeldSource

/** Where nobody keeps media, `held` names the file of the job that `url` was made of. */
export type UnitMedia = KeptMedia & { readonly held?: string }

/** An account that a unit was given. */
export interface Choice {
  readonly account: number
  /** Why this one, and why not each other. */
  readonly why: string
  readonly at: number
  /** Code of the fault because of which the unit left it. */
  readonly refused?: string
}

export interface UnitRecord {
  readonly key: number
  readonly jobId: string
  state: JobStatus
  accountId: number | null
  /** The present one last. */
  choices: readonly Choice[]
  /** Set before a paid call; cleared when it is known that nothing was taken, and when a further step follows. */
  intentAt: number | null
  /** What `prepare` answered on that account. `undefined`: nothing yet. */
  prepared: Json | undefined
  /** The further paid step that is due or under way. `undefined`: the first. */
  step: Json | undefined
  operation: Operation | null
  sources: readonly Source[] | null
  /** What earlier steps finished: delivered if a further one fails. */
  fallback: readonly Source[] | null
  media: readonly UnitMedia[]
  /** Of a unit that is not final: why it delivers less than was asked for. */
  fault: Fault | null
  /** What the account had left after the last step that said so. */
  credits: number | null
  attempts: number
  /** Answered rounds about the present operation. */
  polls: number
  startedAt: number | null
  deadlineAt: number | null
  progress: number
}

/** How a unit ends. */
export type Ending = Pick<UnitRecord, 'media' | 'fault'> & {
  readonly state: 'completed' | 'failed' | 'cancelled' | 'outcome_unknown'
}

/** Which job a request became. */
export interface KeyRecord {
  readonly seq: number
  readonly jobId: string
  readonly callerId: string
  readonly key: string | null
  readonly fingerprint: string
  readonly createdAt: number
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

/** The account that the work needs, because an input lives there. */
export const accountOf = ({ inputs }: Pick<JobRecord, 'inputs'>): number | undefined =>
  inputs.find(({ accountId }) => accountId !== undefined)?.accountId

export const newUnit = (job: Pick<JobRecord, 'id' | 'seq'>, index: number): UnitRecord => ({
  key: unitKey(job.seq, index),
  jobId: job.id,
  state: 'queued',
  accountId: null,
  choices: [],
  intentAt: null,
  prepared: undefined,
  step: undefined,
  operation: null,
  sources: null,
  fallback: null,
  media: [],
  fault: null,
  credits: null,
  attempts: 0,
  polls: 0,
  startedAt: null,
  deadlineAt: null,
  progress: 0,
})

/** Headers may carry a key, and bytes that could not be written to a file would be base64: neither is stored. */
const writable = (source: Source): boolean => 'held' in source || ('url' in source && source.headers === undefined)

/**
 * The unit as a restart should find it. Finished media that cannot be written is asked for again where there is an
 * operation, and otherwise lost with the process: its intent then stands without an answer.
 */
export function durable(unit: UnitRecord): UnitRecord {
  const fallback = unit.fallback?.every(writable) ? unit.fallback : null
  // The address would be the bytes themselves: it is made again from the file.
  const media = unit.media.map(one => (one.held === undefined ? one : { ...one, url: '' }))
  if (unit.sources === null || unit.sources.every(writable)) return { ...unit, fallback, media }
  const unfinished = unit.operation === null ? 'starting' : 'running'
  return { ...unit, fallback, media, sources: null, state: unit.state === 'delivering' ? unfinished : unit.state }
}
