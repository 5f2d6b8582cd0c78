/** What `/v1/models` can offer: the generic names, the concrete ids, and their aliases. */
import type { Model } from 'flow2api/contracts'
import { shapeOf } from './aspects.ts'
import type { Catalogue, CatalogueModel } from './catalogue.ts'
import { inputRules } from './inputs.ts'
import { resolutionOf, sizeAt, sizeText } from './sizes.ts'
import { TIERS, type Tier } from './tiers.ts'

export function listModels(catalogue: Catalogue): readonly Model[] {
  const listed = new Map<string, Model>()
  // A generic name may equal a concrete id; it stands for more, so it comes first (PROTOCOL.md 10.2).
  for (const [name, variants] of catalogue.generics) listed.set(name, withAlias(catalogue, describe(name, variants)))
  for (const model of catalogue.models) if (!listed.has(model.id)) listed.set(model.id, describe(model.id, [model]))
  for (const [id, target] of catalogue.aliases) {
    const model = catalogue.find(target)
    if (model !== undefined && !listed.has(id)) listed.set(id, { ...describe(id, [model]), aliasOf: target })
  }
  return [...listed.values()]
}

/** A generic name is marked as an alias where it stands for nothing but what the alias's model does. */
function withAlias(catalogue: Catalogue, model: Model): Model {
  const target = catalogue.aliases.get(model.id)
  return target === undefined ? model : { ...model, aliasOf: target }
}

const MODES: Readonly<Record<CatalogueModel['mode'], string>> = {
  t2i: 'text and reference pictures to image',
  t2v: 'text to video',
  i2v: 'first and last frame to video',
  r2v: 'text and reference pictures to video',
  extend: 'extension of a video',
  omni: 'text and reference pictures to video',
}

/** One entry for one or several variants, the default first. */
function describe(id: string, variants: readonly CatalogueModel[]): Model {
  const first = variants[0]
  const kind = first?.kind ?? 'image'
  const aspects = distinct(variants.map(model => model.aspect))
  const seconds = distinct(variants.flatMap(model => model.seconds ?? []))
  const resolutions = distinct(variants.map(resolutionOf))
  const sizes = resolutions.flatMap(resolution =>
    aspects.map(aspect => sizeText(sizeAt({ kind, aspect }, resolution) ?? shapeOf(kind, aspect))),
  )
  const tier = leastTier(variants.map(model => model.tier))
  return {
    id,
    kind,
    description: [
      `Flow, ${first === undefined ? kind : MODES[first.mode]}`,
      aspects.join(' or '),
      ...(seconds.length > 0 ? [`${seconds.join(' or ')} s`] : []),
      resolutions.join(' or '),
    ].join(', '),
    accepts: {
      inputs: first === undefined ? [] : inputRules(first),
      aspectRatios: aspects,
      sizes: distinct(sizes),
      resolutions,
      seconds,
    },
    ...(tier !== 'PAYGATE_TIER_NOT_PAID' && { tier }),
  }
}

const distinct = <T>(values: readonly T[]): readonly T[] => [...new Set(values)]

const leastTier = (tiers: readonly Tier[]): Tier => TIERS.find(tier => tiers.includes(tier)) ?? 'PAYGATE_TIER_NOT_PAID'
