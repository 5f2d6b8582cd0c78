/** What the kernel itself offers on the bus: reload, state, and taps. Provided under the id `kernel`. */
import type { ResultAsync } from 'neverthrow'
import type { Fault } from './fault.ts'
import { defineCapability, defineEvent } from './refs.ts'
import type { Scope } from './scope.ts'

export type { Scope } from './scope.ts'

/** One mistake in the configuration. All of them come at once. */
export interface ConfigProblem {
  /** Dotted key, e.g. `flow.poll_interval`. */
  readonly path: string
  /** File that holds the value, or the environment variable's name. */
  readonly file: string
  /** 1-based line in that file, where there is one. */
  readonly line: number | null
  /** What was found and what is allowed. */
  readonly message: string
  /** The nearest thing that would have been right. */
  readonly suggestion: string | null
}

export type ReloadOutcome = 'unchanged' | 'reloaded' | 'added' | 'removed' | 'rolled_back' | 'needs_restart'

/** The answer of `POST /admin/reload-config`. */
export interface ReloadReport {
  readonly object: 'reload'
  readonly result: 'applied' | 'partial' | 'unchanged'
  readonly duration_ms: number
  readonly plugins: readonly {
    readonly id: string
    readonly outcome: ReloadOutcome
    readonly generation: number
    readonly reason: string | null
  }[]
  /** Dotted keys whose new value waits for a restart. */
  readonly needs_restart: readonly string[]
}

/** A reload that touched nothing, because the configuration as a whole is wrong. */
export interface ReloadRejected extends Fault {
  readonly problems: readonly ConfigProblem[]
}

/** One plugin as `GET /admin/api/plugins` shows it. */
export interface PluginStatus {
  readonly id: string
  readonly name: string
  readonly version: string
  readonly state: 'live' | 'draining' | 'failed' | 'disabled'
  readonly generation: number
  /** Where the code came from: `built-in`, a package name, or a file with its content hash. */
  readonly source: string
  /** Labels of what holds it: calls, jobs, requests. */
  readonly in_flight: readonly string[]
  readonly error: string | null
  readonly section: string
  /** JSON Schema of its section. */
  readonly config_schema: unknown
}

/** What a tap sees of one contact between plugins. Arguments and answers are as they passed; mask before writing. */
export interface BusRecord {
  readonly kind: 'ask' | 'tell'
  readonly from: string
  readonly to: string
  /** Capability or event id. */
  readonly ref: string
  readonly method: string | null
  readonly args: readonly unknown[]
  readonly durationMs: number
  readonly outcome: 'ok' | 'fault' | 'threw'
  readonly detail: unknown
  readonly scope: Scope
}

/** A request before its route is asked. Its body may be cloned here, and at no later time. */
export interface HttpArrival {
  readonly requestId: string
  readonly request: Request
  /** The plugin that owns the route. */
  readonly plugin: string
}

/** What a tap sees of one HTTP exchange. */
export interface HttpRecord {
  readonly requestId: string
  readonly request: Request
  readonly response: Response
  /** The plugin that owns the route, or `kernel`. */
  readonly plugin: string
  /** The path as that plugin declared it, such as `/v1/jobs/:id`. There are few, whatever is asked. */
  readonly route: string
  readonly durationMs: number
}

/** An event stream that has ended, or whose reader has left. */
export interface StreamRecord {
  readonly requestId: string
  readonly plugin: string
  readonly bytes: number
  /** The first of it, at most 16 kB. */
  readonly start: string
  /** From the first byte to the last. */
  readonly durationMs: number
}

export interface Tap {
  readonly bus?: (record: BusRecord) => void
  readonly arrival?: (arrival: HttpArrival) => void
  /** Where the body of the answer is wanted it has to be cloned here, and at no later time. */
  readonly http?: (record: HttpRecord) => void
  readonly stream?: (record: StreamRecord) => void
  /** What a call belongs to, given what its caller belongs to. Carried on by everything that the call does. */
  readonly scope?: (call: Pick<BusRecord, 'ref' | 'method' | 'args'>, outer: Scope) => Scope
}

/** One key of the configuration in force. */
export interface Setting {
  /** `section.key`. */
  readonly path: string
  /** Secrets masked. */
  readonly value: unknown
  readonly origin: 'default' | 'file' | 'overrides' | 'environment'
  /** The environment variable that fixes it. */
  readonly fixed_by: string | null
}

