/** Reads `setting.toml`, lays `overrides.toml` over it, and remembers where each value came from. */
import { err, ok, type Result } from 'neverthrow'
import type { ConfigProblem } from '../control.ts'
import { type Environment, variableFor } from './environment.ts'
import { parsePath } from './lines.ts'
import { isTable, type Layer, type Notes, readLayer, type Section } from './read.ts'

export interface Sources {
  /** The operator's file. `null`: none, every setting has its default. */
  readonly file: string | null
  /** Written by the console. It may be missing. */
  readonly overrides: string | null
  /** What is to stand in that file, where it is not written yet. */
  readonly candidate?: string
  readonly env: Environment
}

export interface Document {
  readonly file: string | null
  readonly overrides: string | null
  /** `setting.toml` with `overrides.toml` laid over it, `${ENV:NAME}` expanded. The environment is not applied yet. */
  readonly values: Record<string, Section>
  readonly env: Environment
  /** Variables that the files mention as `${ENV:NAME}`. */
  readonly mentioned: ReadonlySet<string>
  /** Mistakes that leave the rest readable. `normalize` reports them together with its own. */
  readonly problems: readonly ConfigProblem[]
  /** Where a dotted path stands: file and line, or the environment variable that sets it. */
  locate(path: string): { readonly file: string; readonly line: number | null }
  origin(path: string): 'default' | 'file' | 'overrides' | 'environment'
}

/** Fails where a file cannot be read or is not TOML; what else is wrong comes with `normalize`, all at once. */
export function readDocument(sources: Sources): Result<Document, readonly ConfigProblem[]> {
  const notes: Notes = { env: sources.env, mentioned: new Set(), problems: [] }
  const base = readLayer(sources.file, false, notes)
  const over = readLayer(sources.overrides, true, notes, sources.candidate)
  if (base.isOk() && over.isOk()) return ok(makeDocument(sources, base.value, over.value, notes))
  const fatal = [base, over].flatMap(layer => (layer.isErr() ? [layer.error] : []))
  return err([...fatal, ...notes.problems])
}

/** A configuration that stands in no file. */
export function documentOf(values: Record<string, Section>, env: Environment = {}): Document {
  const layer: Layer = { file: 'configuration', values, find: () => ({ line: null, depth: 0 }) }
  return makeDocument({ file: null, overrides: null, env }, layer, null, { env, mentioned: new Set(), problems: [] })
}

function makeDocument(
  { file, overrides, env }: Sources,
  base: Layer | null,
  over: Layer | null,
  { mentioned, problems }: Notes,
): Document {
  const variable = ([section, key]: readonly string[]) =>
    section === undefined || key === undefined ? null : variableFor(env, section, key)
  const origin = (path: string) => {
    const segments = parsePath(path)
    if (variable(segments)) return 'environment'
    if (holds(over, segments)) return 'overrides'
    return holds(base, segments) ? 'file' : 'default'
  }
  return {
    file,
    overrides,
    values: merge(base?.values ?? {}, over?.values ?? {}),
    env,
    mentioned,
    problems,
    origin,
    locate(path) {
      const segments = parsePath(path)
      const set = variable(segments)
      if (set) return { file: set.name, line: null }
      const inBase = base?.find(segments)
      const inOver = over?.find(segments)
      if (over && inOver && inOver.depth > 0 && inOver.depth >= (inBase?.depth ?? 0))
        return { file: over.file, line: inOver.line }
      return { file: base?.file ?? 'built-in defaults', line: inBase?.line ?? null }
    },
  }
}

function holds(layer: Layer | null, segments: readonly string[]): boolean {
  let value: unknown = layer?.values
  for (const segment of segments) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return false
    value = Reflect.get(value, segment)
  }
  return layer !== null
}

function merge(base: Record<string, Section>, over: Record<string, Section>): Record<string, Section> {
  const merged: Record<string, Section> = {}
  for (const name of new Set([...Object.keys(base), ...Object.keys(over)])) {
    const section: Section = { ...base[name] }
    for (const [key, value] of Object.entries(over[name] ?? {}))
      section[key] = name === 'plugins' ? mergePlugin(section[key], value) : value
    merged[name] = section
  }
  return merged
}

/** `false` over `{ use = … }` switches the plugin off and forgets nothing. */
function mergePlugin(base: unknown, over: unknown): unknown {
  if (!isTable(base) && !isTable(over)) return over
  const table = (value: unknown): Section | null =>
    isTable(value) ? value : typeof value === 'boolean' ? { enabled: value } : value === undefined ? {} : null
  const [left, right] = [table(base), table(over)]
  return left && right ? { ...left, ...right } : over
}
