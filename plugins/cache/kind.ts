/** What a file is, by its first bytes, and what kept files are called. */

export interface Kind {
  readonly mime: string
  readonly extension: string
}

const KINDS = {
  jpeg: { mime: 'image/jpeg', extension: 'jpg' },
  png: { mime: 'image/png', extension: 'png' },
  webp: { mime: 'image/webp', extension: 'webp' },
  gif: { mime: 'image/gif', extension: 'gif' },
  mp4: { mime: 'video/mp4', extension: 'mp4' },
  webm: { mime: 'video/webm', extension: 'webm' },
} as const satisfies Record<string, Kind>

/** So many bytes are enough to tell. */
export const HEAD_BYTES = 64

/** Files of the ISO family that are no MP4 video: HEIF and AVIF pictures, QuickTime, audio. */
const OTHER_BRANDS = /^(hei[cmsx]|hev[cmsx]|mif1|msf1|avi[fs]|jxl |crx |qt {2}|M4[AB] )/

/** Undefined for everything that is not kept. `head` holds at least `HEAD_BYTES`, or the whole file. */
export function kindOf(head: Uint8Array): Kind | undefined {
  // One character a byte.
  const text = Buffer.from(head.subarray(0, HEAD_BYTES)).toString('latin1')
  if (text.startsWith('\xff\xd8\xff')) return KINDS.jpeg
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return KINDS.png
  if (/^GIF8[79]a/.test(text)) return KINDS.gif
  if (text.startsWith('RIFF') && text.startsWith('WEBP', 8)) return KINDS.webp
  if (text.startsWith('ftyp', 4)) return OTHER_BRANDS.test(text.slice(8)) ? undefined : KINDS.mp4
  if (text.startsWith('\x1a\x45\xdf\xa3')) return text.includes('webm') ? KINDS.webm : undefined
  return undefined
}

const NAME = /^[0-9a-f]{32}\.([a-z0-9]{3,4})$/
const PART = /^[0-9a-f]{32}\.part$/

/** 128 random bits: whoever knows the name may have the file. */
export const newId = (): string => Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('hex')
export const nameOf = (id: string, { extension }: Kind): string => `${id}.${extension}`
/** The name of a file that is still being written. */
export const partOf = (id: string): string => `${id}.part`
export const isPart = (name: string): boolean => PART.test(name)

/** The kind of a kept file by its name; undefined for every other name. */
export function kindOfName(name: string): Kind | undefined {
  const extension = NAME.exec(name)?.[1]
  return Object.values(KINDS).find(kind => kind.extension === extension)
}
