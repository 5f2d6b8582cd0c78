/** What plugins can tell `bun run doctor`, and how it is said. */
import type { ResultAsync } from 'neverthrow'
import type { Fault } from './fault.ts'
import { defineExtensionPoint } from './refs.ts'

export interface Finding {
  /** `error`: something does not work. `warning`: it will not for long, or less than it should. `ok`: checked and right. */
  readonly severity: 'ok' | 'warning' | 'error'
  /** What was looked at, in a word or two: `account 3`, `proxy`, `disk`. No secret. */
  readonly about: string
  /** One sentence. */
  readonly message: string
  /** What to do about it, as a sentence; null where there is nothing to do. */
  readonly todo: string | null
}

/** Contributed by each plugin that knows whether it is well. */
export interface Diagnosis {
  /** Changes and pays nothing. May ask the upstream, within `signal`. A failure is a finding of its own. */
  check(signal: AbortSignal): ResultAsync<readonly Finding[], Fault>
}

export const Diagnosis = defineExtensionPoint<Diagnosis>('diagnosis', 1)

export type Contributed = readonly { readonly plugin: string; readonly service: Pick<Diagnosis, 'check'> }[]

/** All of them at once, each for itself. */
export async function examine(checks: Contributed, signal: AbortSignal): Promise<readonly Finding[]> {
  const found = await Promise.all(
    checks.map(async ({ plugin, service }) =>
      (await service.check(signal)).unwrapOr([
        {
          severity: 'error' as const,
          about: plugin,
          message: `The plugin "${plugin}" could not check itself.`,
          todo: 'Look for its reason in the log, and report it to the author of the plugin.',
        },
      ]),
    ),
  )
  return found.flat()
}
