/**
 * Admission: a model id and parameters become one concrete model, or a refusal before anything is paid. Pure.
 *
 * `size` and `seconds` are fields that OpenAI clients fill in by themselves: they are mapped to the nearest and the
 * truth is echoed. `aspect_ratio` and `resolution` are written on purpose: a generic name maps them to the nearest as
 * well, a concrete id refuses what contradicts it.
 */
import { domainFault, type InputRole, type MediaKind, type Parameters, type Plan } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import { type Aspect, nearestAspect, nearestBy, readRatio, shapeOf, sizeText } from './aspects.ts'
import { type Catalogue, type CatalogueModel, isServed, resolutionOf } from './catalogue.ts'

export function planModel(
  catalogue: Catalogue,
  id: string,
  parameters: Parameters,
  inputs: readonly InputRole[],
): Result<Plan, Fault> {
  const generic = catalogue.generics.get(id)?.filter(isServed) ?? []
  const concrete = catalogue.find(id)
  const candidates = generic.length > 0 ? generic : concrete !== undefined && isServed(concrete) ? [concrete] : []
  const fallback = candidates[0]
  if (fallback === undefined) return err(unknownModel(catalogue, id))
  if (inputs.length > 0) return err(noInputs(id, fallback.kind))

  const wish = readWish(parameters)
  if (wish.isErr()) return err(wish.error)
  if (generic.length === 0) {
    const contradiction = contradictionOf(catalogue, id, fallback, parameters, wish.value)
    return contradiction === undefined ? ok(planFor(fallback)) : err(contradiction)
  }
  return ok(planFor(nearestVariant(candidates, fallback, wish.value)))
}

interface Wish {
  /** Width divided by height. */
  readonly ratio: number | undefined
  /** Lines of a video, or pixels of a picture's longer side. */
  readonly resolution: number | undefined
  readonly seconds: number | undefined
}

function readWish({ aspectRatio, size, resolution, seconds }: Parameters): Result<Wish, Fault> {
  const written = chosen(aspectRatio) ?? chosen(size)
  const ratio = written === undefined ? undefined : readRatio(written)
  if (written !== undefined && ratio === undefined)
    return err(
      chosen(aspectRatio) === undefined
        ? invalid('size', `\`size\` must be WIDTHxHEIGHT such as "1024x1024", or "auto"; found "${quoted(written)}".`)
        : invalid('aspect_ratio', `\`aspect_ratio\` must be W:H such as "16:9"; found "${quoted(written)}".`),
    )
  const asked = chosen(resolution)
  const level = asked === undefined ? undefined : resolutionLevel(asked)
  if (asked !== undefined && level === undefined)
    return err(
      invalid(
        'resolution',
        `\`resolution\` must be one of 1K, 2K, 4K, 720p, 1080p; found "${quoted(asked)}". Leave it out for the default.`,
      ),
    )
  return ok({ ratio, resolution: level, seconds })
}

/** First the resolution, then the ratio, then the seconds: each narrows down what the one before has left. */
function nearestVariant(variants: readonly CatalogueModel[], fallback: CatalogueModel, wish: Wish): CatalogueModel {
  const levelOf = (model: CatalogueModel) => resolutionLevel(resolutionOf(model)) ?? 0
  const level = wish.resolution ?? levelOf(fallback)
  const resolution = levelOf(nearestBy(variants, model => Math.abs(levelOf(model) - level)) ?? fallback)
  const sharp = variants.filter(model => levelOf(model) === resolution)

  const aspects: readonly Aspect[] = sharp.map(model => model.aspect)
  const aspect = wish.ratio === undefined ? fallback.aspect : nearestAspect(wish.ratio, aspects)
  const shaped = sharp.filter(model => model.aspect === aspect)

  const seconds = wish.seconds ?? fallback.seconds ?? 0
  return nearestBy(shaped, model => Math.abs((model.seconds ?? 0) - seconds)) ?? fallback
}

function contradictionOf(
  catalogue: Catalogue,
  id: string,
  model: CatalogueModel,
  { aspectRatio }: Parameters,
  wish: Wish,
): Fault | undefined {
  const general = [...catalogue.generics].find(([, variants]) => variants.includes(model))?.[0]
  const hint = general === undefined ? '' : `, or use "${general}", which takes several`
  const own = readRatio(model.aspect) ?? 1
  if (chosen(aspectRatio) !== undefined && wish.ratio !== undefined && Math.abs(wish.ratio / own - 1) > 0.02)
    return invalid('aspect_ratio', `"${id}" always makes ${model.aspect}. Leave \`aspect_ratio\` out${hint}.`)
  const resolution = resolutionOf(model)
  if (wish.resolution !== undefined && wish.resolution !== resolutionLevel(resolution))
    return invalid('resolution', `"${id}" always makes ${resolution}. Leave \`resolution\` out.`)
  return undefined
}

function planFor(model: CatalogueModel): Plan {
  return {
    model: model.id,
    ...(model.tier !== 'PAYGATE_TIER_NOT_PAID' && { tier: model.tier }),
    requested: {
      size: sizeText(shapeOf(model.kind, model.aspect)),
      aspectRatio: model.aspect,
      resolution: resolutionOf(model),
      ...(model.seconds !== undefined && { seconds: model.seconds }),
    },
  }
}

/** `4K` is 4096 pixels of a picture and 2160 lines of a video; in comparisons within one kind that is all the same. */
function resolutionLevel(written: string): number | undefined {
  const parts = /^(\d{1,4})\s*([kp])$/i.exec(written.trim())
  if (parts === null) return undefined
  const number = Number(parts[1])
  return parts[2]?.toLowerCase() === 'k' ? number * 1024 : number
}

function unknownModel(catalogue: Catalogue, id: string): Fault {
  const known = catalogue.find(id) !== undefined || catalogue.generics.has(id)
  return domainFault(
    'model_not_found',
    known
      ? `The model "${quoted(id)}" needs input pictures, a source video or upsampling, which the Flow provider does not serve yet. Choose a text-to-image or text-to-video model of GET /v1/models.`
      : `Flow has no model "${quoted(id)}". GET /v1/models lists what there is.`,
    { param: 'model' },
  )
}

const noInputs = (id: string, kind: MediaKind): Fault =>
  invalid(
    kind === 'image' ? 'image' : 'input_reference',
    `"${id}" is made from text alone here and takes no pictures. Send the prompt without them.`,
  )

const invalid = (param: string, message: string): Fault => domainFault('invalid_value', message, { param })

/** Absent, empty and `auto` all leave the choice to the model. */
const chosen = (written: string | undefined): string | undefined =>
  written === undefined || written.trim() === '' || written.trim().toLowerCase() === 'auto' ? undefined : written.trim()

const quoted = (written: string): string => written.replace(/[^\x20-\x7e]/g, '?').slice(0, 60)
