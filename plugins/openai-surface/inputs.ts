/** Pictures that a caller supplied, as inputs of a job. */
import {
  domainFault,
  type InputRole,
  type JobEngine,
  type JobRequest,
  type ListedModel,
  type MediaKind,
} from 'flow2api/contracts'
import { err, type Fault, type Handle, ok, type Result } from 'flow2api/plugin'
import { chooseModel, shapeOf } from './choice.ts'
import { type Picture, readPictures } from './pictures.ts'

/** Order of several pictures: a clip begins, ends, then is guided. */
const ROLES = ['first_frame', 'last_frame', 'reference'] as const satisfies readonly InputRole[]

/**
 * The request with the pictures of `value`, each in the role that the model has for it. Where the caller left the model
 * to us and the usual one takes no such pictures, one that does.
 */
export async function withPictures(
  jobs: Handle<JobEngine>,
  request: JobRequest,
  value: unknown,
  param: string,
): Promise<Result<JobRequest, Fault>> {
  const pictures = await readPictures(value, param)
  if (pictures.isErr()) return err(pictures.error)
  const count = pictures.value.length
  if (count === 0) return ok(request)
  const chosen = await chooseModel(jobs, {
    name: request.model,
    kind: request.kind,
    shape: shapeOf(request.parameters.aspectRatio ?? request.parameters.size),
    takes: model => takesPictures(model, request.kind, count),
  })
  return chosen.andThen(({ id, model }) =>
    assignRoles(pictures.value, model, param).map(inputs => ({ ...request, model: id, inputs })),
  )
}

/** Gives each picture the role that the model has for it, in order. Error: `invalid_value` where it has none left. */
export function assignRoles(
  pictures: readonly Picture[],
  model: ListedModel,
  param: string,
): Result<readonly (Picture & { readonly role: InputRole })[], Fault> {
  const places = placesOf(model, pictures.length)
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
