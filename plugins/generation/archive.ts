/** Jobs and what they made, whether they are under way or on record. */
import { domainFault, type Job } from 'flow2api/contracts'
import { err, errAsync, type Fault, ok, type Result, ResultAsync } from 'flow2api/plugin'
import type { JobFiles } from './files.ts'
import { dataUrl } from './hand-on.ts'
import type { Ledger } from './ledger.ts'
import { type Opened, type OpenPorts, openPiece } from './open.ts'
import type { EarlierMedia, StoredJob, UnitMedia, UnitRecord } from './records.ts'
import { jobOf, type Piece, piecesOf } from './state.ts'

export class Archive {
  constructor(
    private readonly ledger: Ledger,
    private readonly files: JobFiles,
    private readonly ports: OpenPorts,
  ) {}

  find(id: string): StoredJob | undefined {
    const active = this.ledger.get(id)
    if (active) return { job: active.record, units: active.units.map(({ record }) => record) }
    return this.ledger.store.get(id)
  }

  /** The `index`-th finished piece of the job. Error: `not_found`. */
  piece(id: string, index: number): Result<{ readonly stored: StoredJob; readonly piece: Piece }, Fault> {
    const stored = this.find(id)
    if (!stored) return err(noJob(id))
    const piece = piecesOf(stored.units)[index]
    return piece
      ? ok({ stored, piece })
      : err(domainFault('not_found', `Job ${id} has no finished media number ${index}.`))
  }

  open(id: string, index: number): ResultAsync<Opened, Fault> {
    const found = this.piece(id, index)
    if (found.isErr()) return errAsync(found.error)
    const { stored, piece } = found.value
    return new ResultAsync(openPiece(this.ports, this.files, stored.job, piece))
  }

  async bytes({ jobId, index }: EarlierMedia): Promise<Result<Uint8Array, Fault>> {
    const opened = await this.open(jobId, index)
    if (opened.isErr()) return err(opened.error)
    if ('body' in opened.value) return ok(opened.value.body)
    try {
      return ok(await Bun.file(opened.value.path).bytes())
    } catch (cause) {
      const message = `The media of job ${jobId} has expired. Generate it again.`
      return err(domainFault('media_unavailable', message, { cause }))
    }
  }

  /** As others see it. Of a stored job that is under way, the ledger knows more. */
  async view({ job, units }: StoredJob): Promise<Job> {
    const active = this.ledger.get(job.id)
    return active ? active.view() : jobOf(job, await Promise.all(units.map(unit => this.#whole(unit))), null)
  }

  /** With the addresses that are made of files, which the record does not hold. */
  async #whole(unit: UnitRecord): Promise<UnitRecord> {
    if (unit.media.every(({ held }) => held === undefined)) return unit
    const withAddress = async (media: UnitMedia): Promise<UnitMedia> => {
      if (media.held === undefined) return media
      const file = Bun.file(this.files.path(unit.jobId, media.held))
      const bytes = await file.bytes().catch(() => new Uint8Array())
      return { ...media, url: dataUrl(media.mime, bytes) }
    }
    return { ...unit, media: await Promise.all(unit.media.map(withAddress)) }
  }
}

export const noJob = (id: string): Fault => domainFault('not_found', `There is no job ${id}. It may have been removed.`)
