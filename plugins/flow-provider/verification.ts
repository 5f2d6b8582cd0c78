/** The opaque value that Flow may ask for: from an operator's own plugin, or none (PROTOCOL.md 1.5). */
import type { Verification, VerificationWant } from 'flow2api/contracts'
import { type Contributions, messageOf, type ServiceOf } from 'flow2api/plugin'
import type { Warn } from './judge.ts'

export type VerificationSources = Contributions<ServiceOf<typeof Verification>>

/** Of the first source that has one. A value works once, so every paid call asks for its own. */
export async function verificationFor(
  sources: VerificationSources,
  warn: Warn,
  want: VerificationWant,
): Promise<string | undefined> {
  for (const { plugin, service } of sources.all()) {
    try {
      const found = await service.value(want)
      if (found.isOk() && typeof found.value === 'string' && found.value !== '') return found.value
      if (found.isErr())
        warn({ plugin, code: found.error.code }, 'a source of verification values failed; the next one is asked')
    } catch (cause) {
      // A bug of that plugin. Flow's answer without a value says what is missing.
      warn({ plugin, cause: messageOf(cause) }, 'a source of verification values broke; the next one is asked')
    }
    if (want.signal.aborted) return undefined
  }
  return undefined
}
