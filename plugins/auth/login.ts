/** Checks the admin's name and password, throttled; every way in that uses the password passes here. */
import { domainFault } from 'flow2api/contracts'
import { type Clock, err, type Fault, ok, type Result } from 'flow2api/plugin'
import type { CredentialStore } from './credentials.ts'
import { digest, hexDigest, matches } from './digest.ts'
import type { LoginThrottle } from './throttle.ts'

/** A right pair of HTTP Basic is remembered so long: a script need not wait for argon2 on each request. */
const REMEMBER_MS = 60_000

const WRONG = 'The name or the password is wrong.'

export const hashPassword = (password: string): Promise<string> => Bun.password.hash(password, 'argon2id')

export class Login {
  readonly #username: Uint8Array
  readonly #configured: Uint8Array | undefined
  /** Digest of name and password → until when it is right, and for which stored hash. */
  readonly #remembered = new Map<string, { readonly until: number; readonly stored: string }>()
  readonly #checking = new Map<string, Promise<Result<void, Fault>>>()
  /** One argon2 at a time: each takes 64 MB. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly config: { readonly admin_username: string; readonly admin_password: string },
    private readonly store: CredentialStore,
    private readonly throttle: LoginThrottle,
    private readonly clock: Clock,
  ) {
    this.#username = digest(config.admin_username)
    this.#configured = config.admin_password ? digest(config.admin_password) : undefined
  }

  /** Set by configuration or environment, and so not to be changed here. */
  get fixed(): boolean {
    return this.#configured !== undefined
  }

  get username(): string {
    return this.config.admin_username
  }

  /** Errors: `login_failed`, `login_throttled`. */
  async check(ip: string, username: string, password: string): Promise<Result<void, Fault>> {
    const attempt = this.throttle.begin(ip)
    if (attempt.isErr()) return err(attempt.error)
    // Both are always compared, so that time does not tell a right name. A configured password without an await: of
    // right requests that arrive together none may see another's attempt as still failed.
    const named = matches(username, this.#username)
    const opened = this.#configured ? matches(password, this.#configured) : await this.#isKept(password)
    if (!named || !opened) return err(domainFault('login_failed', WRONG))
    attempt.value.succeeded()
    return ok()
  }

  /** As `check`, but quick for a pair that was right a moment ago. */
  async checkBasic(ip: string, username: string, password: string): Promise<Result<void, Fault>> {
    if (this.fixed) return this.check(ip, username, password)
    const pair = hexDigest(`${username}:${password}`)
    const now = this.clock.now()
    const known = this.#remembered.get(pair)
    const stored = this.store.get('admin_password')?.value ?? ''
    if (known && known.until > now && known.stored === stored) return ok()
    this.#remembered.delete(pair)
    // Requests that arrive together share one check.
    const running = this.#checking.get(pair)
    if (running) return running
    const check = this.check(ip, username, password).finally(() => this.#checking.delete(pair))
    this.#checking.set(pair, check)
    const result = await check
    if (result.isOk()) this.#remembered.set(pair, { until: now + REMEMBER_MS, stored })
    return result
  }

  /** Takes the old password too: a session alone must not be enough to lock its owner out. */
  async change(ip: string, before: string, after: string): Promise<Result<void, Fault>> {
    const checked = await this.check(ip, this.config.admin_username, before)
    if (checked.isErr()) return checked
    this.store.put('admin_password', await hashPassword(after), this.clock.now())
    return ok()
  }

  /** Changes with the name and with the password; sessions are good for one of it. */
  get identity(): string {
    const { admin_username, admin_password } = this.config
    return hexDigest(`${admin_username}:${admin_password || this.store.get('admin_password')?.value}`)
  }

  #isKept(password: string): Promise<boolean> {
    const check = this.#turn.then(() => {
      const stored = this.store.get('admin_password')?.value
      return stored ? Bun.password.verify(password, stored, 'argon2id') : false
    })
    this.#turn = check.catch(() => {})
    return check
  }
}
