/** Picture size and duration of a file on disk. */
import { imageSize } from 'image-size'
import type { Kind } from './kind.ts'
import { type Mp4Facts, readMp4 } from './mp4.ts'

/** Colour profiles and camera data in front of a JPEG's size can be long. */
const IMAGE_HEAD_BYTES = 512 * 1024

const UNKNOWN: Mp4Facts = { durationSeconds: null, width: null, height: null }

/** Reads headers only. What they do not say is null. */
export async function measure(path: string, kind: Kind): Promise<Mp4Facts> {
  const file = Bun.file(path)
  if (kind.extension === 'mp4')
    return readMp4((offset, length) => file.slice(offset, offset + length).bytes(), file.size)
  if (!kind.mime.startsWith('image/')) return UNKNOWN
  try {
    const { width, height } = imageSize(await file.slice(0, IMAGE_HEAD_BYTES).bytes())
    return { ...UNKNOWN, width, height }
  } catch {
    // Its first bytes say that it is a picture; a reader of pictures may still make something of it.
    return UNKNOWN
  }
}
