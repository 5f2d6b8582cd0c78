/** Owns the live set of plugins and the queue of reloads. Start, reload, stop. */
import { err, ok, type Result, type ResultAsync } from 'neverthrow'
import type { Logger } from 'pino'
import { Bus } from './bus.ts'
import type { Clock } from './clock.ts'
import { describeProblems } from './config/normalize.ts'
import type { Configuration } from './configuration.ts'
import {
  Announcement,
  type ConfigProblem,
  Kernel as KernelRef,
  type PluginStatus,
  Reloaded,
  type ReloadRejected,
  type ReloadReport,
} from './control.ts'
import { kernelRoutes } from './docs.ts'
import { endsBoot } from './exit.ts'
import { type Fault, kernelFault } from './fault.ts'
import { HttpServer } from './http.ts'
import { type Blueprint, Instance, type Surroundings } from './instance.ts'
import type { LogFeed } from './log.ts'
import { controlOf } from './offer.ts'
import { planChanges, withoutOrphans } from './plan.ts'
import { type AnyElysia, type AnyPlugin, definePlugin, type HttpSpec } from './plugin.ts'
import { asProblem, RESTART_KEYS, type ReadConfiguration, Reloads, rejection } from './reloads.ts'
import { SharedPool } from './shared.ts'
import { type FailedPlugin, reportOf, statusRows } from './status.ts'
import { openStorage, type Storage } from './storage.ts'
import { commit, type Staged, type SwapWorld, stage } from './swap.ts'

export interface KernelOptions {
  /** Reads the configuration anew, from wherever it comes. */
  readonly read: ReadConfiguration
  readonly paths: { readonly data: string; readonly tmp: string }
  readonly env: Record<string, string | undefined>
  readonly clock: Clock
  readonly log: Logger
  readonly feed: LogFeed
  readonly version: string
  /** Calls back whenever the operator's file was saved; returns its undo. Absent: there is none to watch. */
  readonly watch?: (saved: () => void) => () => void
  /** Called with what the operator must read once. */
  readonly announce: (lines: readonly string[]) => void
}

/** Why the boot ended: the fault that decides the exit code, and all mistakes where it was the configuration. */
export interface BootFailure extends Fault {
  readonly problems?: readonly ConfigProblem[]
}

const KERNEL_ID = 'kernel'

