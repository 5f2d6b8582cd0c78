/** `POST /v1/videos/{id}/remix` and `POST /v1/videos/edits`: a video that was made here, once more with another prompt. */
import {
  domainFault,
  type Job,
  type JobInput,
  type ListedModel,
  LONGEST_PROMPT,
  mediaBytes,
  pictureMime,
} from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import type { Fields } from './fields.ts'
import type { Surface } from './surface.ts'
import { findFinished, readSourceVideo } from './video-lookup.ts'
import { extendsVideos, type VideoRequest } from './video-request.ts'

/** `id`: of the path; without it the body names the video. */
export async function readRemix(
  surface: Surface,
  fields: Fields,
  id: string | undefined,
): Promise<Result<VideoRequest, Fault>> {
  const prompt = fields.requiredText('prompt', LONGEST_PROMPT)
  const name = fields.text('model') ?? ''
  if (fields.fault !== undefined) return err(fields.fault)
  const found = await (id === undefined
    ? readSourceVideo(surface, fields.raw('video'))
    : findFinished(surface, id, 'video_id'))
  if (found.isErr()) return err(found.error)
  const source = found.value
  const model = await modelFor(surface, source, name)
  if (model.isErr()) return err(model.error)
  const inputs = await inputsFor(surface, source, model.value)
  if (inputs.isErr()) return err(inputs.error)
  const { size, seconds } = source.requested
  const parameters =
    name === '' ? source.requested : { ...(size !== undefined && { size }), ...(seconds !== undefined && { seconds }) }
  return ok({
    job: { kind: 'video', model: model.value.id, prompt, parameters, inputs: inputs.value, count: 1 },
    sourceId: source.id,
  })
}

/** The one that was named, else the very one that made the source. Error: `model_not_found`. */
async function modelFor(
  { jobs }: Surface,
  { provider, resolvedModel, model }: Job,
  name: string,
): Promise<Result<ListedModel, Fault>> {
  if (name !== '') return jobs.model(name)
  for (const id of [resolvedModel, `${provider}/${resolvedModel}`]) {
    const same = await jobs.model(id)
    if (same.isOk() && same.value.provider === provider) return ok({ ...same.value, id })
  }
  return jobs.model(model || resolvedModel)
}

/**
 * The source itself where the model takes a video; a still picture of it where the model cannot do without one; nothing
 * where it makes videos of a prompt alone.
 */
async function inputsFor(
  { jobs }: Surface,
  source: Job,
  model: ListedModel,
): Promise<Result<readonly JobInput[], Fault>> {
  if (extendsVideos(model)) return ok([{ role: 'source_video', from: { jobId: source.id, index: 0 } }])
  const needed = model.accepts.inputs.flatMap(({ role, min }) => Array<typeof role>(min).fill(role))
  const [role, second] = needed
  if (role === undefined) return ok([])
  const refuse = (why: string) =>
    err(
      domainFault('invalid_value', `${why} Name another \`model\`, or make the video anew at POST /v1/videos.`, {
        param: 'model',
      }),
    )
  if (second !== undefined)
    return refuse(`The model ${model.id} needs ${needed.length} pictures, and one is at hand: a still of the video.`)
  const still = await mediaBytes(jobs, source.id, 0, 'thumbnail')
  const mime = still.isOk() ? pictureMime(still.value.bytes) : undefined
  return still.isOk() && mime !== undefined
    ? ok([{ role, mime, bytes: still.value.bytes }])
    : refuse(`The model ${model.id} needs a picture, and a still of the video cannot be had.`)
}
