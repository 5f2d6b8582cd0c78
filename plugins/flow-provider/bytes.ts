/** What bytes are, by how they begin; and bytes out of base64. */

/** The kinds of pictures that Flow takes (PROTOCOL.md 2.5). */
export interface PictureType {
  readonly mime: 'image/jpeg' | 'image/png' | 'image/webp' | 'image/gif'
  /** For a file name. */
  readonly extension: string
}

const PICTURES: readonly (PictureType & { readonly begins: (head: string) => boolean })[] = [
  { mime: 'image/png', extension: 'png', begins: head => head.startsWith('\x89PNG\r\n\x1a\n') },
  { mime: 'image/jpeg', extension: 'jpg', begins: head => head.startsWith('\xff\xd8\xff') },
  { mime: 'image/webp', extension: 'webp', begins: head => head.startsWith('RIFF') && head.startsWith('WEBP', 8) },
  { mime: 'image/gif', extension: 'gif', begins: head => head.startsWith('GIF87a') || head.startsWith('GIF89a') },
]

/** How many bytes tell what it is. */
const TELLING = 16

/** Each byte as the character of that number. */
const beginning = (bytes: Uint8Array): string => String.fromCharCode(...bytes.subarray(0, TELLING))

/** Undefined for anything else, whatever it claims to be. */
export function pictureType(bytes: Uint8Array): PictureType | undefined {
  const head = beginning(bytes)
  return PICTURES.find(({ begins }) => begins(head))
}

/** The ISO container, of which MP4 is one. */
export const isVideo = (bytes: Uint8Array): boolean => beginning(bytes).startsWith('ftyp', 4)

/** As far as it can be decoded; the caller looks at what came out. */
export const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))

export const toBase64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
