/** Inputs of a request: which model takes them, which role each has there, and their bytes. */
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import { domainFault } from '../faults.ts'
import type { JobInput, JobRequest, ListedModel } from '../jobs.ts'
import type { InputRole } from '../provider.ts'
import { chooseModel, shapeOf } from './model-choice.ts'
import { type PictureSource, pictureReader, type SentPicture } from './pictures.ts'
import type { SurfaceWorld } from './world.ts'

/** What a caller supplied, before it is read. */
export interface SuppliedInput {
  /** Absent: a picture that gets the role that the model has for it. */
  readonly role?: InputRole
  /** Left out where the model has no place for it. Only without a role. */
  readonly optional?: true
  readonly source: PictureSource | EarlierMedia | SentMedia
}

/** Finished media of an earlier job. */
export interface EarlierMedia {
  readonly jobId: string
  readonly index: number
}

/** Taken as it is: a video, or a picture that was read before. */
export interface SentMedia {
  readonly mime: string
  readonly bytes: Uint8Array
}

/** Order of several pictures: a clip begins, ends, then is guided. */
const ROLES = ['first_frame', 'last_frame', 'reference'] as const satisfies readonly InputRole[]

/** As in the engine, which nobody is to reach with more. */
const MOST_INPUTS = 16

interface Supply {
  readonly inputs: readonly SuppliedInput[]
  /** The field in which they stand. */
  readonly param: string
  /** Of the caller's request. */
  readonly signal: AbortSignal
  /** What to do where the model takes no pictures, in the words of the API. */
  readonly otherwise?: string
  /** What else a picture that was read has to be. Error: with `param`. */
  examine?(picture: SentPicture): Result<SentPicture, Fault>
}

const OTHERWISE = 'Leave them out, or choose a model that has a role for them.'

/**
 * The request with its inputs, each in its role. Where the caller left the model to us and the usual one does not take
 * them, one that does. Nothing is fetched before it is known to have a place.
 */
export async function withInputs(
  world: SurfaceWorld,
  request: JobRequest,
  { inputs: supplied, param, signal, otherwise = OTHERWISE, examine = ok }: Supply,
): Promise<Result<JobRequest, Fault>> {
  if (supplied.length === 0) return ok(request)
  const refuse = (message: string) => err(domainFault('invalid_value', message, { param }))
  const needed = supplied.filter(({ optional }) => !optional).length
  if (needed > MOST_INPUTS)
    return refuse(`${needed} pictures were sent; at most ${MOST_INPUTS} are taken. Leave some out.`)
  let room = MOST_INPUTS - needed
  const inputs = supplied.filter(({ optional }) => !optional || room-- > 0)
  const chosen = await chooseModel(world.jobs, {
    name: request.model,
    kind: request.kind,
    shape: shapeOf(request.parameters.aspectRatio ?? request.parameters.size),
    takes: model => model.kind === request.kind && takesAll(model, inputs),
  })
  if (chosen.isErr()) return err(chosen.error)
  const { id, model } = chosen.value
  const placed = placedInputs(inputs, model)
  if (placed.filter(({ input }) => !input.optional).length < needed)
    return refuse(
      placed.length === 0
        ? `The model ${model.id} takes no pictures. ${otherwise}`
        : `The model ${model.id} takes at most ${placed.length} pictures; ${needed} were sent.`,
    )
  const read: JobInput[] = []
  using reader = pictureReader(world, param, signal)
  for (const { role, input } of placed) {
    const { source } = input
    if (typeof source === 'object' && 'jobId' in source) read.push({ role, from: source })
    else if ('bytes' in source && 'mime' in source) read.push({ role, ...source })
    else {
      const picture = (await reader.read(source)).andThen(examine)
      if (picture.isErr()) return err(picture.error)
      read.push({ role, ...picture.value })
    }
  }
  return ok(read.length === 0 ? request : { ...request, model: id, inputs: read })
}

interface PlacedInput {
  readonly role: InputRole
  readonly input: SuppliedInput
}

/** Those that have a place, in order: what has a role keeps it, whether the model knows it or not. */
export function placedInputs(inputs: readonly SuppliedInput[], model: ListedModel): readonly PlacedInput[] {
  const free = freePlaces(model, inputs)
  return inputs.flatMap(input => {
    const role = input.role ?? free.shift()
    return role === undefined ? [] : [{ role, input }]
  })
}

/** The roles that are left for pictures without one: what the model cannot do without first, then the rest, in order. */
function freePlaces(model: ListedModel, inputs: readonly SuppliedInput[]): InputRole[] {
  const given = (role: InputRole) => inputs.filter(input => input.role === role).length
  let left = inputs.filter(({ role }) => role === undefined).length
  const rules = ROLES.map(role => {
    const rule = model.accepts.inputs.find(input => input.role === role)
    return { role, min: Math.max(0, (rule?.min ?? 0) - given(role)), max: Math.max(0, (rule?.max ?? 0) - given(role)) }
  })
  const take = (most: number) => {
    const taken = Math.min(most, left)
    left -= taken
    return taken
  }
  const needed = rules.map(({ min }) => take(min))
  const filled = rules.map(({ min, max }, index) => (needed[index] ?? 0) + take(max - min))
  return rules.flatMap(({ role }, index) => Array.from({ length: filled[index] ?? 0 }, () => role))
}

/** Whether they are neither too many nor too few for it. */
function takesAll(model: ListedModel, inputs: readonly SuppliedInput[]): boolean {
  const roles = placedInputs(inputs, model).map(({ role }) => role)
  const count = (role: InputRole) => roles.filter(one => one === role).length
  const known = roles.every(role => model.accepts.inputs.some(input => input.role === role))
  const fitting = model.accepts.inputs.every(({ role, min, max }) => count(role) >= min && count(role) <= max)
  return known && fitting && roles.length === inputs.length
}
