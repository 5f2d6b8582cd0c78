/** The job engine as other plugins see it. State is in the ledger; every instance of the plugin answers alike. */
import {
  domainFault,
  FINAL,
  type Job,
  type JobEngine,
  type JobFilter,
  type JobRequest,
  type ListedModel,
  type SubmitOptions,
} from 'flow2api/contracts'
import { type Clock, err, errAsync, type Fault, fault, ok, okAsync, type Result, ResultAsync } from 'flow2api/plugin'
import { ActiveJob } from './active.ts'
import { type Admitted, admit } from './admission.ts'
import type { InputFiles } from './inputs.ts'
import type { Ledger, Watcher } from './ledger.ts'
import type { Models } from './models.ts'
import { type Opened, type OpenPorts, openMedia } from './open.ts'
import { type JobRecord, newUnit, type StoredJob } from './records.ts'
import type { Runner } from './runner.ts'
import { cancelledEnding, jobOf } from './state.ts'

const QUEUE_FULL_RETRY_MS = 10_000
const MOST_LISTED = 100
const LISTED = 20

export interface EngineParts {
  readonly ledger: Ledger
  readonly runner: Runner
  readonly models: Models
  readonly inputs: InputFiles
  readonly open: OpenPorts
  readonly clock: Clock
  readonly maxQueue: number
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

  submit(request: JobRequest, options: SubmitOptions): ResultAsync<Job, Fault> {
    const admitted = admit(request, this.parts.models)
    if (admitted.isErr()) return errAsync(admitted.error)
    // Nobody would begin it in this process: better the caller asks again than waits for the next.
    if (!this.parts.ledger.host) return errAsync(leaving())
    if (this.parts.ledger.waiting.size >= this.parts.maxQueue) return errAsync(queueFull(this.parts.maxQueue))
    const record = this.#record(request, options, admitted.value)
    return request.inputs.length === 0
      ? this.#enqueue(record)
      : this.parts.inputs.write(record.id, request.inputs).andThen(() => this.#enqueue(record))
  }

  get(id: string): ResultAsync<Job, Fault> {
    const active = this.parts.ledger.get(id)
    if (active) return okAsync(active.view())
    const stored = this.parts.ledger.store.get(id)
    return stored ? okAsync(this.#view(stored)) : errAsync(noJob(id))
  }

  list(filter: JobFilter): ResultAsync<{ readonly jobs: readonly Job[]; readonly more: boolean }, Fault> {
    const limit = Math.max(1, Math.min(MOST_LISTED, Math.floor(filter.limit ?? LISTED)))
    const found = this.parts.ledger.store.list(filter, limit + 1)
    if (!found)
      return errAsync(
        domainFault('invalid_value', `There is no job ${filter.after} to go on behind.`, { param: 'after' }),
      )
    return okAsync({ jobs: found.slice(0, limit).map(stored => this.#view(stored)), more: found.length > limit })
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
    const { ledger, inputs } = this.parts
    if (ledger.get(id))
      return errAsync(domainFault('invalid_value', `The job ${id} is still running. Cancel it first.`, { param: 'id' }))
    const stored = ledger.store.get(id)
    if (!stored) return errAsync(noJob(id))
    return ledger.store.remove([stored.job.seq]).andThen(() => ResultAsync.fromSafePromise(inputs.remove(id)))
  }

  open(id: string, index: number): ResultAsync<Opened, Fault> {
    const active = this.parts.ledger.get(id)
    const stored = active
      ? { job: active.record, units: active.units.map(({ record }) => record) }
      : this.parts.ledger.store.get(id)
    return stored ? openMedia(this.parts.open, stored, index) : errAsync(noJob(id))
  }

  #record(request: JobRequest, { caller, surface }: SubmitOptions, { model, plan }: Admitted): JobRecord {
    return {
      seq: this.parts.ledger.store.nextSeq(),
      id: `job_${this.parts.newId()}`,
      kind: request.kind,
      surface,
      callerId: caller.id,
      model: request.model,
      resolvedModel: plan.model,
      provider: model.provider,
      tier: plan.tier ?? model.tier ?? null,
      prompt: request.prompt,
      parameters: request.parameters,
      requested: plan.requested,
      inputs: request.inputs.map(({ role, mime }) => ({ role, mime })),
      count: request.count,
      createdAt: this.parts.clock.now(),
      status: 'queued',
      startedAt: null,
      finishedAt: null,
      fault: null,
    }
  }

  /** Work begins at once, so that what it writes first shares the transaction of the job itself. */
  #enqueue(record: JobRecord): ResultAsync<Job, Fault> {
    const { ledger, inputs } = this.parts
    const units = Array.from({ length: record.count }, (_, index) => newUnit(record, index))
    const job = new ActiveJob(record, units)
    const written = ledger.store.insert(record, units)
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
      inputs.remove(record.id).catch(() => {})
      return fault
    }
    return written.map(() => job.view()).mapErr(undo)
  }

  /** Of a stored job that is under way, the ledger knows more. */
  #view({ job, units }: StoredJob): Job {
    return this.parts.ledger.get(job.id)?.view() ?? jobOf(job, units, null)
  }
}

const settled = <T>(result: Result<T, Fault>): ResultAsync<T, Fault> =>
  result.isOk() ? okAsync(result.value) : errAsync(result.error)

const noJob = (id: string): Fault => domainFault('not_found', `There is no job ${id}. It may have been removed.`)

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
