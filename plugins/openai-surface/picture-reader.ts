/** The bytes of pictures that callers sent or pointed at. */
import { domainFault, type PictureSource, type PictureWorld, pictureReader, type SentPicture } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import { imageSize } from 'image-size'

/** Nothing that a camera makes is larger; a small file may claim any size. */
const LONGEST_SIDE = 16_384

/**
 * In order, one after the other, so that what comes together has a limit. Errors: those of `PictureReader`, and
 * `invalid_image_file` where the dimensions cannot be read or are too large; all with `param`.
 */
export async function readPictures(
  world: PictureWorld,
  sources: readonly PictureSource[],
  param: string,
  signal: AbortSignal,
): Promise<Result<readonly SentPicture[], Fault>> {
  const pictures: SentPicture[] = []
  using reader = pictureReader(world, param, signal)
  for (const source of sources) {
    const picture = (await reader.read(source)).andThen(read => measured(read, param))
    if (picture.isErr()) return err(picture.error)
    pictures.push(picture.value)
  }
  return ok(pictures)
}

/** The job engine looks too, and does not know how the caller calls the field. */
export function measured(picture: SentPicture, param: string): Result<SentPicture, Fault> {
  const refuse = (why: string) => err(domainFault('invalid_image_file', `\`${param}\` ${why}`, { param }))
  const size = sizeOf(picture.bytes)
  if (size === undefined)
    return refuse('is not a picture that can be read. Send PNG, JPEG, WebP or GIF, and all of it.')
  if (Math.max(size.width, size.height) > LONGEST_SIDE)
    return refuse(`has a picture of ${size.width}x${size.height}; at most ${LONGEST_SIDE} pixels a side are taken.`)
  return ok(picture)
}

/** Undefined where its header cannot be read, or says that there is nothing. */
function sizeOf(bytes: Uint8Array): { readonly width: number; readonly height: number } | undefined {
  try {
    const size = imageSize(bytes)
    return size.width > 0 && size.height > 0 ? size : undefined
  } catch {
    return undefined
  }
}
