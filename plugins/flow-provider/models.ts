/** What `/v1/models` can offer: the concrete ids that this version serves, their aliases, and the generic names. */
import type { Model } from 'flow2api/contracts'
import { shapeOf, sizeText } from './aspects.ts'
import { type Catalogue, type CatalogueModel, isServed, resolutionOf } from './catalogue.ts'
import { TIERS, type Tier } from './tiers.ts'

export function listModels(catalogue: Catalogue): readonly Model[] {
  const listed = new Map<string, Model>()
  // A generic name may equal a concrete id; it stands for more, so it comes first (PROTOCOL.md 10.2).
  for (const [name, variants] of catalogue.generics) {
    const served = variants.filter(isServed)
    if (served.length > 0) listed.set(name, describe(name, served))
  }
  for (const model of catalogue.models)
    if (isServed(model) && !listed.has(model.id)) listed.set(model.id, describe(model.id, [model]))
  for (const [id, target] of catalogue.aliases) {
    const model = catalogue.find(target)
    if (model !== undefined && isServed(model) && !listed.has(id))
      listed.set(id, { ...describe(id, [model]), aliasOf: target })
  }
  return [...listed.values()]
}

/** One entry for one or several variants, the default first. */
function describe(id: string, variants: readonly CatalogueModel[]): Model {
  const kind = variants[0]?.kind ?? 'image'
  const aspects = distinct(variants.map(model => model.aspect))
  const seconds = distinct(variants.flatMap(model => model.seconds ?? []))
  const resolutions = distinct(variants.map(resolutionOf))
  const tier = leastTier(variants.map(model => model.tier))
  return {
    id,
    kind,
    description: [
      kind === 'image' ? 'Flow, text to image' : 'Flow, text to video',
      aspects.join(' or '),
      ...(seconds.length > 0 ? [`${seconds.join(' or ')} s`] : []),
      resolutions.join(' or '),
    ].join(', '),
    accepts: {
      inputs: [],
      aspectRatios: aspects,
      sizes: aspects.map(aspect => sizeText(shapeOf(kind, aspect))),
      resolutions,
      seconds,
    },
    ...(tier !== 'PAYGATE_TIER_NOT_PAID' && { tier }),
  }
}

const distinct = <T>(values: readonly T[]): readonly T[] => [...new Set(values)]

const leastTier = (tiers: readonly Tier[]): Tier => TIERS.find(tier => tiers.includes(tier)) ?? 'PAYGATE_TIER_NOT_PAID'
