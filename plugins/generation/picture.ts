/** What a picture is, by its own bytes. */
import { imageSize } from 'image-size'

export interface PictureFacts {
  readonly mime: string
  /** Pixels, as it is looked at: cameras store pictures lying on their side. */
  readonly width: number
  readonly height: number
}

const MIME: Readonly<Record<string, string>> = {
  jpg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  gif: 'image/gif',
}

/** From this value on, the EXIF orientation turns it by a quarter. */
const FIRST_TURNED = 5

/** Reads the header only. `undefined`: it is no JPEG, PNG, WebP or GIF. */
export function readPicture(bytes: Uint8Array): PictureFacts | undefined {
  try {
    const { width, height, type = '', orientation = 1 } = imageSize(bytes)
    const mime = MIME[type]
    if (mime === undefined || !(width > 0) || !(height > 0)) return undefined
    return orientation < FIRST_TURNED ? { mime, width, height } : { mime, width: height, height: width }
  } catch {
    return undefined
  }
}
