/** Pictures in the format that the caller asked for (`output_format`), where the provider made another. */
import { inFormat, type PictureFormat } from 'flow2api/contracts'
import type { Fields } from './fields.ts'
import type { Surface } from './surface.ts'

const FORMATS = ['png', 'jpeg', 'webp'] as const

export type OutputFormat = PictureFormat

/** `output_format` and `output_compression`. */
export function readOutputFormat(fields: Fields): OutputFormat | undefined {
  // What clients of the file type write.
  const written = fields.raw('output_format') === 'jpg' ? 'jpeg' : fields.oneOf('output_format', FORMATS)
  const compression = fields.whole('output_compression', 0, 100)
  if (written === undefined) fields.ignore('output_compression')
  return written && { format: written, quality: compression === undefined ? undefined : Math.max(1, compression) }
}

export const converted = (
  { log }: Pick<Surface, 'log'>,
  picture: { readonly mime: string; readonly bytes: Uint8Array },
  wanted: OutputFormat | undefined,
): Promise<{ readonly mime: string; readonly bytes: Uint8Array }> => inFormat(log, picture, wanted)
