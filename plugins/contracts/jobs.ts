/** The job core under every surface. Provided by `generation`. */
import { defineCapability, defineEvent, type Fault, type ResultAsync } from 'flow2api/plugin'
import type { Caller } from './auth.ts'
import type { KeptMedia } from './media.ts'
import type { InputRole, MediaKind, Model, Parameters } from './provider.ts'

export type JobStatus =
  | 'queued'
  | 'starting'
  | 'running'
  | 'delivering'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'outcome_unknown'

/** States that do not change any more. */
export const FINAL: ReadonlySet<JobStatus> = new Set(['completed', 'failed', 'cancelled', 'outcome_unknown'])

/** Bytes that the caller sent, or finished media of an earlier job. */
export type JobInput =
  | { readonly role: InputRole; readonly mime: string; readonly bytes: Uint8Array }
  | { readonly role: InputRole; readonly from: { readonly jobId: string; readonly index: number } }

export interface JobRequest {
  readonly kind: MediaKind
  /** As the caller wrote it; empty: the default model of the kind. Aliases are resolved. */
  readonly model: string
  readonly prompt: string
  readonly parameters: Parameters
  readonly inputs: readonly JobInput[]
  /** How many pieces of media, 1 to 10. */
  readonly count: number
}

/** How a repeated request finds the job of its first try, instead of paying again. */
export interface Idempotency {
  /** The caller's `Idempotency-Key`. The same key with another fingerprint is refused. */
  readonly key?: string
  /** Hash over endpoint and body; the same for the same request. */
  readonly fingerprint: string
  /** The client says that this is its own retry (`x-stainless-retry-count` ≥ 1): it attaches to the first try, also without a key. */
  readonly retry: boolean
}

export interface SubmitOptions {
  readonly caller: Caller
  /** Which endpoint, e.g. `images.generations`: for lists and records. */
  readonly surface: string
  readonly idempotency?: Idempotency
  /** Where the end of the job is to be reported; stored with the job. Checked before (`Webhooks.check`). */
  readonly callbackUrl?: string
  /** Whom of its users the caller works for, as it says itself (`user`): users of one caller take turns in the queue. */
  readonly user?: string
}

export interface JobMedia {
  readonly url: string
  readonly mime: string
  readonly bytes: number
  readonly width: number | null
  readonly height: number | null
  readonly duration_s: number | null
}

/** A job as the engine knows it. Times in epoch milliseconds. JSON. */
export interface Job {
  /** `job_<hex>`. */
  readonly id: string
  readonly status: JobStatus
  readonly kind: MediaKind
  readonly surface: string
  /** As the caller wrote it. */
  readonly model: string
  /** What serves it. */
  readonly resolvedModel: string
  readonly provider: string
  readonly prompt: string
  /** 0 to 100, never falling; 100 only when completed. */
  readonly progress: number
  /** Place in the queue while queued, from 1. */
  readonly queuePosition: number | null
  readonly createdAt: number
  readonly startedAt: number | null
  readonly finishedAt: number | null
  readonly requested: {
    readonly size?: string
    readonly aspectRatio?: string
    readonly seconds?: number
    readonly resolution?: string
  }
  /**
   * Finished units, in order; complete when the job is. A job that failed as `downgraded` has here what could be
   * delivered all the same.
   */
  readonly media: readonly KeptMedia[]
  /** What came of `requested`: of the first piece, as measured; null while there is none. */
  readonly delivered: { readonly size?: string; readonly seconds?: number } | null
  readonly fault: Fault | null
  readonly callerId: string
  readonly callbackUrl: string | null
}

/** What `GET /v1/models` lists. */
export interface ListedModel extends Model {
  /** Plugin that serves it. */
  readonly provider: string
}

