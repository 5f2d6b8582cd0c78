/** Turns what the files and the environment say into complete, checked sections. */
import { Value, type ValueError, ValueErrorType } from '@sinclair/typebox/value'
import type { TSchema } from 'elysia'
import { err, ok, type Result } from 'neverthrow'
import type { ConfigProblem } from '../control.ts'
import type { Document } from './document.ts'
import { coerce, PREFIX, RESERVED, variableFor, variablesOf } from './environment.ts'
import { formatPath } from './lines.ts'
import type { Section } from './read.ts'
import { parsePlugins, type SectionSpec } from './schema.ts'
import { strictSchema } from './strict.ts'
import { choicesOf, describeSchema, nearest, showValue } from './words.ts'

export { hashOf, maskSecrets } from './digest.ts'
export { describeProblems } from './words.ts'

export interface NormalizeOptions {
  /** Ids of declared plugins whose definition could not be loaded: their sections pass unchecked. */
  readonly knownIds?: readonly string[]
}

type Report = (path: readonly string[], message: string, suggestion?: string | null) => void

/**
 * Every section of `sections`, whether a file mentions it or not, with defaults filled in and the environment applied.
 * Fails with all problems at once, those of the document and of `[plugins]` included.
 */
export function normalize(
  document: Document,
  sections: readonly SectionSpec[],
  options: NormalizeOptions = {},
): Result<Record<string, Section>, readonly ConfigProblem[]> {
  const problems: ConfigProblem[] = [...document.problems]
  const add = (problem: ConfigProblem) => {
    // One mistake, one problem: what could not be expanded need not be checked as well.
    if (!document.problems.some(({ path }) => path === problem.path)) problems.push(problem)
  }
  const report: Report = (path, message, suggestion = null) => {
    const dotted = formatPath(path)
    add({ path: dotted, ...document.locate(dotted), message, suggestion })
  }
  const declared = parsePlugins(document)
  declared.mapErr(found => found.forEach(add))
  // Where [plugins] itself is wrong, nobody can say which sections its plugins would own.
  const unsure = declared.isErr() ? Object.keys(document.values['plugins'] ?? {}) : []
  const known = new Set([
    ...(options.knownIds ?? []),
    ...unsure.filter(id => !sections.some(({ name }) => name === id)),
  ])
  const specs = sections.map(spec => ({ ...spec, schema: strictSchema(spec.schema) }))
  const names = [...specs.map(spec => spec.name), ...known, 'plugins']
  const result: Record<string, Section> = {}
  for (const [name, values] of Object.entries(document.values)) {
    if (known.has(name)) result[name] = Value.Clone(values)
    else if (!names.includes(name)) reportSection(name, names, specs, document, report)
  }
  for (const { name, schema } of specs) {
    const given: Section = Object.hasOwn(document.values, name) ? Value.Clone(document.values[name] ?? {}) : {}
    for (const [key, property] of propertiesOf(schema)) {
      const variable = variableFor(document.env, name, key)
      if (variable) given[key] = coerce(property, variable.text)
    }
    const value = Value.Default(schema, given)
    const seen = new Set<string>()
    for (const error of Value.Errors(schema, value)) {
      if (seen.has(error.path)) continue
      seen.add(error.path)
      explain(name, schema, error, specs, report)
    }
    // A section is an object, and `Default` gives back the object that it was handed.
    result[name] = value as Section
  }
  return problems.length > 0 ? err(inOrder(problems, document)) : ok(result)
}

function reportSection(
  name: string,
  names: readonly string[],
  specs: readonly SectionSpec[],
  document: Document,
  report: Report,
): void {
  const own = specs.filter(spec => spec.owner === name).map(spec => spec.name)
  if (own.length > 0) report([name], `The settings of the plugin "${name}" stand in [${own.join('] and [')}].`, own[0])
  else if (Object.hasOwn(document.values['plugins'] ?? {}, name))
    report([name], `The plugin "${name}" has no settings.`)
  else report([name], `There is no section [${name}], and [plugins] names no plugin like that.`, nearest(name, names))
}

