/** The CDN: signed addresses, no credentials. PROTOCOL.md 1.1. */
import { defineEndpoint, type Endpoint } from '../endpoint.ts'
import { clipOf, videoFile } from '../files.ts'
import { imageFile } from '../pictures/file.ts'
import type { MediaFolder } from '../urls.ts'

export const downloads: readonly Endpoint[] = [download('image'), download('video')]

function download(folder: MediaFolder): Endpoint {
  return defineEndpoint({
    name: 'download',
    method: 'GET',
    path: `{media}/${folder}/{id}`,
    auth: 'none',
    latency: 'mediaMs',
    async handle({ world, path, query }) {
      const id = path['id'] ?? ''
      if (!world.urls.valid(folder, id, query)) return new Response('Access denied.', { status: 403 })
      const media = world.media.get(id)
      if (!media || (folder === 'video' && media.kind !== 'video')) return new Response('Not found.', { status: 404 })
      const { mime, bytes } =
        folder === 'video' && media.kind === 'video'
          ? { mime: 'video/mp4', bytes: await videoFile(clipOf(media), id) }
          : await imageFile(world.settings, media)
      return new Response(bytes, { headers: { 'content-type': mime, 'cache-control': 'private' } })
    },
  })
}