/** What a section of the configuration may hold. */
export interface SectionSchema {
  readonly section: string
  /** The id of the plugin that it belongs to, or `kernel`. */
  readonly owner: string
  /** JSON Schema, with `secret: true` on what is masked. */
  readonly schema: unknown
}

/** Section → key → value; `null` takes the override away, so that the operator's file, or the default, holds again. */
export type ConfigChange = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** One key that differs, secrets masked. */
export interface ConfigDifference {
  readonly path: string
  readonly before: unknown
  readonly after: unknown
}

/** What a change would do. */
export interface ConfigPreview {
  readonly object: 'config_preview'
  readonly changes: readonly ConfigDifference[]
  readonly plugins: readonly { readonly id: string; readonly effect: 'unchanged' | 'reloaded' | 'added' | 'removed' }[]
  /** Changed keys that wait for a restart. */
  readonly needs_restart: readonly string[]
}

/** One state that `data/overrides.toml` had. */
export interface ConfigVersion {
  readonly version: number
  /** Epoch milliseconds. */
  readonly at: number
  readonly by: string
  readonly note: string
}

/** One reload, as it is remembered until the process ends. */
export interface ReloadRecord {
  /** Epoch milliseconds. */
  readonly at: number
  readonly trigger: string
  readonly result: ReloadReport['result'] | 'rejected'
  readonly plugins: ReloadReport['plugins']
  /** Why it was rejected, or rolled back afterwards. */
  readonly reason: string | null
}

export interface KernelControl {
  /** Every key, where it comes from, and what fixes it. */
  settings(): readonly Setting[]
  /** Every section that a declared plugin, or the kernel itself, reads; also where the plugin is switched off. */
  schemas(): readonly SectionSchema[]
  /** What `change` would do, without doing it. Rejects what could not be applied. */
  preview(change: ConfigChange): ResultAsync<ConfigPreview, ReloadRejected>
  /**
   * Applies `change` and keeps it in `data/overrides.toml` as a new version. All or nothing: where a plugin does not
   * come up with it, what was there before is brought back and nothing is kept. `by`: who, for the history.
   */
  change(change: ConfigChange, by: string): ResultAsync<ReloadReport, ReloadRejected>
  /** States of `data/overrides.toml`, the newest first. */
  versions(): readonly ConfigVersion[]
  /** What would differ if that version were restored; `undefined` where it is not kept. */
  compare(version: number): readonly ConfigDifference[] | undefined
  /** As `change`, to the whole of an earlier state. */
  restore(version: number, by: string): ResultAsync<ReloadReport, ReloadRejected>
  /** The last reloads, the newest first. */
  reloads(): readonly ReloadRecord[]
  /**
   * Reads the configuration again and applies it. Queued behind a reload that is under way. `plugin` is replaced even
   * where nothing of it has changed.
   */
  reload(trigger: string, plugin?: string): ResultAsync<ReloadReport, ReloadRejected>
  plugins(): readonly PluginStatus[]
  /** The configuration in force after defaults, file, overrides and environment, with secrets masked. */
  config(): Readonly<Record<string, unknown>>
  /**
   * Watches the bus, HTTP, or both. What nobody taps costs nothing. Returns its undo; use it with `ctx.defer`. While
   * anybody taps the bus or names a scope, lines of the log carry theirs: `requestId`, and what `Tap.scope` adds.
   */
  tap(tap: Tap): () => void
  /** Calls back with each line of the log, as JSON, as it is written: secrets masked. Returns its undo. */
  logLines(listener: (line: string) => void): () => void
}

export const Kernel = defineCapability<KernelControl>('kernel', 1)

/**
 * After every reload that was not rejected. `trigger`: what asked for it, as in `ReloadRecord`; `rollback` where the
 * gateway itself went back, because answers failed after the reload before.
 */
export const Reloaded = defineEvent<ReloadReport & { readonly trigger: string }>('kernel.reloaded')

/**
 * Something that the operator must read once: a generated key, a dangerous setting. Printed on the console and never
 * logged, so it may hold a secret.
 */
export const Announcement = defineEvent<{ readonly lines: readonly string[] }>('kernel.announcement')
