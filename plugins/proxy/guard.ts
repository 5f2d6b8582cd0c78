/**
 * Fetching addresses that somebody else chose, without becoming their hand inside the network.
 *
 * Names are looked up here and every address must be public. A direct connection goes to one of those addresses, so a
 * name that is changed in between leads nowhere else. A proxy gets the name: what it means there is the proxy's to say.
 */
import { lookup } from 'node:dns/promises'
import {
  domainFault,
  type EgressFault,
  type GuardedAnswer,
  type GuardedFetch,
  type GuardedWant,
} from 'flow2api/contracts'
import { err, type Fault, ok, type Result, ResultAsync } from 'flow2api/plugin'
import { letGo, readCapped } from './capped.ts'
import { abortFault, codeOf } from './outcome.ts'
import { isLocalName, isPublic, literalOf } from './public-address.ts'

export interface GuardWorld {
  /** The general way out. Direct connections go to `addresses`, in their order; undefined: wherever the name leads. */
  readonly fetch: (
    url: URL,
    init: RequestInit,
    addresses: readonly string[] | undefined,
  ) => ResultAsync<Response, EgressFault>
  /** Every address of a name. Rejects where it has none. */
  readonly resolve?: (host: string) => Promise<readonly string[]>
  readonly isPublic?: (address: string) => boolean
}

const MOST_REDIRECTS = 5
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
/** More are not tried. All are checked. */
const MOST_ADDRESSES = 4
/** What goes along to another origin; the rest may be meant for the first alone. */
const HARMLESS: ReadonlySet<string> = new Set(['accept', 'accept-encoding', 'accept-language', 'user-agent'])

const refused = (message: string) => err(domainFault('url_refused', message))

export class Guard implements GuardedFetch {
  readonly #world: Required<GuardWorld>

  constructor(world: GuardWorld) {
    this.#world = { resolve: everyAddress, isPublic, ...world }
  }

  check(url: string, allowPrivate = false): ResultAsync<void, Fault> {
    return new ResultAsync(Promise.resolve(this.#read(url, allowPrivate).map(() => undefined)))
  }

  fetch(url: string, want: GuardedWant): ResultAsync<GuardedAnswer, Fault> {
    return new ResultAsync(this.#follow(url, want))
  }

  async #follow(url: string, want: GuardedWant): Promise<Result<GuardedAnswer, Fault>> {
    const first = this.#read(url, want.allowPrivate === true)
    if (first.isErr()) return err(first.error)
    let target = first.value
    for (let redirects = 0; ; redirects++) {
      const answer = await this.#once(target, want, target.origin === first.value.origin)
      if (answer.isErr()) return err(answer.error)
      const { status } = answer.value
      if (status < 300 || status > 399) return receive(answer.value, target, want)
      await letGo(answer.value)
      const next = this.#next(answer.value, target, want)
      if (next.isErr()) return err(next.error)
      if (redirects === MOST_REDIRECTS)
        return refused(`${first.value.host} redirects more than ${MOST_REDIRECTS} times. Give the final address.`)
      target = next.value
    }
  }

  /** Where a redirect leads, if it may be followed. */
  #next(answer: Response, from: URL, want: GuardedWant): Result<URL, Fault> {
    const location = answer.headers.get('location')
    if (!REDIRECTS.has(answer.status) || location === null)
      return refused(`${from.host} answered with status ${answer.status} and nowhere to go. Give the final address.`)
    if (want.method === 'POST')
      return refused(`${from.host} redirects, which is not followed for what is sent. Give the final address.`)
    const to = URL.parse(location, from)
    if (from.protocol === 'https:' && to?.protocol === 'http:')
      return refused(`${from.host} redirects from https to http, which is not followed. Give an https address.`)
    return this.#read(to?.href ?? location, want.allowPrivate === true, `${from.host} redirects: `)
  }

  async #once(target: URL, want: GuardedWant, sameOrigin: boolean): Promise<Result<Response, Fault>> {
    const addresses = want.allowPrivate === true ? ok(undefined) : await this.#addresses(target, want.signal)
    if (addresses.isErr()) return err(addresses.error)
    const headers = new Headers({ 'accept-encoding': 'identity' })
    for (const [name, value] of Object.entries(want.headers ?? {}))
      if (sameOrigin || HARMLESS.has(name.toLowerCase())) headers.set(name, value)
    headers.delete('host')
    const init: RequestInit = {
      method: want.method ?? 'GET',
      headers,
      redirect: 'manual',
      signal: want.signal,
      // A connection to a bare address is shared by all names that lead to it; none is kept for the next one.
      keepalive: false,
      ...(want.body !== undefined && { body: want.body }),
    }
    return this.#world.fetch(target, init, addresses.value)
  }

