/** `POST /v1/videos/extensions`: more of a video that was made here. */
import { chooseModel, domainFault, type Job, type ListedModel, LONGEST_PROMPT, shapeOf } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import type { Fields } from './fields.ts'
import { sizeOf } from './media.ts'
import { readParameters } from './parameters.ts'
import type { Surface } from './surface.ts'
import { readSourceVideo } from './video-lookup.ts'
import { extendsVideos, type VideoRequest } from './video-request.ts'

export async function readExtension(surface: Surface, fields: Fields): Promise<Result<VideoRequest, Fault>> {
  const name = fields.text('model') ?? ''
  const prompt = fields.requiredText('prompt', LONGEST_PROMPT)
  const parameters = readParameters(fields, 'video')
  if (fields.fault !== undefined) return err(fields.fault)
  const source = await readSourceVideo(surface, fields.raw('video'))
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
  const inputs = [{ role: 'source_video', from: { jobId, index: 0 } }] as const
  return ok({ job: { kind: 'video', model: id, prompt, parameters: shaped, inputs, count: 1 } })
}

/** As delivered; else as it was asked for. */
const writtenSize = ({ delivered, media, requested }: Job): string | undefined =>
  delivered?.size ?? sizeOf(media[0]) ?? requested.size ?? requested.aspectRatio?.replace(':', 'x')

function cannotExtend({ id }: ListedModel, name: string): Fault {
  const message =
    name === ''
      ? 'No model here extends videos at the moment: none in GET /v1/models takes a `source_video`.'
      : `The model ${id} does not extend videos. Leave \`model\` out, or choose one whose \`capabilities.inputs\` has the role \`source_video\`.`
  return domainFault('invalid_value', message, { param: 'model' })
}
