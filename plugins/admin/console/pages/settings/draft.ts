/** What was edited and not yet saved. Pure. */
import type { ConfigChange, Setting } from 'flow2api/plugin'

export type Values = Readonly<Record<string, unknown>>
/** Section → its values as the form has them. */
export type Draft = Readonly<Record<string, Values>>

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Only keys that differ; `null` where a value was taken away, so that the file or the default holds again. */
export function changesOf(draft: Draft, present: Readonly<Record<string, unknown>>): ConfigChange {
  const changes: Record<string, Record<string, unknown>> = {}
  for (const [section, values] of Object.entries(draft)) {
    const before = valuesOf(present[section])
    const keys = new Set([...Object.keys(before), ...Object.keys(values)])
    const changed = [...keys].filter(key => !same(values[key], before[key]))
    if (changed.length > 0) changes[section] = Object.fromEntries(changed.map(key => [key, values[key] ?? null]))
  }
  return changes
}

export const valuesOf = (section: unknown): Values =>
  typeof section === 'object' && section !== null ? Object.fromEntries(Object.entries(section)) : {}

export const countOf = (changes: ConfigChange): number =>
  Object.values(changes).reduce((sum, keys) => sum + Object.keys(keys).length, 0)

/** Of one section, by key. */
export const settingsOf = (all: readonly Setting[], section: string): ReadonlyMap<string, Setting> =>
  new Map(
    all.flatMap(setting =>
      setting.path.startsWith(`${section}.`) ? [[setting.path.slice(section.length + 1), setting] as const] : [],
    ),
  )

export const shown = (value: unknown): string =>
  value === null || value === undefined ? '–' : typeof value === 'string' ? value || '""' : JSON.stringify(value)
