/** The CDN: signed addresses, no credentials. PROTOCOL.md 1.1. */
import { defineEndpoint, type Endpoint } from '../endpoint.ts'
import { instantImage, videoFile } from '../files.ts'
import type { Media } from '../media.ts'
import { drawPicture } from '../pictures/picture.ts'
import type { MediaFolder } from '../urls.ts'
import type { World } from '../world.ts'

const THUMBNAIL_SIZE = { landscape: [640, 360], portrait: [360, 640] } as const

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
      const bytes = folder === 'video' ? await videoBytes(media) : await imageBytes(world, media)
      return new Response(bytes, { headers: { 'content-type': typeOf(world, folder), 'cache-control': 'private' } })
    },
  })
}

function typeOf(world: World, folder: MediaFolder): string {
  if (folder === 'video') return 'video/mp4'
  return world.settings.instant ? 'image/jpeg' : `image/${world.settings.imageFormat}`
}

function videoBytes(media: Media): Promise<Uint8Array<ArrayBuffer>> {
  return videoFile(media.aspect === 'VIDEO_ASPECT_RATIO_PORTRAIT' ? 'portrait' : 'landscape', media.id)
}

/** An image, or the thumbnail of a video. */
async function imageBytes(world: World, media: Media): Promise<Uint8Array<ArrayBuffer>> {
  if (world.settings.instant) return instantImage()
  const { prompt, seed, model } = media
  const [width, height] = media.kind === 'image' ? [media.width, media.height] : thumbnailSize(media.aspect)
  const caption = `${model} | seed ${seed} | ${width}x${height}`
  return drawPicture({ width, height, prompt, seed, caption }, world.settings.imageFormat)
}

function thumbnailSize(aspect: string) {
  return THUMBNAIL_SIZE[aspect === 'VIDEO_ASPECT_RATIO_PORTRAIT' ? 'portrait' : 'landscape']
}
