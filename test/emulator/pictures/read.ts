/** What a picture file says of itself. */

export interface PictureFacts {
  /** As in its MIME type. */
  readonly format: string
  readonly width: number
  readonly height: number
}

/** The formats that can be uploaded. Others are possible at Flow, which has no list. PROTOCOL.md 2.5. */
const FORMATS: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp', 'gif'])

/** By magic bytes and header, not by name; undefined if it is none that is known. */
export async function readPicture(bytes: Uint8Array<ArrayBuffer>): Promise<PictureFacts | undefined> {
  try {
    const { format, width, height } = await new Bun.Image(bytes).metadata()
    return FORMATS.has(format) && width > 0 && height > 0 ? { format, width, height } : undefined
  } catch {
    return undefined
  }
}
