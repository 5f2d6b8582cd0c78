/** Finished media in the forms that OpenAI answers carry. */
import { domainFault, type JobEngine, type KeptMedia } from 'flow2api/contracts'
import { type Fault, type Handle, okAsync, ResultAsync } from 'flow2api/plugin'

/** `WxH` as delivered, or undefined where it was not measured. */
export const sizeOf = (media: KeptMedia | undefined): string | undefined =>
  media === undefined || media.width === null || media.height === null ? undefined : `${media.width}x${media.height}`

/** `png`, `jpeg`, `webp`, `mp4`: what follows the slash of the MIME type. */
export const formatOf = (mime: string): string => /^[a-z]+\/([a-z0-9.+-]+)/.exec(mime)?.[1] ?? ''

/** One finished piece as plain base64. Errors: those of `open`, and `media_unavailable` where its file is gone. */
export const base64Of = (jobs: Handle<JobEngine>, jobId: string, index: number): ResultAsync<string, Fault> =>
  jobs
    .open(jobId, index)
    .andThen(opened => ('body' in opened ? okAsync<Uint8Array, Fault>(opened.body) : bytesOf(opened.path)))
    .map(bytes => bytes.toBase64())

const bytesOf = (path: string): ResultAsync<Uint8Array, Fault> =>
  ResultAsync.fromPromise(Bun.file(path).bytes(), cause =>
    domainFault('media_unavailable', 'The file of this result is gone from the cache. Make it again.', { cause }),
  )

/** Media as chat shows it. A video is a link on a line of its own: no interface renders more than that everywhere. */
export function markdownOf(media: KeptMedia): string {
  const url = media.url.replaceAll('(', '%28').replaceAll(')', '%29').replaceAll(' ', '%20')
  return media.mime.startsWith('video/') ? `[video.${formatOf(media.mime)}](${url})` : `![image](${url})`
}
