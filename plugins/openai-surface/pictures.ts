/** Pictures as callers send them: files, data URLs, base64, web addresses. What they are, without their bytes yet. */
import { bytesFromBase64, domainFault, isValues, type PictureSource } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'

/** The most that OpenAI takes for one request (api-surfaces A.4); nobody is asked for more. */
const MOST_PICTURES = 16

const WEB_URL = /^https?:\/\//i

/**
 * A file, a data URL, bare base64 or a web address, `{ image_url }` or `{ url }` with one of these, or a list of them; in
 * order. Error: `invalid_value`.
 */
export function pictureSources(value: unknown, param: string): Result<readonly PictureSource[], Fault> {
  const items = flatten(value)
  if (items.length > MOST_PICTURES)
    return refuse(param, `has ${items.length} pictures; at most ${MOST_PICTURES} are taken. Leave some out.`)
  const sources: PictureSource[] = []
  for (const item of items) {
    const source = sourceOf(item, param)
    if (source.isErr()) return err(source.error)
    sources.push(source.value)
  }
  return ok(sources)
}

function flatten(value: unknown): readonly unknown[] {
  if (value === undefined || value === null || value === '') return []
  if (Array.isArray(value)) return value.flatMap(flatten)
  if (isValues(value)) {
    if (value['image_url'] !== undefined) return flatten(value['image_url'])
    if (value['url'] !== undefined) return flatten(value['url'])
  }
  return [value]
}

function sourceOf(item: unknown, param: string): Result<PictureSource, Fault> {
  if (item instanceof Blob) return ok(item)
  if (isValues(item) && item['file_id'] !== undefined)
    return refuse(param, 'names a `file_id`, and files are not stored here. Send the picture itself, or a data URL.')
  if (typeof item !== 'string')
    return refuse(param, 'must be a picture: a file, a data URL such as data:image/png;base64,…, or a web address')
  if (WEB_URL.test(item)) {
    const url = URL.parse(item)
    return url === null ? refuse(param, 'is not a valid web address.') : ok(url)
  }
  const bytes = bytesFromBase64(item)
  return bytes === undefined
    ? refuse(
        param,
        'is neither a file nor valid base64 nor a web address. Send a file, or a data URL such as data:image/png;base64,…',
      )
    : ok(bytes)
}

const refuse = (param: string, why: string) => err(domainFault('invalid_value', `\`${param}\` ${why}`, { param }))
