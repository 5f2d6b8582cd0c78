/** What `GET /admin/api/plugins` shows, and the answer of a reload. Pure views of the kernel's state. */
import { sectionOf } from './configuration.ts'
import type { PluginStatus, ReloadOutcome, ReloadReport } from './control.ts'
import type { Fault } from './fault.ts'
import type { Instance } from './instance.ts'
import type { Loaded } from './loader.ts'
import type { AnyPlugin } from './plugin.ts'

export interface FailedPlugin {
  readonly fault: Fault
  /** Absent where not even the code could be loaded. */
  readonly definition: AnyPlugin | undefined
  readonly source: string
}

interface Everything {
  readonly live: Iterable<Instance>
  readonly draining: Iterable<Instance>
  readonly failed: ReadonlyMap<string, FailedPlugin>
  readonly disabled: readonly { readonly id: string; readonly loaded: Loaded | undefined }[]
  /** Why a plugin that lives is not the one that the file asks for. */
  readonly heldBack: ReadonlyMap<string, string>
}

/** Everything that was declared, in the order of the ids, the newest generation first. */
export function statusRows({ live, draining, failed, disabled, heldBack }: Everything): PluginStatus[] {
  const row = (
    id: string,
    definition: AnyPlugin | undefined,
    rest: Pick<PluginStatus, 'state' | 'source'> & Partial<PluginStatus>,
  ): PluginStatus => ({
    id,
    name: definition?.name ?? id,
    version: definition?.version ?? '',
    generation: 0,
    in_flight: [],
    error: null,
    section: (definition && sectionOf(id, definition)) ?? '',
    config_schema: definition?.config ?? null,
    ...rest,
  })
  const instance = (one: Instance, state: 'live' | 'draining', error: string | null) => {
    const { definition, source } = one.blueprint
    return row(one.id, definition, { state, source, generation: one.generation, in_flight: one.inFlight(), error })
  }
  const rows = [
    ...[...live].map(one => instance(one, 'live', heldBack.get(one.id) ?? null)),
    ...[...draining].map(one => instance(one, 'draining', null)),
    ...[...failed].map(([id, { fault, definition, source }]) =>
      row(id, definition, { state: 'failed', source, error: fault.message }),
    ),
    ...disabled.map(({ id, loaded }) =>
      row(id, loaded?.definition, { state: 'disabled', source: loaded?.source ?? '' }),
    ),
  ]
  return rows.sort((a, b) => a.id.localeCompare(b.id) || b.generation - a.generation)
}

export type Outcomes = ReadonlyMap<string, { readonly outcome: ReloadOutcome; readonly reason: string | null }>

export function reportOf(
  outcomes: Outcomes,
  generationOf: (id: string) => number,
  needsRestart: readonly string[],
  durationMs: number,
): ReloadReport {
  const plugins = [...outcomes]
    .map(([id, { outcome, reason }]) => ({ id, outcome, generation: generationOf(id), reason }))
    .sort((a, b) => a.id.localeCompare(b.id))
  const unchanged = plugins.every(({ outcome }) => outcome === 'unchanged') && needsRestart.length === 0
  const partial = plugins.some(({ outcome }) => outcome === 'rolled_back')
  return {
    object: 'reload',
    result: partial ? 'partial' : unchanged ? 'unchanged' : 'applied',
    duration_ms: Math.round(durationMs * 10) / 10,
    plugins,
    needs_restart: needsRestart,
  }
}
