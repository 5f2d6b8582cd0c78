/** Pictures in the format that the caller asked for (`output_format`), where the provider made another. */
import { messageOf } from 'flow2api/plugin'
import type { Fields } from './fields.ts'
import type { Surface } from './surface.ts'

const FORMATS = ['png', 'jpeg', 'webp'] as const

export interface OutputFormat {
  readonly format: (typeof FORMATS)[number]
  /** 1 to 100, of JPEG and WebP; undefined: the encoder's own. */
  readonly quality: number | undefined
}

/** `output_format` and `output_compression`. */
export function readOutputFormat(fields: Fields): OutputFormat | undefined {
  // What clients of the file type write.
  const written = fields.raw('output_format') === 'jpg' ? 'jpeg' : fields.oneOf('output_format', FORMATS)
  const compression = fields.whole('output_compression', 0, 100)
  if (written === undefined) fields.ignore('output_compression')
  return written && { format: written, quality: compression === undefined ? undefined : Math.max(1, compression) }
}

/**
 * Of finished media in the wanted format. Where it is of that format, and where it cannot be converted, it stays as it
 * is: what was paid for is delivered, and its real format told.
 */
export async function converted(
  { log }: Pick<Surface, 'log'>,
  picture: { readonly mime: string; readonly bytes: Uint8Array },
  wanted: OutputFormat | undefined,
): Promise<{ readonly mime: string; readonly bytes: Uint8Array }> {
  if (wanted === undefined || picture.mime === `image/${wanted.format}`) return picture
  const mime = `image/${wanted.format}`
  try {
    const image = new Bun.Image(picture.bytes)
    return { mime, bytes: await encoder(image, wanted).bytes() }
  } catch (cause) {
    log.warn({ err: messageOf(cause), from: picture.mime, to: mime }, 'a picture stays in the format that it has')
    return picture
  }
}

function encoder(image: Bun.Image, { format, quality }: OutputFormat): Bun.Image {
  const options = quality === undefined ? {} : { quality }
  return format === 'png' ? image.png() : format === 'jpeg' ? image.jpeg(options) : image.webp(options)
}
