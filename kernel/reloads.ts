/**
 * One reload at a time, in the order of their asking; the changes that the console makes; and the way back from a reload
 * after which answers fail. What a reload does to plugins is the kernel's business.
 */
import { err, ok, type Result, ResultAsync } from 'neverthrow'
import type { Logger } from 'pino'
import { differences, fixedProblems, previewOf } from './changes.ts'
import type { Clock } from './clock.ts'
import type { Configuration } from './configuration.ts'
import type {
  ConfigChange,
  ConfigDifference,
  ConfigPreview,
  ConfigProblem,
  ConfigVersion,
  ReloadRecord,
  ReloadRejected,
  ReloadReport,
} from './control.ts'
import { ErrorWatch, type Rise } from './error-watch.ts'
import { type Fault, kernelFault } from './fault.ts'
import { unmasked } from './masks.ts'
import { applied, type Overrides, OverridesFile } from './overrides.ts'
import type { Plan } from './plan.ts'

/** Reads the configuration, with `overrides` in place of what `data/overrides.toml` holds. */
export type ReadConfiguration = (overrides?: Overrides) => Promise<Result<Configuration, readonly ConfigProblem[]>>

export interface ReloadParts {
  readonly read: ReadConfiguration
  readonly dataDir: string
  readonly clock: Clock
  readonly log: Logger
  current(): Configuration
  plan(next: Configuration): Result<Plan, readonly Fault[]>
  /** `anew`: a plugin to be replaced in any case. */
  apply(next: Configuration, trigger: string, anew?: string): Promise<Result<ReloadReport, ReloadRejected>>
  /** Ids of plugins that are down, or not what the configuration asks for, as it is. */
  troubled(): ReadonlySet<string>
  /** Says of these plugins that they are not what the configuration asks for. */
  holdBack(ids: readonly string[], reason: string): void
}

const REMEMBERED = 50
/** Keys that wait for a restart. */
export const RESTART_KEYS = ['server.host', 'server.port', 'database.url'] as const
export const GATEWAY = 'gateway'

type Outcome = Result<ReloadReport, ReloadRejected>

export class Reloads {
  readonly errors: ErrorWatch
  readonly #overrides: OverridesFile
  readonly #history: ReloadRecord[] = []
  #queue: Promise<unknown> = Promise.resolve()

  constructor(private readonly parts: ReloadParts) {
    this.errors = new ErrorWatch(parts.clock)
    this.#overrides = new OverridesFile(parts.dataDir)
  }

  /** Until what was asked for so far is done. */
  get settled(): Promise<unknown> {
    return this.#queue
  }

  history(): readonly ReloadRecord[] {
    return this.#history.toReversed()
  }

  versions(): readonly ConfigVersion[] {
    return this.#overrides.versions()
  }

