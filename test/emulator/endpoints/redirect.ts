/** PROTOCOL.md 2.17: plain query parameters, and an answer without JSON. */
import { trpcError } from '../answers.ts'
import { defineEndpoint } from '../endpoint.ts'

const PROCEDURE = 'media.getMediaUrlRedirect'

export const redirect = defineEndpoint({
  name: 'redirect',
  method: 'GET',
  path: `{labs}/trpc/${PROCEDURE}`,
  auth: 'session',
  latency: 'redirectMs',
  handle({ world, account, query }) {
    const type = query.get('mediaUrlType') ?? 'MEDIA_URL_TYPE_FULL_MEDIA'
    if (type !== 'MEDIA_URL_TYPE_FULL_MEDIA' && type !== 'MEDIA_URL_TYPE_THUMBNAIL')
      return trpcError(400, PROCEDURE, `Unknown mediaUrlType "${type}"`)
    const media = world.media.ofAccount(account, query.get('name') ?? '')
    if (!media || (media.kind === 'video' && media.status !== 'SUCCESSFUL')) return trpcError(404, PROCEDURE)
    const folder = type === 'MEDIA_URL_TYPE_THUMBNAIL' ? 'image' : media.kind
    return new Response(null, { status: 302, headers: { location: world.urls.sign(folder, media.id) } })
  },
})
