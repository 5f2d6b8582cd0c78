/** What would differ between two configurations, key by key and plugin by plugin. Pure. */
import { isDeepStrictEqual } from 'node:util'
import type { Result } from 'neverthrow'
import type { Section } from './config/read.ts'
import type { Configuration } from './configuration.ts'
import type { ConfigChange, ConfigDifference, ConfigPreview, ConfigProblem, Setting } from './control.ts'
import type { Fault } from './fault.ts'
import type { Plan } from './plan.ts'

const EFFECT = { keep: 'unchanged', replace: 'reloaded', add: 'added', remove: 'removed' } as const

type Values = Readonly<Record<string, Section>>

/** By the values themselves; shown masked. */
export function differences(
  before: Values,
  after: Values,
  mask: (values: Values) => Values,
): readonly ConfigDifference[] {
  const [shownBefore, shownAfter] = [mask(before), mask(after)]
  const found: ConfigDifference[] = []
  for (const section of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, next] = [before[section] ?? {}, after[section] ?? {}]
    for (const key of new Set([...Object.keys(old), ...Object.keys(next)]))
      if (!isDeepStrictEqual(old[key], next[key]))
        found.push({
          path: `${section}.${key}`,
          before: shownBefore[section]?.[key] ?? null,
          after: shownAfter[section]?.[key] ?? null,
        })
  }
  return found
}

export function previewOf(
  now: Configuration,
  next: Configuration,
  plan: Result<Plan, readonly Fault[]>,
  restartKeys: readonly string[],
): ConfigPreview {
  const changes = differences(now.values, next.values, next.mask)
  const plugins = plan.isErr()
    ? []
    : [...plan.value.changes]
        .map(([id, change]) => ({ id, effect: EFFECT[change] }))
        .filter(({ id }) => id !== 'kernel')
  return {
    object: 'config_preview',
    changes,
    plugins: plugins.sort((a, b) => a.id.localeCompare(b.id)),
    needs_restart: changes.map(({ path }) => path).filter(path => restartKeys.includes(path)),
  }
}

/** Every key of every section, by what it is and where it comes from. */
export function settingsOf({ values, masked, origin, fixedBy }: Configuration): readonly Setting[] {
  return Object.entries(values).flatMap(([section, keys]) =>
    Object.keys(keys).map(key => {
      const path = `${section}.${key}`
      const shown = masked[section]?.[key]
      return { path, value: shown, origin: origin(path), fixed_by: fixedBy(path) }
    }),
  )
}

/** What the environment decides cannot be changed here; said instead of saved without effect. */
export function fixedProblems(change: ConfigChange, { fixedBy }: Configuration): readonly ConfigProblem[] {
  return Object.entries(change).flatMap(([section, keys]) =>
    Object.keys(keys).flatMap(key => {
      const path = `${section}.${key}`
      const variable = fixedBy(path)
      return variable === null
        ? []
        : {
            path,
            file: variable,
            line: null,
            message: `The environment variable ${variable} fixes this value. Unset it and restart to change it here.`,
            suggestion: null,
          }
    }),
  )
}
