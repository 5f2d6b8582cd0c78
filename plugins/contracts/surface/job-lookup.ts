/** Jobs by the ids that an API has for them, which are made of their own. */
import { errAsync, type Fault, type Handle, type ResultAsync } from 'flow2api/plugin'
import type { Job, JobEngine } from '../jobs.ts'

/** The random part of `job_<hex>`. */
export const hexOf = (job: Pick<Job, 'id'>): string => job.id.slice(job.id.indexOf('_') + 1)

/** `jobId`: undefined where what the caller wrote can be none. `missing`: the error where there is no such job. */
export function findJob(
  jobs: Handle<JobEngine>,
  jobId: string | undefined,
  missing: () => Fault,
): ResultAsync<Job, Fault> {
  if (jobId === undefined) return errAsync(missing())
  return jobs.get(jobId).mapErr(fault => (fault.code === 'not_found' ? missing() : fault))
}
