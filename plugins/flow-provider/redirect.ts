/** From a media name to its file: the signed URL (PROTOCOL.md 2.17), or the media itself (2.18). */
import { domainFault } from 'flow2api/contracts'
import { err, type Fault, ok, type Result, type ResultAsync } from 'flow2api/plugin'
import { fromBase64, isVideo } from './bytes.ts'
import type { Answer, FlowClient, Way } from './client.ts'
import { asHttpUrl } from './json.ts'
import { readLookup } from './media-readers.ts'

export type MediaUrlType = 'MEDIA_URL_TYPE_FULL_MEDIA' | 'MEDIA_URL_TYPE_THUMBNAIL'

/**
 * Undefined while it is not ready, which is usual right after the video has been finished: any answer that is not a
 * redirect to a file. Error: `access_expired` where Flow wants a sign-in instead; and those of egress.
 */
export function mediaUrl(
  client: FlowClient,
  name: string,
  mediaUrlType: MediaUrlType,
  token: string,
  way: Way,
): ResultAsync<string | undefined, Fault> {
  const query = new URLSearchParams({ name, mediaUrlType })
  return client
    .labsRedirect(`/trpc/media.getMediaUrlRedirect?${query}`, token, way)
    .andThen(({ url, status, headers }): Result<string | undefined, Fault> => {
      if (status === 401) return err(signInWanted())
      if (status < 300 || status > 399) return ok(undefined)
      const location = asHttpUrl(headers.get('location'), url)
      if (location === undefined) return ok(undefined)
      return isSignIn(new URL(location)) ? err(signInWanted()) : ok(location)
    })
}

const signInWanted = (): Fault =>
  domainFault(
    'access_expired',
    'Flow does not hand out the finished media to this session; the account is opened again.',
  )

const isSignIn = ({ hostname, pathname }: URL): boolean =>
  hostname === 'accounts.google.com' || /\/(?:auth\/)?signin(?:\/|$)/i.test(pathname)

/** Where a file is. */
export type Found = { readonly url: string } | { readonly bytes: Uint8Array }

/**
 * Asks for the media itself, for where the redirect stays away. Undefined: Flow does not hand it out this way either.
 * Error: `access_expired`; and those of egress.
 */
export const lookUpVideo = (
  client: FlowClient,
  name: string,
  access: string,
  way: Way,
): ResultAsync<Found | undefined, Fault> =>
  client
    .api('lookup', `/media/${encodeURIComponent(name)}`, access, way)
    .andThen(({ status, body }: Answer): Result<Found | undefined, Fault> => {
      if (status === 401) return err(domainFault('access_expired', 'Flow did not accept the access token any more.'))
      if (status < 200 || status > 299) return ok(undefined)
      const { url, encoded } = readLookup(body)
      if (url !== undefined) return ok({ url })
      const bytes = fromBase64(encoded ?? '')
      return ok(isVideo(bytes) ? { bytes } : undefined)
    })
