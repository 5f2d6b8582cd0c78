/** The bytes of finished media, wherever they are. */
import { domainFault, type Egress, type MediaStore } from 'flow2api/contracts'
import { type Clock, err, type Fault, type Handle, ok, type Result } from 'flow2api/plugin'
import { ask, timeLimit } from './ask.ts'
import type { JobFiles } from './files.ts'
import type { UnitRecord } from './records.ts'
import type { Piece } from './state.ts'

export interface OpenPorts {
  readonly egress: Handle<Egress>
  media(): Handle<MediaStore> | undefined
  readonly clock: Clock
}

export type Opened = { readonly mime: string } & ({ readonly path: string } | { readonly body: Uint8Array })

const DOWNLOAD_LIMIT_MS = 300_000

export async function openPiece(
  ports: OpenPorts,
  files: JobFiles,
  { unit, media, at }: Piece,
): Promise<Result<Opened, Fault>> {
  if (media.held !== undefined) {
    const path = files.path(unit.jobId, media.held)
    return (await Bun.file(path).exists()) ? ok({ mime: media.mime, path }) : err(gone())
  }
  const { file } = media
  if (file === null) return address(ports, unit, media.url, media.mime)
  const store = ports.media()
  const kept = store && (await ask(() => store.locate(file)))
  if (kept?.isOk()) return ok(kept.value)
  // The file has expired; the upstream's own copy may outlive it.
  const source = unit.sources?.[at]
  const again = source && 'url' in source ? await address(ports, unit, source.url, media.mime) : undefined
  return again?.isOk() ? again : err(gone())
}

function address(ports: OpenPorts, unit: UnitRecord, url: string, mime: string): Promise<Result<Opened, Fault>> {
  return url.startsWith('data:') ? inline(url, mime) : download(ports, unit, url, mime)
}

async function inline(url: string, mime: string): Promise<Result<Opened, Fault>> {
  try {
    return ok({ mime, body: Uint8Array.fromBase64(url.slice(url.indexOf(',') + 1)) })
  } catch (cause) {
    return err(gone(cause))
  }
}

async function download(
  { egress, clock }: OpenPorts,
  { accountId }: UnitRecord,
  url: string,
  mime: string,
): Promise<Result<Opened, Fault>> {
  if (!/^https?:\/\//i.test(url)) return err(gone())
  using limit = timeLimit(clock, DOWNLOAD_LIMIT_MS)
  const answer = await ask(() =>
    egress.route({ purpose: 'media', ...(accountId !== null && { accountId }) }).fetch(url, { signal: limit.signal }),
  )
  if (answer.isErr()) return err(answer.error)
  const response = answer.value
  if (!response.ok) {
    await response.body?.cancel()
    return err(gone(`status ${response.status}`))
  }
  try {
    const declared = response.headers.get('content-type')?.split(';', 1)[0]?.trim()
    const body = new Uint8Array(await response.arrayBuffer())
    return ok({ mime: declared && /^(image|video)\//.test(declared) ? declared : mime, body })
  } catch (cause) {
    return err(gone(cause))
  }
}

const gone = (cause?: unknown): Fault =>
  domainFault('media_unavailable', 'The media of this job cannot be fetched any more. Generate it again.', { cause })
