/** Fresh access for accounts: opened when it is missing or about to age out, one opening at a time for each account. */
import { domainFault, type SessionAccount } from 'flow2api/contracts'
import { type Clock, err, type Fault, ok, type Result, ResultAsync } from 'flow2api/plugin'
import { type Account, type AccountPatch, FRESH_MS, hasAccess, labelOf, sessionAccount, stateAt } from './account.ts'
import type { AccountBook } from './accounts.ts'
import { backToReady } from './consequences.ts'
import type { Ledger } from './ledger.ts'
import type { Outcomes } from './outcomes.ts'
import { measure, openAccess, type Upstream } from './upstream.ts'

export class AccessKeeper {
  constructor(
    private readonly ledger: Ledger,
    private readonly book: AccountBook,
    private readonly upstream: Upstream,
    private readonly outcomes: Pick<Outcomes, 'sessionOpened' | 'sessionRefused'>,
    private readonly clock: Clock,
  ) {}

  /** The account with access that lasts a while. */
  session(id: number, signal: AbortSignal): ResultAsync<SessionAccount, Fault> {
    return new ResultAsync(this.#session(id, signal))
  }

  /** As `session`, after `access` was refused: if it is still the current one it is thrown away. */
  renew(id: number, access: string, signal: AbortSignal): ResultAsync<SessionAccount, Fault> {
    if (this.book.get(id)?.access === access) this.book.update(id, { access: null, accessExpiresAt: null })
    return this.session(id, signal)
  }

  /** Opens now, whatever access there is. Success brings an account back that had lost its session. */
  open(id: number): Promise<Result<Account, Fault>> {
    const running = this.ledger.opening.get(id)
    if (running) return running
    const opening = this.#open(id).finally(() => this.ledger.opening.delete(id))
    this.ledger.opening.set(id, opening)
    return opening
  }

  /** Asks for credits and tier, with access renewed once where it is refused. */
  async measure(id: number, signal: AbortSignal): Promise<Result<Account, Fault>> {
    let session = await this.session(id, signal)
    for (let attempt = 1; ; attempt++) {
      const account = this.book.get(id)
      if (session.isErr()) return err(session.error)
      if (!account) return err(gone(id))
      const measured = await measure(this.upstream, account, session.value)
      this.#count('credits', account, measured)
      if (measured.isOk()) {
        const { credits, tier } = measured.value
        return okOrGone(id, this.book.update(id, { credits, tier, creditsAt: this.clock.now() }))
      }
      if (measured.error.code !== 'access_expired' || attempt > 1) {
        this.#lost(id, account, measured.error)
        return err(measured.error)
      }
      session = await this.renew(id, session.value.access, signal)
    }
  }

  async #session(id: number, signal: AbortSignal): Promise<Result<SessionAccount, Fault>> {
    const account = this.book.get(id)
    if (!account) return err(gone(id))
    const now = this.clock.now()
    if (hasAccess(account, now, FRESH_MS)) return ok(sessionAccount(account))
    // The upstream has said that this secret opens nothing; asking again at each poll would only annoy it.
    const state = stateAt(account, now)
    if (!hasAccess(account, now, 0) && (state === 'needs_session' || state === 'migrated')) {
      const code = state === 'migrated' ? 'account_migrated' : 'account_needs_session'
      return err(domainFault(code, `Account ${labelOf(account)} needs a new session: ${account.stateReason}`))
    }
    const opened = await unlessAborted(this.open(id), signal)
    if (opened.isOk()) return ok(sessionAccount(opened.value))
    const current = this.book.get(id)
    // Where only the way is blocked, what is left of the old access is still good.
    if (opened.error.blame !== 'account' && current && hasAccess(current, this.clock.now(), 0)) {
      return signal.aborted ? err(opened.error) : ok(sessionAccount(current))
    }
    return err(opened.error)
  }

  async #open(id: number): Promise<Result<Account, Fault>> {
    const account = this.book.get(id)
    if (!account) return err(gone(id))
    const opened = await openAccess(this.upstream, account)
    this.#count('access', account, opened)
    const current = this.book.get(id)
    if (!current) return err(gone(id))
    // Edited meanwhile: what the old secret brought is of no use.
    if (current.secret !== account.secret) return ok(current)
    if (opened.isErr()) {
      this.#lost(id, account, opened.error)
      return err(opened.error)
    }
    this.outcomes.sessionOpened(current)
    const { access, expiresAt, identity, attributes, secret } = opened.value
    const state = stateAt(current, this.clock.now())
    const patch: AccountPatch = {
      access,
      accessExpiresAt: expiresAt,
      ...(identity.email !== undefined && { email: identity.email }),
      ...(identity.name !== undefined && { name: identity.name }),
      ...(attributes && { attributes: { ...current.attributes, ...attributes } }),
      ...(secret !== undefined && { secret }),
      ...((state === 'needs_session' || state === 'migrated') && backToReady(this.clock.now())),
    }
    return okOrGone(id, this.book.update(id, patch))
  }

  #lost(id: number, seen: Account, fault: Fault): void {
    const current = this.book.get(id)
    if (current?.secret === seen.secret) this.outcomes.sessionRefused(current, fault)
  }

  #count(what: 'access' | 'credits', { provider }: Account, result: Result<unknown, Fault>): void {
    this.ledger.count(`refreshes\n${provider}\n${what}\n${result.isOk() ? 'ok' : 'failed'}`)
  }
}

export const gone = (id: number): Fault => domainFault('no_account', `Account #${id} is not in the pool any more.`)

const okOrGone = (id: number, account: Account | undefined): Result<Account, Fault> =>
  account ? ok(account) : err(gone(id))

/** The work itself goes on for the others who wait for it. */
async function unlessAborted<T>(work: Promise<Result<T, Fault>>, signal: AbortSignal): Promise<Result<T, Fault>> {
  const cancelled = err(domainFault('cancelled', 'The wait for an account was cancelled.'))
  if (signal.aborted) return cancelled
  const aborted = Promise.withResolvers<Result<T, Fault>>()
  const leave = () => aborted.resolve(cancelled)
  signal.addEventListener('abort', leave, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
