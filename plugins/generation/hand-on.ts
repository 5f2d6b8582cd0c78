/** Media that nobody keeps: the upstream's own address, or the bytes as an address. */
import type { KeptMedia, MediaKind, MediaSource } from 'flow2api/contracts'

const MIME = { image: 'image/png', video: 'video/mp4' } as const

export function handOn(source: MediaSource, kind: MediaKind): KeptMedia {
  const mime = source.mime ?? MIME[kind]
  const bytes = 'bytes' in source ? source.bytes : undefined
  return {
    url: 'url' in source ? source.url : `data:${mime};base64,${source.bytes.toBase64()}`,
    mime,
    bytes: bytes?.length ?? 0,
    width: source.width ?? null,
    height: source.height ?? null,
    duration_s: source.durationSeconds ?? null,
    file: null,
  }
}
