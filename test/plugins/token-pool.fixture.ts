/** A gateway with the pool alone, in front of an upstream that the test plays. */
import { expect } from 'bun:test'
import {
  type AccountDriver,
  AccountStateChanged,
  Accounts,
  Auth,
  domainFault,
  Egress,
  type Lease,
  type MetricFamily,
  MetricsSource,
  Provider,
} from 'flow2api/contracts'
import { definePlugin, errAsync, type Fault, ok, okAsync, ResultAsync } from 'flow2api/plugin'
import { createTestKernel, manualClock, type TestKernel, type TestOptions } from 'flow2api/testing'
import { parseName } from '../../plugins/proxy/address.ts'
import tokenPool from '../../plugins/token-pool/index.ts'

export const MINUTE = 60_000
export const never = new AbortController().signal

const auth = definePlugin({
  name: 'auth',
  version: '1.0.0',
  provides: [Auth],
  setup: ctx =>
    ctx.provide(Auth, {
      verify: request =>
        request.headers.get('authorization') === 'Bearer admin'
          ? okAsync({ kind: 'admin', id: 'admin' })
          : errAsync(domainFault('admin_required', 'Log in.')),
    }),
})

/** An upstream of which the test sees every call and sets every answer. */
class Upstream {
  readonly opened: string[] = []
  readonly measured: string[] = []
  readonly routes: object[] = []
  /** Asks every source of figures. */
  figures: () => readonly MetricFamily[] = () => []
  lifeMs = 60 * MINUTE
  credits = 100
  /** By secret. */
  readonly openFaults = new Map<string, Fault>()
  /** Of secrets whose account is not named after them. */
  readonly emails = new Map<string, string>()
  measureFault: Fault | undefined
  /** While set, opening waits for it. */
  gate: Promise<void> | undefined
  onOpen = (): unknown => undefined
  #count = 0

  constructor(private readonly now: () => number) {}

  readonly driver = (): AccountDriver => ({
    tiers: ['free', 'pro'],
    open: ({ secret, attributes }) => this.#open(secret, attributes),
    measure: ({ account }) => {
      this.measured.push(account?.access ?? '')
      if (this.measureFault) return errAsync(this.measureFault)
      return okAsync({ credits: this.credits, tier: account?.secret.includes('pro') ? 'pro' : 'free' })
    },
  })

  #open(secret: string, attributes: Readonly<Record<string, string>>): ReturnType<AccountDriver['open']> {
    this.opened.push(secret)
    this.onOpen()
    const fault = this.openFaults.get(secret)
    const answer: ReturnType<AccountDriver['open']> = fault
      ? errAsync(fault)
      : okAsync({
          access: `at-${secret}-${++this.#count}`,
          expiresAt: this.now() + this.lifeMs,
          identity: { email: this.emails.get(secret) ?? `${secret}@example.com` },
          attributes: { project_id: attributes['project_id'] ?? `project of ${secret}` },
        })
    return new ResultAsync((this.gate ?? Promise.resolve()).then(() => answer))
  }

  plugins() {
    const provider = definePlugin({
      name: 'flow-provider',
      version: '1.0.0',
      provides: [Provider],
      setup: ctx =>
        ctx.provide(Provider, {
          models: () => [],
          accounts: this.driver,
          plan: model => ok({ model, requested: {} }),
          start: () => okAsync({ state: 'done', media: [] }),
          status: () => okAsync([]),
          cancel: () => okAsync(undefined),
          polling: () => ({ intervalMs: 1000, maxAttempts: 1 }),
        }),
    })
    const egress = definePlugin({
      name: 'proxy',
      version: '1.0.0',
      provides: [Egress],
      setup: ctx =>
        ctx.provide(Egress, {
          route: want => {
            this.routes.push(want)
            return { describe: 'none', fetch: () => errAsync(domainFault('upstream_unreachable', 'no network here')) }
          },
          parse: parseName,
        }),
    })
    const metrics = definePlugin({
      name: 'metrics',
      version: '1.0.0',
      requires: { sources: MetricsSource },
      setup: ctx => {
        this.figures = () => ctx.deps.sources.all().flatMap(({ service }) => service.collect())
      },
    })
    return { auth, metrics, proxy: egress, 'flow-provider': provider, 'token-pool': tokenPool }
  }
}

export interface Shown {
  readonly [key: string]: unknown
  readonly id: number
}

export class Bench implements AsyncDisposable {
  readonly states: string[] = []
  private constructor(
    readonly kernel: TestKernel,
    readonly upstream: Upstream,
    readonly clock: ReturnType<typeof manualClock>,
  ) {}

  static async open(options: Partial<TestOptions> = {}): Promise<Bench> {
    const clock = manualClock()
    const upstream = new Upstream(() => clock.now())
    const kernel = await createTestKernel({ plugins: upstream.plugins(), clock, ...options })
    const bench = new Bench(kernel, upstream, clock)
    kernel.on(AccountStateChanged, ({ accountId, state }) => void bench.states.push(`${accountId} ${state}`))
    return bench
  }

  call(method: string, path = '', body?: unknown): Promise<{ status: number; body: Shown }> {
    return this.ask(method, `/admin/api/tokens${path}`, body)
  }
  async ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: Shown }> {
    const answer = await this.kernel.fetch(path, {
      method,
      headers: { authorization: 'Bearer admin', 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    // The assertions look at what came.
    return { status: answer.status, body: (await answer.json()) as Shown }
  }
  async add(st: string, over: object = {}): Promise<Shown> {
    const { status, body } = await this.call('POST', '', { st, ...over })
    expect({ status, error: body['error'] }).toEqual({ status: 200, error: undefined })
    return body
  }
  async shown(id: number): Promise<Shown> {
    return (await this.call('GET', `/${id}`)).body
  }
  acquire(over: object = {}, signal: AbortSignal = never) {
    const want = { provider: 'flow-provider', kind: 'image' as const, model: 'pencil', signal, ...over }
    return this.kernel.ask(Accounts).acquire(want)
  }
  adopt(accountId: number, over: object = {}) {
    return this.kernel
      .ask(Accounts)
      .adopt({ accountId, provider: 'flow-provider', kind: 'image', model: 'pencil', ...over })
  }
  async lease(over: object = {}): Promise<Lease> {
    return (await this.acquire(over))._unsafeUnwrap()
  }
  /** What the pool contributes to the figures. */
  collect(): readonly MetricFamily[] {
    return this.upstream.figures()
  }
  [Symbol.asyncDispose]() {
    return this.kernel.stop()
  }
}

export const errorOf = (answer: { status: number; body: Shown }) => ({
  status: answer.status,
  // As above.
  ...(answer.body['error'] as { code: string; param: string | null; message: string }),
})
