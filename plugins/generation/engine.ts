/** The job engine as other plugins see it. State is in the ledger; every instance of the plugin answers alike. */
import {
  domainFault,
  FINAL,
  type Job,
  type JobEngine,
  type JobFilter,
  type JobRequest,
  type JobTally,
  type ListedModel,
  type MediaKind,
  type SubmitOptions,
} from 'flow2api/contracts'
import { err, errAsync, type Fault, fault, ok, okAsync, type Result, ResultAsync } from 'flow2api/plugin'
import { ActiveJob } from './active.ts'
import { admit, originRecord, settledRecord } from './admission.ts'
import { type Archive, noJob } from './archive.ts'
import { discardUpstream } from './discard.ts'
import type { JobFiles } from './files.ts'
import { keyRecord, type Repetitions } from './idempotency.ts'
import type { Inputs } from './inputs.ts'
import type { Ledger, Watcher } from './ledger.ts'
import type { Models } from './models.ts'
import type { Opened } from './open.ts'
import type { Ports } from './ports.ts'
import { type InputRecord, type JobRecord, type KeyRecord, newUnit } from './records.ts'
import type { Runner } from './runner.ts'
import { cancelledEnding } from './state.ts'
import { openThumbnail } from './thumbnail.ts'

const QUEUE_FULL_RETRY_MS = 10_000
const MOST_LISTED = 100
const LISTED = 20
const MOST_SPANS = 1_000

export interface EngineParts {
  readonly ledger: Ledger
  readonly runner: Runner
  readonly models: Models
  readonly files: JobFiles
  readonly inputs: Inputs
  readonly archive: Archive
  readonly repetitions: Repetitions
  readonly ports: Ports
  readonly maxQueue: number
  readonly heartbeatMs: number
  /** Fires when the instance leaves. */
  readonly leaving: AbortSignal
  /** 32 hex digits that rise with time. */
  newId(): string
}

export class Engine implements JobEngine {
  constructor(private readonly parts: EngineParts) {}

  models(): readonly ListedModel[] {
    return this.parts.models.list()
  }

  model(id: string): ResultAsync<ListedModel, Fault> {
    return settled(this.parts.models.find(id).map(({ listed }) => listed))
  }

  heartbeatMs(): number {
    return this.parts.heartbeatMs
  }

  defaultModel(kind: MediaKind): ListedModel | undefined {
    const found = this.parts.models.defaultOf(kind)
    return found.isOk() ? found.value.listed : undefined
  }

  submit(request: JobRequest, options: SubmitOptions): ResultAsync<Job, Fault> {
    const { caller, idempotency } = options
    if (!idempotency) return this.#admit(request, options)
    const { ledger, repetitions } = this.parts
    const first = repetitions.find(caller.id, idempotency)
    if (first.isErr()) return errAsync(first.error)
    // While its first try is being written, that one's answer is as old as the job.
    if (first.value) return first.value.andThen(({ id }) => this.get(id))
    const job = this.#admit(request, options)
    ledger.claims.add(caller.id, idempotency, job)
    return job
  }

