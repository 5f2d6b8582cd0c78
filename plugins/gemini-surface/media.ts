/** Media in bodies: how callers send it, and how it is handed out. */
import { bytesFromBase64, type Job, type KeptMedia, type SuppliedInput, type SurfaceWorld } from 'flow2api/contracts'
import { fileId, fileOfUri } from './ids.ts'
import type { Reader } from './reader.ts'

type Source = SuppliedInput['source']

const BYTES = ['data', 'bytesBase64Encoded', 'imageBytes', 'videoBytes', 'encodedVideo'] as const
const ADDRESSES = ['uri', 'fileUri', 'gcsUri'] as const

/**
 * Of an object that holds a picture or a video: base64 or an address, under the names of any of Google's APIs.
 * Undefined where it holds none, or where it was refused, which the reader then knows.
 */
export function mediaSource(reader: Reader, kind: 'image' | 'video' = 'image'): Source | undefined {
  for (const name of ['inlineData', 'fileData'] as const)
    if (reader.has(name)) return bareSource(reader.child(name), kind)
  return bareSource(reader, kind)
}

function bareSource(reader: Reader, kind: 'image' | 'video'): Source | undefined {
  const mime = reader.text('mimeType') ?? reader.text('encoding') ?? `${kind}/*`
  for (const name of BYTES) {
    const text = reader.text(name)
    if (text === undefined) continue
    const bytes = bytesFromBase64(text)
    if (bytes === undefined) return reader.refuse(name, 'is not valid base64')
    return kind === 'video' ? { mime, bytes } : bytes
  }
  for (const name of ADDRESSES) {
    const uri = reader.text(name)
    if (uri !== undefined) return addressed(reader, name, uri, kind)
  }
  return undefined
}

function addressed(reader: Reader, name: string, uri: string, kind: 'image' | 'video'): Source | undefined {
  const file = fileOfUri(uri)
  if (file !== undefined) return file
  if (kind === 'image' && uri.startsWith('data:'))
    return bytesFromBase64(uri) ?? reader.refuse(name, 'is no valid data URL with base64')
  if (kind === 'video')
    return reader.refuse(name, 'must be the file of a video that was made here; others are not read')
  const url = /^https?:\/\//i.test(uri) ? URL.parse(uri) : null
  return url ?? reader.refuse(name, 'must be a file that was made here or a web address; other storage is not read')
}

/** Larger ones come by address where nobody asked for the bytes. */
const LONGEST_INLINE_BYTES = 4 * 1024 ** 2

/** Of a picture always; of a video where it is known to be small. */
export const fitsInline = ({ mime, bytes }: KeptMedia): boolean =>
  mime.startsWith('image/') || (bytes > 0 && bytes <= LONGEST_INLINE_BYTES)

/** Google's own client reads the id of a file out of its address, and only out of one that begins with https. */
const isGoogleClient = (headers: Headers): boolean => headers.get('x-goog-api-client')?.includes('genai-sdk') === true

/** Where a piece can be fetched with the API key, in the form that this caller understands (api-surfaces B.6). */
export function fileUri(world: Pick<SurfaceWorld, 'publicUrl'>, headers: Headers, job: Job, index: number): string {
  const id = fileId(job, index)
  const base = world.publicUrl()
  return base.startsWith('http:') && isGoogleClient(headers)
    ? `files/${id}`
    : `${base}/v1beta/files/${id}:download?alt=media`
}
