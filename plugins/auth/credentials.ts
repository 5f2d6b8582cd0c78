/** The API key and the admin password in force: what the configuration says, else what was made and kept. */
import { eq } from 'drizzle-orm'
import { type Clock, type Database, err, type Fault, fault, ok, type Result, type Secrets } from 'flow2api/plugin'
import { newApiKey, newPassword } from './digest.ts'
import { credentials } from './schema.ts'

type Name = 'api_key' | 'admin_password' | 'sessions_for'

/** Rows of the credentials' table. */
export class CredentialStore {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  get(name: Name) {
    return this.db.select().from(credentials).where(eq(credentials.name, name)).get()
  }

  put(name: Name, value: string, announcedAt: number | null = null): void {
    const row = { name, value, createdAt: this.clock.now(), announcedAt }
    this.db.insert(credentials).values(row).onConflictDoUpdate({ target: credentials.name, set: row }).run()
  }

  announced(name: Name): void {
    this.db.update(credentials).set({ announcedAt: this.clock.now() }).where(eq(credentials.name, name)).run()
  }
}

/** A credential that was made here and that the operator has not seen yet. */
export interface Unseen {
  readonly name: Name
  readonly value: string
}

/**
 * The API key in force. A made one is sealed, as the operator may want to see it again; it stays unseen until it was
 * announced, so that a start that failed in between does not hide it for ever.
 */
export function apiKey(
  configured: string,
  store: CredentialStore,
  secrets: Secrets,
): Result<{ readonly value: string; readonly unseen: readonly Unseen[] }, Fault> {
  if (configured) return ok({ value: configured, unseen: [] })
  const kept = store.get('api_key')
  if (!kept) {
    const value = newApiKey()
    store.put('api_key', secrets.seal(value))
    return ok({ value, unseen: [{ name: 'api_key', value }] })
  }
  const opened = secrets.open(kept.value)
  if (opened.isErr()) {
    const message = `The generated API key cannot be read: ${opened.error.message} Or set [global] api_key.`
    return err(fault('secret_unreadable', message, { blame: 'gateway', retry: 'never', cause: opened.error }))
  }
  const value = opened.value
  return ok({ value, unseen: kept.announcedAt === null ? [{ name: 'api_key', value }] : [] })
}

/**
 * Makes a password where neither the configuration nor the table has one. As only its hash is kept, one that was never
 * announced is replaced.
 */
export async function ensurePassword(
  configured: string,
  store: CredentialStore,
  hash: (password: string) => Promise<string>,
): Promise<readonly Unseen[]> {
  if (configured || typeof store.get('admin_password')?.announcedAt === 'number') return []
  const value = newPassword()
  store.put('admin_password', await hash(value))
  return [{ name: 'admin_password', value }]
}
