/** Pictures that a caller supplied, as inputs of a job. */
import { domainFault, type InputRole, type JobEngine, type JobRequest, type ListedModel } from 'flow2api/contracts'
import { err, type Fault, type Handle, ok, type Result } from 'flow2api/plugin'
import { isValues } from './body.ts'

type Input = JobRequest['inputs'][number]
type Picture = Omit<Input, 'role'>

/** Order of several pictures: a clip begins, ends, then is guided. */
const ROLES = ['first_frame', 'last_frame', 'reference'] as const satisfies readonly InputRole[]

const DATA_URL = /^data:[^,]*;base64,/i
const WEB_URL = /^https?:\/\//i

/** The request with the pictures of `value`, each in the role that the model has for it. */
export async function withPictures(
  jobs: Handle<JobEngine>,
  request: JobRequest,
  value: unknown,
  param: string,
): Promise<Result<JobRequest, Fault>> {
  const pictures = await readPictures(value, param)
  if (pictures.isErr()) return err(pictures.error)
  if (pictures.value.length === 0) return ok(request)
  if (request.model === '') {
    const message = 'A request with pictures must name its `model`, so that it is known what they are for.'
    return err(domainFault('missing_required_parameter', message, { param: 'model' }))
  }
  const model = await jobs.model(request.model)
  if (model.isErr()) return err(model.error)
  return assignRoles(pictures.value, model.value, param).map(inputs => ({ ...request, inputs }))
}

/**
 * A file, a data URL or bare base64, `{ image_url }` with one of these, or a list of them; in order.
 * Errors: `invalid_value` for web addresses and file ids, `invalid_image_file`.
 */
export async function readPictures(value: unknown, param: string): Promise<Result<readonly Picture[], Fault>> {
  const pictures: Picture[] = []
  for (const item of flatten(value)) {
    const bytes = item instanceof Blob ? ok(await item.bytes()) : bytesOfText(item, param)
    if (bytes.isErr()) return err(bytes.error)
    const mime = pictureType(bytes.value)
    if (mime === undefined) {
      const message = `\`${param}\` is not a picture that can be read. Send PNG, JPEG, WebP or GIF.`
      return err(domainFault('invalid_image_file', message, { param }))
    }
    pictures.push({ mime, bytes: bytes.value })
  }
  return ok(pictures)
}

/** Gives each picture the role that the model has for it, in order. Error: `invalid_value` where it has none left. */
export function assignRoles(
  pictures: readonly Picture[],
  model: ListedModel,
  param: string,
): Result<readonly Input[], Fault> {
  const places = ROLES.flatMap(role => {
    const most = model.accepts.inputs.find(input => input.role === role)?.max ?? 0
    return Array.from({ length: Math.min(most, pictures.length) }, () => role)
  })
  const inputs = pictures.flatMap((picture, index) => {
    const role = places[index]
    return role === undefined ? [] : [{ role, ...picture }]
  })
  if (inputs.length === pictures.length) return ok(inputs)
  const message =
    places.length === 0
      ? `The model ${model.id} takes no pictures. Leave \`${param}\` out, or choose a model whose \`capabilities.inputs\` has a role for them.`
      : `The model ${model.id} takes at most ${places.length} pictures; ${pictures.length} were sent.`
  return err(domainFault('invalid_value', message, { param }))
}

function flatten(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value.flatMap(flatten)
  if (isValues(value)) {
    if ('image_url' in value) return flatten(value['image_url'])
    if ('url' in value) return flatten(value['url'])
  }
  return [value]
}

function bytesOfText(value: unknown, param: string): Result<Uint8Array, Fault> {
  const refuse = (why: string) => err(domainFault('invalid_value', `\`${param}\` ${why}`, { param }))
  if (typeof value !== 'string')
    return refuse('must be a picture: a file, or a data URL such as data:image/png;base64,…')
  if (WEB_URL.test(value)) return refuse('is a web address; this version fetches none. Send the picture as a data URL.')
  try {
    return ok(Uint8Array.fromBase64(value.replace(DATA_URL, '')))
  } catch {
    return refuse('is neither a file nor valid base64. Send a file, or a data URL such as data:image/png;base64,…')
  }
}

/** By magic bytes: declared types are unreliable (api-surfaces 0.3). */
function pictureType(bytes: Uint8Array): string | undefined {
  const text = (from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to))
  if (text(0, 8) === '\x89PNG\r\n\x1a\n') return 'image/png'
  if (text(0, 3) === '\xff\xd8\xff') return 'image/jpeg'
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP') return 'image/webp'
  if (text(0, 4) === 'GIF8') return 'image/gif'
  return undefined
}
