/**
 * Admission: a model id, parameters and inputs become one concrete model, or a refusal before anything is paid. Pure.
 *
 * `size`, `seconds` and `quality` are fields that OpenAI clients fill in by themselves: they are mapped to the nearest
 * and the truth is echoed. `aspect_ratio` and `resolution` are written on purpose: a concrete id refuses what
 * contradicts it, and nobody gets a lower resolution than stated without having allowed it.
 */
import { domainFault, type Parameters, type Plan, type PlanInput } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import { type Aspect, nearestAspect, nearestBy, readRatio } from './aspects.ts'
import type { Catalogue, CatalogueModel } from './catalogue.ts'
import { refuseInputs } from './inputs.ts'
import { priceOf } from './prices.ts'
import { finalSize, resolutionOf, resolutionRank, sizeText } from './sizes.ts'
import { quoted, readWish, type Wish } from './wish.ts'

export function planModel(
  catalogue: Catalogue,
  id: string,
  parameters: Parameters,
  inputs: readonly PlanInput[],
): Result<Plan, Fault> {
  const concrete = catalogue.find(id)
  const generic = catalogue.generics.get(id)
  const candidates = generic ?? (concrete === undefined ? [] : [concrete])
  const fallback = candidates[0]
  if (fallback === undefined) return err(unknownModel(id))
  // All models of a generic name take the same inputs; a test holds the catalogue to it.
  const unsuitable = refuseInputs(catalogue, id, fallback, inputs)
  if (unsuitable !== undefined) return err(unsuitable)

  const wish = readWish(parameters, fallback.kind, inputs)
  if (wish.isErr()) return err(wish.error)
  const model = nearestVariant(candidates, fallback, wish.value)
  const refused =
    (generic === undefined ? contradiction(catalogue, id, model, wish.value) : undefined) ??
    tooCoarse(catalogue, id, candidates, model, wish.value, parameters.allowDowngrade === true) ??
    otherShape(id, model, inputs)
  return refused === undefined ? ok(planFor(model)) : err(refused)
}

const rankOf = (model: CatalogueModel): number => resolutionRank(resolutionOf(model)) ?? 0

/** First the resolution, then the ratio, then the seconds: each narrows down what the one before has left. */
function nearestVariant(variants: readonly CatalogueModel[], fallback: CatalogueModel, wish: Wish): CatalogueModel {
  const rank = wish.resolution ?? rankOf(fallback)
  // Too much before too little.
  const short = (model: CatalogueModel) => (rankOf(model) < rank ? 10 + rank - rankOf(model) : rankOf(model) - rank)
  const nearest = rankOf(nearestBy(variants, short) ?? fallback)
  const sharp = variants.filter(model => rankOf(model) === nearest)

  const aspects: readonly Aspect[] = sharp.map(model => model.aspect)
  const aspect = wish.ratio === undefined ? fallback.aspect : nearestAspect(wish.ratio, aspects)
  const shaped = sharp.filter(model => model.aspect === aspect)

  const seconds = wish.seconds ?? fallback.seconds ?? 0
  return nearestBy(shaped, model => Math.abs((model.seconds ?? 0) - seconds)) ?? fallback
}

function contradiction(catalogue: Catalogue, id: string, model: CatalogueModel, wish: Wish): Fault | undefined {
  const hint = hintOf(catalogue, model)
  const own = readRatio(model.aspect) ?? 1
  if (wish.statedRatio !== undefined && Math.abs(wish.statedRatio / own - 1) > 0.02)
    return invalid('aspect_ratio', `"${id}" always makes ${model.aspect}. Leave \`aspect_ratio\` out${hint}.`)
  if (wish.statedResolution !== undefined && wish.statedResolution < rankOf(model))
    return invalid('resolution', `"${id}" always makes ${resolutionOf(model)}. Leave \`resolution\` out${hint}.`)
  return undefined
}

/** A stated resolution that cannot be had is an error, unless less is allowed. */
function tooCoarse(
  catalogue: Catalogue,
  id: string,
  candidates: readonly CatalogueModel[],
  model: CatalogueModel,
  wish: Wish,
  allowed: boolean,
): Fault | undefined {
  if (allowed || wish.statedResolution === undefined || rankOf(model) >= wish.statedResolution) return undefined
  const hint = candidates.length > 1 ? '' : hintOf(catalogue, model)
  return invalid(
    'resolution',
    `"${id}" makes ${resolutionOf(model)} at most. Leave \`resolution\` out, or set \`allow_downgrade\` to take what there is${hint}.`,
  )
}

function hintOf(catalogue: Catalogue, model: CatalogueModel): string {
  const general = [...catalogue.generics].find(([, variants]) => variants.length > 1 && variants.includes(model))?.[0]
  return general === undefined ? '' : `, or use "${general}", which takes several`
}

/** A continuation has the shape of what it continues (PROTOCOL.md 2.13). */
function otherShape(id: string, model: CatalogueModel, inputs: readonly PlanInput[]): Fault | undefined {
  const source = inputs.find(({ role }) => role === 'source_video')
  if (!source?.width || !source.height || source.width === source.height) return undefined
  const aspect = source.height > source.width ? '9:16' : '16:9'
  if (aspect === model.aspect) return undefined
  return invalid('model', `"${id}" makes ${model.aspect} here, and the source video is ${aspect}. Use one that agrees.`)
}

function planFor(model: CatalogueModel): Plan {
  // The length of an extended video depends on its source, which is not known here (PROTOCOL.md 2.13).
  const seconds = model.mode === 'extend' ? undefined : model.seconds
  const credits = priceOf(model)
  return {
    model: model.id,
    ...(credits !== undefined && { credits }),
    ...(model.tier !== 'PAYGATE_TIER_NOT_PAID' && { tier: model.tier }),
    requested: {
      size: sizeText(finalSize(model)),
      aspectRatio: model.aspect,
      resolution: resolutionOf(model),
      ...(seconds !== undefined && { seconds }),
    },
  }
}

const unknownModel = (id: string): Fault =>
  domainFault('model_not_found', `Flow has no model "${quoted(id)}". GET /v1/models lists what there is.`, {
    param: 'model',
  })

const invalid = (param: string, message: string): Fault => domainFault('invalid_value', message, { param })
