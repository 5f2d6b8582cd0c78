/**
 * Which model serves a request with inputs. A model that the caller named is used as it is, or refused. Where the
 * choice is ours (no name, or a stand-in such as `sora-2`) and the usual model does not take the inputs, the most
 * similar one that does is taken.
 */
import { err, type Fault, type Handle, ok, type Result } from 'flow2api/plugin'
import { domainFault } from '../faults.ts'
import type { JobEngine, ListedModel } from '../jobs.ts'
import type { MediaKind } from '../provider.ts'

type Shape = 'landscape' | 'portrait' | 'square'

/** Of `W:H` or `WxH`; undefined for anything else. */
export function shapeOf(written: string | undefined): Shape | undefined {
  const [, width, height] = /^(\d+)[:x](\d+)$/i.exec(written ?? '') ?? []
  if (width === undefined || height === undefined) return undefined
  const excess = Number(width) - Number(height)
  return excess === 0 ? 'square' : excess > 0 ? 'landscape' : 'portrait'
}

export interface WantedModel {
  /** As the caller wrote it; empty: none. */
  readonly name: string
  readonly kind: MediaKind
  /** The model should make this one, where it is known. */
  readonly shape: Shape | undefined
  /** What the inputs demand. */
  takes(model: ListedModel): boolean
  /** What the choice should resemble, instead of the usual model. */
  readonly like?: Alike
}

type Alike = Pick<ListedModel, 'id' | 'provider' | 'tier'>

export interface ChosenModel {
  /** What the job is to be submitted with. */
  readonly id: string
  /** It may still not take the inputs: where the caller named it, and where no model does. */
  readonly model: ListedModel
}

/** Error: `model_not_found`. */
export async function chooseModel(jobs: Handle<JobEngine>, wanted: WantedModel): Promise<Result<ChosenModel, Fault>> {
  const { name, kind, takes } = wanted
  const named = name === '' ? usualModel(jobs, kind) : await jobs.model(name)
  if (named.isErr()) return err(named.error)
  const model = named.value
  const asNamed: ChosenModel = { id: name === '' ? (model.aliasOf ?? model.id) : name, model }
  if ((name !== '' && !isStandIn(model)) || takes(model)) return ok(asNamed)
  const like = wanted.like ?? { ...model, id: model.aliasOf ?? model.id }
  const candidates = jobs.models().filter(candidate => candidate.aliasOf === undefined && takes(candidate))
  const best = mostAlike(candidates, like, wanted.shape)
  return ok(best === undefined ? asNamed : { id: best.id, model: best })
}

function usualModel(jobs: Handle<JobEngine>, kind: MediaKind): Result<ListedModel, Fault> {
  const usual = jobs.defaultModel(kind)
  if (usual !== undefined) return ok(usual)
  const message = `No provider offers a model for ${kind}s at the moment. GET /v1/models lists what there is.`
  return err(domainFault('model_not_found', message, { param: 'model' }))
}

/** Google's own names of its video models: one name for every kind of input, where the provider has a model for each. */
const GOOGLE_VIDEO = /^veo-\d/i

/** A name of another family than what serves it says nothing about which model is meant. */
const isStandIn = ({ id, aliasOf }: ListedModel): boolean =>
  aliasOf !== undefined && (GOOGLE_VIDEO.test(id) || kinship(id, aliasOf) === 0)

/** The same provider, then the same shape, then no higher tier, then the same family; else the first listed. */
function mostAlike(candidates: readonly ListedModel[], like: Alike, shape: Shape | undefined): ListedModel | undefined {
  const makes = ({ accepts: { aspectRatios } }: ListedModel) =>
    shape === undefined || aspectRatios.length === 0 || aspectRatios.some(ratio => shapeOf(ratio) === shape)
  const affordable = ({ tier }: ListedModel) => tier === undefined || tier === like.tier
  const rank = (model: ListedModel) => [
    Number(model.provider === like.provider),
    Number(makes(model)),
    Number(affordable(model)),
    kinship(model.id, like.id),
  ]
  const ranked = candidates.map(model => ({ model, rank: rank(model) }))
  return ranked.sort((one, other) => compareRanks(other.rank, one.rank))[0]?.model
}

function compareRanks(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((value, index) => value !== other[index])
  return at === -1 ? 0 : (one[at] ?? 0) - (other[at] ?? 0)
}

/** How many words two ids begin with alike. */
function kinship(one: string, other: string): number {
  const words = other.toLowerCase().split(/[-_./]/)
  const differing = one
    .toLowerCase()
    .split(/[-_./]/)
    .findIndex((word, index) => word !== words[index])
  return differing === -1 ? words.length : differing
}
