/** The pool of upstream accounts: who works, who rests, and who is next. See README.md. */
import { AccountStateChanged, Accounts, Audited, Auth, Egress, MetricsSource, Provider } from 'flow2api/contracts'
import { Diagnosis, definePlugin, ok, okAsync, secret, t } from 'flow2api/plugin'
import { AccessKeeper } from './access.ts'
import { AccountBook, loadAccounts } from './accounts.ts'
import { connectionRoutes } from './connection-routes.ts'
import { Desk } from './desk.ts'
import { diagnose } from './diagnosis.ts'
import { importRoutes } from './import-routes.ts'
import { Importer } from './importer.ts'
import { Intake } from './intake.ts'
import { type Backend, Ledger } from './ledger.ts'
import { collect } from './metrics.ts'
import init from './migrations/0000_init.sql' with { type: 'text' }
import heldModels from './migrations/0001_held_models.sql' with { type: 'text' }
import supplied from './migrations/0002_supplied.sql' with { type: 'text' }
import { Outcomes } from './outcomes.ts'
import { Pool } from './pool.ts'
import { type RouteParts, routes } from './routes.ts'
import { Supplied } from './supplied.ts'
import { Upkeep } from './upkeep.ts'
import { noProvider, providerAmong, type Upstream } from './upstream.ts'
import { upstreamRoutes } from './upstream-routes.ts'

const FLUSH_MS = 1_000
const WAKE_MS = 1000
const UPKEEP_MS = 60_000
/** A shorter connection token is warned of. */
const SHORTEST_TOKEN = 16

export default definePlugin({
  name: 'token-pool',
  version: '1.0.0',
  section: 'admin',
  config: t.Object(
    {
      error_ban_threshold: t.Integer({
        default: 3,
        minimum: 0,
        description: 'Errors of an account in a row after which it is disabled; 0: never.',
      }),
      selection: t.Union([t.Literal('least_loaded'), t.Literal('round_robin')], {
        default: 'least_loaded',
        description:
          'Which of the free accounts serves next: the one with the fewest in flight, or strictly one after the other.',
      }),
      connection_token: secret(
        t.String({
          default: '',
          description: 'What a browser extension sends as Bearer to /api/plugin. Empty: that is off.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  requires: { auth: Auth, egress: Egress, providers: Provider },
  provides: [Accounts, MetricsSource, Diagnosis],
  migrations: [
    { name: '0000_init', sql: init },
    { name: '0001_held_models', sql: heldModels },
    { name: '0002_supplied', sql: supplied },
  ],
  async setup(ctx) {
    const { clock, config, db, deps, log, secrets } = ctx
    const ledger = await ctx.shared(
      'ledger',
      () => new Ledger(loadAccounts(db, secrets, clock.now()), clock),
      shared => shared.close(),
    )
    const book = new AccountBook(ledger, db, secrets, clock, ({ account, state, reason }) => {
      log.info({ account: account.id, state }, `account #${account.id} is ${state}${reason && `: ${reason}`}`)
      ctx.emit(AccountStateChanged, { accountId: account.id, state, reason })
    })
    const providerOf = (id: string) => deps.providers.all().find(({ plugin }) => plugin === id)?.service
    const upstream: Upstream = {
      egress: deps.egress,
      clock,
      hold(provider) {
        const service = providerOf(provider)
        if (!service) return noProvider(provider)
        // Held, as a reload of the provider must not pull it away under a session that is just being opened.
        const job = ctx.begin(`account of ${provider}`)
        const driver = job.pin(service).accounts()
        if (driver) return ok({ driver, signal: job.signal, [Symbol.asyncDispose]: () => job[Symbol.asyncDispose]() })
        void job[Symbol.asyncDispose]()
        return noProvider(provider)
      },
    }
    const banThreshold = config.error_ban_threshold
    const outcomes = new Outcomes({ ledger, book, clock, log, banThreshold, random: Math.random })
    const keeper = new AccessKeeper(ledger, book, upstream, outcomes, clock)
    const backend: Backend = {
      selection: config.selection,
      tiers(provider) {
        try {
          return providerOf(provider)?.accounts()?.tiers ?? []
        } catch {
          // A broken provider must not stop the queue of the others; its own work fails for itself.
          return []
        }
      },
      session: (id, signal) => keeper.session(id, signal),
      renew: (id, access, signal) => keeper.renew(id, access, signal),
      report: ended => outcomes.record(ended),
    }
    ctx.defer(() => ledger.detach(backend))
    ctx.provide(Accounts, new Pool(ledger))
    ctx.provide(MetricsSource, { collect: () => collect(ledger, clock.now()) })
    ctx.provide(Diagnosis, { check: () => okAsync(diagnose(book.all(), clock.now())) })

    const providers = () => deps.providers.all().flatMap(({ plugin, service }) => (service.accounts() ? [plugin] : []))
    const desk = new Desk({ ledger, book, keeper, upstream, clock, providers })
    const audit: RouteParts['audit'] = entry => ctx.emit(Audited, entry)
    ctx.http({ routes: () => routes({ auth: deps.auth, ledger, book, desk, clock, audit }) })
    ctx.http({ routes: () => upstreamRoutes({ auth: deps.auth, ledger, clock, audit }) })

    const known = new Supplied(db)
    const importer = new Importer({
      book,
      upstream,
      egress: deps.egress,
      intake: new Intake(book, upstream, known, clock),
      supplied: known,
      clock,
      provider: named => providerAmong(providers(), named),
    })
    ctx.http({ routes: () => importRoutes({ auth: deps.auth, book, importer, clock, log, audit }), longLived: true })
    const { connection_token: token } = config
    if (token && token.length < SHORTEST_TOKEN)
      log.warn('[admin] connection_token is easy to guess. Use the output of "openssl rand -hex 32".')
    if (token)
      ctx.http({ routes: () => connectionRoutes({ token, book, importer, clock, log, audit }), longLived: true })

    ctx.every(FLUSH_MS, () => book.flush())
    ctx.defer(() => book.flush())
    ctx.every(WAKE_MS, () => book.wake())
    const upkeep = new Upkeep({ ledger, book, keeper, clock, log })
    ctx.every(UPKEEP_MS, signal => upkeep.run(signal))
    return { live: () => ledger.attach(backend) }
  },
})