  reload(trigger: string, plugin?: string): ResultAsync<ReloadReport, ReloadRejected> {
    return this.#queued(async () => {
      const read = await this.parts.read()
      return read.isErr()
        ? this.#rejected(trigger, rejection(read.error))
        : this.#apply(read.value, trigger, { anew: plugin })
    })
  }

  preview(change: ConfigChange): ResultAsync<ConfigPreview, ReloadRejected> {
    const look = async (): Promise<Result<ConfigPreview, ReloadRejected>> => {
      const next = await this.#candidate(change)
      if (next.isErr()) return err(next.error)
      const plan = this.parts.plan(next.value.config)
      if (plan.isErr()) return err(rejection(plan.error.map(asProblem)))
      return ok(previewOf(this.parts.current(), next.value.config, plan, RESTART_KEYS))
    }
    return new ResultAsync(look())
  }

  change(change: ConfigChange, by: string): ResultAsync<ReloadReport, ReloadRejected> {
    return this.#queued(async () => {
      const next = await this.#candidate(change)
      if (next.isErr()) return this.#rejected(`change by ${by}`, next.error)
      const { config, overrides } = next.value
      const paths = differences(this.parts.current().values, config.values, config.mask).map(({ path }) => path)
      return this.#keep(config, overrides, by, paths.join(', ') || 'no change')
    })
  }

  compare(version: number): readonly ConfigDifference[] | undefined {
    const kept = this.#overrides.version(version)
    const now = this.#overrides.read()
    return kept && differences(now.unwrapOr({}), kept, this.parts.current().mask)
  }

  restore(version: number, by: string): ResultAsync<ReloadReport, ReloadRejected> {
    return this.#queued(async () => {
      const trigger = `restore of version ${version} by ${by}`
      const kept = this.#overrides.version(version)
      if (!kept) {
        const message = `There is no version ${version}. GET /admin/api/config/versions lists what is kept.`
        return this.#rejected(trigger, { ...kernelFault('not_found', message), blame: 'request', problems: [] })
      }
      const read = await this.parts.read(kept)
      if (read.isErr()) return this.#rejected(trigger, rejection(read.error))
      return this.#keep(read.value, kept, by, `version ${version} restored`)
    })
  }

  async #candidate(
    change: ConfigChange,
  ): Promise<Result<{ readonly config: Configuration; readonly overrides: Overrides }, ReloadRejected>> {
    const current = this.parts.current()
    const meant = unmasked(change, current)
    if (meant.isErr()) return err(rejection(meant.error))
    const fixed = fixedProblems(meant.value, current)
    if (fixed.length > 0) return err(rejection(fixed))
    const before = this.#overrides.read()
    if (before.isErr()) return err({ ...before.error, problems: [asProblem(before.error)] })
    const overrides = applied(before.value, meant.value)
    const config = await this.parts.read(overrides)
    return config.map(value => ({ config: value, overrides })).mapErr(rejection)
  }

  /** All or nothing: written only once it serves. */
  async #keep(next: Configuration, overrides: Overrides, by: string, note: string): Promise<Outcome> {
    const before = this.parts.current()
    const written = this.#overrides.read()
    if (written.isErr()) return err({ ...written.error, problems: [asProblem(written.error)] })
    const trigger = `change by ${by}`
    const undone = () => void this.#save(written.value, GATEWAY, `undone: ${note}`)
    // What was broken before is not this change's fault, and must not keep everything else as it is.
    const troubled = this.parts.troubled()
    const report = await this.#apply(next, trigger, { undone })
    if (report.isErr()) return report
    const failed = report.value.plugins.filter(({ id, outcome }) => outcome === 'rolled_back' && !troubled.has(id))
    const undo = async (rejected: ReloadRejected): Promise<Outcome> => {
      this.errors.stop()
      await this.parts.apply(before, `undo of a ${trigger}`)
      return this.#rejected(trigger, rejected)
    }
    if (failed.length > 0)
      return undo(
        rejection(failed.map(({ id, reason }) => ({ ...nowhere, path: `plugins.${id}`, message: reason ?? '' }))),
      )
    const saved = this.#save(overrides, by, note)
    return saved.isErr() ? undo({ ...saved.error, problems: [asProblem(saved.error)] }) : report
  }

  #save(overrides: Overrides, by: string, note: string): Result<ConfigVersion, Fault> {
    return this.#overrides.save(overrides, by, note, this.parts.clock.now())
  }

  /** `undone`: called where it is rolled back later, because answers fail. */
  async #apply(
    next: Configuration,
    trigger: string,
    { anew, undone = () => {} }: { readonly anew?: string | undefined; readonly undone?: () => void } = {},
  ): Promise<Outcome> {
    const { parts } = this
    const before = parts.current()
    const report = await parts.apply(next, trigger, anew)
    if (report.isErr()) return this.#rejected(trigger, report.error)
    const { result, plugins } = report.value
    this.#remember({ at: parts.clock.now(), trigger, result, plugins, reason: null })
    const changed = plugins.filter(({ outcome }) => outcome !== 'unchanged' && outcome !== 'rolled_back')
    if (changed.length > 0)
      this.errors.begin(next.server.rollback_window_s * 1000, rise => {
        void this.#queued(() => this.#rollBack({ before, next, changed: changed.map(({ id }) => id), undone }, rise))
      })
    return report
  }

  async #rollBack(
    { before, next, changed, undone }: Applied,
    { answers, failed, shareBefore }: Rise,
  ): Promise<Outcome> {
    const { parts } = this
    // Somebody has changed something else meanwhile: that is their answer to it.
    if (parts.current() !== next) return err(rejection([]))
    const share = `${failed} of ${answers} answers failed after it (before: ${Math.round(shareBefore * 100)} %)`
    const reason = `Rolled back: ${share}. Correct the configuration and reload, or set [server] rollback_window_s to 0.`
    parts.log.error({ plugins: changed, answers, failed }, `the last reload is rolled back: ${share}`)
    const report = await parts.apply(before, 'rollback')
    if (report.isErr()) return this.#rejected('rollback', report.error)
    undone()
    parts.holdBack(changed, reason)
    const { result, plugins } = report.value
    this.#remember({ at: parts.clock.now(), trigger: 'rollback', result, plugins, reason })
    return report
  }

  #rejected(trigger: string, rejected: ReloadRejected): Outcome {
    const reason = [rejected.message, ...rejected.problems.map(({ path, message }) => `${path}: ${message}`)].join('\n')
    this.#remember({ at: this.parts.clock.now(), trigger, result: 'rejected', plugins: [], reason })
    return err(rejected)
  }

  #remember(record: ReloadRecord): void {
    this.#history.push(record)
    if (this.#history.length > REMEMBERED) this.#history.shift()
  }

  #queued(work: () => Promise<Outcome>): ResultAsync<ReloadReport, ReloadRejected> {
    const run = this.#queue.then(work)
    this.#queue = run.catch(() => {})
    return new ResultAsync(run)
  }
}

interface Applied {
  readonly before: Configuration
  readonly next: Configuration
  readonly changed: readonly string[]
  undone(): void
}

const nowhere = { file: '', line: null, suggestion: null } as const

export const asProblem = (fault: Fault): ConfigProblem => ({ ...nowhere, path: 'plugins', message: fault.message })

export const rejection = (problems: readonly ConfigProblem[]): ReloadRejected => ({
  ...kernelFault('config_invalid', 'The configuration has mistakes; nothing was changed.'),
  problems,
})
