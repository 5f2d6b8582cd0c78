/** The key of the signatures: what the settings say, else one that is made, kept sealed, and shown once. */
import { randomBytes } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { type Database, err, type Fault, FaultError, fault, ok, type Result, type Secrets } from 'flow2api/plugin'
import { state } from './schema.ts'

const NAME = 'secret'
/** As much as an HMAC-SHA256 makes use of. */
const KEY_BYTES = 32

export interface KeyParts {
  /** From the settings; may be empty. */
  readonly configured: string
  readonly db: Database
  readonly secrets: Secrets
  now(): number
  /** Shows a made secret to the operator. */
  announce(secret: string): void
}

export class SigningKey {
  #known: string | undefined

  constructor(private readonly parts: KeyParts) {}

  /** Whether there is one, or one can be made. Error: `secret_unreadable`. */
  check(): Result<void, Fault> {
    const kept = this.parts.configured ? undefined : this.#row()
    if (!kept) return ok()
    return this.parts.secrets
      .open(kept.value)
      .map(() => undefined)
      .orElse(cause => {
        const message = `The generated secret of webhooks cannot be read: ${cause.message} Or set [webhooks] secret.`
        return err(fault('secret_unreadable', message, { blame: 'gateway', retry: 'never', cause }))
      })
  }

  /** `whsec_<base64>`. Made, and shown once, where it is needed for the first time. Not before the plugin is live. */
  use(): string {
    this.#known ??= this.parts.configured || this.#generated()
    return this.#known
  }

  #generated(): string {
    const { db, secrets, now, announce } = this.parts
    const made = `whsec_${randomBytes(KEY_BYTES).toString('base64')}`
    db.insert(state)
      .values({ name: NAME, value: secrets.seal(made), since: now() })
      .onConflictDoNothing()
      .run()
    const kept = this.#row()
    const value = kept
      ? secrets.open(kept.value).match(
          opened => opened,
          fault => {
            throw new FaultError(fault)
          },
        )
      : made
    // Marked afterwards, so that a crash in between does not hide it for ever.
    if (kept?.announcedAt === null) {
      announce(value)
      db.update(state).set({ announcedAt: now() }).where(eq(state.name, NAME)).run()
    }
    return value
  }

  #row() {
    return this.parts.db.select().from(state).where(eq(state.name, NAME)).get()
  }
}
