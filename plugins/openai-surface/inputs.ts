/** Pictures that a caller supplied, as inputs of a job. */
import {
  chooseModel,
  domainFault,
  type InputRole,
  type JobInput,
  type JobRequest,
  type ListedModel,
  type MediaKind,
  shapeOf,
} from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import { type Picture, readPictures } from './picture-reader.ts'
import { pictureSources } from './pictures.ts'
import type { Surface } from './surface.ts'

/** Order of several pictures: a clip begins, ends, then is guided. */
const ROLES = ['first_frame', 'last_frame', 'reference'] as const satisfies readonly InputRole[]

interface Supplied {
  /** What the caller sent with this request, in any of the forms of `pictureSources`. */
  readonly value: unknown
  /** The field in which it stands. */
  readonly param: string
  /** Come behind the others, as far as the model takes them. */
  readonly extras?: readonly Picture[]
  /** Of the caller's request. */
  readonly signal: AbortSignal
}

/**
 * The request with the pictures of `value`, each in the role that the model has for it. Where the caller left the model
 * to us and the usual one takes no such pictures, one that does. Nothing is fetched before it is known to have a place.
 */
export async function withPictures(
  surface: Surface,
  request: JobRequest,
  { value, param, extras = [], signal }: Supplied,
): Promise<Result<JobRequest, Fault>> {
  const sources = pictureSources(value, param)
  if (sources.isErr()) return err(sources.error)
  const needed = sources.value.length
  if (needed + extras.length === 0) return ok(request)
  const chosen = await chooseModel(surface.jobs, {
    name: request.model,
    kind: request.kind,
    shape: shapeOf(request.parameters.aspectRatio ?? request.parameters.size),
    takes: model => takesPictures(model, request.kind, needed + extras.length),
  })
  if (chosen.isErr()) return err(chosen.error)
  const { id, model } = chosen.value
  const roles = rolesFor(needed, model, param)
  if (roles.isErr()) return err(roles.error)
  const read = needed === 0 ? ok([]) : await readPictures(surface, sources.value, param, signal)
  return read.map(pictures => {
    const inputs = placed([...pictures, ...extras], model)
    return inputs.length === 0 ? request : { ...request, model: id, inputs }
  })
}

/** The roles of so many pictures, in order. Error: `invalid_value` where the model has not enough of them. */
export function rolesFor(count: number, model: ListedModel, param: string): Result<readonly InputRole[], Fault> {
  const places = placesOf(model, count)
  if (places.length === count) return ok(places)
  const message =
    places.length === 0
      ? `The model ${model.id} takes no pictures. Leave \`${param}\` out, or choose a model whose \`capabilities.inputs\` has a role for them.`
      : `The model ${model.id} takes at most ${places.length} pictures; ${count} were sent.`
  return err(domainFault('invalid_value', message, { param }))
}

/** As many of the pictures as the model takes, each with its role. */
export function placed(pictures: readonly Picture[], model: ListedModel): readonly JobInput[] {
  const places = placesOf(model, pictures.length)
  return pictures.flatMap((picture, index) => {
    const role = places[index]
    return role === undefined ? [] : [{ role, ...picture }]
  })
}

/** The roles of that many pictures: what the model cannot do without is filled first, then the rest, in order. */
function placesOf(model: ListedModel, count: number): readonly InputRole[] {
  const rules = ROLES.map(role => model.accepts.inputs.find(input => input.role === role) ?? { role, min: 0, max: 0 })
  let left = count
  const take = (most: number) => {
    const taken = Math.min(most, left)
    left -= taken
    return taken
  }
  const needed = rules.map(({ min }) => take(min))
  const filled = rules.map(({ min, max }, index) => (needed[index] ?? 0) + take(max - min))
  return rules.flatMap(({ role }, index) => Array.from({ length: filled[index] ?? 0 }, () => role))
}

/** Whether so many pictures are neither too many nor too few for it. */
function takesPictures(model: ListedModel, kind: MediaKind, count: number): boolean {
  const places = placesOf(model, count)
  const enough = model.accepts.inputs.every(({ role, min }) => places.filter(place => place === role).length >= min)
  return model.kind === kind && places.length === count && enough
}
