/**
 * THE PUBLIC CONTRACT of a plugin, published as `flow2api/plugin`.
 *
 * A plugin is a value made by `definePlugin`. Importing its module does nothing; `setup` does everything, through the
 * context, and every effect of the context is undone by itself when the plugin leaves. Plugins never import each other:
 * they meet through capabilities (ask) and events (tell), whose typed references are plain values.
 */
import type { BunSQLiteDatabase } from 'drizzle-orm/bun-sqlite'
import { type AnyElysia, Elysia, type Static, type TSchema, t } from 'elysia'
import type { Result } from 'neverthrow'
import type { Logger } from 'pino'
import type { Fault } from './fault.ts'
import type { Capability, EventType } from './refs.ts'

export { err, errAsync, ok, okAsync, Result, ResultAsync } from 'neverthrow'
export { readJson } from './body.ts'
export type { Clock } from './clock.ts'
export { sleep } from './clock.ts'
export { secret } from './config/schema.ts'
export type * from './control.ts'
export { Announcement, Kernel, Reloaded } from './control.ts'
export { Diagnosis, examine, type Finding } from './diagnosis.ts'
export type { Blame, Fault, FaultDetails, Retry } from './fault.ts'
export { FaultError, fault, messageOf } from './fault.ts'
export type { Capability, EventType } from './refs.ts'
export { defineCapability, defineEvent, defineExtensionPoint } from './refs.ts'
export { requestInfo } from './request.ts'
export { type AnyElysia, Elysia, type Logger, type Static, type TSchema, t }

import type { Clock } from './clock.ts'

type MaybePromise<T> = T | Promise<T>

// biome-ignore lint/suspicious/noExplicitAny: a dependency of any type; the mapped types below recover it
export type Deps = Readonly<Record<string, Capability<any>>>
export type ServiceOf<C> = C extends Capability<infer T> ? T : never

/**
 * A live view of a service: each call goes to the instance that is current at that moment and counts as in flight on
 * it until the answer has settled. Only methods are visible.
 * Do not keep what a dependency answered in `setup`: it may be replaced while you live.
 */
export type Handle<T> = {
  // biome-ignore lint/suspicious/noExplicitAny: any method; its own types pass through unchanged
  readonly [K in keyof T as NonNullable<T[K]> extends (...args: any[]) => unknown ? K : never]: T[K]
}
/** An optional dependency: absent while nobody provides it. Look each time. */
export interface Slot<T> {
  readonly current: Handle<T> | undefined
}
/** Everything that is contributed to an extension point at this moment. Look each time. */
export interface Contributions<T> {
  all(): readonly { readonly plugin: string; readonly service: Handle<T> }[]
}
export type Bound<D extends Deps, Optional extends boolean> = {
  readonly [K in keyof D]: D[K] extends Capability<infer T, 'many'>
    ? Contributions<T>
    : D[K] extends Capability<infer T, 'one'>
      ? Optional extends true
        ? Slot<T>
        : Handle<T>
      : never
}

/**
 * Work that may outlive a swap. Drain waits for it; `signal` fires when the patience of the drain ends. Open it with
 * `await using`, or hand it to exactly one closer: a job that nobody closes costs the whole drain time-out.
 */
export interface Job extends AsyncDisposable {
  readonly signal: AbortSignal
  /** The instance that is current now, kept for the whole job even if a reload replaces or removes it. */
  pin<T>(handle: Handle<T>): Handle<T>
}

export interface HttpSpec {
  /** Pure: makes a fresh Elysia with full paths. Called once for serving and again for the documentation. */
  routes(): AnyElysia
  /** Lifts the server's idle time-out: silent generations, event streams. The plugin brings its own deadlines. */
  longLived?: boolean
  /** Answers browsers of other origins as `[server] cors_origins` says. Never with credentials. */
  cors?: boolean
}

/** Encryption at rest. What one plugin sealed, only that plugin opens. */
export interface Secrets {
  seal(plain: string): string
  /** Fails with `secret_unreadable` where the key file is not the one that sealed it. */
  open(sealed: string): Result<string, Fault>
}

/** One step of a plugin's tables. Applied once, in order, inside a transaction. */
export interface Migration {
  /** Unique and never changed afterwards, e.g. `0000_init`. */
  readonly name: string
  readonly sql: string
}

export type Database = BunSQLiteDatabase

export interface PluginContext<
  Config,
  Sections,
  R extends Deps,
  O extends Deps,
  // biome-ignore lint/suspicious/noExplicitAny: a capability of any type
  P extends readonly Capability<any>[],
