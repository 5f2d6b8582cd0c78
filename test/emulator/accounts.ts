/** The accounts that the emulator knows: their two credentials, their credits and their projects. */

export type Tier = 'PAYGATE_TIER_NOT_PAID' | 'PAYGATE_TIER_ONE' | 'PAYGATE_TIER_TWO'

export interface AccountSeed {
  /** Session token: the value of the session cookie. */
  readonly st: string
  readonly email: string
  readonly name?: string
  readonly credits?: number
  readonly tier?: Tier
}

/** One account of each tier. */
export const SAMPLE_ACCOUNTS: readonly Required<AccountSeed>[] = [
  {
    st: 'emulator-session-free',
    email: 'free@flow.example',
    name: 'Frida Free',
    credits: 50,
    tier: 'PAYGATE_TIER_NOT_PAID',
  },
  { st: 'emulator-session-pro', email: 'pro@flow.example', name: 'Petra Pro', credits: 1000, tier: 'PAYGATE_TIER_ONE' },
  {
    st: 'emulator-session-ultra',
    email: 'ultra@flow.example',
    name: 'Ulla Ultra',
    credits: 25_000,
    tier: 'PAYGATE_TIER_TWO',
  },
]

export interface Access {
  readonly token: string
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

/**
 * `gone`: the session call answers `{}`. `stale`: it says that the access token cannot be refreshed, and hands out one
 * that does not work. `migrated`: it has a user and no access token. Other labs calls are refused in the first two
 * cases; that they work in the third is assumed.
 */
export const SESSION_STATES = ['alive', 'gone', 'stale', 'migrated'] as const
export type SessionState = (typeof SESSION_STATES)[number]

/** Tests may change what is not readonly at any time. */
export interface Account {
  /** Changes with `Accounts.rotate` alone. */
  st: string
  readonly email: string
  readonly name: string
  tier: Tier
  credits: number
  session: SessionState
  /** The one access token that works, until it expires. */
  access: Access | undefined
  /** Titles by project id. */
  readonly projects: Map<string, string>
  /** As it was added. */
  readonly initial: { readonly tier: Tier; readonly credits: number }
}

export const SESSION_COOKIE = '__Secure-next-auth.session-token'

/** Projects that an account keeps; the oldest goes when there are more. */
const PROJECT_LIMIT = 1000

export class Accounts {
  private readonly bySession = new Map<string, Account>()

  constructor(
    private readonly now: () => number,
    private readonly accessLifetimeMs: number,
  ) {}

  /** Adds an account, or replaces the one with that session token. */
  add(seed: AccountSeed): Account {
    const initial = { tier: seed.tier ?? 'PAYGATE_TIER_ONE', credits: seed.credits ?? 1000 } as const
    const account: Account = {
      st: seed.st,
      email: seed.email,
      name: seed.name ?? seed.email,
      ...initial,
      initial,
      session: 'alive',
      access: undefined,
      projects: new Map(),
    }
    this.bySession.set(seed.st, account)
    return account
  }

  list(): readonly Account[] {
    return [...this.bySession.values()]
  }

  /** By e-mail or session token; throws if there is none, since then the test is wrong. */
  get(emailOrSession: string): Account {
    const found = this.bySession.get(emailOrSession) ?? this.list().find(account => account.email === emailOrSession)
    if (!found) throw new Error(`The emulator has no account "${emailOrSession}".`)
    return found
  }

  /** Everybody has the credits, the tier and the session again that they were added with. Tokens and projects stay. */
  reset(): void {
    for (const account of this.bySession.values()) Object.assign(account, account.initial, { session: 'alive' })
  }

  /** Gives the account a new session token; the old one is dead. PROTOCOL.md 1.2. */
  rotate(account: Account): void {
    this.bySession.delete(account.st)
    account.st = `emulator-session-${crypto.randomUUID()}`
    this.bySession.set(account.st, account)
  }

  /** Makes the account's access token stop working now, as if it had aged out. */
  expireAccess(account: Account): void {
    account.access = undefined
  }

  /** The working access token, a new one if there is none. PROTOCOL.md 1.2: it lives about an hour. */
  open(account: Account): Access {
    const current = account.access
    if (current && current.expiresAt > this.now()) return current
    account.access = { token: newAccessToken(), expiresAt: this.now() + this.accessLifetimeMs }
    return account.access
  }

  /** Whose session cookie the headers carry; whether that session still works is another question. */
  ofCookie(headers: Headers): Account | undefined {
    const cookies = new Bun.CookieMap(headers.get('cookie') ?? '')
    let value = cookies.get(SESSION_COOKIE) ?? ''
    // Browsers get a long one in pieces, as NextAuth makes them.
    for (let piece = 0; cookies.has(`${SESSION_COOKIE}.${piece}`); piece++)
      value += cookies.get(`${SESSION_COOKIE}.${piece}`) ?? ''
    return this.bySession.get(value)
  }

  /** Whose working access token the headers carry. */
  ofBearer(headers: Headers): Account | undefined {
    const token = headers.get('authorization')?.match(/^Bearer (.+)$/i)?.[1]
    if (token === undefined) return undefined
    const now = this.now()
    for (const account of this.bySession.values())
      if (account.access?.token === token) return account.access.expiresAt > now ? account : undefined
    return undefined
  }

  createProject(account: Account, title: string): string {
    const id = crypto.randomUUID()
    account.projects.set(id, title)
    if (account.projects.size > PROJECT_LIMIT) account.projects.delete(account.projects.keys().next().value ?? '')
    return id
  }
}

export function newAccessToken(): string {
  return `ya29.emulator-${crypto.randomUUID().replaceAll('-', '')}`
}
