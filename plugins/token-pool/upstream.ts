/** Calls to an account's provider, each with its own way out and its own time-out. */
import {
  type AccountDriver,
  domainFault,
  type Egress,
  type Measured,
  type OpenedAccess,
  type SessionAccount,
} from 'flow2api/contracts'
import { type Clock, err, type Fault, type Handle, messageOf, ok, type Result } from 'flow2api/plugin'

/** A driver, and the hold on its plugin for as long as it is used. */
export interface DriverHold extends AsyncDisposable {
  readonly driver: AccountDriver
  /** Fires when a reload has no more patience with this call. */
  readonly signal: AbortSignal
}

export interface Upstream {
  /** Error: `no_account` where no such provider is there, or it takes no accounts. */
  hold(provider: string): Result<DriverHold, Fault>
  readonly egress: Handle<Egress>
  readonly clock: Clock
}

/** An account, or one that is to be. */
export interface Opening {
  readonly provider: string
  readonly secret: string
  readonly attributes: Readonly<Record<string, string>>
  readonly proxyUrl: string | null
  readonly id?: number
}

/** The provider that is named, or the first. Error: `invalid_value`. */
export function providerAmong(all: readonly string[], named: string | undefined): Result<string, Fault> {
  const provider = named ?? all[0]
  if (provider !== undefined && all.includes(provider)) return ok(provider)
  const choice = all.length > 0 ? `There are: ${all.join(', ')}.` : 'Switch on a provider plugin that takes accounts.'
  return err(domainFault('invalid_value', `No such provider is switched on. ${choice}`, { param: 'provider' }))
}

/** The secret in what was pasted: of a whole cookie header only the session token is kept. */
export async function readSecret({ hold }: Upstream, provider: string, pasted: string): Promise<Result<string, Fault>> {
  const held = hold(provider)
  if (held.isErr()) return err(held.error)
  await using use = held.value
  return use.driver.readSecret?.(pasted) ?? ok(pasted.trim())
}

const OPEN_TIMEOUT_MS = 60_000
const MEASURE_TIMEOUT_MS = 30_000

export function openAccess(upstream: Upstream, account: Opening): Promise<Result<OpenedAccess, Fault>> {
  const { secret, attributes } = account
  return call(upstream, account, OPEN_TIMEOUT_MS, (driver, session) => driver.open({ secret, attributes }, session))
}

export function measure(upstream: Upstream, account: Opening, seen: SessionAccount): Promise<Result<Measured, Fault>> {
  return call(upstream, account, MEASURE_TIMEOUT_MS, (driver, session) =>
    driver.measure({ ...session, account: seen, progress: () => {} }),
  )
}

type Way = Parameters<AccountDriver['open']>[1]

async function call<T>(
  { hold, egress, clock }: Upstream,
  { provider, id, proxyUrl }: Opening,
  timeoutMs: number,
  ask: (driver: AccountDriver, way: Way) => PromiseLike<Result<T, Fault>>,
): Promise<Result<T, Fault>> {
  const late = new AbortController()
  const over = new AbortController()
  const expired = Promise.withResolvers<Result<T, Fault>>()
  const giveUp = () => {
    late.abort(new DOMException('The provider took too long.', 'TimeoutError'))
    const message = `${provider} did not answer within ${timeoutMs / 1000} s while it looked after an account.`
    expired.resolve(err(domainFault('upstream_timeout', message)))
  }
  const cancel = clock.after(timeoutMs, giveUp)
  try {
    const held = hold(provider)
    if (held.isErr()) return err(held.error)
    await using use = held.value
    use.signal.addEventListener('abort', giveUp, { once: true, signal: over.signal })
    const route = egress.route({ ...(id !== undefined && { accountId: id }), ...(proxyUrl && { proxyUrl }) })
    const answer = ask(use.driver, { fetch: route.fetch, signal: late.signal })
    // A driver that does not heed its signal is not waited for.
    return await Promise.race([answer, expired.promise])
  } catch (cause) {
    const message = `${provider} failed while it looked after an account: ${messageOf(cause)}`
    return err(domainFault('internal_error', message, { cause }))
  } finally {
    cancel()
    over.abort()
  }
}

export const noProvider = (provider: string): Result<never, Fault> =>
  err(
    domainFault(
      'no_account',
      `Provider ${provider}, which this account is of, is not switched on or takes no accounts.`,
    ),
  )
