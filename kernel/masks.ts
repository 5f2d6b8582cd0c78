/** What comes back as it was shown: a mask stands for what it hides, and is never a new secret. Pure. */
import { isDeepStrictEqual } from 'node:util'
import { err, ok, type Result } from 'neverthrow'
import { MASK } from './config/digest.ts'
import { isTable } from './config/read.ts'
import type { Configuration } from './configuration.ts'
import type { ConfigChange, ConfigProblem } from './control.ts'

/** A mask whose secret cannot be told. */
const UNCLEAR = Symbol('unclear')

/**
 * The change as it was meant: keys that came back untouched are left out, and masked entries of a list are again what
 * they hide. Where that cannot be told, as when one of several that look alike was taken away, it is a problem.
 */
export function unmasked(
  change: ConfigChange,
  { masked, values }: Pick<Configuration, 'masked' | 'values'>,
): Result<ConfigChange, readonly ConfigProblem[]> {
  const problems: ConfigProblem[] = []
  const meant = ([section, keys]: [string, Readonly<Record<string, unknown>>]) => {
    const kept: Record<string, unknown> = {}
    for (const [key, value] of Object.entries(keys)) {
      const [shown, real] = [masked[section]?.[key], values[section]?.[key]]
      const hidden = !isDeepStrictEqual(shown, real)
      if (hidden && isDeepStrictEqual(value, shown)) continue
      const revealed = hidden ? reveal(value, shown, real) : value
      if (revealed === UNCLEAR) problems.push(unclear(`${section}.${key}`))
      else kept[key] = revealed
    }
    return [section, kept]
  }
  const whole: ConfigChange = Object.fromEntries(Object.entries(change).map(meant))
  return problems.length > 0 ? err(problems) : ok(whole)
}

function reveal(value: unknown, shown: unknown, real: unknown): unknown {
  if (isDeepStrictEqual(value, shown)) return real
  if (Array.isArray(value) && Array.isArray(shown) && Array.isArray(real)) {
    const entries = value.map((entry, index) => revealEntry(entry, value.slice(0, index), value, shown, real))
    return entries.includes(UNCLEAR) ? UNCLEAR : entries
  }
  if (isTable(value) && isTable(shown) && isTable(real)) {
    const entries = Object.entries(value).map(([key, inner]) => [key, reveal(inner, shown[key], real[key])] as const)
    return entries.some(([, inner]) => inner === UNCLEAR) ? UNCLEAR : Object.fromEntries(entries)
  }
  return holdsMask(value) ? UNCLEAR : value
}

/** By what it looks like; several that look alike are told apart by their order while none is missing. */
function revealEntry(
  entry: unknown,
  before: readonly unknown[],
  all: readonly unknown[],
  shown: readonly unknown[],
  real: readonly unknown[],
): unknown {
  if (!holdsMask(entry)) return entry
  const like = (other: unknown) => isDeepStrictEqual(other, entry)
  const hidden = real.filter((_, index) => like(shown[index]))
  if (hidden.length === 1) return hidden[0]
  return hidden.length > 0 && hidden.length === all.filter(like).length ? hidden[before.filter(like).length] : UNCLEAR
}

const holdsMask = (value: unknown): boolean => JSON.stringify(value)?.includes(MASK) ?? false

const unclear = (path: string): ConfigProblem => ({
  path,
  file: '',
  line: null,
  message: `Part of this value is masked (${MASK}), and it cannot be told which secret is meant. Enter each secret of it anew, or leave the key out.`,
  suggestion: null,
})
