/** The format of pictures that the caller asked for. */
import type { PictureFormat } from 'flow2api/contracts'
import type { Fields } from './fields.ts'

const FORMATS = ['png', 'jpeg', 'webp'] as const

/** `output_format` and `output_compression`. */
export function readOutputFormat(fields: Fields): PictureFormat | undefined {
  // What clients of the file type write.
  const written = fields.raw('output_format') === 'jpg' ? 'jpeg' : fields.oneOf('output_format', FORMATS)
  const compression = fields.whole('output_compression', 0, 100)
  if (written === undefined) fields.ignore('output_compression')
  return written && { format: written, quality: compression === undefined ? undefined : Math.max(1, compression) }
}