export interface JobFilter {
  readonly surface?: string
  readonly kind?: MediaKind
  readonly status?: JobStatus
  /** Epoch milliseconds: ended then or later. */
  readonly finishedSince?: number
  /** Only jobs whose end is to be reported to an address of their own. */
  readonly withCallback?: boolean
  /** A part of the id, the prompt or the model. */
  readonly search?: string
  /** Ids of jobs; the listing goes on behind this one. */
  readonly after?: string
  readonly limit?: number
  readonly order?: 'asc' | 'desc'
}

/** Ended jobs that are alike, over a span of time. Right after a restart, too: counted from what is stored. */
export interface JobTally {
  /** Begin of the span; epoch milliseconds. */
  readonly from: number
  readonly kind: MediaKind
  /** What served it. */
  readonly model: string
  readonly provider: string
  readonly status: JobStatus
  /** Code and blame of the fault; null where there was none. */
  readonly code: string | null
  readonly blame: Fault['blame'] | null
  readonly count: number
  /** Sums over these jobs: from admission to start, and from start to end. */
  readonly waitedMs: number
  readonly tookMs: number
}

export interface JobEngine {
  models(): readonly ListedModel[]
  /** After how much silence an open answer is to send something; `[generation] heartbeat_s`. */
  heartbeatMs(): number
  /** The model that stands for an empty id. */
  defaultModel(kind: MediaKind): ListedModel | undefined
  /** One model by id or alias; case-insensitive, one vendor prefix (`openai/`, `models/`) is cut. Error: `model_not_found` with a suggestion. */
  model(id: string): ResultAsync<ListedModel, Fault>
  /**
   * Admits a request: the job is durable when this answers, before the first upstream byte.
   * A repetition (see `Idempotency`) answers the job of the first try, whatever state that is in.
   * Errors: `model_not_found`, `invalid_value`, `missing_required_parameter`, `queue_full`, `idempotency_key_reused`,
   * and `shutting_down` when nobody will work on it any more.
   */
  submit(request: JobRequest, options: SubmitOptions): ResultAsync<Job, Fault>
  /** Error: `not_found`. */
  get(id: string): ResultAsync<Job, Fault>
  /** Newest first by default. */
  list(filter: JobFilter): ResultAsync<{ readonly jobs: readonly Job[]; readonly more: boolean }, Fault>
  /**
   * Jobs that ended in [`from`, `to`), counted in spans of `spanMs` that begin at `from`. At most 1,000 spans. Error:
   * `invalid_value`.
   */
  tally(want: {
    readonly from: number
    readonly to: number
    readonly spanMs: number
  }): ResultAsync<readonly JobTally[], Fault>
  /** What is under way now, by kind: units in the queue and units that were begun. */
  underWay(): Readonly<Record<MediaKind, { readonly queued: number; readonly running: number }>>
  /**
   * The job once it is final, or as it is when `signal` aborts. Hanging up never cancels a job. It may also answer early,
   * with a job that is not final, when the engine is being replaced: ask again. Error: `shutting_down`.
   */
  wait(id: string, signal: AbortSignal): ResultAsync<Job, Fault>
  /** Calls back at once and after every change, until the job is final. Returns its undo. */
  watch(id: string, listener: (job: Job) => void): ResultAsync<() => void, Fault>
  /** Frees the slot and tells the upstream where it can. A final job is answered as it is. Error: `not_found`. */
  cancel(id: string): ResultAsync<Job, Fault>
  /** Removes a final job and its record. Errors: `not_found`, `invalid_value` while it runs. */
  remove(id: string): ResultAsync<void, Fault>
  /**
   * The bytes of one finished piece, wherever they are: the file's path, or the body from upstream. `thumbnail`: a still
   * picture of a video. Errors: `not_found`, `media_unavailable`.
   */
  open(
    id: string,
    index: number,
    variant?: 'media' | 'thumbnail',
  ): ResultAsync<{ readonly mime: string } & ({ readonly path: string } | { readonly body: Uint8Array }), Fault>
}

export const Jobs = defineCapability<JobEngine>('jobs', 1)

/** A job reached a final state. */
export const JobFinished = defineEvent<Job>('jobs.finished')
