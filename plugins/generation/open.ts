/** The bytes of finished media, wherever they are. */
import { type AccountPool, domainFault, type Egress, type EgressWant, type MediaStore } from 'flow2api/contracts'
import { type Clock, err, type Fault, type Handle, ok, type Result } from 'flow2api/plugin'
import { ask, timeLimit } from './ask.ts'
import type { JobFiles } from './files.ts'
import type { JobRecord, UnitRecord } from './records.ts'
import type { Piece } from './state.ts'

export interface OpenPorts {
  readonly accounts: Handle<AccountPool>
  readonly egress: Handle<Egress>
  media(): Handle<MediaStore> | undefined
  readonly clock: Clock
}

export type Opened = { readonly mime: string } & ({ readonly path: string } | { readonly body: Uint8Array })

/** Whose work it was. */
type Owner = Pick<JobRecord, 'provider' | 'kind'> & Pick<UnitRecord, 'accountId'>

const DOWNLOAD_LIMIT_MS = 300_000

export async function openPiece(
  ports: OpenPorts,
  files: JobFiles,
  { provider, kind }: Pick<JobRecord, 'provider' | 'kind'>,
  { unit, media, at }: Piece,
): Promise<Result<Opened, Fault>> {
  const owner = { provider, kind, accountId: unit.accountId }
  if (media.held !== undefined) {
    const path = files.path(unit.jobId, media.held)
    return (await Bun.file(path).exists()) ? ok({ mime: media.mime, path }) : err(gone())
  }
  const { file } = media
  if (file === null) return address(ports, owner, media.url, media.mime)
  const store = ports.media()
  const kept = store && (await ask(() => store.locate(file)))
  if (kept?.isOk()) return ok(kept.value)
  // The file has expired; the upstream's own copy may outlive it.
  const source = unit.sources?.[at]
  const again = source && 'url' in source ? await address(ports, owner, source.url, media.mime) : undefined
  return again?.isOk() ? again : err(gone())
}

function address(ports: OpenPorts, owner: Owner, url: string, mime: string): Promise<Result<Opened, Fault>> {
  return url.startsWith('data:') ? inline(url, mime) : download(ports, owner, url, mime)
}

async function inline(url: string, mime: string): Promise<Result<Opened, Fault>> {
  try {
    return ok({ mime, body: Uint8Array.fromBase64(url.slice(url.indexOf(',') + 1)) })
  } catch (cause) {
    return err(gone(cause))
  }
}

async function download(ports: OpenPorts, owner: Owner, url: string, mime: string): Promise<Result<Opened, Fault>> {
  if (!/^https?:\/\//i.test(url)) return err(gone())
  using limit = timeLimit(ports.clock, DOWNLOAD_LIMIT_MS)
  const want = await wayOf(ports, owner)
  const answer = await ask(() => ports.egress.route(want).fetch(url, { signal: limit.signal }))
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

/** With the account's own proxy, as long as the account is there. No slot is kept for it. */
async function wayOf({ accounts }: OpenPorts, { accountId, provider, kind }: Owner): Promise<EgressWant> {
  if (accountId === null) return { purpose: 'media' }
  const adopted = await ask(() => accounts.adopt({ accountId, provider, kind }))
  if (adopted.isErr()) return { purpose: 'media', accountId }
  await using lease = adopted.value
  return { purpose: 'media', accountId, ...(lease.proxyUrl !== undefined && { proxyUrl: lease.proxyUrl }) }
}

const gone = (cause?: unknown): Fault =>
  domainFault('media_unavailable', 'The media of this job cannot be fetched any more. Generate it again.', { cause })