function explain(
  name: string,
  schema: TSchema,
  error: ValueError,
  specs: readonly SectionSpec[],
  report: Report,
): void {
  const keys = error.path
    .split('/')
    .slice(1)
    .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  const path = [name, ...keys]
  const key = keys.at(-1) ?? ''
  if (error.type === ValueErrorType.ObjectAdditionalProperties) {
    const siblings = propertiesOf(error.schema).map(([sibling]) => sibling)
    const elsewhere = specs.find(spec => spec.name !== name && propertiesOf(spec.schema).some(([own]) => own === key))
    const suggestion = nearest(key, siblings) ?? (elsewhere ? `${elsewhere.name}.${key}` : null)
    report(path, `\`${key}\` is not a setting of [${formatPath(path.slice(0, -1))}].`, suggestion)
    return
  }
  const allowed = describeSchema(error.schema)
  if (error.value === undefined) {
    report(path, `\`${key}\` is missing, and has no default. It has to be ${allowed}.`)
    return
  }
  const hidden = isSecret(schema, keys)
  const suggestion = hidden ? null : suggestValue(error.schema, error.value)
  report(path, `Found ${showValue(error.value, hidden)} where ${allowed} is allowed.`, suggestion)
}

/** `"8000"` for a number, `"dirct"` for one of a few words. */
function suggestValue(schema: TSchema, value: unknown): string | null {
  if (typeof value !== 'string') return null
  const choices = choicesOf(schema)
  if (choices) {
    const near = nearest(value, choices.map(String))
    return near === null ? null : JSON.stringify(near)
  }
  const meant = coerce(schema, value)
  return typeof meant !== 'string' && !Array.isArray(meant) && Value.Check(schema, meant) ? String(meant) : null
}

/** Whether the value at `keys`, or anything around it, is marked as secret. */
function isSecret(schema: TSchema, keys: readonly string[]): boolean {
  let at: TSchema | undefined = schema
  for (const key of keys) {
    if (at === undefined || at['secret'] === true) break
    const [pattern]: TSchema[] = Object.values(at['patternProperties'] ?? {})
    at = at['properties']?.[key] ?? at['items'] ?? pattern
  }
  return at?.['secret'] === true
}

function propertiesOf(schema: TSchema): [string, TSchema][] {
  return Object.entries(schema['properties'] ?? {})
}

/** In the order in which a person reads: the file from top to bottom, then the rest. */
function inOrder(problems: readonly ConfigProblem[], document: Document): readonly ConfigProblem[] {
  const rank = ({ file }: ConfigProblem) => (file === document.file ? 0 : file === document.overrides ? 1 : 2)
  return problems.toSorted((a, b) => rank(a) - rank(b) || (a.line ?? 0) - (b.line ?? 0))
}

/** One sentence for each variable `FLOW2API_*` that sets nothing. */
export function unknownEnvironment(document: Document, sections: readonly SectionSpec[]): readonly string[] {
  const known = new Set(
    sections.flatMap(({ name, schema }) =>
      propertiesOf(strictSchema(schema)).flatMap(([key]) => variablesOf(name, key)),
    ),
  )
  const checked = new Set(sections.flatMap(({ name, owner }) => [name, owner]))
  // The switches of [plugins] themselves, and settings of plugins whose definition is not at hand.
  const unchecked = ['plugins', ...Object.keys(document.values['plugins'] ?? {}).filter(id => !checked.has(id))]
  const prefixes = unchecked.map(id => variablesOf(id, '')[0] ?? PREFIX)
  return Object.keys(document.env)
    .filter(name => name.startsWith(PREFIX) && document.env[name] !== '' && document.env[name] !== undefined)
    .filter(name => !known.has(name) && !RESERVED.has(name) && !document.mentioned.has(name))
    .filter(name => !prefixes.some(prefix => name.startsWith(prefix)))
    .map(name => {
      const near = nearest(name, [...known, ...RESERVED])
      return `The environment variable ${name} sets nothing.${near === null ? '' : ` Did you mean ${near}?`}`
    })
}
