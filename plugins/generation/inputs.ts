/** Pictures and videos that callers supplied: files beside the database, `inputs/<job id>/<n>`. */
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { domainFault, type JobRequest, type UnitInput } from 'flow2api/contracts'
import { type Fault, fault, messageOf, okAsync, ResultAsync } from 'flow2api/plugin'
import type { JobRecord } from './records.ts'

export class InputFiles {
  readonly #folder: string

  constructor(dataDir: string) {
    this.#folder = join(dataDir, 'inputs')
  }

  /** On disk before the job is. What it leaves half-done goes with the next sweep. */
  write(jobId: string, inputs: JobRequest['inputs']): ResultAsync<void, Fault> {
    if (inputs.length === 0) return okAsync(undefined)
    const all = async () => {
      const folder = join(this.#folder, jobId)
      await mkdir(folder, { recursive: true })
      await Promise.all(inputs.map(({ bytes }, index) => Bun.write(join(folder, String(index)), bytes)))
    }
    return ResultAsync.fromPromise(all(), unwritable)
  }

  /** Read when a provider asks for them, not before. */
  of(job: Pick<JobRecord, 'id' | 'inputs'>): readonly UnitInput[] {
    return job.inputs.map(({ role, mime }, index) => ({
      role,
      mime,
      bytes: () => Bun.file(join(this.#folder, job.id, String(index))).bytes(),
    }))
  }

  async remove(jobId: string): Promise<void> {
    await rm(join(this.#folder, jobId), { recursive: true, force: true })
  }

  /** Removes what was last written before `before` (epoch milliseconds) for jobs that nobody knows. */
  async sweep(before: number, known: (jobId: string) => boolean): Promise<void> {
    const folders = await readdir(this.#folder).catch(() => [])
    for (const jobId of folders) {
      const written = await stat(join(this.#folder, jobId)).catch(() => undefined)
      if (written && written.mtimeMs < before && !known(jobId)) await this.remove(jobId)
    }
  }
}

const unwritable = (cause: unknown): Fault =>
  /ENOSPC/.test(messageOf(cause))
    ? fault('disk_full', 'The disk is full, so the uploaded files cannot be kept. Free some space and send it again.', {
        blame: 'gateway',
        retry: 'later',
        cause,
      })
    : domainFault('internal_error', 'The uploaded files could not be written to the data directory.', { cause })
