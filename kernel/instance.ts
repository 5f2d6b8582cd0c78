/**
 * One running plugin: its context, its undo stack, what it holds and what holds it, its drain and its end.
 *
 * staging → live → draining → disposed. A staged instance may ask what it depends on, but gets no events, requests or
 * timers. A draining one keeps the world that it had and holds it.
 */
import type { Logger } from 'pino'
import type { Bus, Party, Provision, Way } from './bus.ts'
import type { Clock } from './clock.ts'
import { sleep } from './clock.ts'
import { FaultError, kernelFault, messageOf } from './fault.ts'
import type {
  AnyPlugin,
  Contributions,
  Database,
  Handle,
  HttpSpec,
  Job,
  PluginContext,
  PluginHooks,
  Secrets,
  Slot,
} from './plugin.ts'
import { type Capability, type EventType, refName } from './refs.ts'
import type { SharedPool } from './shared.ts'

/** What the kernel lends to every instance. */
export interface Surroundings {
  readonly bus: Bus
  readonly shared: SharedPool
  readonly clock: Clock
  readonly log: Logger
  readonly paths: { readonly data: string; readonly tmp: string }
  publicUrl(): string
  listensPublicly(): boolean
  database(pluginId: string): Database
  secrets(pluginId: string): Secrets
}

/** What makes an instance what it is; two with the same `hash` and definition are interchangeable. */
export interface Blueprint {
  readonly id: string
  readonly definition: AnyPlugin
  readonly config: Readonly<Record<string, unknown>>
  readonly sections: Readonly<Record<string, unknown>>
  readonly hash: string
  readonly required: boolean
  readonly source: string
}

// biome-ignore lint/suspicious/noExplicitAny: a context of any definition, as the kernel builds it
type AnyContext = PluginContext<any, any, any, any, any>

/** After the drain deadline job signals have fired; this much longer may their owners take to let go. */
const GRACE_MS = 2_000
const NONE: readonly Provision[] = []

export class Instance implements Party {
  readonly id: string
  readonly provisions = new Map<string, Provision>()
  readonly http: HttpSpec[] = []
  #state: 'staging' | 'live' | 'draining' | 'disposed' = 'staging'
  #bindings = new Map<string, readonly Provision[]>()
  readonly log: Logger
  #hooks: PluginHooks = {}
  #drained: Promise<void> | undefined
  #whenIdle: (() => void) | undefined
  readonly #undo = new AsyncDisposableStack()
  readonly #holds = new Set<{ readonly label: () => string }>()
  /** Draining instances that this one is part of the world of. */
  readonly #neededBy = new Set<Instance>()
  /** While it drains: what it may still ask. */
  #world: Instance[] = []
  /** Calls that are under way, and how many they are together. */
  readonly #ways = new Set<Way>()
  #calls = 0
  readonly #leaving = new AbortController()
  readonly #impatient = new AbortController()
  /** What waits for the moment of going live: timers and emitted events. */
  #onLive: (() => void)[] = []

  constructor(
    readonly blueprint: Blueprint,
    readonly generation: number,
    private readonly world: Surroundings,
  ) {
    this.id = blueprint.id
    this.log = world.log.child({ plugin: blueprint.id })
  }

