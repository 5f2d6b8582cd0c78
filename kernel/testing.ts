/**
 * A kernel for tests, published as `flow2api/testing`: real HTTP on a random loopback port, a database of its own, and
 * whatever plugins are handed in. No file is read for its configuration.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ok, type Result } from 'neverthrow'
import pino from 'pino'
import type { Party } from './bus.ts'
import { type Clock, systemClock } from './clock.ts'
import { documentOf } from './config/document.ts'
import { type Configuration, configure } from './configuration.ts'
import type { ConfigProblem, PluginStatus, ReloadRejected, ReloadReport } from './control.ts'
import { FaultError } from './fault.ts'
import { Kernel } from './kernel.ts'
import { LogFeed, withScope } from './log.ts'
import { applied, type Overrides } from './overrides.ts'
import type { AnyPlugin, Handle } from './plugin.ts'
import { type Capability, type EventType, refName } from './refs.ts'

export interface TestWorld {
  /** By id, as `[plugins]` would declare them. */
  readonly plugins: Readonly<Record<string, AnyPlugin>>
  /** By section, as `setting.toml` would hold them. */
  readonly config?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

export interface TestOptions extends TestWorld {
  /** Default: the real one. See `manualClock`. */
  readonly clock?: Clock
  /** Kept when the kernel stops. Default: a new directory that goes with it. */
  readonly dataDir?: string
  /** Plugins that do not come up are left out and reported, as in a real boot. Default: the first one rejects. */
  readonly tolerant?: boolean
  /** Lines of the log as JSON. Default: nothing is written. */
  readonly onLog?: (line: Record<string, unknown>) => void
}

export interface TestKernel extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  readonly dataDir: string
  readonly tmpDir: string
  /** What was announced to the operator. */
  readonly announced: readonly (readonly string[])[]
  fetch(path: string, init?: RequestInit): Promise<Response>
  /** As a plugin would, always the instance that is current. */
  ask<T>(capability: Capability<T, 'one'>): Handle<T>
  on<P>(event: EventType<P>, listener: (payload: P) => void): void
  emit<P>(event: EventType<P>, payload: P): void
  reload(change: Partial<TestWorld>): Promise<Result<ReloadReport, ReloadRejected>>
  status(): readonly PluginStatus[]
  /** What was handed in, at the start or by the last reload. */
  plugins(): Readonly<Record<string, AnyPlugin>>
  /** What a plugin that left has left behind: empty when all is well. */
  leaks(): readonly string[]
  /** As SIGTERM would. */
  stop(): Promise<void>
  /** As `kill -9` would, as far as one process can: nothing is drained, disposed or written any more. */
  abandon(): void
}

/** As whom a test asks and tells. */
const PROBE = 'test'

/** Rejects with the fault where the kernel does not start or a plugin does not come up. */
export async function createTestKernel(options: TestOptions): Promise<TestKernel> {
  const scratch = await mkdtemp(join(tmpdir(), 'flow2api-test-'))
  const paths = { data: options.dataDir ?? join(scratch, 'data'), tmp: join(scratch, 'tmp') }
  const announced: (readonly string[])[] = []
  const feed = new LogFeed()
  let world: TestWorld = options
  const kernel = new Kernel({
    read: overrides => readWorld(world, overrides),
    paths,
    env: {},
    clock: options.clock ?? systemClock,
    log: pino(
      { level: options.onLog ? 'trace' : 'silent', mixin: withScope },
      feed.before({ write: line => options.onLog?.(JSON.parse(line) as Record<string, unknown>) }), // one object a line
    ),
    feed,
    version: '0.0.0-test',
    announce: lines => void announced.push(lines),
  })
  const cleanUp = () => rm(scratch, { recursive: true, force: true })
  const started = await kernel.start()
  const down = started.isOk() && !options.tolerant ? kernel.status().find(({ state }) => state === 'failed') : undefined
  if (started.isErr() || down) {
    const fault = started.isErr() ? started.error : kernel.faultOf(down?.id ?? '')
    await kernel.stop()
    await cleanUp()
    throw fault ? new FaultError(fault) : new Error(down?.error ?? 'the test kernel did not start')
  }
  const party: Party = {
    id: PROBE,
    generation: 1,
    live: true,
    hold: () => () => {},
    enter: () => {},
    leave: () => {},
    failed: (where, cause) => console.error(where, cause),
  }
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= kernel.stop().then(cleanUp)
    return stopped
  }
  return {
    url: kernel.http.url,
    dataDir: paths.data,
    tmpDir: paths.tmp,
    announced,
    fetch: (path, init) => fetch(`${kernel.http.url}${path}`, init),
    ask: ref => kernel.bus.handle(party, ref, () => kernel.provision(refName(ref))),
    on: (event, listener) => void kernel.bus.on(party, event, listener),
    emit: (event, payload) => kernel.bus.emit(party, event, payload),
    reload: async change => {
      const before = world
      world = { plugins: change.plugins ?? world.plugins, config: change.config ?? world.config ?? {} }
      const result = await kernel.reload('test')
      if (result.isErr()) world = before
      return result
    },
    status: () => kernel.status(),
    plugins: () => world.plugins,
    leaks: () => kernel.leaks(),
    stop,
    abandon: () => kernel.abandon(),
    [Symbol.asyncDispose]: stop,
  }
}

function readWorld(
  { plugins, config = {} }: TestWorld,
  overrides: Overrides = {},
): Promise<Result<Configuration, readonly ConfigProblem[]>> {
  const base = { ...config, server: { port: 0, drain_timeout_s: 5, ...config['server'] } }
  const values = Object.keys(overrides).length > 0 ? applied(base, overrides) : base
  const document = documentOf(structuredClone(values))
  const declarations = Object.keys(plugins).map(id => ({
    id,
    enabled: overrides['plugins']?.[id] !== false,
    use: null,
    required: false,
    baseDir: '',
  }))
  return configure(document, declarations, async ({ id }) => {
    const definition = plugins[id]
    if (!definition) throw new Error(`the test world has no plugin ${id}`)
    return ok({ definition, source: 'test' })
  })
}

/** Time that moves only when told to. */
export interface ManualClock extends Clock {
  /** Runs what falls due, in order, letting promises settle in between. */
  advance(milliseconds: number): Promise<void>
  /** How many timers wait. */
  readonly waiting: number
}

export function manualClock(startMs = Date.UTC(2026, 0, 1)): ManualClock {
  let now = startMs
  let count = 0
  const timers = new Map<number, { readonly at: number; readonly task: () => void }>()
  /** Long enough for chains of promises, file and loopback work that a fired timer began. */
  const settle = async () => {
    for (let turn = 0; turn < 5; turn++) await new Promise(resolve => setImmediate(resolve))
  }
  return {
    now: () => now,
    after(milliseconds, task) {
      const id = ++count
      timers.set(id, { at: now + Math.max(0, milliseconds), task })
      return () => void timers.delete(id)
    },
    async advance(milliseconds) {
      const until = now + milliseconds
      await settle()
      for (;;) {
        const due = [...timers]
          .filter(([, timer]) => timer.at <= until)
          .sort(([a, x], [b, y]) => x.at - y.at || a - b)[0]
        if (!due) break
        timers.delete(due[0])
        now = Math.max(now, due[1].at)
        due[1].task()
        await settle()
      }
      now = until
    },
    get waiting() {
      return timers.size
    },
  }
}
