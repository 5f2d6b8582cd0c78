/** Media that nobody keeps: the upstream's own address, or the bytes as an address. */
import type { KeptMedia, MediaKind, MediaSource } from 'flow2api/contracts'

const MIME = { image: 'image/png', video: 'video/mp4' } as const

export const dataUrl = (mime: string, bytes: Uint8Array): string => `data:${mime};base64,${bytes.toBase64()}`

export function handOn(source: MediaSource, kind: MediaKind): KeptMedia {
  const mime = source.mime ?? MIME[kind]
  return {
    url: 'url' in source ? source.url : dataUrl(mime, source.bytes),
    mime,
    bytes: 'bytes' in source ? source.bytes.length : 0,
    width: source.width ?? null,
    height: source.height ?? null,
    duration_s: source.durationSeconds ?? null,
    file: null,
  }
}
