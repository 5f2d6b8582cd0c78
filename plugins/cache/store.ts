/** The folder of finished media. Its index is the directory itself: nothing is lost in a reload or a restart. */
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { domainFault, type KeepContext, type KeptMedia, type MediaSource } from 'flow2api/contracts'
import { type Clock, err, type Fault, type Logger, ok, type Result } from 'flow2api/plugin'
import { type Download, openDownload } from './download.ts'
import type { Figures } from './figures.ts'
import { kindOfName, nameOf, newId, partOf } from './kind.ts'
import { measure } from './measure.ts'
import { expired, type Found, toRemove } from './sweep.ts'
import { diskFault, writeDownload } from './write.ts'

export interface Settings {
  readonly enabled: boolean
  /** 0: nothing expires. */
  readonly lifetimeMs: number
  /** 0: no limit. */
  readonly mostBytes: number
  /** In front of `/tmp/…`, without `/` at the end. */
  baseUrl(): string
}

export interface Located {
  readonly path: string
  readonly mime: string
  readonly bytes: number
  /** When it was kept, epoch milliseconds. */
  readonly keptAt: number
}

export class MediaFolder {
  constructor(
    private readonly folder: string,
    private readonly settings: Settings,
    private readonly clock: Clock,
    private readonly log: Logger,
    /** Names of files that are being written now, by whatever generation of the plugin. */
    private readonly writing: Set<string>,
    private readonly figures: Figures,
  ) {}

  async keep(source: MediaSource, context: KeepContext): Promise<Result<KeptMedia, Fault>> {
    if ('url' in source && !this.settings.enabled) return ok(handedOn(source, context))
    const download = await this.#open(source, context)
    if (download.isErr()) return err(download.error)
    const id = newId()
    const part = partOf(id)
    this.writing.add(part)
    try {
      return await this.#write(id, download.value, source, context)
    } finally {
      await rm(join(this.folder, part), { force: true }).catch(cause =>
        this.log.warn({ err: cause }, 'a temporary file stays behind'),
      )
      this.writing.delete(part)
    }
  }

  async #open(source: MediaSource, { fetch, signal }: KeepContext): Promise<Result<Download, Fault>> {
    if ('url' in source) return openDownload(source.url, source.headers ?? {}, fetch, signal)
    // A copy on the type level only: what a provider hands over is never a view of shared memory.
    const body = new Blob([source.bytes as Uint8Array<ArrayBuffer>]).stream()
    return ok({ body, expectedBytes: source.bytes.length, type: source.mime ?? 'no content type' })
  }

  async #write(
    id: string,
    download: Download,
    source: MediaSource,
    context: KeepContext,
  ): Promise<Result<KeptMedia, Fault>> {
    const path = join(this.folder, partOf(id))
    try {
      // Whoever tidies up may have removed it meanwhile.
      await mkdir(this.folder, { recursive: true })
    } catch (cause) {
      await download.body.cancel()
      return err(diskFault(cause))
    }
    const written = await writeDownload(download, path, context.signal)
    if (written.isErr()) return err(written.error)
    const { kind, bytes } = written.value
    if (!kind.mime.startsWith(context.kind))
      this.log.warn(
        { job: context.jobId, mime: kind.mime },
        `the upstream delivered ${kind.mime} for a ${context.kind}`,
      )
    const file = nameOf(id, kind)
    try {
      const { width, height, durationSeconds } = await measure(path, kind)
      const now = new Date(this.clock.now())
      await utimes(path, now, now)
      await rename(path, join(this.folder, file))
      this.figures.files += 1
      this.figures.bytes += bytes
      return ok({
        url: `${this.settings.baseUrl()}/tmp/${file}`,
        mime: kind.mime,
        bytes,
        width: width ?? source.width ?? null,
        height: height ?? source.height ?? null,
        duration_s: durationSeconds ?? source.durationSeconds ?? null,
        file,
      })
    } catch (cause) {
      return err(diskFault(cause))
    }
  }

  async locate(name: string): Promise<Result<Located, Fault>> {
    const kind = kindOfName(name)
    const path = join(this.folder, name)
    const found = kind && (await stat(path).catch(() => undefined))
    if (!kind || !found?.isFile() || expired(found.mtimeMs, this.clock.now(), this.settings.lifetimeMs)) {
      // Names that this plugin never gave are no loss.
      if (kind) this.figures.misses += 1
      return err(domainFault('not_found', 'There is no such file. Finished media is kept for a limited time only.'))
    }
    this.figures.hits += 1
    return ok({ path, mime: kind.mime, bytes: found.size, keptAt: found.mtimeMs })
  }

  /** Counts what is there. */
  async count(): Promise<void> {
    this.#counted(await this.#look())
  }

  /** Removes what has expired, what is over the limit, and what a crash left half-written. */
  async sweep(): Promise<void> {
    const found = await this.#look()
    const { lifetimeMs, mostBytes } = this.settings
    const removed = toRemove(found, { now: this.clock.now(), lifetimeMs, mostBytes, writing: this.writing })
    for (const name of removed) {
      await rm(join(this.folder, name), { force: true }).catch(cause =>
        this.log.warn({ err: cause, name }, 'a file could not be removed'),
      )
    }
    if (removed.length > 0) this.log.info({ files: removed.length }, 'removed old media')
    const gone = new Set(removed)
    this.#counted(found.filter(({ name }) => !gone.has(name)))
  }

  async #look(): Promise<readonly Found[]> {
    const names = await readdir(this.folder).catch(() => [])
    const found: Found[] = []
    for (const name of names) {
      const stats = await stat(join(this.folder, name)).catch(() => undefined)
      if (stats?.isFile()) found.push({ name, bytes: stats.size, changedAt: stats.mtimeMs })
    }
    return found
  }

  #counted(found: readonly Found[]): void {
    const media = found.filter(({ name }) => kindOfName(name) !== undefined)
    this.figures.files = media.length
    this.figures.bytes = media.reduce((sum, { bytes }) => sum + bytes, 0)
    this.figures.known = true
  }
}

/** Without a download nobody knows the type; these are what upstreams deliver. */
const USUAL = { image: 'image/jpeg', video: 'video/mp4' } as const

const handedOn = (source: MediaSource & { readonly url: string }, { kind }: KeepContext): KeptMedia => ({
  url: source.url,
  mime: source.mime ?? USUAL[kind],
  bytes: 0,
  width: source.width ?? null,
  height: source.height ?? null,
  duration_s: source.durationSeconds ?? null,
  file: null,
})
