/** `POST /v1/videos/extensions`: more of a video that was made here. */
import { domainFault, type Job, type JobRequest, type ListedModel } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import { type Body, isValues } from './body.ts'
import { chooseModel, shapeOf } from './choice.ts'
import { Fields } from './fields.ts'
import { sizeOf } from './media.ts'
import { LONGEST_PROMPT, readParameters } from './parameters.ts'
import type { Surface } from './surface.ts'
import { findVideo } from './video-lookup.ts'
import { isUnfinished } from './video-object.ts'

export async function readExtension(surface: Surface, body: Body): Promise<Result<JobRequest, Fault>> {
  const fields = new Fields(body)
  const name = fields.text('model') ?? ''
  const prompt = fields.requiredText('prompt', LONGEST_PROMPT)
  const parameters = readParameters(fields, 'video')
  if (fields.fault !== undefined) return err(fields.fault)
  const source = await readSource(surface, fields.raw('video'))
  if (source.isErr()) return err(source.error)
  const { id: jobId, resolvedModel, provider } = source.value
  const size = writtenSize(source.value)
  const chosen = await chooseModel(surface.jobs, {
    name,
    kind: 'video',
    shape: shapeOf(size),
    takes: extendsVideos,
    like: { id: resolvedModel, provider },
  })
  if (chosen.isErr()) return err(chosen.error)
  const { id, model } = chosen.value
  if (!extendsVideos(model)) return err(cannotExtend(model, name))
  // A model of several shapes is to make that of the source; of the two fields, `size` is the one that never clashes.
  const shaped =
    size === undefined || parameters.size !== undefined || parameters.aspectRatio !== undefined
      ? parameters
      : { ...parameters, size }
  return ok({
    kind: 'video',
    model: id,
    prompt,
    parameters: shaped,
    inputs: [{ role: 'source_video', from: { jobId, index: 0 } }],
    count: 1,
  })
}

/** `{ id }`, or the id alone. */
async function readSource(surface: Surface, written: unknown): Promise<Result<Job, Fault>> {
  const refuse = (code: 'invalid_value' | 'missing_required_parameter' | 'video_not_ready', message: string) =>
    err(domainFault(code, message, { param: 'video' }))
  const value = isValues(written) ? (written['id'] ?? written) : written
  if (value === undefined)
    return refuse('missing_required_parameter', '`video` is required: {"id": "video_…"} of a video that was made here.')
  if (typeof value !== 'string' || /^(?:data:|https?:)/i.test(value))
    return refuse(
      'invalid_value',
      '`video` must be the id of a video that was made here, such as {"id": "video_…"}; other videos cannot be extended.',
    )
  const found = await findVideo(surface, value, 'video')
  if (found.isErr()) return err(found.error)
  const job = found.value
  if (isUnfinished(job))
    return refuse('video_not_ready', `The video ${value} is not ready yet (${job.progress} % done). Extend it then.`)
  return job.status === 'completed' && job.media.length > 0
    ? ok(job)
    : refuse('invalid_value', `The video ${value} did not succeed, so there is nothing to extend.`)
}

/** As delivered; else as it was asked for. */
const writtenSize = ({ delivered, media, requested }: Job): string | undefined =>
  delivered?.size ?? sizeOf(media[0]) ?? requested.size ?? requested.aspectRatio?.replace(':', 'x')

const extendsVideos = ({ kind, accepts }: ListedModel): boolean =>
  kind === 'video' && accepts.inputs.some(({ role, max }) => role === 'source_video' && max > 0)

function cannotExtend({ id }: ListedModel, name: string): Fault {
  const message =
    name === ''
      ? 'No model here extends videos at the moment: none in GET /v1/models takes a `source_video`.'
      : `The model ${id} does not extend videos. Leave \`model\` out, or choose one whose \`capabilities.inputs\` has the role \`source_video\`.`
  return domainFault('invalid_value', message, { param: 'model' })
}
