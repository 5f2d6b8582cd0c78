/** A still picture of a video, fetched when somebody asks for it. */
import { domainFault, type MediaSource, type Session } from 'flow2api/contracts'
import { err, type Fault, messageOf, ok, type Result, ResultAsync } from 'flow2api/plugin'
import { ask, timeLimit } from './ask.ts'
import { runErrand } from './errand.ts'
import type { Opened } from './open.ts'
import { readPicture } from './picture.ts'
import type { Ports } from './ports.ts'
import type { StoredJob } from './records.ts'
import type { Piece } from './state.ts'

const LIMIT_MS = 60_000
const MOST_BYTES = 10 * 1024 ** 2

/** Errors: `not_found` where there is none to be had, `media_unavailable`, those of accounts and egress. */
export async function openThumbnail(
  ports: Pick<Ports, 'accounts' | 'egress' | 'provider' | 'clock'>,
  { job }: StoredJob,
  { unit, media }: Piece,
): Promise<Result<Opened, Fault>> {
  const none = (why: string) => err(domainFault('not_found', `There is no thumbnail of job ${job.id}: ${why}`))
  if (job.kind !== 'video') return none('it made pictures, which need none.')
  const { origin } = media
  if (!origin) return none('its provider does not find this video again.')
  const provider = ports.provider(job.provider)
  if (!provider) return none(`the plugin "${job.provider}" that made it is not loaded.`)
  const { thumbnail } = provider
  if (!thumbnail) return none(`the plugin "${job.provider}" that made it offers none.`)
  using limit = timeLimit(ports.clock, LIMIT_MS)
  const { signal } = limit
  const place = { provider: job.provider, kind: job.kind, accountId: unit.accountId }
  return runErrand(ports, place, signal, (session, fetch) =>
    thumbnail(origin, session).andThen(source => new ResultAsync(load(source, { fetch, signal }))),
  )
}

type Way = Pick<Session, 'fetch' | 'signal'>

async function load(source: MediaSource, way: Way): Promise<Result<Opened, Fault>> {
  const bytes = 'bytes' in source ? ok(source.bytes) : await download(source.url, source.headers, way)
  return bytes.andThen(body => {
    const picture = readPicture(body)
    return picture ? ok({ mime: picture.mime, body }) : err(unavailable('what the upstream sent is no picture.'))
  })
}

async function download(
  url: string,
  headers: Readonly<Record<string, string>> | undefined,
  { fetch, signal }: Way,
): Promise<Result<Uint8Array, Fault>> {
  if (!/^https?:\/\//i.test(url)) return err(unavailable('its address is not an http or https URL.'))
  const answer = await ask(() => fetch(url, { signal, ...(headers && { headers }) }))
  if (answer.isErr()) return err(answer.error)
  const response = answer.value
  if (!response.ok || !response.body) {
    await response.body?.cancel()
    return err(unavailable(`the upstream answered with status ${response.status}.`))
  }
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of response.body) {
      size += chunk.length
      // Leaving the loop ends the download.
      if (size > MOST_BYTES) return err(unavailable(`it has more than ${MOST_BYTES / 1024 ** 2} MB.`))
      chunks.push(chunk)
    }
  } catch (cause) {
    return err(unavailable(`the download broke off (${messageOf(cause)}).`, cause))
  }
  return ok(Buffer.concat(chunks))
}

const unavailable = (why: string, cause?: unknown): Fault =>
  domainFault('media_unavailable', `The thumbnail could not be fetched: ${why}`, { cause })
