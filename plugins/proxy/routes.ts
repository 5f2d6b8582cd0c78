/** `/admin/api/proxies`: how proxies are doing, and trying them. For the operator. */
import { type Static, Type } from '@sinclair/typebox'
import {
  type AuditEntry,
  type AuthService,
  type Caller,
  domainFault,
  operatorAnswer,
  operatorDocs,
  pageLimit,
} from 'flow2api/contracts'
import {
  type AnyElysia,
  type Clock,
  Elysia,
  err,
  type Fault,
  type Handle,
  type Logger,
  ok,
  type Result,
  readJson,
  requestInfo,
} from 'flow2api/plugin'
import { parseProxy } from './address.ts'
import type { ProxyHealth } from './health.ts'
import type { Settings } from './order.ts'
import type { NamedProxy, Roster } from './roster.ts'
import { type TesterWorld, testProxy } from './tester.ts'
import { proxyView, verdictView, worked } from './view.ts'

export interface RouteParts extends TesterWorld {
  readonly auth: Handle<AuthService>
  readonly settings: Settings
  readonly roster: Roster
  readonly health: ProxyHealth
  readonly clock: Clock
  readonly log: Logger
  /** Of the settings. */
  readonly testUrl: string
  audit(entry: AuditEntry): void
}

const TestBody = Type.Object(
  {
    proxy_url: Type.Optional(
      Type.String({ minLength: 1, maxLength: 2048, description: 'A proxy in any notation, whether in use or not.' }),
    ),
    name: Type.Optional(Type.String({ minLength: 1, description: 'One of the list, such as `pool[0]`.' })),
    test_url: Type.Optional(
      Type.String({ maxLength: 2048, description: 'What to ask for through it. Default: `test_url` of the settings.' }),
    ),
    timeout_s: Type.Optional(Type.Number({ minimum: 1, maximum: 60, description: 'Default: 15.' })),
  },
  { additionalProperties: false },
)

const DEFAULT_TIMEOUT_S = 15
const MOST_AT_ONCE = 16
const MOST_TESTED = 500
const DEFAULT_PAGE = 500
const LONGEST_PAGE = 1000

type Query = Readonly<Record<string, string | undefined>>
type Tested = Pick<NamedProxy, 'address'> & { readonly name: string | null }

export function routes(parts: RouteParts): AnyElysia {
  const { auth, settings, roster, health, clock, log } = parts

  const list = ({ after, limit }: Query): Result<object, Fault> => {
    const page = pageLimit(limit, DEFAULT_PAGE, LONGEST_PAGE)
    if (page.isErr()) return err(page.error)
    const size = page.value
    const all = roster.all()
    const start = after === undefined ? 0 : all.findIndex(({ name }) => name === after) + 1
    if (after !== undefined && start === 0) return err(unknown(after, 'after'))
    const now = clock.now()
    const shown = all.slice(start, start + size)
    return ok({
      object: 'list',
      proxy_enabled: settings.enabled,
      fallback: settings.fallback,
      data: shown.map(proxy => proxyView(proxy, health.standing(proxy.address.url, now))),
      has_more: all.length > start + size,
    })
  }

  const tryOut = async (proxy: Tested, url: URL, timeoutMs: number, signal: AbortSignal) => {
    const verdict = await testProxy(parts, proxy.address, { url, timeoutMs, signal })
    const { masked, url: key } = proxy.address
    // A failed test changes nothing: the target may be to blame.
    if (worked(verdict, url) && health.succeeded(key, clock.now())) log.info({ proxy: masked }, 'proxy works again')
    return verdictView(proxy, verdict, url)
  }

  const test = async (request: Request, caller: Caller): Promise<Result<object, Fault>> => {
    const empty = request.body === null || request.headers.get('content-length') === '0'
    const body: Result<Static<typeof TestBody>, Fault> = empty ? ok({}) : await readJson(request, TestBody)
    if (body.isErr()) return err(body.error)
    const { test_url = parts.testUrl, timeout_s = DEFAULT_TIMEOUT_S } = body.value
    const target = targetOf(test_url)
    if (target.isErr()) return err(target.error)
    const chosen = choose(body.value, roster)
    if (chosen.isErr()) return err(chosen.error)
    const proxies = chosen.value.slice(0, MOST_TESTED)
    const results = await inParallel(proxies, MOST_AT_ONCE, proxy =>
      tryOut(proxy, target.value, timeout_s * 1000, request.signal),
    )
    const { name, proxy_url } = body.value
    const what = name ?? (proxy_url === undefined ? `all ${proxies.length}` : (proxies[0]?.address.masked ?? ''))
    const passed = results.filter(result => result.ok).length
    parts.audit({
      actor: caller.id,
      ip: requestInfo(request).ip,
      action: 'proxy.test',
      target: what,
      detail: `${passed} of ${results.length} worked, asked for ${target.value.host}`,
    })
    const single = name !== undefined || proxy_url !== undefined ? results[0] : undefined
    return ok(single ?? { object: 'list', data: results, has_more: chosen.value.length > proxies.length })
  }

  return new Elysia()
    .get(
      '/admin/api/proxies',
      ({ request, query }) => operatorAnswer(auth, request, () => list(query)),
      operatorDocs(
        'List proxies',
        "Those of [proxy], then the accounts' own that were used since the start: state (`unknown`, `up`, `cooling`, `half_open`), since when, until when, last error. Passwords are masked. `after` (a name) and `limit` page through them.",
      ),
    )
    .post(
      '/admin/api/proxies/test',
      ({ request }) => operatorAnswer(auth, request, caller => test(request, caller)),
      operatorDocs(
        'Test proxies',
        'One request through `proxy_url`, through the proxy that is called `name`, or through each of the list. Answers status, latency and exit address; a proxy that does not work is an answer, too. One that works is in use again at once.',
        TestBody,
        false,
      ),
    )
}

function choose({ proxy_url, name }: Static<typeof TestBody>, roster: Roster): Result<readonly Tested[], Fault> {
  if (proxy_url !== undefined && name !== undefined)
    return invalid('name', 'Give either `proxy_url` or `name`, or neither to test all.')
  if (proxy_url !== undefined)
    return parseProxy(proxy_url)
      .map(address => [{ name: null, address }])
      .mapErr(problem => domainFault('invalid_value', problem, { param: 'proxy_url' }))
  if (name === undefined) return ok(roster.all())
  const found = roster.find(name)
  if (found) return ok([found])
  return err(unknown(name, 'name'))
}

function targetOf(text: string): Result<URL, Fault> {
  const url = URL.parse(text)
  const fit = url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
  return fit
    ? ok(url)
    : invalid('test_url', '`test_url` must be an http or https address without user name or password.')
}

const unknown = (name: string, param: string): Fault => {
  const message = `There is no proxy "${name.slice(0, 80)}". GET /admin/api/proxies lists them; an account's own is known once it was used.`
  return domainFault('not_found', message, { param })
}

const invalid = (param: string, message: string) => err(domainFault('invalid_value', message, { param }))

/** Answers in the order of `items`; so many are under way at once. */
async function inParallel<T, R>(items: readonly T[], width: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const queue = items.entries()
  const worker = async () => {
    for (const [at, item] of queue) results[at] = await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker))
  return results
}