  /** Every address of the host, all of them public; IPv4 first, as IPv6 often leads nowhere. */
  async #addresses(target: URL, signal: AbortSignal): Promise<Result<readonly string[], Fault>> {
    const literal = literalOf(target.hostname)
    if (literal !== undefined) return ok([literal])
    let addresses: readonly string[]
    try {
      addresses = await unlessAborted(this.#world.resolve(target.hostname), signal)
    } catch (cause) {
      const message = `The name ${target.hostname} could not be resolved${codeOf(cause) && ` (${codeOf(cause)})`}. Check its spelling.`
      return err(abortFault(signal) ?? domainFault('upstream_unreachable', message, { cause }))
    }
    if (addresses.length === 0 || !addresses.every(address => this.#world.isPublic(address)))
      return refused(isPrivate(target.hostname))
    return ok(addresses.toSorted((a, b) => Number(a.includes(':')) - Number(b.includes(':'))).slice(0, MOST_ADDRESSES))
  }

  #read(url: string, allowPrivate: boolean, before = ''): Result<URL, Fault> {
    const target = URL.parse(url)
    if (target?.protocol !== 'http:' && target?.protocol !== 'https:')
      return refused(`${before}Only http:// and https:// addresses are fetched.`)
    if (target.username !== '' || target.password !== '')
      return refused(`${before}An address with a user name or password in it is not fetched.`)
    const literal = literalOf(target.hostname)
    const inside = literal === undefined ? isLocalName(target.hostname) : !this.#world.isPublic(literal)
    return inside && !allowPrivate ? refused(before + isPrivate(target.hostname)) : ok(target)
  }
}

const isPrivate = (hostname: string): string =>
  `${hostname} does not lead to the public internet, and private addresses are not fetched. Use a public address.`

/** Type and size, before and while the body is read. */
async function receive(answer: Response, target: URL, want: GuardedWant): Promise<Result<GuardedAnswer, Fault>> {
  const mime = (answer.headers.get('content-type') ?? '').split(';', 1).join('').trim().toLowerCase()
  if (
    answer.ok &&
    want.types &&
    !want.types.some(type => mime === type || (type.endsWith('/') && mime.startsWith(type)))
  ) {
    await letGo(answer)
    const found = mime === '' ? 'without a type' : `with the type ${mime.slice(0, 80)}`
    return refused(`${target.host} answered ${found}, where ${want.types.join(' or ')} is expected.`)
  }
  try {
    const bytes = await readCapped(answer, want.maxBytes)
    return bytes
      ? ok({ status: answer.status, mime, bytes })
      : refused(`What ${target.host} answered is larger than ${want.maxBytes} bytes.`)
  } catch (cause) {
    const message = `${target.host} broke off in the middle of its answer${codeOf(cause) && ` (${codeOf(cause)})`}. Try again later.`
    return err(abortFault(want.signal) ?? domainFault('upstream_unreachable', message, { cause }))
  }
}

const everyAddress = async (host: string): Promise<readonly string[]> =>
  (await lookup(host, { all: true })).map(({ address }) => address)

/** Rejects when the signal fires, as looking up a name cannot be stopped. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(signal.reason)
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
