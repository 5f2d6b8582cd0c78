/** From a parsed document to blueprints: which plugins, from where, each with its checked sections. */
import { type Static, type TSchema, t } from 'elysia'
import { err, ok, type Result } from 'neverthrow'
import type { Document } from './config/document.ts'
import { hashOf, maskSecrets, normalize, unknownEnvironment } from './config/normalize.ts'
import type { Section } from './config/read.ts'
import { DatabaseSection, type PluginDeclaration, type SectionSpec, ServerSection } from './config/schema.ts'
import { strictSchema } from './config/strict.ts'
import type { ConfigProblem, Setting } from './control.ts'
import type { Fault } from './fault.ts'
import type { Blueprint } from './instance.ts'
import type { Loaded } from './loader.ts'
import type { AnyPlugin } from './plugin.ts'

export interface Configuration {
  readonly server: Static<typeof ServerSection>
  readonly database: Static<typeof DatabaseSection>
  readonly blueprints: readonly Blueprint[]
  /** Declared and switched on, and its code could not be loaded. */
  readonly failed: readonly { readonly id: string; readonly required: boolean; readonly fault: Fault }[]
  readonly disabled: readonly { readonly id: string; readonly loaded: Loaded | undefined }[]
  /** Everything in force, by section and key. Holds secrets: never to be shown. */
  readonly values: Readonly<Record<string, Section>>
  /** The same with secrets masked. */
  readonly masked: Readonly<Record<string, Section>>
  /** Masks values of these sections. */
  mask(values: Readonly<Record<string, Section>>): Record<string, Section>
  /** Where the value of a dotted path comes from. */
  origin(path: string): Setting['origin']
  /** The environment variable that decides it; null where none does. */
  fixedBy(path: string): string | null
  readonly warnings: readonly string[]
  /** Of every section, as it is checked. */
  readonly schemas: readonly SectionSpec[]
}

export type Load = (declaration: PluginDeclaration) => Promise<Result<Loaded, Fault>>

/** The section that a plugin owns: the one it names, or its id where it has any key to configure. */
export function sectionOf(id: string, definition: AnyPlugin): string | undefined {
  const keys = Object.keys((definition.config as { properties?: object }).properties ?? {}) // a TypeBox object has them
  return definition.section ?? (keys.length > 0 ? id : undefined)
}

/** Loads what is declared and checks every section at once. All problems come together; none means nothing is wrong. */
export async function configure(
  document: Document,
  declarations: readonly PluginDeclaration[],
  load: Load,
): Promise<Result<Configuration, readonly ConfigProblem[]>> {
  const loaded = await Promise.all(
    declarations.map(async declaration => ({
      declaration,
      // Code that comes from outside is not touched while it is switched off.
      result: declaration.enabled || declaration.use === null ? await load(declaration) : undefined,
    })),
  )
  const specs: SectionSpec[] = [
    { name: 'server', schema: ServerSection, owner: 'kernel' },
    { name: 'database', schema: DatabaseSection, owner: 'kernel' },
    { name: 'plugins', schema: t.Any(), owner: 'kernel' },
  ]
  const problems: ConfigProblem[] = []
  const knownIds: string[] = []
  for (const { declaration, result } of loaded) {
    const { id } = declaration
    if (!result?.isOk()) {
      knownIds.push(id)
      continue
    }
    const { definition } = result.value
    const own = sectionOf(id, definition)
    const sections: Record<string, TSchema> = {
      ...(own !== undefined && { [own]: definition.config }),
      ...definition.sections,
    }
    for (const [name, schema] of Object.entries(sections)) {
      const rival = specs.find(spec => spec.name === name)
      if (!rival) specs.push({ name, schema, owner: id })
      else if (declaration.enabled) {
        const message = `plugin "${id}" and ${rival.owner === 'kernel' ? 'the kernel' : `plugin "${rival.owner}"`} both own the section [${name}]; declare only one of them`
        problems.push({ path: `plugins.${id}`, ...document.locate(`plugins.${id}`), message, suggestion: null })
      }
    }
  }
  const normalized = normalize(document, specs, { knownIds })
  if (normalized.isErr()) problems.push(...normalized.error)
  if (normalized.isErr() || problems.length > 0) return err(problems)
  const values = normalized.value

  const blueprints: Blueprint[] = []
  const failed: Configuration['failed'][number][] = []
  const disabled: Configuration['disabled'][number][] = []
  for (const { declaration, result } of loaded) {
    const { id, enabled, required } = declaration
    if (!enabled) disabled.push({ id, loaded: result?.isOk() ? result.value : undefined })
    else if (result?.isErr()) failed.push({ id, required, fault: result.error })
    else if (result?.isOk()) blueprints.push(blueprintOf(id, result.value, required, values))
  }
  return ok({
    // `normalize` has checked both against the schema that names the type.
    server: values.server as Static<typeof ServerSection>,
    database: values.database as Static<typeof DatabaseSection>,
    blueprints,
    failed,
    disabled,
    values,
    masked: maskSecrets(values, specs),
    mask: some => maskSecrets(some, specs),
    origin: path => document.origin(path),
    fixedBy: path => (document.origin(path) === 'environment' ? document.locate(path).file : null),
    warnings: unknownEnvironment(document, specs),
    schemas: specs.map(spec => ({ ...spec, schema: strictSchema(spec.schema) })),
  })
}

function blueprintOf(
  id: string,
  { definition, source }: Loaded,
  required: boolean,
  values: Record<string, Record<string, unknown>>,
): Blueprint {
  const own = sectionOf(id, definition)
  const config = own === undefined ? {} : (values[own] ?? {})
  const sections = Object.fromEntries(Object.keys(definition.sections).map(name => [name, values[name] ?? {}]))
  const hash = hashOf([definition.name, definition.version, config, sections])
  return { id, definition, config, sections, hash, required, source }
}
