/** `POST /v1/images/*`: pictures from a prompt, and from other pictures. */
import { type Caller, domainFault, LONGEST_PROMPT, MOST_PIECES } from 'flow2api/contracts'
import { Elysia, err, type Fault, ok, type Result } from 'flow2api/plugin'
import { admit } from './admission.ts'
import type { Fields } from './fields.ts'
import { type ImageRequest, streamedImages, wholeImages } from './image-answer.ts'
import { IMAGE_DOCS } from './image-docs.ts'
import { withPictures } from './inputs.ts'
import { readOutputFormat } from './output-format.ts'
import { readParameters } from './parameters.ts'
import { authenticated, type Surface } from './surface.ts'

/** How each operation is called in job records. */
type Endpoint = 'images.generations' | 'images.edits' | 'images.variations'

/** A variation has no prompt of its own. */
const VARIATION =
  'Make a new picture of the same subject in the same style and composition as this picture, varied in its details.'

const BACKGROUNDS = ['auto', 'opaque', 'transparent'] as const
const MOST_PARTIALS = 3

export const imageRoutes = (surface: Surface) => {
  const handler =
    (endpoint: Endpoint) =>
    ({ request }: { readonly request: Request }) =>
      authenticated(surface, request, caller => answer(surface, request, caller, endpoint))
  return (
    new Elysia()
      .post('/v1/images/generations', handler('images.generations'), { parse: 'none', detail: IMAGE_DOCS.generations })
      .post('/v1/images/edits', handler('images.edits'), { parse: 'none', detail: IMAGE_DOCS.edits })
      .post('/v1/images/variations', handler('images.variations'), { parse: 'none', detail: IMAGE_DOCS.variations })
      // Where OpenRouter's clients ask.
      .post('/v1/images', handler('images.generations'), { parse: 'none', detail: { hide: true } })
  )
}

const answer = (surface: Surface, request: Request, caller: Caller, endpoint: Endpoint): Promise<Response> =>
  admit(surface, {
    request,
    caller,
    endpoint,
    read: fields => readImages(surface, fields, endpoint, request),
    answer: admitted => {
      const operation = endpoint === 'images.generations' ? 'image_generation' : 'image_edit'
      return admitted.wanted.stream ? streamedImages(surface, admitted, operation) : wholeImages(surface, admitted)
    },
  })

type Read = Result<ImageRequest, Fault>

function readImages(surface: Surface, fields: Fields, endpoint: Endpoint, request: Request): Read | Promise<Read> {
  const wanted = readImageRequest(fields, endpoint === 'images.variations' ? VARIATION : undefined)
  if (wanted.isErr()) return wanted
  if (endpoint !== 'images.generations') return readEdit(surface, wanted.value, fields, request)
  const value = fields.raw('input_references')
  return value === undefined ? wanted : withInputs(surface, wanted.value, value, 'input_references', request)
}

/** Without pictures. `standing`: the prompt of whoever gives none. */
export function readImageRequest(fields: Fields, standing?: string): Read {
  const prompt =
    standing === undefined ? fields.requiredText('prompt', LONGEST_PROMPT) : fields.text('prompt', LONGEST_PROMPT)
  const request: ImageRequest = {
    job: {
      kind: 'image',
      model: fields.text('model') ?? '',
      prompt: prompt ?? standing ?? '',
      parameters: readParameters(fields, 'image'),
      inputs: [],
      count: fields.whole('n', 1, MOST_PIECES) ?? 1,
    },
    form: fields.oneOf('response_format', ['url', 'b64_json']) ?? 'b64_json',
    stream: fields.flag('stream'),
    format: readOutputFormat(fields),
  }
  // No provider tells what a picture looks like before it is finished, and fewer partial ones than asked for are legal.
  fields.whole('partial_images', 0, MOST_PARTIALS)
  if (fields.oneOf('background', BACKGROUNDS) === 'transparent') fields.ignore('background')
  // By address a picture is what the provider made.
  if (request.form === 'url' && !request.stream) fields.ignore('output_format')
  return fields.fault === undefined ? ok(request) : err(fields.fault)
}

/** Pictures are in `image` (a form: one or several), or in `images` (JSON: a list of `{ image_url }`). */
async function readEdit(surface: Surface, wanted: ImageRequest, fields: Fields, request: Request): Promise<Read> {
  // What narrows an edit down may not be left out silently: the work would be paid and wrong.
  for (const param of ['mask', 'markup'] as const)
    if (fields.raw(param) !== undefined)
      return err(
        domainFault(
          'invalid_value',
          `A \`${param}\` is not supported: the models here edit the whole picture. Leave \`${param}\` out and say in the prompt what is to change.`,
          { param },
        ),
      )
  const [image, images] = [fields.raw('image'), fields.raw('images')]
  const param = image === undefined && images !== undefined ? 'images' : 'image'
  const complete = await withInputs(surface, wanted, [image, images], param, request)
  if (complete.isErr() || complete.value.job.inputs.length > 0) return complete
  const message =
    '`image` is required: one or several files, or `images` with data URLs or web addresses. Without any, use /v1/images/generations.'
  return err(domainFault('missing_required_parameter', message, { param: 'image' }))
}

const withInputs = async (
  surface: Surface,
  wanted: ImageRequest,
  value: unknown,
  param: string,
  { signal }: Request,
): Promise<Read> => (await withPictures(surface, wanted.job, { value, param, signal })).map(job => ({ ...wanted, job }))
