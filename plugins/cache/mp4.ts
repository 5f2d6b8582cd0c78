/** Duration and picture size of an MP4, from the headers of its boxes (ISO/IEC 14496-12). */

export interface Mp4Facts {
  readonly durationSeconds: number | null
  readonly width: number | null
  readonly height: number | null
}

/** Reads up to `length` bytes at `offset`; fewer at the end of the file. */
export type ReadAt = (offset: number, length: number) => Promise<Uint8Array>

interface Box {
  readonly type: string
  /** Where its content begins and where it ends. */
  readonly start: number
  readonly end: number
}

/** A file may claim anything: so many boxes are looked at, and no more. */
const MOST_BOXES = 2_000

/** What cannot be found is null; a file that is no MP4 has nothing. */
export async function readMp4(read: ReadAt, size: number): Promise<Mp4Facts> {
  let patience = MOST_BOXES
  async function* boxes(start: number, end: number): AsyncGenerator<Box> {
    let offset = start
    while (offset + 8 <= end && patience-- > 0) {
      const box = boxAt(await view(read, offset, 16), offset, end)
      if (!box) return
      yield box
      offset = box.end
    }
  }
  let durationSeconds: number | null = null
  let picture: { width: number; height: number } | undefined
  for await (const moov of boxes(0, size)) {
    if (moov.type !== 'moov') continue
    for await (const box of boxes(moov.start, moov.end)) {
      if (box.type === 'mvhd') durationSeconds = durationOf(await view(read, box.start, 32))
      if (box.type !== 'trak' || picture) continue
      for await (const { type, start } of boxes(box.start, box.end))
        if (type === 'tkhd') picture = pictureOf(await view(read, start, 96))
    }
    break
  }
  return { durationSeconds, width: picture?.width ?? null, height: picture?.height ?? null }
}

async function view(read: ReadAt, offset: number, length: number): Promise<DataView> {
  const bytes = await read(offset, length)
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function boxAt(header: DataView, offset: number, end: number): Box | undefined {
  if (header.byteLength < 8) return undefined
  const type = String.fromCharCode(...[4, 5, 6, 7].map(index => header.getUint8(index)))
  const short = header.getUint32(0)
  const long = short === 1
  if (long && header.byteLength < 16) return undefined
  const size = long ? Number(header.getBigUint64(8)) : short === 0 ? end - offset : short
  const start = offset + (long ? 16 : 8)
  const stop = offset + size
  return stop < start || stop > end ? undefined : { type, start, end: stop }
}

function durationOf(mvhd: DataView): number | null {
  const wide = mvhd.byteLength > 0 && mvhd.getUint8(0) === 1
  if (mvhd.byteLength < (wide ? 32 : 20)) return null
  const timescale = mvhd.getUint32(wide ? 20 : 12)
  const duration = wide ? Number(mvhd.getBigUint64(24)) : mvhd.getUint32(16)
  const unknown = duration === 0 || duration === (wide ? 2 ** 64 : 0xffffffff)
  return timescale === 0 || unknown ? null : duration / timescale
}

/** Undefined for tracks without a picture. */
function pictureOf(tkhd: DataView): { width: number; height: number } | undefined {
  const at = tkhd.byteLength > 0 && tkhd.getUint8(0) === 1 ? 88 : 76
  if (tkhd.byteLength < at + 8) return undefined
  // 16.16 fixed point. The matrix in front of it turns pictures of telephones by a quarter.
  const [across, down] = [tkhd.getUint32(at) >>> 16, tkhd.getUint32(at + 4) >>> 16]
  if (across === 0 || down === 0) return undefined
  const turned = tkhd.getInt32(at - 36) === 0 && tkhd.getInt32(at - 20) === 0
  return turned ? { width: down, height: across } : { width: across, height: down }
}