  #admit(request: JobRequest, options: SubmitOptions): ResultAsync<Job, Fault> {
    const { models, archive, inputs, files } = this.parts
    const admitted = admit(request, models, id => archive.find(id))
    if (admitted.isErr()) return errAsync(admitted.error)
    const closed = this.#closed()
    if (closed) return errAsync(closed)
    const id = `job_${this.parts.newId()}`
    const { model, inputs: supplied } = admitted.value
    const { ledger, ports } = this.parts
    const enqueue = (records: readonly InputRecord[]) => {
      const record = {
        ...settledRecord(request, admitted.value, records),
        seq: ledger.store.nextSeq(),
        id,
        ...originRecord(options),
        createdAt: ports.clock.now(),
      }
      return this.#enqueue(record, options.idempotency && keyRecord(record, options.idempotency))
    }
    if (supplied.length === 0) return enqueue([])
    return inputs
      .store(id, model.provider, supplied)
      .andThen(records => {
        // That took its time.
        const since = this.#closed()
        return since ? errAsync(since) : enqueue(records)
      })
      .mapErr(fault => {
        files.remove(id).catch(() => {})
        return fault
      })
  }

  get(id: string): ResultAsync<Job, Fault> {
    const { ledger, archive } = this.parts
    const active = ledger.get(id)
    if (active) return okAsync(active.view())
    const stored = ledger.store.get(id)
    return stored ? ResultAsync.fromSafePromise(archive.view(stored)) : errAsync(noJob(id))
  }

  list(filter: JobFilter): ResultAsync<{ readonly jobs: readonly Job[]; readonly more: boolean }, Fault> {
    const limit = Math.max(1, Math.min(MOST_LISTED, Math.floor(filter.limit ?? LISTED)))
    if (filter.status !== undefined && !FINAL.has(filter.status)) return okAsync(this.#underWay(filter, limit))
    const listed = this.parts.ledger.store.history.list(filter, limit + 1).then(async found => {
      if (!found)
        return err(domainFault('invalid_value', `There is no job ${filter.after} to go on behind.`, { param: 'after' }))
      const views = found.slice(0, limit).map(stored => this.parts.archive.view(stored))
      return ok({ jobs: await Promise.all(views), more: found.length > limit })
    })
    return new ResultAsync(listed)
  }

  tally({ from, to, spanMs }: Parameters<JobEngine['tally']>[0]): ResultAsync<readonly JobTally[], Fault> {
    if (!(spanMs > 0) || !(to > from) || (to - from) / spanMs > MOST_SPANS)
      return errAsync(domainFault('invalid_value', `Ask for 1 to ${MOST_SPANS} spans, the end behind the begin.`))
    return ResultAsync.fromSafePromise(this.parts.ledger.store.history.tally(from, to, spanMs))
  }

  underWay(): ReturnType<JobEngine['underWay']> {
    const counts = { image: { queued: 0, running: 0 }, video: { queued: 0, running: 0 } }
    for (const { job, record, ending } of this.parts.ledger.units())
      if (!ending) counts[job.record.kind][record.state === 'queued' ? 'queued' : 'running']++
    return counts
  }

  /** What is under way is known here; the tables say only that it is not over. */
  #underWay({ status, kind, surface, search, after, withCallback, order }: JobFilter, limit: number) {
    const part = search?.toLowerCase()
    const names = ({ id, prompt, model, resolvedModel }: Job) => [id, prompt, model, resolvedModel]
    const fitting = [...this.parts.ledger.jobs()]
      .map(job => job.view())
      .filter(
        job =>
          job.status === status &&
          (kind === undefined || job.kind === kind) &&
          (surface === undefined || job.surface === surface) &&
          (!withCallback || job.callbackUrl !== null) &&
          (part === undefined || names(job).some(name => name.toLowerCase().includes(part))),
      )
    // The ledger holds them in the order of admission, and their ids rise.
    const ordered = order === 'asc' ? fitting : fitting.reverse()
    const rest = after === undefined ? ordered : ordered.filter(({ id }) => (order === 'asc' ? id > after : id < after))
    return { jobs: rest.slice(0, limit), more: rest.length > limit }
  }

  wait(id: string, signal: AbortSignal): ResultAsync<Job, Fault> {
    const { ledger, leaving } = this.parts
    const job = ledger.get(id)
    if (!job) return this.get(id)
    if (signal.aborted) return okAsync(job.view())
    if (ledger.isParked(job)) return errAsync(stopping(id))
    const { promise, resolve } = Promise.withResolvers<Result<Job, Fault>>()
    const asItIs = () => answer(ok(job.view()))
    const undo = ledger.watch(id, {
      ended: final => answer(ok(final)),
      parked: () => answer(err(stopping(id))),
    })
    const answer = (result: Result<Job, Fault>) => {
      undo()
      signal.removeEventListener('abort', asItIs)
      leaving.removeEventListener('abort', asItIs)
      resolve(result)
    }
    signal.addEventListener('abort', asItIs)
    // The successor knows the job, too: who waits asks again, and this instance need not stay for it.
    leaving.addEventListener('abort', asItIs)
    return new ResultAsync(promise)
  }

  watch(id: string, listener: (job: Job) => void): ResultAsync<() => void, Fault> {
    return this.get(id).map(job => {
      listener(job)
      const watcher: Watcher = { changed: listener, ended: listener }
      return FINAL.has(job.status) ? () => {} : this.parts.ledger.watch(id, watcher)
    })
  }

  cancel(id: string): ResultAsync<Job, Fault> {
    const job = this.parts.ledger.get(id)
    if (!job) return this.get(id)
    const end = async () => {
      await this.parts.runner.cancel(job)
      // Where something else ended it in the same moment, that is still being written.
      return FINAL.has(job.record.status) ? ok(job.view()) : await this.wait(id, new AbortController().signal)
    }
    return new ResultAsync(end())
  }

  remove(id: string): ResultAsync<void, Fault> {
    const { ledger, files, ports } = this.parts
    if (ledger.get(id))
      return errAsync(domainFault('invalid_value', `The job ${id} is still running. Cancel it first.`, { param: 'id' }))
    const stored = ledger.store.get(id)
    if (!stored) return errAsync(noJob(id))
    const gone = async () => {
      await files.remove(id)
      // What others go on with stays where it is.
      const needed = [...ledger.jobs()].some(({ record }) => record.inputs.some(({ from }) => from?.jobId === id))
      if (!needed) discardUpstream(ports, stored)
    }
    return ledger.store.remove([stored.job.seq]).andThen(() => ResultAsync.fromSafePromise(gone()))
  }

  open(id: string, index: number, variant: 'media' | 'thumbnail' = 'media'): ResultAsync<Opened, Fault> {
    const { archive, ports } = this.parts
    if (variant === 'media') return archive.open(id, index)
    const found = archive.piece(id, index)
    return found.isOk()
      ? new ResultAsync(openThumbnail(ports, found.value.stored, found.value.piece))
      : errAsync(found.error)
  }

  /** Why nothing new is taken now; `undefined` where it is. */
  #closed(): Fault | undefined {
    const { ledger, maxQueue } = this.parts
    // Nobody would begin it in this process: better the caller asks again than waits for the next.
    if (!ledger.host) return leaving()
    return ledger.waiting.size >= maxQueue ? queueFull(maxQueue) : undefined
  }

  /** Work begins at once, so that what it writes first shares the transaction of the job itself. */
  #enqueue(record: JobRecord, key: KeyRecord | undefined): ResultAsync<Job, Fault> {
    const { ledger, files } = this.parts
    const units = Array.from({ length: record.count }, (_, index) => newUnit(record, index))
    const job = new ActiveJob(record, units)
    const written = ledger.store.insert(record, units, key)
    ledger.add(job)
    for (const unit of job.units) ledger.hand(unit)
    const undo = (fault: Fault) => {
      // No paid call has begun: each waits for the same transaction.
      for (const unit of job.units) {
        unit.ending ??= cancelledEnding
        unit.abort.abort()
        unit.wait?.abort()
        unit.disarm?.()
      }
      ledger.drop(job)
      files.remove(record.id).catch(() => {})
      return fault
    }
    return written.map(() => job.view()).mapErr(undo)
  }
}

const settled = <T>(result: Result<T, Fault>): ResultAsync<T, Fault> =>
  result.isOk() ? okAsync(result.value) : errAsync(result.error)

const queueFull = (most: number): Fault =>
  domainFault('queue_full', `${most} pieces of work are waiting already. Send the request again in a moment.`, {
    retryAfterMs: QUEUE_FULL_RETRY_MS,
  })

const leaving = (): Fault =>
  fault('shutting_down', 'The gateway is stopping. Send the request again when it is back.', {
    blame: 'gateway',
    retry: 'later',
  })

const stopping = (id: string): Fault =>
  fault('shutting_down', `The gateway is stopping. Job ${id} goes on when it is back: ask GET /v1/jobs/${id} then.`, {
    blame: 'gateway',
    retry: 'later',
  })
