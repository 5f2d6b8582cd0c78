/** Repeated requests: from what a request carries to the job that its first try became. */
import { domainFault, type Idempotency, type Job } from 'flow2api/contracts'
import { type Clock, err, type Fault, ok, type Result, ResultAsync } from 'flow2api/plugin'
import type { Archive } from './archive.ts'
import type { Ledger } from './ledger.ts'
import type { JobRecord, KeyRecord, StoredJob } from './records.ts'

export interface Remembered {
  /** For how long a key is known. */
  readonly ttlMs: number
  /** In how much time a client library repeats by itself. */
  readonly retryWindowMs: number
}

export class Repetitions {
  constructor(
    private readonly ledger: Pick<Ledger, 'claims' | 'store'>,
    private readonly archive: Pick<Archive, 'find' | 'view'>,
    private readonly clock: Clock,
    private readonly remembered: Remembered,
  ) {}

  /** The job of the first try; `undefined` where this is the first. Error: `idempotency_key_reused`. */
  find(callerId: string, idempotency: Idempotency): Result<ResultAsync<Job, Fault> | undefined, Fault> {
    const { key, fingerprint, retry } = idempotency
    if (key !== undefined) return this.#keyed(callerId, key, fingerprint)
    return ok(retry ? this.#alike(callerId, fingerprint) : undefined)
  }

  #keyed(callerId: string, key: string, fingerprint: string): Result<ResultAsync<Job, Fault> | undefined, Fault> {
    const { claims, store } = this.ledger
    const claim = claims.keyed(callerId, key)
    if (claim) return claim.fingerprint === fingerprint ? ok(claim.job) : err(reused())
    const known = store.key(callerId, key)
    const stored = known && this.#within(known, this.remembered.ttlMs) ? this.archive.find(known.jobId) : undefined
    if (!known || !stored) return ok(undefined)
    return known.fingerprint === fingerprint ? ok(this.#view(stored)) : err(reused())
  }

  #alike(callerId: string, fingerprint: string): ResultAsync<Job, Fault> | undefined {
    const { claims, store } = this.ledger
    const claim = claims.alike(callerId, fingerprint)
    if (claim) return claim.job
    const known = store.newestAlike(callerId, fingerprint)
    const stored =
      known && this.#within(known, this.remembered.retryWindowMs) ? this.archive.find(known.jobId) : undefined
    return stored && !mayBeginAnew(stored) ? this.#view(stored) : undefined
  }

  #within({ createdAt }: KeyRecord, milliseconds: number): boolean {
    return this.clock.now() - createdAt < milliseconds
  }

  #view(stored: StoredJob): ResultAsync<Job, Fault> {
    return ResultAsync.fromSafePromise(this.archive.view(stored))
  }
}

/**
 * Nothing was handed to an upstream, and the answer was to come back later, as with accounts that all cool: a client that
 * does so would otherwise be told the same for as long as it tries.
 */
const mayBeginAnew = ({ job, units }: StoredJob): boolean =>
  job.status === 'failed' &&
  job.fault !== null &&
  job.fault.retry !== 'never' &&
  units.every(({ attempts }) => attempts === 0)

/** What is stored with the job. */
export const keyRecord = (
  { seq, id, callerId, createdAt }: Pick<JobRecord, 'seq' | 'id' | 'callerId' | 'createdAt'>,
  { key, fingerprint }: Idempotency,
): KeyRecord => ({ seq, jobId: id, callerId, key: key ?? null, fingerprint, createdAt })

const reused = (): Fault =>
  domainFault(
    'idempotency_key_reused',
    'This `Idempotency-Key` came with another request before. Use a new key for each new request.',
    { param: 'Idempotency-Key' },
  )
