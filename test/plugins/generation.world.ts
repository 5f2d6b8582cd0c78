/** A world around the job engine: an upstream, accounts, a way out and a media store that tests script and look into. */
import {
  type AccountDriver,
  Accounts,
  type AcquireWant,
  Auth,
  domainFault,
  Egress,
  type EgressFetch,
  type EgressWant,
  type Found,
  type GenerationProvider,
  type Idempotency,
  type Job,
  JobFinished,
  type JobInput,
  type JobRequest,
  Jobs,
  type Json,
  type KeptMedia,
  type Lease,
  type LeaseOutcome,
  type MediaSource,
  MediaStore,
  type Model,
  type Operation,
  type OperationStatus,
  type Origin,
  type Parameters,
  type PlanInput,
  Provider,
  type Session,
  type Started,
  type SubmitOptions,
  type Unit,
} from 'flow2api/contracts'
import { type AnyPlugin, definePlugin, err, type Fault, ok, okAsync, type Result, ResultAsync } from 'flow2api/plugin'
import { createTestKernel, type ManualClock, manualClock, type TestKernel } from 'flow2api/testing'
import generation from '../../plugins/generation/index.ts'

export const model = (id: string, kind: 'image' | 'video', more: Partial<Model> = {}): Model => ({
  id,
  kind,
  accepts: { inputs: [], aspectRatios: [], sizes: [], resolutions: [], seconds: [] },
  ...more,
})

const anyReference: Partial<Model> = {
  accepts: {
    inputs: [{ role: 'reference', min: 0, max: 2 }],
    aspectRatios: [],
    sizes: [],
    resolutions: [],
    seconds: [],
  },
}

/** A picture of 1 × 1. */
export const PNG = Uint8Array.fromBase64(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
)

const SUPPLIED: JobInput = { role: 'reference', mime: 'image/png', bytes: PNG }

export const imageDone = (name = 'a'): Started => ({
  state: 'done',
  media: [{ url: `https://media.test/${name}.png`, mime: 'image/png', width: 8, height: 4 }],
})
export const running = (id: string): Started => ({ state: 'running', operation: { id } })

const later = <T>(work: () => Promise<Result<T, Fault>>): ResultAsync<T, Fault> => new ResultAsync(work())

interface Waiter {
  readonly want: AcquireWant
  readonly resolve: (result: Result<Lease, Fault>) => void
}

export interface LeaseLog {
  readonly accountId: number
  readonly reports: LeaseOutcome[]
  closed: number
}

/** What stays when a gateway dies: everything outside of it. */
export class World {
  clock: ManualClock = manualClock()
  readonly models: Model[] = [
    model('pic', 'image', anyReference),
    model('pic-edit', 'image', {
      accepts: {
        inputs: [{ role: 'reference', min: 1, max: 2 }],
        aspectRatios: [],
        sizes: [],
        resolutions: [],
        seconds: [],
      },
    }),
    model('vid', 'video', anyReference),
    model('vid-extend', 'video', {
      accepts: {
        inputs: [{ role: 'source_video', min: 1, max: 3 }],
        aspectRatios: [],
        sizes: [],
        resolutions: [],
        seconds: [],
      },
    }),
  ]
  /** Every account's own proxy. */
  proxyUrl: string | undefined
  /** Account ids, and how much each does at once. */
  accounts: readonly number[] = [1]
  slots = Number.POSITIVE_INFINITY
  withAccounts = true
  intervalMs = 3_000
  maxAttempts = 200
  readonly starts: {
    readonly unit: Unit
    readonly account: number | undefined
    readonly access: string | undefined
  }[] = []
  readonly statusCalls: { readonly account: number | undefined; readonly operations: readonly Operation[] }[] = []
  readonly cancels: Operation[] = []
  readonly prepares: { readonly unit: Unit; readonly account: number | undefined }[] = []
  readonly plans: { readonly parameters: Parameters; readonly inputs: readonly PlanInput[] }[] = []
  readonly acquired: AcquireWant[] = []
  readonly lookups: { readonly unit: Unit; readonly account: number | undefined }[] = []
  /** Requests that went out, by the way that was wanted. */
  readonly ways: EgressWant[] = []
  readonly thumbnails: { readonly origin: Origin; readonly account: number | undefined }[] = []
  readonly discards: { readonly origins: readonly Origin[]; readonly account: number | undefined }[] = []
  readonly leases: LeaseLog[] = []
  readonly finished: Job[] = []
  renewals = 0
  readonly waiting: Waiter[] = []
  /** What the pool says to the next who ask. */
  readonly refusals: Fault[] = []

