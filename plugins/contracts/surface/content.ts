/** Bytes of finished pieces: for an answer's body, and over HTTP, whole or one range of them. */
import { err, type Fault, fault, type Handle, ok, type Result, ResultAsync } from 'flow2api/plugin'
import { JOB_HEADER } from '../answers.ts'
import { domainFault } from '../faults.ts'
import type { JobEngine } from '../jobs.ts'

/** `png`, `jpeg`, `webp`, `mp4`: what follows the slash of the MIME type. */
export const formatOf = (mime: string): string => /^[a-z]+\/([a-z0-9.+-]+)/.exec(mime)?.[1] ?? ''

export interface OpenedMedia {
  readonly blob: Blob
  readonly mime: string
}

/** A file is not read here, only looked for. Errors: those of `JobEngine.open`, `media_unavailable` where it is gone. */
export async function openMedia(
  jobs: Handle<JobEngine>,
  jobId: string,
  index: number,
): Promise<Result<OpenedMedia, Fault>> {
  const opened = await jobs.open(jobId, index)
  if (opened.isErr()) return err(opened.error)
  const media = opened.value
  const blob = await blobOf(media)
  return blob ? ok({ mime: media.mime, blob }) : err(gone())
}

/** Of what `JobEngine.open` answered. A file is not read here, only looked for; undefined where it is gone. */
export async function blobOf(
  opened: { readonly path: string } | { readonly body: Uint8Array },
): Promise<Blob | undefined> {
  // A Blob refuses shared memory, which downloaded bytes never are; the contract's type does not say so.
  if ('body' in opened) return new Blob([opened.body as Uint8Array<ArrayBuffer>])
  const file = Bun.file(opened.path)
  return (await file.exists()) ? file : undefined
}

/** One finished piece in memory. Errors: as of `openMedia`. */
export async function mediaBytes(
  jobs: Handle<JobEngine>,
  jobId: string,
  index: number,
  variant?: 'thumbnail',
): Promise<Result<{ readonly mime: string; readonly bytes: Uint8Array }, Fault>> {
  const opened = await jobs.open(jobId, index, variant)
  if (opened.isErr()) return err(opened.error)
  const media = opened.value
  const { mime } = media
  if ('body' in media) return ok({ mime, bytes: media.body })
  return ResultAsync.fromPromise(Bun.file(media.path).bytes(), gone).map(bytes => ({ mime, bytes }))
}

const gone = (cause?: unknown): Fault =>
  domainFault('media_unavailable', 'The file of this result is gone from the cache. Make it again.', { cause })

/** Inclusive, as in `Content-Range`. */
interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * The one range of a `Range` header; undefined where the whole is to be sent (no header, several ranges, another unit:
 * a server may ignore these), `unsatisfiable` where nothing of it exists.
 */
export function parseByteRange(header: string | null, size: number): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '')
  const [, first = '', last = ''] = match ?? []
  if (first === '' && last === '') return undefined
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 }
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < start) return undefined
  return start >= size ? 'unsatisfiable' : { start, end }
}

export interface Download extends OpenedMedia {
  readonly jobId: string
  /** Without its extension. */
  readonly name: string
}

/**
 * Players refuse media without range support. `refuse` says `invalid_range` in the words of the API; HTTP has the status
 * 416 for it.
 */
export function downloadResponse(request: Request, download: Download, refuse: (fault: Fault) => Response): Response {
  const { blob, mime, jobId, name } = download
  const { size } = blob
  const range = parseByteRange(request.headers.get('range'), size)
  if (range === 'unsatisfiable') {
    const why = `The range lies outside of this file, which has ${size} bytes.`
    const refusal = refuse(fault('invalid_range', why, { blame: 'request', retry: 'never' }))
    refusal.headers.set('content-range', `bytes */${size}`)
    return refusal
  }
  const headers = {
    [JOB_HEADER]: jobId,
    'content-type': mime,
    'accept-ranges': 'bytes',
    'content-disposition': `inline; filename="${name}.${formatOf(mime)}"`,
    'x-content-type-options': 'nosniff',
  }
  if (range === undefined) return new Response(blob, { headers })
  const { start, end } = range
  return new Response(blob.slice(start, end + 1, mime), {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${start}-${end}/${size}` },
  })
}
