/** `POST /v1/images/generations` and `/v1/images/edits`: the same work, the latter with pictures to start from. */
import { type Caller, domainFault } from 'flow2api/contracts'
import { Elysia, err, type Fault, ok, type Result } from 'flow2api/plugin'
import { admit } from './admission.ts'
import type { Body } from './body.ts'
import { Fields } from './fields.ts'
import { type ImageRequest, type Operation, streamedImages, wholeImages } from './image-answer.ts'
import { IMAGE_DOCS } from './image-docs.ts'
import { withPictures } from './inputs.ts'
import { LONGEST_PROMPT, MOST_PIECES, readParameters } from './parameters.ts'
import { authenticated, type Surface } from './surface.ts'

/** How each operation is called in job records. */
const SURFACES = { image_generation: 'images.generations', image_edit: 'images.edits' } as const

export const imageRoutes = (surface: Surface) => {
  const handler =
    (operation: Operation) =>
    ({ request }: { readonly request: Request }) =>
      authenticated(surface, request, caller => answer(surface, request, caller, operation))
  return new Elysia()
    .post('/v1/images/generations', handler('image_generation'), { parse: 'none', detail: IMAGE_DOCS.generations })
    .post('/v1/images/edits', handler('image_edit'), { parse: 'none', detail: IMAGE_DOCS.edits })
}

const answer = (surface: Surface, request: Request, caller: Caller, operation: Operation): Promise<Response> =>
  admit(surface, {
    request,
    caller,
    endpoint: SURFACES[operation],
    read: body => (operation === 'image_edit' ? readImageEdit(surface, body) : readImageRequest(body)),
    answer: admitted =>
      admitted.wanted.stream ? streamedImages(surface, admitted, operation) : wholeImages(surface, admitted),
  })

export function readImageRequest(body: Body): Result<ImageRequest, Fault> {
  const fields = new Fields(body)
  const request: ImageRequest = {
    job: {
      kind: 'image',
      model: fields.text('model') ?? '',
      prompt: fields.requiredText('prompt', LONGEST_PROMPT),
      parameters: readParameters(fields, 'image'),
      inputs: [],
      count: fields.whole('n', 1, MOST_PIECES) ?? 1,
    },
    form: fields.oneOf('response_format', ['url', 'b64_json']) ?? 'b64_json',
    stream: fields.flag('stream'),
  }
  return fields.fault === undefined ? ok(request) : err(fields.fault)
}

/** Pictures are in `image` (a form: one or several), or in `images` (JSON: a list of `{ image_url }`). */
async function readImageEdit(surface: Surface, body: Body): Promise<Result<ImageRequest, Fault>> {
  const wanted = readImageRequest(body)
  if (wanted.isErr()) return err(wanted.error)
  const fields = new Fields(body)
  // What narrows an edit down may not be left out silently: the work would be paid and wrong.
  for (const [param, name] of [
    ['mask', 'Masks'],
    ['markup', 'Markups'],
  ] as const)
    if (fields.raw(param) !== undefined)
      return err(
        domainFault('invalid_value', `${name} are not supported by this model. Leave \`${param}\` out.`, { param }),
      )
  const param = fields.raw('image') === undefined && fields.raw('images') !== undefined ? 'images' : 'image'
  const job = await withPictures(surface.jobs, wanted.value.job, [fields.raw('image'), fields.raw('images')], param)
  if (job.isErr()) return err(job.error)
  if (job.value.inputs.length > 0) return ok({ ...wanted.value, job: job.value })
  const message =
    '`image` is required: one or several files, or `images` with data URLs. Without any, use /v1/images/generations.'
  return err(domainFault('missing_required_parameter', message, { param: 'image' }))
}