  start: (unit: Unit, session: Session, nth: number) => Promise<Result<Started, Fault>> = async () => ok(imageDone())
  /** Set before the boot: a provider that has nothing to prepare lacks the method. */
  prepare: ((unit: Unit, session: Session, nth: number) => Promise<Result<Json, Fault>>) | undefined
  thumbnail: ((origin: Origin, session: Session) => Promise<Result<MediaSource, Fault>>) | undefined
  /** Set before the boot: a provider that can look nothing up lacks the method. */
  lookup: ((unit: Unit, session: Session) => Promise<Result<Found, Fault>>) | undefined
  discard: ((origins: readonly Origin[]) => Promise<Result<void, Fault>>) | undefined
  requested: Job['requested'] = { size: '8x4' }
  /** Credits that a unit is planned to cost. */
  cost: number | undefined
  status: (operation: Operation, session: Session) => OperationStatus = () => ({ state: 'running' })
  statusFault: () => Fault | undefined = () => undefined
  statusGate: () => Promise<void> = async () => {}
  /** Holds up whoever asks its lease for access. */
  sessionGate: () => Promise<void> = async () => {}
  keep: (source: MediaSource, signal: AbortSignal, fetch: EgressFetch) => Promise<Result<KeptMedia, Fault>> =
    async source => ok({ ...keptOf(source), file: 'kept.png' })
  fetch: (url: string) => Promise<Result<Response, Fault>> = async () => ok(new Response('media'))
  /** Where kept files are. */
  kept = '/kept'

  inUse(accountId: number): number {
    return this.leases.filter(lease => lease.accountId === accountId && lease.closed === 0).length
  }

  acquire(want: AcquireWant): ResultAsync<Lease, Fault> {
    this.acquired.push(want)
    const refusal = this.refusals.shift()
    if (refusal) return later(async () => err(refusal))
    const wanted = want.only === undefined ? this.accounts : this.accounts.filter(id => id === want.only)
    const able = wanted.filter(id => !want.exclude?.includes(id))
    if (able.length === 0) return later(async () => err(domainFault('no_account', 'There is no account left.')))
    const free = able.find(id => this.inUse(id) < this.slots)
    if (free !== undefined) return okAsync(this.lease(free))
    const { promise, resolve } = Promise.withResolvers<Result<Lease, Fault>>()
    const waiter = { want, resolve }
    this.waiting.push(waiter)
    want.onQueue?.(this.waiting.length)
    want.signal.addEventListener('abort', () => {
      const at = this.waiting.indexOf(waiter)
      if (at < 0) return
      this.waiting.splice(at, 1)
      resolve(err(domainFault('cancelled', 'It was given up.')))
    })
    return new ResultAsync(promise)
  }

  lease(accountId: number): Lease {
    const log: LeaseLog = { accountId, reports: [], closed: 0 }
    this.leases.push(log)
    const account = (access: string) => ({ id: accountId, secret: 's', access, tier: '', attributes: {} })
    return {
      accountId,
      label: `account ${accountId}`,
      proxyUrl: this.proxyUrl,
      why: 'test',
      session: () => later(() => this.sessionGate().then(() => ok(account(`access ${this.renewals}`)))),
      renew: () => okAsync(account(`access ${++this.renewals}`)),
      report: outcome => void log.reports.push(outcome),
      [Symbol.asyncDispose]: async () => {
        log.closed++
        const next = this.waiting.shift()
        if (next) next.resolve(ok(this.lease(accountId)))
      },
    }
  }

