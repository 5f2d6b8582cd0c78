/** What an operator does to accounts: adding, editing, switching on and off. */
import { domainFault, type Egress, type OpenedAccess } from 'flow2api/contracts'
import { type Clock, err, type Fault, ok, type Result } from 'flow2api/plugin'
import type { AccessKeeper } from './access.ts'
import { type Account, type AccountPatch, sessionAccount } from './account.ts'
import type { AccountBook } from './accounts.ts'
import type { AddAccount, EditAccount } from './bodies.ts'
import { backToReady, into } from './consequences.ts'
import type { Ledger } from './ledger.ts'
import { measure, openAccess, providerAmong, readSecret, type Upstream } from './upstream.ts'
import { maskProxy } from './view.ts'

export interface DeskParts {
  readonly ledger: Ledger
  readonly book: AccountBook
  readonly keeper: AccessKeeper
  readonly upstream: Upstream
  readonly clock: Clock
  /** Ids of the providers that take accounts. */
  providers(): readonly string[]
}

export class Desk {
  constructor(private readonly parts: DeskParts) {}

  /**
   * Adds an account once its session has been opened upstream. Whatever fails there adds nothing. Where the session turns
   * out to be of an account that is here, that one gets it: the token that was pasted may be of no use any more.
   */
  async add(body: AddAccount): Promise<Result<Added, Fault>> {
    const { book, upstream, clock } = this.parts
    const provider = providerAmong(this.parts.providers(), body.provider)
    if (provider.isErr()) return err(provider.error)
    const proxyUrl = checkedProxy(upstream.egress, body.proxy_url, null)
    if (proxyUrl.isErr()) return err(proxyUrl.error)
    const read = await readSecret(this.parts.upstream, provider.value, body.st)
    if (read.isErr()) return err(refusedSecret(read.error))
    const secret = read.value
    const unique = this.#unique({ provider: provider.value, secret })
    if (unique.isErr()) return err(unique.error)
    const wanted = {
      provider: provider.value,
      secret,
      attributes: attributesWith({}, body),
      proxyUrl: proxyUrl.value ?? null,
    }
    const opened = await openAccess(upstream, wanted)
    if (opened.isErr()) return err(refusedSecret(opened.error))
    const { access, expiresAt, identity, attributes, secret: rotated } = opened.value
    const session = { ...wanted, attributes: { ...wanted.attributes, ...attributes }, secret: rotated ?? secret }
    const measured = await measure(upstream, session, { ...session, id: 0, access, tier: '' })
    // Only what speaks against the account itself keeps it out; credits can be asked for later.
    if (measured.isErr() && measured.error.blame === 'account') return err(refusedSecret(measured.error))
    const figures = measured.map(({ credits, tier }) => ({ credits, tier, creditsAt: clock.now() })).unwrapOr({})
    const owner = this.#owner(provider.value, identity.email)
    if (owner && owner.secret !== session.secret) {
      const patch: AccountPatch = {
        ...settings(body),
        ...(proxyUrl.value !== undefined && { proxyUrl: proxyUrl.value }),
        ...figures,
        ...sessionOf(session.secret, opened.value),
        attributes: attributesWith({ ...attributes, ...owner.attributes }, body),
        ...backUnlessDisabled(owner, clock.now()),
      }
      return this.#written(owner.id, patch).map(account => ({ account, added: false }))
    }
    // The same one may have been added while this one was opened.
    return this.#unique({ ...session, email: identity.email }).map(() => ({
      account: book.add({
        ...session,
        email: identity.email ?? '',
        name: identity.name ?? '',
        access,
        accessExpiresAt: expiresAt,
        ...figures,
        ...settings(body),
      }),
      added: true,
    }))
  }

  /** Takes effect at once. A new session token is opened first; if that fails nothing changes. */
  async edit(account: Account, body: EditAccount): Promise<Result<Account, Fault>> {
    const proxyUrl = checkedProxy(this.parts.upstream.egress, body.proxy_url, account.proxyUrl)
    if (proxyUrl.isErr()) return err(proxyUrl.error)
    const plain: AccountPatch = {
      ...settings(body),
      ...(proxyUrl.value !== undefined && { proxyUrl: proxyUrl.value }),
    }
    const nothing: Result<AccountPatch, Fault> = ok({})
    const renewed = body.st === undefined ? nothing : await this.#reopen(account, body.st, body, plain)
    if (renewed.isErr()) return err(renewed.error)
    // What is there now, not what was there before the upstream answered.
    const current = this.parts.book.get(account.id)
    const merged = { ...current?.attributes, ...renewed.value.attributes }
    return this.#written(account.id, { ...plain, ...renewed.value, attributes: attributesWith(merged, body) })
  }

  enable(account: Account): Result<Account, Fault> {
    const patch = account.state === 'disabled' ? backToReady(this.parts.clock.now()) : {}
    return this.#written(account.id, patch)
  }

  disable(account: Account): Result<Account, Fault> {
    return this.#written(
      account.id,
      into(account, 'disabled', 'Switched off by the operator.', this.parts.clock.now(), null),
    )
  }

  /** Forgets cooling, quota, lost session and errors. A disabled account stays disabled. */
  reset(account: Account): Result<Account, Fault> {
    const counters = { consecutiveErrors: 0, consecutiveThrottles: 0 }
    return this.#written(account.id, account.state === 'disabled' ? counters : backToReady(this.parts.clock.now()))
  }

  /** Opens the session and measures credits now. */
  async refresh(account: Account, signal: AbortSignal): Promise<Result<Account, Fault>> {
    const opened = await this.parts.keeper.open(account.id)
    if (opened.isErr()) return err(refusedSecret(opened.error))
    const measured = await this.parts.keeper.measure(account.id, signal)
    return measured.mapErr(refusedSecret)
  }

  #written(id: number, patch: AccountPatch): Result<Account, Fault> {
    const account = this.parts.book.update(id, patch)
    return account ? ok(account) : err(notFound(String(id)))
  }

  async #reopen(
    account: Account,
    pasted: string,
    body: EditAccount,
    plain: AccountPatch,
  ): Promise<Result<AccountPatch, Fault>> {
    const read = await readSecret(this.parts.upstream, account.provider, pasted)
    if (read.isErr()) return err(refusedSecret(read.error))
    const secret = read.value
    const { id, provider } = account
    const unique = this.#unique({ id, provider, secret })
    if (unique.isErr()) return err(unique.error)
    const changed = { ...account, ...plain, secret, attributes: attributesWith(account.attributes, body) }
    const opened = await openAccess(this.parts.upstream, changed)
    if (opened.isErr()) return err(refusedSecret(opened.error))
    const { access, identity, attributes, secret: rotated } = opened.value
    const seen = sessionAccount({ ...changed, access, secret: rotated ?? secret })
    const measured = await measure(this.parts.upstream, changed, seen)
    const now = this.parts.clock.now()
    return this.#unique({ id, provider, secret: rotated ?? secret, email: identity.email }).map(() => ({
      ...sessionOf(rotated ?? secret, opened.value),
      ...(attributes && { attributes }),
      ...measured.map(({ credits, tier }) => ({ credits, tier, creditsAt: now })).unwrapOr({}),
      ...backUnlessDisabled(account, now),
    }))
  }

  /** The same account twice would be given twice the work, and rest in one place only. */
  #unique({ id, provider, secret, email }: Claim): Result<void, Fault> {
    const refused = (message: string) => err(domainFault('account_exists', message, { param: 'st' }))
    const same = this.parts.book.all().find(one => one.provider === provider && one.secret === secret && one.id !== id)
    if (same) return refused(`This session token is in the pool already, as account #${same.id}.`)
    const owner = this.#owner(provider, email)
    if (!owner || owner.id === id) return ok()
    return refused(
      `This is a session of ${email}, which is account #${owner.id} already. Give the new session token to that account.`,
    )
  }

  #owner(provider: string, email = ''): Account | undefined {
    if (email === '') return undefined
    return this.parts.book
      .all()
      .find(one => one.provider === provider && one.email.toLowerCase() === email.toLowerCase())
  }
}

