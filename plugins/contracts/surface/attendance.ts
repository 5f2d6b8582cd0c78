/** What becomes of a job whose caller hangs up. */
import type { AdmittedRequest, SurfaceWorld } from './world.ts'

/**
 * Runs `work`. Where the caller wants it so, the job is cancelled if `signal` aborts before that has ended; otherwise
 * it goes on.
 */
export async function attend<T>(
  world: SurfaceWorld,
  { job, headers }: Pick<AdmittedRequest, 'job' | 'headers'>,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  if (headers.onDisconnect === 'detach') return work()
  const cancel = () => void cancelJob(world, job.id)
  signal.addEventListener('abort', cancel, { once: true })
  if (signal.aborted) cancel()
  try {
    return await work()
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

/** Nobody is there any more who could be told of a failure. */
async function cancelJob({ jobs, log }: SurfaceWorld, jobId: string): Promise<void> {
  try {
    const cancelled = await jobs.cancel(jobId)
    if (cancelled.isErr()) log.warn({ job: jobId, fault: cancelled.error }, 'a job could not be cancelled')
  } catch (cause) {
    log.warn({ job: jobId, err: cause }, 'a job could not be cancelled')
  }
}
