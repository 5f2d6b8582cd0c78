/** Which session token was imported for which account last: not the token, but its digest. */
import { hash } from 'node:crypto'
import { notInArray } from 'drizzle-orm'
import type { Database } from 'flow2api/plugin'
import { accounts, supplied } from './schema.ts'

export class Supplied {
  constructor(private readonly db: Database) {}

  /** Digest → account. */
  all(): ReadonlyMap<string, number> {
    const rows = this.db.select().from(supplied).all()
    return new Map(rows.map(({ digest, accountId }) => [digest, accountId]))
  }

  remember(accountId: number, secret: string): void {
    const row = { accountId, digest: digestOf(secret) }
    this.db.insert(supplied).values(row).onConflictDoUpdate({ target: supplied.accountId, set: row }).run()
  }

  /** Of accounts that are gone; their ids never come back. */
  prune(): void {
    const known = this.db.select({ id: accounts.id }).from(accounts)
    this.db.delete(supplied).where(notInArray(supplied.accountId, known)).run()
  }
}

/** Session tokens are long and random: nobody finds one by trying. */
export const digestOf = (secret: string): string => hash('sha256', secret, 'base64url')
