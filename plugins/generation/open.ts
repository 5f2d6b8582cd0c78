/** The bytes of finished media, wherever they are. */
import { domainFault, type Egress, type KeptMedia, type MediaStore } from 'flow2api/contracts'
import { type Clock, err, errAsync, type Fault, type Handle, ok, type Result, ResultAsync } from 'flow2api/plugin'
import { ask, timeLimit } from './ask.ts'
import type { StoredJob, UnitRecord } from './records.ts'

export interface OpenPorts {
  readonly egress: Handle<Egress>
  media(): Handle<MediaStore> | undefined
  readonly clock: Clock
}

export type Opened = { readonly mime: string } & ({ readonly path: string } | { readonly body: Uint8Array })

const DOWNLOAD_LIMIT_MS = 300_000

/** The `index`-th piece of the job, counted over its units. */
export function openMedia(ports: OpenPorts, { job, units }: StoredJob, index: number): ResultAsync<Opened, Fault> {
  const piece = units.flatMap(unit => unit.media.map((media, at) => ({ unit, media, at })))[index]
  return piece
    ? new ResultAsync(openPiece(ports, piece.unit, piece.media, piece.at))
    : errAsync(domainFault('not_found', `Job ${job.id} has no finished media number ${index}.`))
}

async function openPiece(
  ports: OpenPorts,
  unit: UnitRecord,
  media: KeptMedia,
  at: number,
): Promise<Result<Opened, Fault>> {
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
    egress.route(accountId === null ? {} : { accountId }).fetch(url, { signal: limit.signal }),
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
