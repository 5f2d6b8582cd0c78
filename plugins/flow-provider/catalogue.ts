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
    Object.entries(catalogue.generic)
      .map(([name, ids]) => [name, ids.map(find).filter(model => model !== undefined)] as const)
      .filter(([, variants]) => variants.length > 0),
  )
  return { models, aliases, generics, find }
}

/** The call for that many supplied pictures. A source video is no picture. */
export const requestFor = (model: CatalogueModel, pictures: number): CatalogueRequest | undefined =>
  model.requests.find(({ images: { min, max } }) => pictures >= min && (max === null || pictures <= max))
