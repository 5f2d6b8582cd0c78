/** The bytes of pictures that callers sent or pointed at. */
import { domainFault, type GuardedFetch, type MediaStore } from 'flow2api/contracts'
import { type Clock, err, type Fault, type Handle, ok, type Result, type Slot } from 'flow2api/plugin'
import { imageSize } from 'image-size'
import { type PictureSource, pictureType } from './pictures.ts'

export interface Picture {
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
/** Nothing that a camera makes is larger; a small file may claim any size. */
const LONGEST_SIDE = 16_384
/** Storage services call everything by the last two. */
const TYPES = ['image/', 'application/octet-stream', 'binary/octet-stream']

/** Names of finished media are unguessable, so that whoever knows one may have it, by whatever host it is known. */
const OWN_FILE = /\/tmp\/([0-9a-f]{32}\.[a-z0-9]{3,4})$/

/**
 * In order, one after the other, so that what comes together has a limit. Errors: `invalid_value`,
 * `invalid_image_file`, `url_refused`, those of the proxy on the way, `cancelled`; all with `param`.
 */
export async function readPictures(
  world: PictureWorld,
  sources: readonly PictureSource[],
  param: string,
  signal: AbortSignal,
): Promise<Result<readonly Picture[], Fault>> {
  const pictures: Picture[] = []
  await using limits = fetchLimits(world.clock, signal)
  for (const source of sources) {
    const bytes = source instanceof URL ? await fetched(world, source, limits) : ok(await bytesOf(source))
    if (bytes.isErr()) return err({ ...bytes.error, param })
    const picture = examined(bytes.value, param)
    if (picture.isErr()) return err(picture.error)
    pictures.push(picture.value)
  }
  return ok(pictures)
}

const bytesOf = async (source: Blob | Uint8Array): Promise<Uint8Array> =>
  source instanceof Blob ? source.bytes() : source

function examined(bytes: Uint8Array, param: string): Result<Picture, Fault> {
  const refuse = (why: string) => err(domainFault('invalid_image_file', `\`${param}\` ${why}`, { param }))
  const mime = pictureType(bytes)
  const size = mime === undefined ? undefined : sizeOf(bytes)
  if (mime === undefined || size === undefined)
    return refuse('is not a picture that can be read. Send PNG, JPEG, WebP or GIF, and all of it.')
  if (bytes.length > MOST_BYTES)
    return refuse(`has a picture of ${Math.ceil(bytes.length / MEGABYTE)} MB; at most 50 MB are taken.`)
  if (Math.max(size.width, size.height) > LONGEST_SIDE)
    return refuse(`has a picture of ${size.width}x${size.height}; at most ${LONGEST_SIDE} pixels a side are taken.`)
  return ok({ mime, bytes })
}

/** Undefined where its header cannot be read, or says that there is nothing. */
function sizeOf(bytes: Uint8Array): { readonly width: number; readonly height: number } | undefined {
  try {
    const size = imageSize(bytes)
    return size.width > 0 && size.height > 0 ? size : undefined
  } catch {
    return undefined
  }
}

interface FetchLimits extends AsyncDisposable {
  readonly signal: AbortSignal
  /** What is left of all bytes together. */
  bytesLeft: number
}

/** The clock starts with the first fetch; most requests have none. */
function fetchLimits(clock: Clock, signal: AbortSignal): FetchLimits {
  let cancel: (() => void) | undefined
  let limited: AbortSignal | undefined
  return {
    bytesLeft: MOST_FETCHED_BYTES,
    get signal() {
      if (limited === undefined) {
        const late = new AbortController()
        const timedOut = () => late.abort(new DOMException('The time for fetching is over.', 'TimeoutError'))
        cancel = clock.after(FETCH_TIMEOUT_MS, timedOut)
        limited = AbortSignal.any([signal, late.signal])
      }
      return limited
    },
    [Symbol.asyncDispose]: async () => cancel?.(),
  }
}

async function fetched(world: PictureWorld, url: URL, limits: FetchLimits): Promise<Result<Uint8Array, Fault>> {
  const own = await ownFile(world, url, limits)
  if (own !== undefined) return own
  const guard: Handle<GuardedFetch> | undefined = world.guard.current
  if (guard === undefined)
    return refuse('Web addresses are not fetched here, as the plugin `proxy` is off. Send the picture as a data URL.')
  const maxBytes = Math.min(MOST_BYTES, limits.bytesLeft)
  const answer = await guard.fetch(url.href, { signal: limits.signal, maxBytes, types: TYPES })
  if (answer.isErr()) return err(unfetched(url, answer.error))
  const { status, bytes } = answer.value
  if (status < 200 || status > 299)
    return refuse(`${url.host} answered with status ${status} where a picture was expected. Check the address.`)
  limits.bytesLeft -= bytes.length
  return ok(bytes)
}

/** What is kept here needs no network; undefined where it is not ours. */
async function ownFile(
  { media, publicUrl }: PictureWorld,
  url: URL,
  limits: FetchLimits,
): Promise<Result<Uint8Array, Fault> | undefined> {
  const name = OWN_FILE.exec(url.pathname)?.[1]
  const store: Handle<MediaStore> | undefined = media.current
  if (name === undefined || store === undefined) return undefined
  const located = await store.locate(name)
  if (located.isErr())
    return url.href.startsWith(`${publicUrl()}/tmp/`)
      ? refuse(`The file ${name} is not kept here any more. Make the picture again, or send it as a data URL.`)
      : undefined
  const file = Bun.file(located.value.path)
  if (file.size > Math.min(MOST_BYTES, limits.bytesLeft))
    return refuse('The pictures are larger than is taken at once.')
  limits.bytesLeft -= file.size
  try {
    return ok(await file.bytes())
  } catch {
    return refuse(`The file ${name} is not kept here any more. Send the picture as a data URL.`)
  }
}

const refuse = (message: string) => err(domainFault('invalid_value', message))

/** The address is the caller's: what is wrong with it is the caller's to mend, and no retry brings another outcome. */
function unfetched(url: URL, fault: Fault): Fault {
  if (fault.code === 'url_refused' || fault.blame !== 'upstream') return fault
  const message = `The picture at ${url.host} could not be fetched: ${fault.message} Or send it as a data URL.`
  return domainFault('invalid_value', message, { cause: fault })
}
