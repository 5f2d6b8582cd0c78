/** Pictures that callers send or point at: their bytes, and what they are. */
import { type Clock, err, type Fault, type Handle, ok, type Result, type Slot } from 'flow2api/plugin'
import { domainFault } from '../faults.ts'
import type { GuardedFetch } from '../guard.ts'
import type { MediaStore } from '../media.ts'

/** A picture that is still to be read: its bytes, or where they are. */
export type PictureSource = Blob | Uint8Array | URL

export interface SentPicture {
  readonly mime: string
  readonly bytes: Uint8Array
}

export interface PictureWorld {
  readonly guard: Slot<GuardedFetch>
  readonly media: Slot<MediaStore>
  readonly clock: Clock
  publicUrl(): string
}

const MEGABYTE = 1024 ** 2
const MOST_BYTES = 50 * MEGABYTE
/** Of all that is fetched for one request. */
const MOST_FETCHED_BYTES = 100 * MEGABYTE
const FETCH_TIMEOUT_MS = 30_000
/** Storage services call everything by the last two. */
const TYPES = ['image/', 'application/octet-stream', 'binary/octet-stream']

/** Names of finished media are unguessable, so that whoever knows one may have it, by whatever host it is known. */
const OWN_FILE = /\/tmp\/([0-9a-f]{32}\.[a-z0-9]{3,4})$/

/** Of either alphabet, with or without `data:…;base64,` before it; undefined where it is none. */
export function bytesFromBase64(text: string): Uint8Array | undefined {
  const bare = text.replace(/^data:[^,]*;base64,/i, '')
  try {
    return Uint8Array.fromBase64(bare, { alphabet: /[-_]/.test(bare) ? 'base64url' : 'base64' })
  } catch {
    return undefined
  }
}

/** By magic bytes, of which the first twelve are enough: declared types are unreliable (api-surfaces 0.3). */
export function pictureMime(bytes: Uint8Array): string | undefined {
  const text = (from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to))
  if (text(0, 8) === '\x89PNG\r\n\x1a\n') return 'image/png'
  if (text(0, 3) === '\xff\xd8\xff') return 'image/jpeg'
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP') return 'image/webp'
  if (text(0, 4) === 'GIF8') return 'image/gif'
  return undefined
}

export interface PictureReader extends Disposable {
  /**
   * Errors: `invalid_value`, `invalid_image_file`, `url_refused`, those of the proxy on the way, `cancelled`; all with
   * `param`. Dimensions are looked at by the job engine, at admission.
   */
  read(source: PictureSource): Promise<Result<SentPicture, Fault>>
}

/** For one request: what is fetched for it has limits together. `signal`: of the caller's request. */
export function pictureReader(world: PictureWorld, param: string, signal: AbortSignal): PictureReader {
  let bytesLeft = MOST_FETCHED_BYTES
  let cancel = () => {}
  let limited: AbortSignal | undefined
  /** The clock starts with the first fetch; most requests have none. */
  const inTime = () => {
    if (limited === undefined) {
      const late = new AbortController()
      const timedOut = () => late.abort(new DOMException('The time for fetching is over.', 'TimeoutError'))
      cancel = world.clock.after(FETCH_TIMEOUT_MS, timedOut)
      limited = AbortSignal.any([signal, late.signal])
    }
    return limited
  }
  const bytesOf = async (source: PictureSource): Promise<Result<Uint8Array, Fault>> => {
    if (source instanceof Uint8Array) return ok(source)
    if (source instanceof Blob) return ok(await source.bytes())
    const most = Math.min(MOST_BYTES, bytesLeft)
    const bytes = (await ownFile(world, source, most)) ?? (await fetched(world, source, most, inTime()))
    if (bytes.isOk()) bytesLeft -= bytes.value.length
    return bytes
  }
  return {
    read: async source => {
      const bytes = await bytesOf(source)
      return bytes.isErr() ? err({ ...bytes.error, param }) : examined(bytes.value, param)
    },
    [Symbol.dispose]: () => cancel(),
  }
}

function examined(bytes: Uint8Array, param: string): Result<SentPicture, Fault> {
  const refuse = (why: string) => err(domainFault('invalid_image_file', `\`${param}\` ${why}`, { param }))
  const mime = pictureMime(bytes)
  if (mime === undefined) return refuse('is not a picture that can be read. Send PNG, JPEG, WebP or GIF.')
  if (bytes.length > MOST_BYTES)
    return refuse(`has a picture of ${Math.ceil(bytes.length / MEGABYTE)} MB; at most 50 MB are taken.`)
  return ok({ mime, bytes })
}

async function fetched(
  { guard: slot }: PictureWorld,
  url: URL,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Result<Uint8Array, Fault>> {
  const guard: Handle<GuardedFetch> | undefined = slot.current
  if (guard === undefined)
    return refuse('Web addresses are not fetched here, as the plugin `proxy` is off. Send the picture itself.')
  const answer = await guard.fetch(url.href, { signal, maxBytes, types: TYPES })
  if (answer.isErr()) return err(unfetched(url, answer.error))
  const { status, bytes } = answer.value
  return status >= 200 && status <= 299
    ? ok(bytes)
    : refuse(`${url.host} answered with status ${status} where a picture was expected. Check the address.`)
}

/** What is kept here needs no network; undefined where it is not ours. */
async function ownFile(
  { media, publicUrl }: PictureWorld,
  url: URL,
  most: number,
): Promise<Result<Uint8Array, Fault> | undefined> {
  const name = OWN_FILE.exec(url.pathname)?.[1]
  const store: Handle<MediaStore> | undefined = media.current
  if (name === undefined || store === undefined) return undefined
  const gone = () =>
    refuse(`The file ${name} is not kept here any more. Make the picture again, or send the picture itself.`)
  const located = await store.locate(name)
  if (located.isErr()) return url.href.startsWith(`${publicUrl()}/tmp/`) ? gone() : undefined
  const file = Bun.file(located.value.path)
  if (file.size > most) return refuse('The pictures are larger than is taken at once.')
  try {
    return ok(await file.bytes())
  } catch {
    return gone()
  }
}

const refuse = (message: string) => err(domainFault('invalid_value', message))

/** The address is the caller's: what is wrong with it is the caller's to mend, and no retry brings another outcome. */
function unfetched(url: URL, fault: Fault): Fault {
  if (fault.code === 'url_refused' || fault.blame !== 'upstream') return fault
  const message = `The picture at ${url.host} could not be fetched: ${fault.message} Or send the picture itself, inline or as a data URL.`
  return domainFault('invalid_value', message, { cause: fault })
}
