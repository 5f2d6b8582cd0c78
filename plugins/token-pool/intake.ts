/** Session tokens that come from outside, in an import or from a browser's extension, become accounts here. */
import { domainFault } from 'flow2api/contracts'
import { type Clock, err, type Fault, ok, type Result } from 'flow2api/plugin'
import type { Account, AccountPatch } from './account.ts'
import type { AccountBook } from './accounts.ts'
import { backToReady } from './consequences.ts'
import { isSameEmail, OTHER_EMAIL, sameAccount, type Wanted } from './import.ts'
import type { Supplied } from './supplied.ts'
import { measure, openAccess, type Upstream } from './upstream.ts'

export interface Taken {
  readonly action: 'added' | 'updated'
  readonly account: Account
  /** It had lost its session, and works again. */
  readonly revived: boolean
}

export interface TakeOptions {
  /** The account that it is believed to be. */
  readonly expected?: Account | undefined
  /** Accounts that others speak of already; the one that is taken joins them. */
  readonly spoken?: Set<number>
  /** Of an account that is added without one. */
  readonly remark?: string
}

export class Intake {
  constructor(
    private readonly book: AccountBook,
    private readonly upstream: Upstream,
    private readonly supplied: Supplied,
    private readonly clock: Clock,
  ) {}

  /** What needs no call upstream. Undefined if the account is gone. */
  settle(id: number, wanted: Wanted): Account | undefined {
    const account = this.book.get(id)
    return (
      account && this.book.update(id, { ...settings(wanted), attributes: attributesOf(account.attributes, wanted) })
    )
  }

  /**
   * Opens the session, then adds its account or updates the one that has its e-mail. What fails changes nothing.
   * Errors: `account_needs_session`, `account_migrated`, `account_exists`, `invalid_value` (it is of
   * another e-mail), those of egress.
   */
  async take(
    wanted: Wanted,
    { expected, spoken = new Set(), remark = '' }: TakeOptions = {},
  ): Promise<Result<Taken, Fault>> {
    const { provider, secret } = wanted
    const proxyUrl = wanted.proxyUrl ?? expected?.proxyUrl ?? null
    const attributes = attributesOf(expected?.attributes ?? {}, wanted)
    const way = { provider, secret, attributes, proxyUrl, ...(expected && { id: expected.id }) }
    const opened = await openAccess(this.upstream, way)
    if (opened.isErr()) return err(opened.error)
    const { access, expiresAt, identity, secret: rotated = secret } = opened.value
    if (!isSameEmail(identity.email ?? '', wanted)) return err(domainFault('invalid_value', OTHER_EMAIL))
    const seen = { id: expected?.id ?? 0, secret: rotated, access, tier: expected?.tier ?? '', attributes }
    const measured = await measure(this.upstream, { ...way, secret: rotated }, seen)
    // Only what speaks against the account itself keeps it out; credits can be asked for later.
    if (measured.isErr() && measured.error.blame === 'account') return err(measured.error)

    // From here on nothing is waited for: what is looked up is still true when it is written.
    const now = this.clock.now()
    const email = identity.email ?? wanted.email ?? ''
    const present = this.#find(provider, email, rotated, expected?.id)
    if (present && present.id !== expected?.id && spoken.has(present.id))
      return err(domainFault('account_exists', sameAccount('An earlier row')))
    const fresh: AccountPatch = {
      secret: rotated,
      access,
      accessExpiresAt: expiresAt,
      email,
      ...(identity.name !== undefined && { name: identity.name }),
      ...measured.map(({ credits, tier }) => ({ credits, tier, creditsAt: now })).unwrapOr({}),
      attributes: attributesOf({ ...opened.value.attributes, ...present?.attributes }, wanted),
      ...settings(wanted),
    }
    const account = present ? this.#update(present, fresh, now) : this.#add(wanted, { remark, ...fresh }, now)
    spoken.add(account.id)
    this.supplied.remember(account.id, secret)
    const revived = present?.state === 'needs_session' || present?.state === 'migrated'
    return ok({ action: present ? 'updated' : 'added', account, revived })
  }

  /** The e-mail that the upstream names counts; where it names none, the session token and what was expected. */
  #find(provider: string, email: string, secret: string, expected: number | undefined): Account | undefined {
    const own = this.book.all().filter(account => account.provider === provider)
    if (email !== '') {
      const same = own.find(account => account.email.toLowerCase() === email.toLowerCase())
      if (same) return same
    }
    return own.find(account => account.secret === secret || (account.id === expected && account.email === ''))
  }

  #update(account: Account, fresh: AccountPatch, now: number): Account {
    // A new session says nothing about a person's decision to switch the account off.
    const patch = account.state === 'disabled' ? fresh : { ...fresh, ...backToReady(now) }
    return this.book.update(account.id, patch) ?? account
  }

  #add(wanted: Wanted, fresh: AccountPatch, now: number): Account {
    const { provider, secret, proxyUrl = null } = wanted
    const { attributes = {}, ...rest } = fresh
    const added = this.book.add({ provider, secret, proxyUrl, ...rest, attributes: { ...attributes } })
    if (wanted.enabled !== false) return added
    const stateReason = 'It was switched off where it comes from.'
    return this.book.update(added.id, { state: 'disabled', stateReason, stateSince: now, stateUntil: null }) ?? added
  }
}

function settings(wanted: Wanted): AccountPatch {
  const { remark, imageEnabled, videoEnabled, imageConcurrency, videoConcurrency, proxyUrl } = wanted
  return {
    ...(remark !== undefined && { remark }),
    ...(imageEnabled !== undefined && { imageEnabled }),
    ...(videoEnabled !== undefined && { videoEnabled }),
    ...(imageConcurrency !== undefined && { imageConcurrency }),
    ...(videoConcurrency !== undefined && { videoConcurrency }),
    ...(proxyUrl !== undefined && { proxyUrl }),
  }
}

function attributesOf(
  attributes: Readonly<Record<string, string>>,
  { projectId, projectName }: Wanted,
): Record<string, string> {
  return {
    ...attributes,
    ...(projectId !== undefined && { project_id: projectId }),
    ...(projectName !== undefined && { project_name: projectName }),
  }
}
