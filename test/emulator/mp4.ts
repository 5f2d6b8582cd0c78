/** What an MP4 file says of itself, for tests. */

export interface Box {
  readonly type: string
  readonly at: number
  readonly size: number
}

/** The boxes on the top level. Throws unless their sizes add up to the file. */
export function boxesOf(bytes: Uint8Array<ArrayBuffer>): readonly Box[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const boxes: Box[] = []
  for (let at = 0; at < bytes.length; ) {
    const size = view.getUint32(at)
    const type = new TextDecoder().decode(bytes.subarray(at + 4, at + 8))
    if (size < 8 || at + size > bytes.length) throw new Error(`The box ${type} has ${size} bytes, which cannot be.`)
    boxes.push({ type, at, size })
    at += size
  }
  return boxes
}

/** Pixels of the H.264 pictures, and seconds by the header of the film and by that of its track. */
export function videoFacts(bytes: Uint8Array<ArrayBuffer>) {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // The first match may be a brand of `ftyp`; width and height are 32 bytes behind the start of the box.
  const entry = buffer.indexOf('avc1', buffer.indexOf('moov'))
  const seconds = (header: string) => {
    const at = buffer.indexOf(header)
    return buffer.readUInt32BE(at + 20) / buffer.readUInt32BE(at + 16)
  }
  return {
    width: buffer.readUInt16BE(entry + 28),
    height: buffer.readUInt16BE(entry + 30),
    filmSeconds: seconds('mvhd'),
    trackSeconds: seconds('mdhd'),
  }
}