  /** The same definitions each time: a reload replaces only what a test replaces. */
  readonly plugins = { auth: authPlugin, generation, ...this.freshPlugins() }

  /** Definitions that replace those before. */
  freshPlugins() {
    return {
      pool: poolPlugin(this),
      proxy: egressPlugin(this),
      cache: mediaPlugin(this),
      upstream: providerPlugin(this),
    }
  }

  /** The process of `gateway` dies as by `kill -9`; the next one begins with nothing but its disk. */
  crash(gateway: Gateway): string {
    gateway.kernel.abandon()
    this.clock = manualClock(this.clock.now())
    this.leases.length = 0
    this.waiting.length = 0
    return gateway.kernel.dataDir
  }

  /** A gateway in this world. */
  async boot(options: { dataDir?: string; media?: boolean; config?: Record<string, Record<string, unknown>> } = {}) {
    const { cache, ...others } = this.plugins
    const kernel = await createTestKernel({
      plugins: options.media === false ? others : { ...others, cache },
      clock: this.clock,
      config: options.config ?? {},
      ...(options.dataDir !== undefined && { dataDir: options.dataDir }),
    })
    kernel.on(JobFinished, job => void this.finished.push(job))
    return new Gateway(kernel, this)
  }
}

const caller = { kind: 'api_key', id: 'key' } as const

export class Gateway implements AsyncDisposable {
  constructor(
    readonly kernel: TestKernel,
    private readonly world: World,
  ) {}

  get jobs() {
    return this.kernel.ask(Jobs)
  }
  async submit(request: Partial<JobRequest> = {}): Promise<Job> {
    return (await this.trySubmit(request))._unsafeUnwrap()
  }
  trySubmit(
    request: Partial<JobRequest> = {},
    idempotency?: Idempotency,
    by = 'key',
    more: Pick<SubmitOptions, 'callbackUrl' | 'user'> = {},
  ) {
    const whole = {
      kind: 'image',
      model: 'pic',
      prompt: 'a fox',
      parameters: {},
      // Without any there is nothing to prepare.
      inputs: this.world.prepare ? [SUPPLIED] : [],
      count: 1,
      ...request,
    } as const
    return this.jobs.submit(whole, {
      caller: { ...caller, id: by },
      surface: 'test',
      ...(idempotency && { idempotency }),
      ...more,
    })
  }
  async job(id: string): Promise<Job> {
    return (await this.jobs.get(id))._unsafeUnwrap()
  }
  /** Waits for the end of it. */
  async end(id: string, signal = new AbortController().signal): Promise<Job> {
    return (await this.jobs.wait(id, signal))._unsafeUnwrap()
  }
  /** Stops, however long its patience would be. */
  async [Symbol.asyncDispose]() {
    const stopped = this.kernel.stop().then(() => true)
    while (!(await Promise.race([stopped, settle()]))) await this.world.clock.advance(10_000)
  }
}

