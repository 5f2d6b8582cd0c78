/** What the rows of an import are compared with: the accounts that are here. */
import type { Egress } from 'flow2api/contracts'
import { err, type Fault, type Handle, ok, type Result } from 'flow2api/plugin'
import type { Account } from './account.ts'
import type { AccountBook } from './accounts.ts'
import type { Known } from './import.ts'
import { digestOf, type Supplied } from './supplied.ts'
import type { Upstream } from './upstream.ts'

export interface KnownParts {
  readonly book: AccountBook
  readonly upstream: Upstream
  readonly egress: Handle<Egress>
  readonly supplied: Supplied
  /** The provider that is meant, or the first that takes accounts. Error: `invalid_value`. */
  provider(named: string | undefined): Result<string, Fault>
}

/** Built once an import, so that a large import is not slowed down by a large pool. */
export class KnownAccounts implements Known, AsyncDisposable {
  readonly #bySecret = new Map<string, Account>()
  readonly #byEmail = new Map<string, Account>()
  readonly #bySupplied: ReadonlyMap<string, number>
  readonly #holds = new AsyncDisposableStack()
  readonly #readers = new Map<string, (pasted: string) => Result<string, Fault>>()

  constructor(
    private readonly parts: KnownParts,
    private readonly preset: string,
  ) {
    this.#bySupplied = parts.supplied.all()
    for (const account of parts.book.all()) {
      this.#bySecret.set(JSON.stringify([account.provider, account.secret]), account)
      if (account.email) this.#byEmail.set(JSON.stringify([account.provider, account.email.toLowerCase()]), account)
    }
  }

  provider(named: string | undefined): Result<string, Fault> {
    return this.parts.provider(named ?? this.preset)
  }

  secret(provider: string, pasted: string): Result<string, Fault> {
    const known = this.#readers.get(provider)
    if (known) return known(pasted)
    const held = this.parts.upstream.hold(provider)
    if (held.isErr()) return err(held.error)
    const { driver } = this.#holds.use(held.value)
    const reader = (text: string) => driver.readSecret?.(text) ?? ok(text.trim())
    this.#readers.set(provider, reader)
    return reader(pasted)
  }

  proxy(written: string): Result<string, Fault> {
    return this.parts.egress.parse(written).map(({ url }) => url)
  }

  bySecret(provider: string, secret: string): Account | undefined {
    const supplied = this.#bySupplied.get(digestOf(secret))
    const account = supplied === undefined ? undefined : this.parts.book.get(supplied)
    return (
      this.#bySecret.get(JSON.stringify([provider, secret])) ?? (account?.provider === provider ? account : undefined)
    )
  }

  byEmail(provider: string, email: string): Account | undefined {
    return this.#byEmail.get(JSON.stringify([provider, email]))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#holds.disposeAsync()
  }
}
