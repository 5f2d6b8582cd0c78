/** Sessions of the console and of scripts that logged in. Only the hash of a token is kept. */
import { randomBytes } from 'node:crypto'
import { desc, eq, gt, like, lt, ne, sql } from 'drizzle-orm'
import type { Clock, Database } from 'flow2api/plugin'
import { hexDigest } from './digest.ts'
import { sessions } from './schema.ts'

/** A session ends so long after its last use. */
export const SESSION_MS = 7 * 24 * 60 * 60_000
/** A use moves the end at most this often, so that not every request writes. */
const SLIDE_MS = 60 * 60_000
const LONGEST_USER_AGENT = 256

export interface Session {
  readonly token: string
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

/** A session as its owner sees it. */
export interface SessionView {
  /** Tells sessions apart; opens nothing. */
  readonly id: string
  readonly createdAt: number
  readonly expiresAt: number
  readonly ip: string
  readonly userAgent: string
  readonly current: boolean
}

/** Of the hash of a token, of which nobody can make the token. */
const ID_DIGITS = 16
const idOf = (tokenHash: string): string => tokenHash.slice(0, ID_DIGITS)

export class Sessions {
  readonly #find
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {
    this.#find = db
      .select({ expiresAt: sessions.expiresAt })
      .from(sessions)
      .where(eq(sessions.tokenHash, sql.placeholder('tokenHash')))
      .prepare()
  }

  open(from: { readonly ip: string; readonly userAgent: string }): Session {
    const token = randomBytes(32).toString('base64url')
    const createdAt = this.clock.now()
    const expiresAt = createdAt + SESSION_MS
    const userAgent = from.userAgent.slice(0, LONGEST_USER_AGENT)
    this.db
      .insert(sessions)
      .values({ tokenHash: hexDigest(token), createdAt, expiresAt, ip: from.ip, userAgent })
      .run()
    return { token, expiresAt }
  }

  /** Whether the token opens a session now; using it puts off its end. */
  use(token: string): boolean {
    // Found by hash: how long the look-up takes says nothing about the token.
    const tokenHash = hexDigest(token)
    const found = this.#find.get({ tokenHash })
    const now = this.clock.now()
    if (!found || found.expiresAt <= now) return false
    const expiresAt = now + SESSION_MS
    if (expiresAt - found.expiresAt >= SLIDE_MS)
      this.db.update(sessions).set({ expiresAt }).where(eq(sessions.tokenHash, tokenHash)).run()
    return true
  }

  close(token: string): void {
    this.db
      .delete(sessions)
      .where(eq(sessions.tokenHash, hexDigest(token)))
      .run()
  }

  /** What is open now, the newest first. `token`: whose session is the current one. */
  list(token: string | undefined): readonly SessionView[] {
    const own = token === undefined ? '' : hexDigest(token)
    return this.db
      .select()
      .from(sessions)
      .where(gt(sessions.expiresAt, this.clock.now()))
      .orderBy(desc(sessions.createdAt))
      .all()
      .map(({ tokenHash, ...row }) => ({ id: idOf(tokenHash), ...row, current: tokenHash === own }))
  }

  /** Ends one by its id; whether there was one. */
  revoke(id: string): boolean {
    if (!/^[0-9a-f]{16}$/.test(id)) return false
    const gone = this.db
      .delete(sessions)
      .where(like(sessions.tokenHash, `${id}%`))
      .returning({ id: sessions.tokenHash })
    return gone.all().length > 0
  }

  /** Ends all but that of `token`; how many. */
  revokeOthers(token: string | undefined): number {
    const own = token === undefined ? '' : hexDigest(token)
    const gone = this.db.delete(sessions).where(ne(sessions.tokenHash, own)).returning({ id: sessions.tokenHash })
    return gone.all().length
  }

  closeAll(): void {
    this.db.delete(sessions).run()
  }

  /** Removes what has ended. */
  sweep(): void {
    this.db.delete(sessions).where(lt(sessions.expiresAt, this.clock.now())).run()
  }
}