/** What an account is known by. */
interface Claim {
  /** Absent: a new one. */
  readonly id?: number
  readonly provider: string
  readonly secret: string
  readonly email?: string | undefined
}

export interface Added {
  readonly account: Account
  /** False: it was here, and has the new session. */
  readonly added: boolean
}

export const notFound = (id: string): Fault => domainFault('not_found', `There is no account ${id}.`)

/** While an operator waits, what speaks against the account is a mistake in what was sent. */
const refusedSecret = (fault: Fault): Fault =>
  fault.blame === 'account' ? { ...fault, blame: 'request', param: 'st' } : fault

/** What a newly opened session changes about an account that is here. */
const sessionOf = (secret: string, { access, expiresAt, identity }: OpenedAccess): AccountPatch => ({
  secret,
  access,
  accessExpiresAt: expiresAt,
  ...(identity.email !== undefined && { email: identity.email }),
  ...(identity.name !== undefined && { name: identity.name }),
})

/** A new session says nothing about a person's decision to switch the account off. */
const backUnlessDisabled = ({ state }: Account, now: number): AccountPatch =>
  state === 'disabled' ? {} : backToReady(now)

function settings(body: EditAccount): AccountPatch {
  return {
    ...(body.remark !== undefined && { remark: body.remark }),
    ...(body.image_enabled !== undefined && { imageEnabled: body.image_enabled }),
    ...(body.video_enabled !== undefined && { videoEnabled: body.video_enabled }),
    ...(body.image_concurrency !== undefined && { imageConcurrency: body.image_concurrency }),
    ...(body.video_concurrency !== undefined && { videoConcurrency: body.video_concurrency }),
  }
}

/** Empty or null takes a value away. */
function attributesWith(attributes: Readonly<Record<string, string>>, body: EditAccount): Record<string, string> {
  const result = { ...attributes }
  for (const key of ['project_id', 'project_name'] as const) {
    const value = body[key]
    if (value) result[key] = value
    else if (value !== undefined) delete result[key]
  }
  return result
}

/** undefined: not to be changed. The masked form that the API shows stands for the proxy that is there. */
function checkedProxy(
  egress: Pick<Egress, 'parse'>,
  sent: string | null | undefined,
  present: string | null,
): Result<string | null | undefined, Fault> {
  const proxyUrl = sent?.trim()
  if (sent === undefined || (present !== null && proxyUrl === maskProxy(present))) return ok(undefined)
  if (!proxyUrl) return ok(null)
  return egress
    .parse(proxyUrl)
    .map(({ url }) => url)
    .mapErr(fault => ({ ...fault, param: 'proxy_url' }))
}
