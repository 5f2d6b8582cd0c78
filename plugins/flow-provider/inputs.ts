/** Which pictures and videos a model takes, in which roles, and what is wrong with what was supplied. Pure. */
import { domainFault, type InputRole, type MediaKind, type Model, type PlanInput } from 'flow2api/contracts'
import type { Fault } from 'flow2api/plugin'
import type { Catalogue, CatalogueModel } from './catalogue.ts'

type InputRule = Model['accepts']['inputs'][number]

/** What the upstream's own catalogue advertised; the data has no limit (PROTOCOL.md 2.7). */
const MOST_REFERENCES = 10

/** PROTOCOL.md 2.7, 2.10 to 2.13. */
export function inputRules({ mode, images }: Pick<CatalogueModel, 'mode' | 'images'>): readonly InputRule[] {
  const most = images.max ?? MOST_REFERENCES
  switch (mode) {
    case 't2v':
      return []
    case 't2i':
    case 'r2v':
    case 'omni':
      return [{ role: 'reference', min: images.min, max: most }]
    case 'i2v': {
      const first = { role: 'first_frame', min: 1, max: 1 } as const
      return most < 2 ? [first] : [first, { role: 'last_frame', min: images.min < 2 ? 0 : 1, max: 1 }]
    }
    case 'extend':
      return [{ role: 'source_video', min: 1, max: 1 }]
  }
}

/** The field in which an input arrives. */
export const paramOf = (role: InputRole, kind: MediaKind): string =>
  kind === 'image' ? 'image' : role === 'source_video' ? 'video' : 'input_reference'

const NAMES: Readonly<Record<InputRole, string>> = {
  reference: 'reference picture',
  first_frame: 'first frame',
  last_frame: 'last frame',
  source_video: 'source video',
}

/** `id` is what the caller wrote. Undefined: nothing is wrong. */
export function refuseInputs(
  catalogue: Catalogue,
  id: string,
  model: CatalogueModel,
  inputs: readonly PlanInput[],
): Fault | undefined {
  const rules = inputRules(model)
  const refuse = (role: InputRole, message: string) =>
    domainFault('invalid_value', message, { param: paramOf(role, model.kind) })
  for (const role of new Set(inputs.map(input => input.role))) {
    const rule = rules.find(one => one.role === role)
    if (rule === undefined) return refuse(role, `${refusal(id, role, rules)}${wayOut(catalogue, id, model, role)}`)
    const given = inputs.filter(input => input.role === role).length
    if (given > rule.max)
      return refuse(role, `"${id}" takes ${rule.max} × ${NAMES[role]} at most; ${given} were sent. Leave some out.`)
  }
  for (const { role, min } of rules) {
    const given = inputs.filter(input => input.role === role).length
    if (given < min) return refuse(role, `"${id}" needs a ${NAMES[role]}, and none was sent.`)
  }
  return undefined
}

const refusal = (id: string, role: InputRole, rules: readonly InputRule[]): string =>
  rules.length === 0
    ? `"${id}" is made from text alone and takes no ${NAMES[role]}.`
    : `"${id}" takes no ${NAMES[role]}.`

/** The generic name nearest to the refused one that takes the role. */
function wayOut(catalogue: Catalogue, id: string, { kind, family }: CatalogueModel, role: InputRole): string {
  const asked = new Set([...id.split('_'), ...family.split('_')])
  let best: { readonly name: string; readonly score: number } | undefined
  for (const [name, [model]] of catalogue.generics) {
    if (model?.kind !== kind || !inputRules(model).some(rule => rule.role === role)) continue
    const words = name.split('_')
    const common = words.filter(word => asked.has(word)).length
    // What both have counts; what only the other name has counts a little against it.
    const score = common * 10 - (words.length - common)
    if (best === undefined || score > best.score) best = { name, score }
  }
  return best === undefined ? ' Send the prompt without it.' : ` "${best.name}" does; or send the prompt alone.`
}
