/** What callers supplied: from the request to files and records, and from there to the provider. */
import type { UnitInput } from 'flow2api/contracts'
import { err, type Fault, FaultError, ok, type Result, ResultAsync } from 'flow2api/plugin'
import type { Archive } from './archive.ts'
import type { JobFiles } from './files.ts'
import type { EarlierMedia, InputRecord, JobRecord } from './records.ts'
import { references, type Supplied, sent } from './supplied.ts'

export class Inputs {
  constructor(
    private readonly files: JobFiles,
    private readonly archive: Archive,
  ) {}

  /** On disk before the job is. What another provider made, or nobody finds again, is read and passed like an upload. */
  store(jobId: string, provider: string, supplied: readonly Supplied[]): ResultAsync<readonly InputRecord[], Fault> {
    const all = async (): Promise<Result<readonly InputRecord[], Fault>> => {
      const records: InputRecord[] = []
      const uploads = new Map<number, Uint8Array>()
      const referred = references(supplied, provider)
      for (const [index, input] of supplied.entries()) {
        const reference = referred[index]
        if (reference) {
          records.push(reference)
          continue
        }
        const upload = await this.#upload(input)
        if (upload.isErr()) return err({ ...upload.error, param: input.param })
        uploads.set(index, upload.value.bytes)
        records.push({ role: input.role, mime: upload.value.mime })
      }
      return this.files.writeInputs(jobId, uploads).map(() => records)
    }
    return new ResultAsync(all())
  }

  /** Read when a provider asks for them, not before. */
  of(job: Pick<JobRecord, 'id' | 'inputs'>): readonly UnitInput[] {
    return job.inputs.map(({ role, mime, from, origin }, index) => ({
      role,
      mime,
      bytes: () => (from ? this.#earlier(from) : Bun.file(this.files.path(job.id, String(index))).bytes()),
      ...(origin && { origin }),
    }))
  }

  async #upload(input: Supplied) {
    if ('bytes' in input) return ok(input)
    const bytes = await this.archive.bytes(input.from)
    return bytes.andThen(value => sent(input.role, input.mime, value, input.param))
  }

  async #earlier(from: EarlierMedia): Promise<Uint8Array> {
    const bytes = await this.archive.bytes(from)
    if (bytes.isErr()) throw new FaultError(bytes.error)
    return bytes.value
  }
}