/** Lets everything that is ready run, until `condition` holds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 500; turn++) {
    if (await condition()) return
    // Files take real time, however short.
    if (turn < 200) await new Promise(resolve => setImmediate(resolve))
    else await Bun.sleep(1)
  }
  throw new Error(`it never came to this: ${condition}`)
}

export const settle = async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve))
}

export const keptOf = (source: MediaSource): KeptMedia => ({
  url: 'url' in source ? source.url : 'bytes:',
  mime: source.mime ?? 'image/png',
  bytes: 5,
  width: source.width ?? null,
  height: source.height ?? null,
  duration_s: source.durationSeconds ?? null,
  file: null,
})

const driver: AccountDriver = {
  tiers: [],
  open: () => okAsync({ access: 'access', expiresAt: 0, identity: {} }),
  measure: () => okAsync({ credits: 0, tier: '' }),
}

export const providerPlugin = (world: World): AnyPlugin =>
  definePlugin({
    name: 'upstream',
    version: '1.0.0',
    provides: [Provider],
    setup(ctx) {
      const provider: GenerationProvider = {
        models: () => world.models,
        accounts: () => (world.withAccounts ? driver : undefined),
        plan: (id, parameters, inputs) => {
          world.plans.push({ parameters, inputs })
          return ok({ model: id, requested: world.requested, ...(world.cost !== undefined && { credits: world.cost }) })
        },
        ...optionalMethods(world),
        start: (unit, session) => {
          world.starts.push({ unit, account: session.account?.id, access: session.account?.access })
          return later(() => world.start(unit, session, world.starts.length))
        },
        status: (operations, session) => {
          world.statusCalls.push({ account: session.account?.id, operations })
          const fault = world.statusFault()
          return later(async () => {
            await world.statusGate()
            return fault ? err(fault) : ok(operations.map(one => world.status(one, session)))
          })
        },
        cancel: operation => {
          world.cancels.push(operation)
          return okAsync(undefined)
        },
        polling: () => ({ intervalMs: world.intervalMs, maxAttempts: world.maxAttempts }),
      }
      ctx.provide(Provider, provider)
    },
  })

function optionalMethods(world: World): Pick<GenerationProvider, 'prepare' | 'lookup' | 'thumbnail' | 'discard'> {
  const { prepare, lookup, thumbnail, discard } = world
  return {
    ...(prepare && {
      prepare: (unit, session) => {
        world.prepares.push({ unit, account: session.account?.id })
        return later(() => (world.prepare ?? prepare)(unit, session, world.prepares.length))
      },
    }),
    ...(lookup && {
      lookup: (unit, session) => {
        world.lookups.push({ unit, account: session.account?.id })
        return later(() => (world.lookup ?? lookup)(unit, session))
      },
    }),
    ...(thumbnail && {
      thumbnail: (origin, session) => {
        world.thumbnails.push({ origin, account: session.account?.id })
        return later(() => (world.thumbnail ?? thumbnail)(origin, session))
      },
    }),
    ...(discard && {
      discard: (origins, session) => {
        world.discards.push({ origins, account: session.account?.id })
        return later(() => (world.discard ?? discard)(origins))
      },
    }),
  }
}

const poolPlugin = (world: World): AnyPlugin =>
  definePlugin({
    name: 'pool',
    version: '1.0.0',
    provides: [Accounts],
    setup(ctx) {
      ctx.provide(Accounts, {
        acquire: want => world.acquire(want),
        adopt: ({ accountId }) =>
          world.accounts.includes(accountId)
            ? okAsync(world.lease(accountId))
            : later(async () => err(domainFault('no_account', 'The account was deleted.'))),
      })
    },
  })

const egressPlugin = (world: World): AnyPlugin =>
  definePlugin({
    name: 'proxy',
    version: '1.0.0',
    provides: [Egress],
    setup(ctx) {
      ctx.provide(Egress, {
        route: want => ({
          describe: 'direct',
          fetch: url => {
            world.ways.push(want)
            return later(() => world.fetch(String(url)))
          },
        }),
        parse: () => err(domainFault('invalid_value', 'There are no proxies here.')),
      })
    },
  })

const mediaPlugin = (world: World): AnyPlugin =>
  definePlugin({
    name: 'cache',
    version: '1.0.0',
    provides: [MediaStore],
    setup(ctx) {
      ctx.provide(MediaStore, {
        keep: (source, { signal, fetch }) => later(() => world.keep(source, signal, fetch)),
        locate: file => okAsync({ path: `${world.kept}/${file}`, mime: 'image/png' }),
      })
    },
  })

const authPlugin = definePlugin({
  name: 'auth',
  version: '1.0.0',
  provides: [Auth],
  setup(ctx) {
    ctx.provide(Auth, {
      verify: request =>
        later(async () =>
          request.headers.get('authorization') === 'Bearer right'
            ? ok(caller)
            : err(domainFault('invalid_api_key', 'The API key is wrong.')),
        ),
    })
  },
})
