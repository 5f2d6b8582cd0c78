/** Submissions that are under way, by what their repetitions would be known. */
import type { Idempotency, Job } from 'flow2api/contracts'
import type { Fault, ResultAsync } from 'flow2api/plugin'

/** A submission that is not on disk yet. Its repetitions share what becomes of it. */
export interface Claim {
  readonly fingerprint: string
  readonly job: ResultAsync<Job, Fault>
}

/** The submissions that are under way; those of one caller with one key, or one fingerprint, the newest. */
export class Claims {
  readonly #claims = new Map<string, Claim>()

  keyed(callerId: string, key: string): Claim | undefined {
    return this.#claims.get(keyName(callerId, key))
  }

  alike(callerId: string, fingerprint: string): Claim | undefined {
    return this.#claims.get(fingerprintName(callerId, fingerprint))
  }

  /** Until `job` has settled, and then is on disk or never will be. */
  add(callerId: string, { key, fingerprint }: Idempotency, job: ResultAsync<Job, Fault>): void {
    const claim = { fingerprint, job }
    const names = [fingerprintName(callerId, fingerprint)]
    if (key !== undefined) names.push(keyName(callerId, key))
    for (const name of names) this.#claims.set(name, claim)
    const remove = () => {
      for (const name of names) if (this.#claims.get(name) === claim) this.#claims.delete(name)
    }
    job.then(remove, remove)
  }
}

/** Neither a key nor a fingerprint contains white space. */
const keyName = (callerId: string, key: string) => `${callerId} key ${key}`
const fingerprintName = (callerId: string, fingerprint: string) => `${callerId} body ${fingerprint}`
