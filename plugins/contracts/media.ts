/** Where finished media is kept. Provided by `cache`; optional. */
import { defineCapability, type Fault, type ResultAsync } from 'flow2api/plugin'
import type { EgressFetch } from './egress.ts'
import type { MediaKind, MediaSource, Origin } from './provider.ts'

/** A finished picture or video. JSON: it is stored with its job. */
export interface KeptMedia {
  /** Absolute. The gateway's own `/tmp/…`, or the upstream's where caching is off. */
  readonly url: string
  readonly mime: string
  /** 0 where it is not known because it was not downloaded. */
  readonly bytes: number
  readonly width: number | null
  readonly height: number | null
  readonly duration_s: number | null
  /** File name under `tmp/media`, or null where it was not kept. */
  readonly file: string | null
  /** Of the source; stored by the job engine, not by the media store. */
  readonly origin?: Origin
}

export interface KeepContext {
  readonly kind: MediaKind
  readonly jobId: string
  /** Downloads go through the egress of the account that made it. */
  readonly fetch: EgressFetch
  readonly signal: AbortSignal
}

export interface MediaStore {
  /**
   * Streams to disk, never through memory; type by magic bytes. With `[cache] enabled = false` a URL is handed on as
   * it is, and only bytes are written. Errors: `media_unavailable`, those of egress, `disk_full`.
   */
  keep(source: MediaSource, context: KeepContext): ResultAsync<KeptMedia, Fault>
  /** Path of a kept file. Errors: `not_found` when it has expired. */
  locate(file: string): ResultAsync<{ readonly path: string; readonly mime: string }, Fault>
}

export const MediaStore = defineCapability<MediaStore>('media', 1)
