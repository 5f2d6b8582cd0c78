/** Pictures in the format that the caller asked for, where the provider made another. */
import { type Logger, messageOf } from 'flow2api/plugin'

export interface PictureFormat {
  readonly format: 'png' | 'jpeg' | 'webp'
  /** 1 to 100, of JPEG and WebP; undefined: the encoder's own. */
  readonly quality: number | undefined
}

interface Picture {
  readonly mime: string
  readonly bytes: Uint8Array
}

/**
 * In the wanted format. Where it is of that format, and where it cannot be converted, it stays as it is: what was paid
 * for is delivered, and its real format told.
 */
export async function inFormat(log: Logger, picture: Picture, wanted: PictureFormat | undefined): Promise<Picture> {
  if (wanted === undefined || picture.mime === `image/${wanted.format}`) return picture
  const mime = `image/${wanted.format}`
  try {
    return { mime, bytes: await encoder(new Bun.Image(picture.bytes), wanted).bytes() }
  } catch (cause) {
    log.warn({ err: messageOf(cause), from: picture.mime, to: mime }, 'a picture stays in the format that it has')
    return picture
  }
}

function encoder(image: Bun.Image, { format, quality }: PictureFormat): Bun.Image {
  const options = quality === undefined ? {} : { quality }
  return format === 'png' ? image.png() : format === 'jpeg' ? image.jpeg(options) : image.webp(options)
}
