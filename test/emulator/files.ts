/** The media files that were made beforehand. Read from disk each time; the page cache keeps them. */
import { join } from 'node:path'

/** Pixels of the picture that `instant` mode serves. */
export const INSTANT_SIZE = [320, 180] as const

const file = (name: string) => Bun.file(join(import.meta.dir, 'media', name))

export function instantImage(): Promise<Uint8Array<ArrayBuffer>> {
  return file('instant.jpg').bytes()
}

/**
 * A playable MP4 of 8 s. Each differs from all others: a `free` box at its end, which players skip, holds the media id.
 */
export async function videoFile(shape: 'landscape' | 'portrait', id: string): Promise<Uint8Array<ArrayBuffer>> {
  const video = await file(`${shape}.mp4`).bytes()
  const payload = new TextEncoder().encode(id)
  const whole = new Uint8Array(video.length + 8 + payload.length)
  whole.set(video)
  new DataView(whole.buffer).setUint32(video.length, 8 + payload.length)
  whole.set(new TextEncoder().encode('free'), video.length + 4)
  whole.set(payload, video.length + 8)
  return whole
}
