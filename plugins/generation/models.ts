/** Which models there are, under which names, and who serves them. */
import { distance } from 'fastest-levenshtein'
import { domainFault, type GenerationProvider, type ListedModel, type MediaKind, type Model } from 'flow2api/contracts'
import { type Contributions, err, type Fault, type Handle, ok, type Result } from 'flow2api/plugin'
import { BUILT_IN_ALIASES } from './aliases.ts'
import { attempt } from './ask.ts'

export interface ModelDefaults {
  readonly image: string
  readonly video: string
  /** Public id → model id. */
  readonly aliases: Readonly<Record<string, string>>
}

/** A name that requests may use. */
export interface NamedModel {
  readonly listed: ListedModel
  /** What its provider knows it by. */
  readonly id: string
}

interface Served {
  readonly plugin: string
  readonly models: readonly Model[]
}

interface Index {
  readonly from: readonly Served[]
  readonly names: ReadonlyMap<string, NamedModel>
  readonly list: readonly ListedModel[]
}

export class Models {
  /** Valid while every provider still answers the very same lists. */
  #index: Index | undefined

  constructor(
    private readonly providers: Contributions<GenerationProvider>,
    private readonly defaults: ModelDefaults,
  ) {}

  list(): readonly ListedModel[] {
    return this.#current().list
  }

  provider(plugin: string): Handle<GenerationProvider> | undefined {
    return this.providers.all().find(provider => provider.plugin === plugin)?.service
  }

  /** By id or alias, in any case, also behind `models/` or one vendor prefix. Error: `model_not_found`. */
  find(name: string): Result<NamedModel, Fault> {
    const { names } = this.#current()
    for (const key of spellings(name)) {
      const found = names.get(key)
      if (found) return ok(found)
    }
    return err(this.#unknown(name, names))
  }

  /** The model of a request that names none. */
  defaultOf(kind: MediaKind): Result<NamedModel, Fault> {
    const found = this.#current().names.get(defaultKey(kind))
    return found
      ? ok(found)
      : err(
          domainFault(
            'model_not_found',
            `No provider offers a model for ${kind}s. Switch one on in [plugins], such as flow-provider.`,
            { param: 'model' },
          ),
        )
  }

  #current(): Index {
    const from = this.providers
      .all()
      .map(({ plugin, service }) => ({ plugin, models: attempt(() => service.models()) ?? [] }))
    const same = (one: Served, index: number) =>
      one.plugin === this.#index?.from[index]?.plugin && one.models === this.#index.from[index].models
    if (!this.#index || from.length !== this.#index.from.length || !from.every(same))
      this.#index = indexOf(from, this.defaults)
    return this.#index
  }

  #unknown(name: string, names: ReadonlyMap<string, NamedModel>): Fault {
    const target = Object.entries(this.defaults.aliases).find(([alias]) =>
      spellings(name).includes(alias.toLowerCase()),
    )?.[1]
    if (target !== undefined)
      return notFound(`\`${name}\` is an alias of \`${target}\`, which no provider offers. Correct [models] aliases.`)
    if (name.length > LONGEST_NAME)
      return notFound(`A model whose name has ${name.length} characters does not exist. GET /v1/models lists all.`)
    const [wanted = ''] = spellings(name).slice(-1)
    const near = [...names.values()]
      .map(({ listed }) => ({ id: listed.id, away: distance(wanted, listed.id.toLowerCase()) }))
      .sort((a, b) => a.away - b.away)[0]
    const hint = near && near.away <= Math.max(3, wanted.length / 2) ? ` Did you mean \`${near.id}\`?` : ''
    return notFound(`The model \`${name}\` does not exist.${hint} GET /v1/models lists all.`)
  }
}

/** To liken a longer one to all others would take long. */
const LONGEST_NAME = 200

const notFound = (message: string): Fault => domainFault('model_not_found', message, { param: 'model' })

/** A key that no model's id can have, as ids contain no white space. */
const defaultKey = (kind: MediaKind): string => `default ${kind}`

/** What a name may stand for, the most literal first. */
function spellings(name: string): readonly string[] {
  const whole = name.trim().toLowerCase()
  const bare = whole.replace(/^models\//, '')
  return [...new Set([whole, bare, bare.replace(/^[^/]+\//, '')])]
}

function indexOf(from: readonly Served[], defaults: ModelDefaults): Index {
  const names = new Map<string, NamedModel>()
  const list: ListedModel[] = []
  const name = (key: string, model: NamedModel) => {
    if (!names.has(key)) names.set(key, model)
  }
  for (const { plugin, models } of from)
    for (const model of models) {
      const named: NamedModel = { id: model.id, listed: { ...model, provider: plugin } }
      if (!names.has(model.id.toLowerCase())) list.push(named.listed)
      name(model.id.toLowerCase(), named)
      // Where two providers offer the same id, the second is reached through its plugin's name.
      name(`${plugin}/${model.id}`.toLowerCase(), named)
    }
  const alias = (id: string, target: NamedModel | undefined) => {
    if (!target || names.has(id.toLowerCase())) return
    const listed = { ...target.listed, id, aliasOf: target.id }
    list.push(listed)
    names.set(id.toLowerCase(), { id: target.id, listed })
  }
  const served = (id: string) =>
    spellings(id)
      .map(key => names.get(key))
      .find(found => found !== undefined)
  for (const [id, target] of Object.entries(defaults.aliases)) alias(id, served(target))
  for (const kind of ['image', 'video'] as const) {
    const wanted = served(defaults[kind])
    const any = list.find(model => model.kind === kind && model.aliasOf === undefined)
    const chosen = wanted?.listed.kind === kind ? wanted : any && names.get(any.id.toLowerCase())
    if (chosen) names.set(defaultKey(kind), chosen)
  }
  for (const [id, { kind, model }] of Object.entries(BUILT_IN_ALIASES))
    alias(id, (model === undefined ? undefined : served(model)) ?? names.get(defaultKey(kind)))
  return { from, names, list }
}
