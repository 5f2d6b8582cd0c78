/** Bytes of jobs, as files beside the database: `inputs/<job id>/<n>` was supplied, `…/made-<unit>-<call>-<n>` was made. */
import { mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { domainFault, type MediaSource } from 'flow2api/contracts'
import { type Fault, fault, messageOf, ResultAsync } from 'flow2api/plugin'
import { type HeldSource, indexOf, type Source, type UnitRecord } from './records.ts'

const MADE = 'made-'

export class JobFiles {
  readonly #folder: string

  constructor(dataDir: string) {
    this.#folder = join(dataDir, 'inputs')
  }

  path(jobId: string, name: string): string {
    return join(this.#folder, jobId, name)
  }

  /** By the place of each input; on disk before the job is. What it leaves half-done goes with the next sweep. */
  writeInputs(jobId: string, inputs: ReadonlyMap<number, Uint8Array>): ResultAsync<void, Fault> {
    const all = async () => {
      if (inputs.size === 0) return
      await mkdir(join(this.#folder, jobId), { recursive: true })
      await Promise.all([...inputs].map(([index, bytes]) => Bun.write(this.path(jobId, String(index)), bytes)))
    }
    return ResultAsync.fromPromise(all(), unwritable)
  }

  /** Finished media with its bytes in files, whole or not there. Addresses stay as they are. Rejects if it cannot. */
  async hold(unit: Pick<UnitRecord, 'key' | 'jobId' | 'attempts'>, sources: readonly Source[]): Promise<Source[]> {
    return Promise.all(
      sources.map((source, n) =>
        'bytes' in source ? this.#hold(unit.jobId, `${MADE}${indexOf(unit)}-${unit.attempts}-${n}`, source) : source,
      ),
    )
  }

  async #hold(jobId: string, held: string, source: MediaSource & { readonly bytes: Uint8Array }): Promise<HeldSource> {
    const { bytes, ...facts } = source
    await mkdir(join(this.#folder, jobId), { recursive: true })
    const part = `${this.path(jobId, held)}.part`
    await Bun.write(part, bytes)
    await rename(part, this.path(jobId, held))
    return { ...facts, held }
  }

  /** Removes what was made and has been delivered, but for the files in `kept`. */
  async removeMade(jobId: string, kept: readonly string[]): Promise<void> {
    const folder = join(this.#folder, jobId)
    const names = await readdir(folder).catch(() => [])
    for (const name of names)
      if (name.startsWith(MADE) && !kept.includes(name)) await rm(join(folder, name), { force: true })
    // Whatever else is in it stays.
    await rmdir(folder).catch(() => {})
  }

  /** Jobs that have files, the oldest first: ids rise with time. */
  async jobs(): Promise<readonly string[]> {
    return (await readdir(this.#folder).catch(() => [])).sort()
  }

  /** How much was supplied for the job and is still here. */
  async suppliedBytes(jobId: string): Promise<number> {
    let bytes = 0
    for (const path of await this.#supplied(jobId)) bytes += (await stat(path).catch(() => undefined))?.size ?? 0
    return bytes
  }

  /** Removes what was supplied. What was made stays. */
  async removeSupplied(jobId: string): Promise<void> {
    for (const path of await this.#supplied(jobId)) await rm(path, { force: true })
    await rmdir(join(this.#folder, jobId)).catch(() => {})
  }

  async #supplied(jobId: string): Promise<readonly string[]> {
    const names = await readdir(join(this.#folder, jobId)).catch(() => [])
    return names.filter(name => !name.startsWith(MADE)).map(name => this.path(jobId, name))
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
