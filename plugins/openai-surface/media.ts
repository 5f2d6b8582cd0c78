/** Finished media in the forms that OpenAI answers carry. */
import { formatOf, type Job, type JobEngine, type KeptMedia, mediaBytes } from 'flow2api/contracts'
import { err, type Fault, type Handle, ok, type Result } from 'flow2api/plugin'

/** `WxH` as delivered, or undefined where it was not measured. */
export const sizeOf = (media: KeptMedia | undefined): string | undefined =>
  media === undefined || media.width === null || media.height === null ? undefined : `${media.width}x${media.height}`

/**
 * For each piece of a finished job: itself as a data URL, and its address where it is no picture or `longest` characters
 * are not enough. Errors: those of `mediaBytes`.
 */
export async function dataUrlsOf(
  jobs: Handle<JobEngine>,
  job: Job,
  longest = Number.POSITIVE_INFINITY,
): Promise<Result<readonly string[], Fault>> {
  const urls: string[] = []
  for (const [index, { mime, bytes, url }] of job.media.entries()) {
    if (!mime.startsWith('image/') || base64Length(bytes) > longest) {
      urls.push(url)
      continue
    }
    const read = await mediaBytes(jobs, job.id, index)
    if (read.isErr()) return err(read.error)
    const whole = `data:${mime};base64,${read.value.bytes.toBase64()}`
    urls.push(whole.length > longest ? url : whole)
  }
  return ok(urls)
}

const base64Length = (bytes: number): number => Math.ceil(bytes / 3) * 4

/** Media as chat shows it. A video is a link on a line of its own: no interface renders more than that everywhere. */
export function markdownOf(media: KeptMedia): string {
  const url = media.url.replaceAll('(', '%28').replaceAll(')', '%29').replaceAll(' ', '%20')
  return media.mime.startsWith('video/') ? `[video.${formatOf(media.mime)}](${url})` : `![image](${url})`
}
