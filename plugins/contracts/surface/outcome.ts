/** Waiting for a job, and what a job that did not succeed is to its caller. */
import { type Clock, type Fault, type Handle, ok, type Result, sleep } from 'flow2api/plugin'
import { domainFault } from '../faults.ts'
import { FINAL, type Job, type JobEngine } from '../jobs.ts'

/** Between two waits when an engine that is being replaced answers early. */
const RETRY_WAIT_MS = 100

/**
 * The job once it is final, or as it is when the caller hangs up; the job itself goes on then. An engine that is
 * replaced meanwhile may answer early: the wait goes on with its successor.
 */
export async function settle(
  jobs: Handle<JobEngine>,
  admitted: Job,
  clock: Clock,
  signal: AbortSignal,
): Promise<Result<Job, Fault>> {
  let job = admitted
  while (!FINAL.has(job.status) && !signal.aborted) {
    const waited = await jobs.wait(job.id, signal)
    if (waited.isErr()) return waited
    job = waited.value
    if (!FINAL.has(job.status)) await sleep(clock, RETRY_WAIT_MS, signal)
  }
  return ok(job)
}

/** Why a final job has nothing to deliver; undefined where it has, and while it runs. */
export function outcomeFault(job: Job): Fault | undefined {
  switch (job.status) {
    case 'failed':
      return job.fault ?? domainFault('generation_failed', 'The generation failed and its provider gave no reason.')
    case 'cancelled':
      return (
        job.fault ?? domainFault('cancelled', 'This job was cancelled. Send the request again if you still want it.')
      )
    case 'outcome_unknown':
      return (
        job.fault ??
        domainFault('outcome_unknown', 'It is not known whether the provider finished this work; it was not repeated.')
      )
    case 'completed':
      return job.media.length > 0
        ? undefined
        : domainFault('generation_failed', 'The provider reported success but delivered nothing.')
    default:
      return undefined
  }
}