  get live(): boolean {
    return this.#state === 'live'
  }
  get state() {
    return this.#state
  }
  inFlight(): string[] {
    const calls = [...this.#ways].flatMap(({ label, count }) => Array.from({ length: count }, () => label))
    const needed = [...this.#neededBy].map(({ id }) => `draining ${id}`)
    return [...[...this.#holds].map(({ label }) => label()), ...calls, ...needed]
  }

  hold(label: () => string): () => void {
    const entry = { label }
    this.#holds.add(entry)
    return () => {
      if (this.#holds.delete(entry)) this.#checkIdle()
    }
  }

  enter(way: Way): void {
    if (way.count++ === 0) this.#ways.add(way)
    this.#calls++
  }

  leave(way: Way): void {
    if (--way.count === 0) this.#ways.delete(way)
    this.#calls--
    if (this.#whenIdle) this.#checkIdle()
  }

  /** Nothing is under way here, and who may still ask has gone; in a circle, where all wait for each other, is idle too. */
  #isIdle(seen = new Set<Instance>()): boolean {
    if (seen.has(this)) return true
    seen.add(this)
    if (this.#holds.size > 0 || this.#calls > 0) return false
    return [...this.#neededBy].every(one => this.#needs(one) && one.#isIdle(seen))
  }

  #needs(other: Instance, seen = new Set<Instance>()): boolean {
    if (this === other) return true
    if (seen.has(this)) return false
    seen.add(this)
    return this.#world.some(owner => owner.#needs(other, seen))
  }

  #checkIdle(seen = new Set<Instance>()): void {
    if (seen.has(this)) return
    seen.add(this)
    if (this.#whenIdle && this.#isIdle()) this.#whenIdle()
    for (const owner of this.#world) owner.#checkIdle(seen)
  }

  failed(where: string, cause: unknown): void {
    this.log.error({ err: cause, generation: this.generation }, `${where} failed: ${messageOf(cause)}`)
  }

  /** What every reference that this instance declares leads to from now on. */
  bind(bindings: ReadonlyMap<string, readonly Provision[]>): void {
    this.#bindings = new Map(bindings)
  }

  /** Runs `setup` and `ready`. Whatever goes wrong, what was done so far is undone. Throws a `FaultError`. */
  async setUp(timeoutMs: number): Promise<void> {
    const { definition } = this.blueprint
    let phase = 'setup'
    const work = async () => {
      this.#hooks = (await definition.setup(this.#context())) ?? {}
      const missing = definition.provides.filter((ref: Capability<unknown>) => !this.provisions.has(refName(ref)))
      if (missing.length > 0) throw new Error(`it declares ${missing.map(refName).join(', ')} and did not provide it`)
      phase = 'ready'
      await this.#hooks.ready?.()
    }
    const late = new AbortController()
    const tooLong = sleep(this.world.clock, timeoutMs, late.signal).then(() => {
      if (!late.signal.aborted)
        throw new Error(
          `it did not finish within ${timeoutMs / 1000} s; raise [server] setup_timeout_s or look what it waits for`,
        )
    })
    try {
      await Promise.race([work(), tooLong])
    } catch (cause) {
      await this.dispose()
      const inner = cause instanceof FaultError ? cause.fault.message : messageOf(cause)
      throw new FaultError(
        kernelFault('plugin_setup_failed', `Plugin "${this.id}" failed in ${phase}: ${inner}`, { cause }),
      )
    } finally {
      late.abort()
    }
  }

  /** Part of the swap: synchronous and does not throw. */
  goLive(): void {
    this.#state = 'live'
    for (const start of this.#onLive.splice(0)) start()
    try {
      this.#hooks.live?.()
    } catch (cause) {
      this.failed('live()', cause)
    }
  }

  /** Stops taking part, waits until nothing holds it or patience ends, then disposes. Never rejects. */
  drain(patienceMs: number): Promise<void> {
    this.#drained ??= this.#drain(patienceMs)
    return this.#drained
  }

  async #drain(patienceMs: number): Promise<void> {
    this.#state = 'draining'
    // What this instance still asks must outlive it.
    const owners = new Set([...this.#bindings.values()].flat().map(provision => provision.owner))
    this.#world = [...owners].filter((owner): owner is Instance => owner instanceof Instance && owner !== this)
    for (const owner of this.#world) owner.#neededBy.add(this)
    this.#leaving.abort()
    if (this.#hooks.drain) {
      const release = this.hold(() => 'drain()')
      Promise.resolve()
        .then(() => this.#hooks.drain?.(this.#impatient.signal))
        .catch(cause => this.failed('drain()', cause))
        .finally(release)
    }
    if (!(await this.#idle(patienceMs))) {
      this.log.warn(
        { inFlight: this.inFlight(), generation: this.generation },
        `drain of "${this.id}" ran out of time; cutting off`,
      )
      this.#impatient.abort()
      await this.#idle(GRACE_MS)
    }
    await this.dispose()
    for (const owner of this.#world.splice(0)) {
      owner.#neededBy.delete(this)
      owner.#checkIdle()
    }
  }

  async #idle(withinMs: number): Promise<boolean> {
    // Whoever retires in the same swap has said by then what it needs.
    await Promise.resolve()
    if (this.#isIdle()) return true
    const idle = Promise.withResolvers<void>()
    this.#whenIdle = idle.resolve
    const enough = new AbortController()
    await Promise.race([idle.promise, sleep(this.world.clock, withinMs, enough.signal)])
    enough.abort()
    this.#whenIdle = undefined
    return this.#isIdle()
  }

  /** Undoes everything in reverse order; what fails is logged and does not stop the rest. */
  async dispose(): Promise<void> {
    if (this.#state === 'disposed') return
    this.#state = 'disposed'
    this.#leaving.abort()
    this.#impatient.abort()
    await this.#undo.disposeAsync().catch(cause => this.failed('dispose', cause))
  }

  #assertThere(what: string): void {
    if (this.#state === 'disposed')
      throw new FaultError(
        kernelFault('plugin_setup_failed', `Plugin "${this.id}" called ctx.${what} after it had left.`),
      )
  }

  /** On the way of every call between plugins: the name is made once, by whoever asks again and again. */
  #resolve(name: string): readonly Provision[] {
    return this.#bindings.get(name) ?? NONE
  }

  #context(): AnyContext {
    const { blueprint, world } = this
    const { definition } = blueprint
    const context = {
      id: this.id,
      generation: this.generation,
      config: blueprint.config,
      sections: blueprint.sections,
      log: this.log,
      paths: world.paths,
      clock: world.clock,
      signal: this.#leaving.signal,
      publicUrl: world.publicUrl,
      listensPublicly: world.listensPublicly,
      db: world.database(this.id),
      secrets: world.secrets(this.id),
      deps: this.#dependencies(definition.requires, false),
      optional: this.#dependencies(definition.optional, true),
      provide: (ref: Capability<unknown>, service: object) => {
        this.#assertThere('provide')
        if (!definition.provides.includes(ref)) throw new Error(`it provides ${refName(ref)} without declaring it`)
        if (this.provisions.has(refName(ref))) throw new Error(`it provides ${refName(ref)} twice`)
        this.provisions.set(refName(ref), { owner: this, service })
      },
      on: <E>(event: EventType<E>, listener: (payload: E) => unknown) => {
        this.#assertThere('on')
        this.#undo.defer(world.bus.on(this, event, listener))
      },
      emit: <E>(event: EventType<E>, payload: E) => {
        const tell = () => world.bus.emit(this, event, payload)
        if (this.#state === 'staging') this.#onLive.push(tell)
        else tell()
      },
      http: (spec: HttpSpec) => {
        this.#assertThere('http')
        this.http.push(spec)
      },
      every: (milliseconds: number, task: (signal: AbortSignal) => unknown) => {
        this.#assertThere('every')
        const start = () => this.#repeat(milliseconds, task)
        if (this.#state === 'staging') this.#onLive.push(start)
        else if (this.#state === 'live') start()
      },
      defer: (cleanup: () => void | Promise<void>) => {
        this.#assertThere('defer')
        this.#undo.defer(cleanup)
      },
      begin: (label: string) => this.#begin(label),
      shared: async <T extends object>(
        key: string,
        open: () => T | Promise<T>,
        close?: (value: T) => void | Promise<void>,
      ) => {
        this.#assertThere('shared')
        const scoped = `${this.id}/${key}`
        const value = await world.shared.acquire(scoped, open, close)
        if (this.#state === 'disposed') {
          await world.shared.release(scoped)
          this.#assertThere('shared')
        }
        this.#undo.defer(() => world.shared.release(scoped))
        return value
      },
    }
    // The definition's own types, which the kernel does not know, say what `deps` and `provide` are.
    return context as unknown as AnyContext
  }

  #dependencies(declared: Readonly<Record<string, Capability<unknown>>>, optional: boolean) {
    const bound: Record<string, Handle<unknown> | Slot<unknown> | Contributions<unknown>> = {}
    for (const [name, ref] of Object.entries(declared)) {
      const key = refName(ref)
      const handle = this.world.bus.handle(this, ref, () => this.#resolve(key)[0])
      if (ref.arity === 'many') bound[name] = this.#contributions(ref, key)
      else if (!optional) bound[name] = handle
      else {
        const present = () => (this.#resolve(key).length > 0 ? handle : undefined)
        bound[name] = {
          get current() {
            return present()
          },
        }
      }
    }
    return bound
  }

  #contributions(ref: Capability<unknown>, key: string): Contributions<unknown> {
    const handles = new Map<string, Handle<unknown>>()
    const handleOf = (plugin: string) => {
      const known = handles.get(plugin)
      if (known) return known
      const made = this.world.bus.handle(this, ref, () => this.#resolve(key).find(({ owner }) => owner.id === plugin))
      handles.set(plugin, made)
      return made
    }
    return { all: () => this.#resolve(key).map(({ owner }) => ({ plugin: owner.id, service: handleOf(owner.id) })) }
  }

  #begin(label: string): Job {
    this.#assertThere('begin')
    const releases = [this.hold(() => label)]
    return {
      signal: this.#impatient.signal,
      pin: <T>(handle: Handle<T>) => {
        const pinned = this.world.bus.pin(handle)
        releases.push(pinned.owner.hold(() => `pinned by ${this.id} (${label})`))
        return pinned.handle
      },
      [Symbol.asyncDispose]: async () => {
        for (const release of releases.splice(0)) release()
      },
    }
  }

  #repeat(milliseconds: number, task: (signal: AbortSignal) => unknown): void {
    const { signal } = this.#leaving
    let cancel = () => {}
    const run = async () => {
      const release = this.hold(() => `timer of ${milliseconds} ms`)
      try {
        await task(signal)
      } catch (cause) {
        this.failed(`timer of ${milliseconds} ms`, cause)
      } finally {
        release()
      }
      schedule()
    }
    const schedule = () => {
      if (!signal.aborted) cancel = this.world.clock.after(milliseconds, () => void run())
    }
    signal.addEventListener('abort', () => cancel(), { once: true })
    schedule()
  }
}
