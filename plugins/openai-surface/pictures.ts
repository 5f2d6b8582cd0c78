/** Pictures as callers send them: files, data URLs, base64. */
import { domainFault } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import { isValues } from './body.ts'

export interface Picture {
  readonly mime: string
  readonly bytes: Uint8Array
}

const DATA_URL = /^data:[^,]*;base64,/i
const WEB_URL = /^https?:\/\//i

/**
 * A file, a data URL or bare base64, `{ image_url }` or `{ url }` with one of these, or a list of them; in order.
 * Errors: `invalid_value` for web addresses and file ids, `invalid_image_file`.
 */
export async function readPictures(value: unknown, param: string): Promise<Result<readonly Picture[], Fault>> {
  const pictures: Picture[] = []
  for (const item of flatten(value)) {
    const bytes = item instanceof Blob ? ok(await item.bytes()) : bytesOfText(item, param)
    if (bytes.isErr()) return err(bytes.error)
    const mime = pictureType(bytes.value)
    if (mime === undefined) {
      const message = `\`${param}\` is not a picture that can be read. Send PNG, JPEG, WebP or GIF.`
      return err(domainFault('invalid_image_file', message, { param }))
    }
    pictures.push({ mime, bytes: bytes.value })
  }
  return ok(pictures)
}

function flatten(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value.flatMap(flatten)
  if (isValues(value)) {
    if ('image_url' in value) return flatten(value['image_url'])
    if ('url' in value) return flatten(value['url'])
  }
  return [value]
}

function bytesOfText(value: unknown, param: string): Result<Uint8Array, Fault> {
  const refuse = (why: string) => err(domainFault('invalid_value', `\`${param}\` ${why}`, { param }))
  if (typeof value !== 'string')
    return refuse('must be a picture: a file, or a data URL such as data:image/png;base64,…')
  if (WEB_URL.test(value)) return refuse('is a web address; this version fetches none. Send the picture as a data URL.')
  try {
    return ok(Uint8Array.fromBase64(value.replace(DATA_URL, '')))
  } catch {
    return refuse('is neither a file nor valid base64. Send a file, or a data URL such as data:image/png;base64,…')
  }
}

/** By magic bytes, of which the first twelve are enough: declared types are unreliable (api-surfaces 0.3). */
export function pictureType(bytes: Uint8Array): string | undefined {
  const text = (from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to))
  if (text(0, 8) === '\x89PNG\r\n\x1a\n') return 'image/png'
  if (text(0, 3) === '\xff\xd8\xff') return 'image/jpeg'
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP') return 'image/webp'
  if (text(0, 4) === 'GIF8') return 'image/gif'
  return undefined
}