> {
  /** The id under which `[plugins]` declares it. */
  readonly id: string
  /** 1 for the first instance of this id in the process, then rising. */
  readonly generation: number
  /** The plugin's own section, defaults filled in. A change of it replaces the instance. */
  readonly config: Readonly<Config>
  /** Further sections that the definition names in `sections`. */
  readonly sections: Readonly<Sections>
  readonly log: Logger
  /** This plugin's tables. Their names begin with the plugin's name, `-` as `_`. */
  readonly db: Database
  readonly secrets: Secrets
  readonly paths: {
    /** Durable state. */
    readonly data: string
    /** What may be deleted at any time. */
    readonly tmp: string
  }
  /** Whether the gateway can be reached from other machines: its host is no loopback address. */
  listensPublicly(): boolean
  /** The base of URLs that clients get: `[server] public_url`, else the address that is listened on. No `/` at the end. */
  publicUrl(): string
  readonly clock: Clock
  /** Aborted when draining begins: stop loops, take no new work. */
  readonly signal: AbortSignal
  readonly deps: Bound<R, false>
  readonly optional: Bound<O, true>
  /** Once for each capability in `provides`, during `setup`. */
  provide<C extends P[number]>(capability: C, service: ServiceOf<C>): void
  /** Listeners are isolated from each other; one that throws is logged and the others still run. */
  on<E>(event: EventType<E>, listener: (payload: E) => MaybePromise<void>): void
  emit<E>(event: EventType<E>, payload: E): void
  http(spec: HttpSpec): void
  /** Runs from when the instance is live until it drains; the next run begins `milliseconds` after the last ended. */
  every(milliseconds: number, task: (signal: AbortSignal) => MaybePromise<void>): void
  /** Runs in reverse order on dispose, also when `setup` fails half-way. */
  defer(cleanup: () => MaybePromise<void>): void
  begin(label: string): Job
  /** Counted across generations: the successor gets the same object, the last holder closes it. */
  shared<T extends object>(
    key: string,
    open: () => MaybePromise<T>,
    close?: (value: T) => MaybePromise<void>,
  ): Promise<T>
}

export interface PluginHooks {
  /** Last check before the swap; failing here rolls this plugin back. */
  ready?(): MaybePromise<void>
  /** Synchronous, inside the swap: handles are bound, the instance serves from now on. Take over work here. */
  live?(): void
  /** The successor serves already. Finish or hand over; `deadline` fires when patience ends. */
  drain?(deadline: AbortSignal): MaybePromise<void>
}

export interface PluginDefinition<
  C extends TSchema,
  S extends Readonly<Record<string, TSchema>>,
  R extends Deps,
  O extends Deps,
  // biome-ignore lint/suspicious/noExplicitAny: a capability of any type
  P extends readonly Capability<any>[],
> {
  readonly api: 1
  readonly name: string
  readonly version: string
  /** The section of the configuration that is this plugin's. Default: the id under which it is declared. */
  readonly section?: string
  /** TypeBox schema of that section: an object, every key with a default or optional, so that an empty section is valid. */
  readonly config: C
  /** Further sections that this plugin owns, by name. */
  readonly sections: S
  readonly requires: R
  readonly optional: O
  readonly provides: P
  readonly migrations: readonly Migration[]
  /** `false`: cannot run twice (an exclusive resource): stopped first, the old configuration restarted if the new fails. */
  readonly overlap: boolean
  setup(
    ctx: PluginContext<Static<C>, { readonly [K in keyof S]: Static<S[K]> }, R, O, P>,
    // biome-ignore lint/suspicious/noConfusingVoidType: a set-up without hooks returns nothing
  ): MaybePromise<PluginHooks | undefined | void>
}

// biome-ignore lint/suspicious/noExplicitAny: a definition of any type, as the kernel holds it
export type AnyPlugin = PluginDefinition<any, any, any, any, any>

const nothing = t.Object({}, { additionalProperties: false })

type Spec<D> = Partial<Omit<D, 'api' | 'name' | 'version' | 'setup'>> &
  Pick<D, Extract<keyof D, 'name' | 'version' | 'setup'>>

/** Fills in what a plugin leaves out. The types make an undeclared dependency, capability or key a compile error. */
export function definePlugin<
  C extends TSchema = typeof nothing,
  const S extends Readonly<Record<string, TSchema>> = Record<never, TSchema>,
  const R extends Deps = Record<never, never>,
  const O extends Deps = Record<never, never>,
  // biome-ignore lint/suspicious/noExplicitAny: a capability of any type
  const P extends readonly Capability<any>[] = [],
>(spec: Spec<PluginDefinition<C, S, R, O, P>>): PluginDefinition<C, S, R, O, P> {
  return {
    api: 1,
    // What the caller left out takes the default that the type parameter has in that case.
    config: nothing as unknown as C,
    sections: {} as S,
    requires: {} as R,
    optional: {} as O,
    provides: [] as unknown as P,
    migrations: [],
    overlap: true,
    ...spec,
  }
}
