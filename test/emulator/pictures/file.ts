/** The file of a picture, or of a video's thumbnail. */
import { instantImage } from '../files.ts'
import type { Media } from '../media.ts'
import type { Settings } from '../options.ts'
import { drawPicture } from './picture.ts'

const THUMBNAIL_SIZE = { landscape: [640, 360], portrait: [360, 640] } as const

export interface PictureFile {
  readonly mime: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** What was uploaded, or what is drawn from prompt and seed. */
export async function imageFile(settings: Settings, media: Media): Promise<PictureFile> {
  if (media.kind === 'image' && media.file) return media.file
  if (settings.instant) return { mime: 'image/jpeg', bytes: await instantImage() }
  const { prompt, seed, model, inputs } = media
  const [width, height] = media.kind === 'image' ? [media.width, media.height] : thumbnailSize(media.aspect)
  const origin = inputs.length > 0 ? ` | from ${inputs.length}` : ''
  const caption = `${model} | seed ${seed} | ${width}x${height}${origin}`
  const { imageFormat } = settings
  return {
    mime: `image/${imageFormat}`,
    bytes: drawPicture({ width, height, prompt, seed, caption }, imageFormat),
  }
}

function thumbnailSize(aspect: string) {
  return THUMBNAIL_SIZE[aspect === 'VIDEO_ASPECT_RATIO_PORTRAIT' ? 'portrait' : 'landscape']
}
