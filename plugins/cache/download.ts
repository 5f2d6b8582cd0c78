/** Opens an upstream's file for reading, through the egress of the account that made it. */
import { domainFault, type EgressFetch } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'

export interface Download {
  readonly body: ReadableStream<Uint8Array>
  /** What the upstream announced, where that is the length of `body`. */
  readonly expectedBytes: number | undefined
  /** As declared; for messages. */
  readonly type: string
}

const MOST_REDIRECTS = 5
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

export const unavailable = (what: string, cause?: unknown): Fault =>
  domainFault('media_unavailable', `The finished file could not be fetched from the upstream: ${what}`, { cause })

/** Follows redirects itself, so that each address is looked at before it is asked. Headers stay with their origin. */
export async function openDownload(
  url: string,
  headers: Readonly<Record<string, string>>,
  fetch: EgressFetch,
  signal: AbortSignal,
): Promise<Result<Download, Fault>> {
  const first = URL.parse(url)
  let target = first
  for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
    if (target?.protocol !== 'http:' && target?.protocol !== 'https:')
      return err(unavailable('its address is not an http or https URL.'))
    const own = target.origin === first?.origin ? headers : {}
    const answer = await fetch(target, {
      // A length can be checked only where the body comes as it is.
      headers: { 'accept-encoding': 'identity', ...own },
      redirect: 'manual',
      signal,
    })
    if (answer.isErr()) return err(answer.error)
    const response = answer.value
    const location = response.headers.get('location')
    if (REDIRECTS.has(response.status) && location !== null) {
      await response.body?.cancel()
      target = URL.parse(location, target)
      continue
    }
    if (!response.ok || !response.body) {
      await response.body?.cancel()
      return err(unavailable(`${target.host} answered with status ${response.status}.`))
    }
    return ok({
      body: response.body,
      expectedBytes: lengthOf(response.headers),
      type: response.headers.get('content-type') ?? 'no content type',
    })
  }
  return err(unavailable(`there were more than ${MOST_REDIRECTS} redirects.`))
}

function lengthOf(headers: Headers): number | undefined {
  const length = headers.get('content-length')
  const encoded = (headers.get('content-encoding') ?? 'identity') !== 'identity'
  return length === null || encoded || !/^\d+$/.test(length) ? undefined : Number(length)
}
