/** The accounts' table and its image in memory: everything that is written to an account is written here. */
import { eq } from 'drizzle-orm'
import { type Clock, type Database, ok, type Secrets } from 'flow2api/plugin'
import { type Account, type AccountPatch, type AccountState, stateAt } from './account.ts'
import type { Ledger } from './ledger.ts'
import { accounts } from './schema.ts'

type Row = typeof accounts.$inferSelect

const UNREADABLE =
  'What is stored of it cannot be read with the present secret key. Supply `st` (and `proxy_url`) again.'

/** Columns that are sealed on disk. */
const SEALED = ['secret', 'access', 'proxyUrl'] as const

/** What every lease changes. The loss of a second of it, in a crash, hurts nobody; a commit for each would cost all. */
const COUNTERS: ReadonlySet<string> = new Set([
  'images',
  'videos',
  'errors',
  'consecutiveErrors',
  'consecutiveThrottles',
  'credits',
  'creditsAt',
  'lastUsedAt',
] satisfies (keyof Account)[])

/** A row with everything that is sealed opened. One that cannot be opened waits for a new session. */
function opened(row: Row, secrets: Secrets, now: number): Account {
  const plain = { ...row }
  for (const column of SEALED) {
    const sealed = row[column]
    const text = sealed === null ? ok(null) : secrets.open(sealed)
    if (text.isErr()) return { ...row, ...blank, stateReason: UNREADABLE, stateSince: now }
    // Only `secret` is never null, in the table and so here.
    if (text.value !== null || column !== 'secret') Object.assign(plain, { [column]: text.value })
  }
  return plain
}

const blank = { secret: '', access: null, proxyUrl: null, state: 'needs_session', stateUntil: null } as const

export const loadAccounts = (db: Database, secrets: Secrets, now: number): Account[] =>
  db
    .select()
    .from(accounts)
    .orderBy(accounts.id)
    .all()
    .map(row => opened(row, secrets, now))

export interface StateChange {
  readonly account: Account
  readonly state: AccountState | 'deleted'
  readonly reason: string
}

export class AccountBook {
  constructor(
    private readonly ledger: Ledger,
    private readonly db: Database,
    private readonly secrets: Secrets,
    private readonly clock: Clock,
    private readonly onChange: (change: StateChange) => void,
  ) {}

  get(id: number): Account | undefined {
    return this.ledger.accounts.get(id)
  }

  all(): Account[] {
    return [...this.ledger.accounts.values()]
  }

  add(account: Omit<typeof accounts.$inferInsert, 'id' | 'createdAt' | 'stateSince'>): Account {
    const now = this.clock.now()
    const { id } = this.db
      .insert(accounts)
      .values({ ...this.#sealed(account), createdAt: now, stateSince: now })
      .returning({ id: accounts.id })
      .get()
    const row = this.db.select().from(accounts).where(eq(accounts.id, id)).get()
    if (!row) throw new Error(`account ${id} is not there right after it was inserted`)
    const added = opened(row, this.secrets, now)
    this.ledger.seating.set(added)
    this.onChange({ account: added, state: 'ready', reason: 'added' })
    this.ledger.queue.pump()
    return added
  }

  /** Takes effect at once, for those who wait as well. Undefined if the account is gone. */
  update(id: number, patch: AccountPatch): Account | undefined {
    const before = this.ledger.accounts.get(id)
    if (!before || Object.keys(patch).length === 0) return before
    if (Object.keys(patch).every(column => COUNTERS.has(column))) this.ledger.uncounted.add(id)
    else this.db.update(accounts).set(this.#sealed(patch)).where(eq(accounts.id, id)).run()
    const after = { ...before, ...patch }
    this.ledger.seating.set(after)
    if (after.state !== before.state) this.onChange({ account: after, state: after.state, reason: after.stateReason })
    this.ledger.queue.pump()
    return after
  }

  /** Writes the counters of all accounts that were used since the last time, in one transaction. */
  flush(): void {
    const { uncounted, accounts: known } = this.ledger
    if (uncounted.size === 0) return
    const used = [...uncounted].flatMap(id => known.get(id) ?? [])
    uncounted.clear()
    this.db.transaction(tx => {
      for (const { id, ...account } of used) {
        const counters = Object.fromEntries(Object.entries(account).filter(([column]) => COUNTERS.has(column)))
        tx.update(accounts).set(counters).where(eq(accounts.id, id)).run()
      }
    })
  }

  remove(id: number): boolean {
    const account = this.ledger.accounts.get(id)
    if (!account) return false
    this.db.delete(accounts).where(eq(accounts.id, id)).run()
    this.ledger.seating.remove(id)
    this.onChange({ account, state: 'deleted', reason: 'deleted' })
    this.ledger.queue.pump()
    return true
  }

  /** Brings back those whose time has come. */
  wake(): void {
    const now = this.clock.now()
    this.ledger.tick()
    for (const id of this.ledger.seating.rested()) {
      const account = this.get(id)
      if (account && account.state !== 'ready' && stateAt(account, now) === 'ready')
        this.update(id, { state: 'ready', stateReason: '', stateSince: now, stateUntil: null })
    }
  }

  #sealed<T extends object>(values: T): T {
    const sealed: ReadonlySet<string> = new Set(SEALED)
    const seal = ([column, value]: [string, unknown]) =>
      sealed.has(column) && typeof value === 'string' ? [column, this.secrets.seal(value)] : [column, value]
    // The same keys with values of the same types.
    return Object.fromEntries(Object.entries(values).map(seal)) as T
  }
}