export class Kernel {
  readonly bus = new Bus()
  readonly shared = new SharedPool()
  readonly http = new HttpServer(
    this.bus,
    () => ({ corsOrigins: this.#server().cors_origins, maxBodyBytes: this.#server().max_body_mb * 1024 ** 2 }),
    status => this.reloads.errors.record(status),
  )
  readonly reloads: Reloads
  #live: ReadonlyMap<string, Instance> = new Map()
  readonly #draining = new Map<Instance, Promise<void>>()
  #failed = new Map<string, FailedPlugin>()
  /** Why a plugin that lives is not the one that the file asks for. */
  #heldBack = new Map<string, string>()
  readonly #generations = new Map<string, number>()
  readonly #apps = new WeakMap<Instance, Map<HttpSpec, AnyElysia>>()
  #config: Configuration | undefined
  /** What is in force until a restart, whatever the file says by now. */
  #fixed = new Map<string, unknown>()
  #opened: Storage | undefined
  #tables = 0
  #unwatch: (() => void) | undefined
  #stopping: Promise<void> | undefined
  readonly #own: Blueprint

  constructor(private readonly options: KernelOptions) {
    this.reloads = new Reloads({
      read: options.read,
      dataDir: options.paths.data,
      clock: options.clock,
      log: options.log,
      current: () => this.#current(),
      plan: next => this.#plan(this.#wanted(next).wanted),
      apply: (next, trigger, anew) => this.#reload(next, trigger, anew),
      troubled: () => new Set([...this.#failed.keys(), ...this.#heldBack.keys()]),
      holdBack: (ids, reason) => {
        for (const id of ids) this.#heldBack.set(id, reason)
      },
    })
    this.#own = {
      id: KERNEL_ID,
      definition: this.#definition(),
      config: {},
      sections: {},
      hash: '',
      required: true,
      source: 'built-in',
    }
  }

  #current(): Configuration {
    if (!this.#config) throw new Error('the kernel has no configuration before it has started')
    return this.#config
  }

  #server() {
    return this.#current().server
  }

  /** Reads, opens, listens, and brings the plugins up. Nothing is left open when it fails. */
  async start(): Promise<Result<void, BootFailure>> {
    const started = await this.#start()
    if (started.isErr()) await this.#close()
    return started
  }

  async #start(): Promise<Result<void, BootFailure>> {
    const read = await this.options.read()
    if (read.isErr())
      return err({ ...kernelFault('config_invalid', describeProblems(read.error)), problems: read.error })
    const config = read.value
    this.#config = config
    const { paths, env, log } = this.options
    for (const warning of config.warnings) log.warn(warning)
    this.#fixed = restartKeys(config)
    const opened = openStorage(paths, env, config.database.url)
    if (opened.isErr()) return err(opened.error)
    this.#opened = opened.value
    for (const warning of opened.value.secrets.warnings) log.warn(warning)
    const listening = this.http.listen(config.server.host, config.server.port)
    if (listening.isErr()) return err(listening.error)
    for (const { id, fault } of config.failed) this.#failed.set(id, { fault, definition: undefined, source: '' })
    const { wanted, orphans } = withoutOrphans([this.#own, ...config.blueprints], config.failed.length > 0)
    for (const [{ id, definition, source }, fault] of orphans) this.#failed.set(id, { fault, definition, source })
    const plan = planChanges([], wanted)
    if (plan.isErr())
      return err(
        plan.error[0]
          ? { ...plan.error[0], message: sentences(plan.error) }
          : kernelFault('internal_error', 'No plan.'),
      )
    const staged = await stage(plan.value, new Map(), wanted, this.#swapWorld())
    if (staged.isErr()) return err(kernelFault('plugin_setup_failed', sentences(staged.error.faults)))
    this.#apply(staged.value, wanted)
    this.#watch(config)
    const fatal = [...staged.value.failures.values()].find(endsBoot)
    if (fatal) return err(fatal)
    const required = [...config.failed, ...wanted].find(({ id, required }) => required && this.#failed.has(id))
    if (required)
      return err(
        this.#failed.get(required.id)?.fault ??
          kernelFault('plugin_setup_failed', `Required plugin "${required.id}" failed.`),
      )
    return ok()
  }

  /** Queued: one reload at a time, in the order of their asking. */
  reload(trigger: string, plugin?: string): ResultAsync<ReloadReport, ReloadRejected> {
    return this.reloads.reload(trigger, plugin)
  }

  #watch({ server }: Configuration): void {
    if (server.watch === (this.#unwatch !== undefined)) return
    this.#unwatch?.()
    this.#unwatch = server.watch ? this.options.watch?.(() => void this.reload('watch')) : undefined
  }

  /** What has to be there once `config` is in force; a plugin that lives and whose new code does not load stays as it is. */
  #wanted(config: Configuration): {
    readonly wanted: readonly Blueprint[]
    readonly held: ReadonlyMap<string, string>
  } {
    const wanted: Blueprint[] = [this.#own, ...config.blueprints]
    const held = new Map<string, string>()
    for (const { id, fault } of config.failed) {
      held.set(id, fault.message)
      const old = this.#live.get(id)
      if (old) wanted.push(old.blueprint)
    }
    return { wanted, held }
  }

  #plan(wanted: readonly Blueprint[], anew?: string): ReturnType<typeof planChanges> {
    return planChanges(
      [...this.#live.values()].map(({ blueprint }) => blueprint),
      wanted,
      anew,
    )
  }

  async #reload(config: Configuration, trigger: string, anew?: string): Promise<Result<ReloadReport, ReloadRejected>> {
    if (this.#stopping) return err({ ...kernelFault('shutting_down', 'The gateway is stopping.'), problems: [] })
    const began = performance.now()
    const { wanted, held } = this.#wanted(config)
    const plan = this.#plan(wanted, anew)
    if (plan.isErr()) return err(rejection(plan.error.map(asProblem)))
    const staged = await stage(plan.value, this.#live, wanted, this.#swapWorld(config))
    if (staged.isErr()) {
      if (staged.error.revived) this.#apply(staged.error.revived, [])
      return err(rejection(staged.error.faults.map(asProblem)))
    }
    this.#config = config
    this.#failed = new Map(
      config.failed
        .filter(({ id }) => !this.#live.has(id))
        .map(({ id, fault }) => [id, { fault, definition: undefined, source: '' }]),
    )
    this.#apply(staged.value, wanted)
    const report = this.#report(staged.value, held, began)
    this.#heldBack = new Map(
      report.plugins.flatMap(({ id, outcome, reason }) => (outcome === 'rolled_back' && reason ? [[id, reason]] : [])),
    )
    this.#watch(config)
    this.options.log.info({ trigger, report }, `configuration reloaded: ${report.result}`)
    const own = this.#live.get(KERNEL_ID)
    if (own) this.bus.emit(own, Reloaded, { ...report, trigger })
    return ok(report)
  }

  #report(staged: Staged, held: ReadonlyMap<string, string>, began: number): ReloadReport {
    const now = this.#config ? restartKeys(this.#config) : this.#fixed
    const needsRestart = [...now].filter(([key, value]) => this.#fixed.get(key) !== value).map(([key]) => key)
    const outcomes = new Map(staged.outcomes)
    for (const [id, reason] of held) outcomes.set(id, { outcome: 'rolled_back', reason })
    outcomes.delete(KERNEL_ID)
    return reportOf(outcomes, id => this.#live.get(id)?.generation ?? 0, needsRestart, performance.now() - began)
  }

  /** The swap itself; what retires drains behind it. */
  #apply(staged: Staged, wanted: readonly Blueprint[]): void {
    commit(staged, table => {
      this.#tables++
      this.http.publish(table)
    })
    this.#live = staged.next
    for (const [id, fault] of staged.failures) {
      const blueprint = wanted.find(one => one.id === id)
      this.#failed.set(id, { fault, definition: blueprint?.definition, source: blueprint?.source ?? '' })
      this.options.log.error({ plugin: id, code: fault.code, err: fault.cause }, fault.message)
    }
    for (const old of staged.retiring) this.#retire(old)
  }

  #retire(instance: Instance): Promise<void> {
    const gone = instance.drain(this.#server().drain_timeout_s * 1000).finally(() => this.#draining.delete(instance))
    this.#draining.set(instance, gone)
    return gone
  }

  #swapWorld(config = this.#config): SwapWorld {
    const { options } = this
    const surroundings: Surroundings = {
      bus: this.bus,
      shared: this.shared,
      clock: options.clock,
      log: options.log,
      paths: options.paths,
      listensPublicly: () => !/^(127\.|localhost$|::1$|\[::1\]$)/.test(this.#server().host),
      publicUrl: () => (this.#server().public_url || this.http.url).replace(/\/+$/, ''),
      database: id => this.#storage().database.for(id),
      secrets: id => this.#storage().secrets.for(id),
    }
    return {
      surroundings,
      apps: this.#apps,
      setupTimeoutMs: (config?.server.setup_timeout_s ?? 30) * 1000,
      drainTimeoutMs: (config?.server.drain_timeout_s ?? 60) * 1000,
      nextGeneration: id => {
        const next = (this.#generations.get(id) ?? 0) + 1
        this.#generations.set(id, next)
        return next
      },
      migrate: ({ id, definition }) =>
        definition.migrations.length === 0
          ? ok()
          : this.#storage().database.migrate(id, definition.name, definition.migrations),
    }
  }

  #storage() {
    if (!this.#opened) throw new Error('storage is opened before any plugin is set up')
    return this.#opened
  }

  status(): PluginStatus[] {
    return statusRows({
      live: [...this.#live.values()].filter(({ id }) => id !== KERNEL_ID),
      draining: this.#draining.keys(),
      failed: this.#failed,
      disabled: this.#config?.disabled ?? [],
      heldBack: this.#heldBack,
    })
  }

  /** Why a plugin is down. */
  faultOf(id: string): Fault | undefined {
    return this.#failed.get(id)?.fault
  }

  /** The current provider of a reference, for those outside the bus. */
  provision(name: string) {
    return [...this.#live.values()].map(one => one.provisions.get(name)).find(Boolean)
  }

  /** What instances that have left still have in the kernel's hands, and shared things that nobody holds. */
  leaks(): string[] {
    const here = [...this.#live.keys(), ...[...this.#draining.keys()].map(({ id }) => id)]
    const shared = this.shared.keys().filter(key => !here.includes(key.split('/')[0] ?? ''))
    const parties = this.bus.parties().filter(party => party instanceof Instance && party.state === 'disposed')
    return [
      ...shared.map(key => `shared ${key}`),
      ...parties.map(({ id, generation }) => `listener of ${id} #${generation}`),
    ]
  }

  /** Lets go of the port and the database without a word to anyone. */
  abandon(): void {
    this.http.refuse()
    void this.http.stop(true)
    this.#opened?.close()
  }

  /** Stops accepting, drains everything, closes. Called twice, it is the same stop. */
  stop(): Promise<void> {
    this.#stopping ??= (async () => {
      this.reloads.errors.stop()
      this.#unwatch?.()
      await this.reloads.settled
      this.http.refuse()
      void this.http.stop()
      await Promise.all([...this.#live.values()].reverse().map(instance => this.#retire(instance)))
      await Promise.all(this.#draining.values())
      await this.#close()
    })()
    return this.#stopping
  }

  async #close(): Promise<void> {
    this.http.refuse()
    for (const instance of [...this.#live.values()].reverse()) await instance.dispose()
    await this.http.stop(true)
    this.#opened?.close()
  }

  /** The kernel as a party on its own bus. */
  #definition(): AnyPlugin {
    return definePlugin({
      name: KERNEL_ID,
      version: this.options.version,
      provides: [KernelRef],
      setup: ctx => {
        const { reloads, bus } = this
        const { feed } = this.options
        const current = () => this.#current()
        ctx.provide(KernelRef, controlOf({ reloads, bus, feed, current, plugins: () => this.status() }))
        ctx.on(Announcement, ({ lines }) => this.options.announce(lines))
        const routes = kernelRoutes({
          version: this.options.version,
          notReady: () => this.#notReady(),
          specs: () => [...this.#live.values()].flatMap(one => one.http),
          tableNumber: () => this.#tables,
        })
        for (const spec of routes) ctx.http(spec)
      },
    })
  }

  #notReady(): string | null {
    try {
      this.#storage().database.for(KERNEL_ID).run('select 1')
    } catch {
      return 'The database does not answer.'
    }
    const required = this.#config?.blueprints.find(({ id, required }) => required && !this.#live.has(id))
    return required ? `The required plugin "${required.id}" is not live.` : null
  }
}

const sentences = (faults: readonly Fault[]) => faults.map(({ message }) => message).join('\n')

const restartKeys = ({ values }: Configuration) =>
  new Map<string, unknown>(
    RESTART_KEYS.map(path => {
      const [section = '', key = ''] = path.split('.')
      return [path, values[section]?.[key]]
    }),
  )
