/** Bytes of a finished piece over HTTP, whole or one range of them. */
import { domainFault, faultResponse, JOB_HEADER } from 'flow2api/contracts'
import { fault } from 'flow2api/plugin'
import { formatOf } from './media.ts'

interface Content {
  readonly blob: Blob
  readonly mime: string
  readonly jobId: string
  /** Without its extension. */
  readonly name: string
}

/** A file is not read here, only looked for; undefined where it is gone. */
export async function blobOf(
  opened: { readonly path: string } | { readonly body: Uint8Array },
): Promise<Blob | undefined> {
  // A Blob refuses shared memory, which downloaded bytes never are; the contract's type does not say so.
  if ('body' in opened) return new Blob([opened.body as Uint8Array<ArrayBuffer>])
  const file = Bun.file(opened.path)
  return (await file.exists()) ? file : undefined
}

/** Inclusive, as in `Content-Range`. */
interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * The one range of a `Range` header; undefined where the whole is to be sent (no header, several ranges, another unit:
 * a server may ignore these), `unsatisfiable` where nothing of it exists.
 */
export function parseRange(header: string | null, size: number): ByteRange | 'unsatisfiable' | undefined {
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

/** Players refuse media without range support. */
export function contentResponse(request: Request, content: Content): Response {
  const { blob, mime, jobId, name } = content
  const size = blob.size
  const range = parseRange(request.headers.get('range'), size)
  if (range === 'unsatisfiable') {
    const why = `The range lies outside of this file, which has ${size} bytes.`
    const response = faultResponse(fault('invalid_range', why, { blame: 'request', retry: 'never' }), {
      jobId,
      status: 416,
    })
    response.headers.set('content-range', `bytes */${size}`)
    return response
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

export const contentGone = (jobId: string): Response =>
  faultResponse(domainFault('not_found', 'The file of this video has expired from the cache. Make the video again.'), {
    jobId,
  })
