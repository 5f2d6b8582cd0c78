/** From a media name to the signed URL of its file (PROTOCOL.md 2.17). */
import { domainFault } from 'flow2api/contracts'
import { err, type Fault, ok, type Result, type ResultAsync } from 'flow2api/plugin'
import type { FlowClient, Way } from './client.ts'
import { asHttpUrl } from './json.ts'

/**
 * Undefined while it is not ready, which is usual right after the video has been finished: any answer that is not a
 * redirect to a file. Error: `access_expired` where Flow wants a sign-in instead; and those of egress.
 */
export function mediaUrl(
  client: FlowClient,
  name: string,
  token: string,
  way: Way,
): ResultAsync<string | undefined, Fault> {
  const query = new URLSearchParams({ name, mediaUrlType: 'MEDIA_URL_TYPE_FULL_MEDIA' })
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
