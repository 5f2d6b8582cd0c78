/** The media files that were made beforehand. Read from disk each time; the page cache keeps them. */
import { join } from 'node:path'
import type { VideoMedia } from './media.ts'

/** Pixels of the picture that `instant` mode serves. */
export const INSTANT_SIZE = [320, 180] as const

/** Length of every clip on disk. */
const CLIP_SECONDS = 8

export type Resolution = '720p' | '1080p' | '4k'

export interface Clip {
  readonly shape: 'landscape' | 'portrait'
  readonly resolution: Resolution
  readonly seconds: number
}

/** The clip that shows a video. */
export function clipOf({ aspect, resolution, seconds, smaller }: VideoMedia): Clip {
  return {
    shape: aspect === 'VIDEO_ASPECT_RATIO_PORTRAIT' ? 'portrait' : 'landscape',
    resolution: smaller ? '720p' : resolution,
    seconds,
  }
}

const file = (name: string) => Bun.file(join(import.meta.dir, 'media', name))

export function instantImage(): Promise<Uint8Array<ArrayBuffer>> {
  return file('instant.jpg').bytes()
}

/**
 * A playable MP4 of that length. Each differs from all others: a `free` box at its end, which players skip, holds the
 * media id.
 */
export async function videoFile({ shape, resolution, seconds }: Clip, id: string): Promise<Uint8Array<ArrayBuffer>> {
  const video = await file(resolution === '720p' ? `${shape}.mp4` : `${shape}-${resolution}.mp4`).bytes()
  const payload = new TextEncoder().encode(id)
  const whole = new Uint8Array(video.length + 8 + payload.length)
  whole.set(video)
  lastFor(whole, seconds)
  new DataView(whole.buffer).setUint32(video.length, 8 + payload.length)
  whole.set(new TextEncoder().encode('free'), video.length + 4)
  whole.set(payload, video.length + 8)
  return whole
}

/** Every duration in the file is counted in units of these two timescales, so other units make another length. */
function lastFor(mp4: Uint8Array<ArrayBuffer>, seconds: number): void {
  if (seconds === CLIP_SECONDS) return
  const view = new DataView(mp4.buffer)
  for (const header of ['mvhd', 'mdhd']) {
    // Version, flags and two dates, 4 bytes each but for the first two that share them, stand before the timescale.
    const timescaleAt = Buffer.from(mp4.buffer).indexOf(header) + 16
    view.setUint32(timescaleAt, Math.round((view.getUint32(timescaleAt) * CLIP_SECONDS) / seconds))
  }
}
