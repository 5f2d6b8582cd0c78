/** The model catalogue as lookup structures. The facts are in `catalogue.data.json` (PROTOCOL.md 10). */
import data from './catalogue.data.json'
import type { CatalogueData, CatalogueModel, CatalogueRequest } from './catalogue.schema.ts'

export type { CatalogueModel, CatalogueRequest } from './catalogue.schema.ts'

export interface Catalogue {
  /** Concrete models, without their aliases, in the file's order. */
  readonly models: readonly CatalogueModel[]
  /** Other name → id of the concrete model. */
  readonly aliases: ReadonlyMap<string, string>
  /** Generic name → its models, the default first. A name may also be the id of a concrete model. */
  readonly generics: ReadonlyMap<string, readonly CatalogueModel[]>
  /** By concrete id or alias. Generic names are none of these. */
  find(id: string): CatalogueModel | undefined
}

/** The catalogue that ships with the plugin. */
export function loadCatalogue(): Catalogue {
  // An imported JSON file has wide types (string for 'image'); flow-provider.catalogue.test.ts checks it by schema.
  return buildCatalogue(data as unknown as CatalogueData)
}

export function buildCatalogue(catalogue: CatalogueData): Catalogue {
  const models = catalogue.models.filter(entry => 'kind' in entry)
  const byId = new Map(models.map(model => [model.id, model]))
  const aliases = new Map(
    catalogue.models.flatMap(entry => ('aliasOf' in entry ? [[entry.id, entry.aliasOf] as const] : [])),
  )
  const find = (id: string) => byId.get(aliases.get(id) ?? id)
  const generics = new Map(
    Object.entries(catalogue.generic).map(([name, ids]) => [name, ids.map(find).filter(model => model !== undefined)]),
  )
  return { models, aliases, generics, find }
}

/**
 * Whether this version can make it: pictures and videos from text alone, as they come out of the model. Input
 * pictures, extension and upsampling follow.
 */
export const isServed = (model: CatalogueModel): boolean =>
  (model.mode === 't2i' || model.mode === 't2v') && model.upsample === undefined

/** The call for that many supplied pictures. */
export const requestFor = (model: CatalogueModel, images: number): CatalogueRequest | undefined =>
  model.requests.find(({ images: { min, max } }) => images >= min && (max === null || images <= max))

/** What it delivers: `1K` or `720p`, unless an upsampling follows. */
export const resolutionOf = (model: CatalogueModel): string =>
  model.upsample?.resolution ?? (model.kind === 'image' ? '1K' : '720p')
