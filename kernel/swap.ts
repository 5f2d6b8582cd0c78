/**
 * From one set of live plugins to the next. `stage` builds the new world completely beside the old one; `commit` swaps
 * in one synchronous step; what retires drains afterwards. Ask of each line: if this throws, who is still serving?
 */
import { err, ok, type Result } from 'neverthrow'
import type { Provision } from './bus.ts'
import type { ReloadOutcome } from './control.ts'
import { type Fault, FaultError, kernelFault } from './fault.ts'
import { type Blueprint, Instance, type Surroundings } from './instance.ts'
import { checkGraph, type Plan } from './plan.ts'
import type { AnyElysia, AnyPlugin, HttpSpec } from './plugin.ts'
import { type Capability, refName } from './refs.ts'
import { RouteTable } from './routes.ts'

export interface SwapWorld {
  readonly surroundings: Surroundings
  readonly apps: WeakMap<Instance, Map<HttpSpec, AnyElysia>>
  readonly setupTimeoutMs: number
  readonly drainTimeoutMs: number
  nextGeneration(id: string): number
  migrate(blueprint: Blueprint): Result<void, Fault>
}

export interface Staged {
  /** Everything that will be live, what is depended on first. */
  readonly next: ReadonlyMap<string, Instance>
  readonly fresh: readonly Instance[]
  readonly retiring: readonly Instance[]
  readonly table: RouteTable
  readonly outcomes: ReadonlyMap<string, { readonly outcome: ReloadOutcome; readonly reason: string | null }>
  /** What did not come up and has no older instance to fall back on. */
  readonly failures: ReadonlyMap<string, Fault>
}

export interface Refused {
  readonly faults: readonly Fault[]
  /** To be committed all the same: what had been stopped, started again with its old configuration. */
  readonly revived: Staged | undefined
}

/**
 * Builds what the plan asks for. A plugin that fails is rolled back to its live instance, or left out; the rest goes
 * on. Only when what would remain does not hold together is the whole swap refused, and nothing has changed.
 */
export async function stage(
  plan: Plan,
  live: ReadonlyMap<string, Instance>,
  desired: readonly Blueprint[],
  world: SwapWorld,
): Promise<Result<Staged, Refused>> {
  const staging = new Staging(live, world)
  const blueprints = new Map(desired.map(blueprint => [blueprint.id, blueprint]))
  for (const id of plan.order) {
    const blueprint = blueprints.get(id)
    if (blueprint) await staging.add(blueprint, plan.changes.get(id) ?? 'add')
  }
  return staging.finish(plan)
}

/** Cannot fail: everything that could was done before. No `await` stands between the first line and the last. */
export function commit(staged: Staged, publish: (table: RouteTable) => void): void {
  for (const instance of staged.next.values())
    instance.bind(bindingsOf(instance.blueprint.definition, staged.next.values()))
  for (const instance of staged.fresh) instance.goLive()
  publish(staged.table)
}

const declared = (definition: AnyPlugin): Capability<unknown>[] => [
  ...Object.values<Capability<unknown>>(definition.requires),
  ...Object.values<Capability<unknown>>(definition.optional),
]

function bindingsOf(definition: AnyPlugin, instances: Iterable<Instance>): Map<string, Provision[]> {
  const all = [...instances]
  const find = (name: string) => all.flatMap(instance => instance.provisions.get(name) ?? [])
  return new Map(declared(definition).map(ref => [refName(ref), find(refName(ref))]))
}

class Staging {
  readonly #next = new Map<string, Instance>()
  readonly #fresh = new Set<Instance>()
  readonly #outcomes = new Map<string, { outcome: ReloadOutcome; reason: string | null }>()
  readonly #failures = new Map<string, Fault>()
  /** Instances that had to stop before their successor could start; brought back if the swap is refused. */
  readonly #stopped = new Map<string, Blueprint>()

  constructor(
    private readonly live: ReadonlyMap<string, Instance>,
    private readonly world: SwapWorld,
  ) {}

  async add(blueprint: Blueprint, change: string): Promise<void> {
    const { id } = blueprint
    const old = this.live.get(id)
    if (change === 'keep' && old) {
      this.#next.set(id, old)
      this.#outcomes.set(id, { outcome: 'unchanged', reason: null })
      return
    }
    if (old && !(old.blueprint.definition.overlap && blueprint.definition.overlap)) await this.#stopFirst(old)
    const made = await this.#make(blueprint)
    if (made.isOk()) {
      this.#next.set(id, made.value)
      this.#outcomes.set(id, { outcome: old ? 'reloaded' : 'added', reason: null })
    } else await this.#rollBack(id, made.error)
  }

  async #make(blueprint: Blueprint): Promise<Result<Instance, Fault>> {
    const world = [...new Map([...this.live, ...this.#next]).values()]
    const bindings = bindingsOf(blueprint.definition, world)
    for (const ref of Object.values<Capability<unknown>>(blueprint.definition.requires))
      if (ref.arity === 'one' && (bindings.get(refName(ref))?.length ?? 0) === 0)
        return err(
          kernelFault(
            'dependency_missing',
            `Plugin "${blueprint.id}" needs ${refName(ref)}, whose provider did not start.`,
          ),
        )
    const migrated = this.world.migrate(blueprint)
    if (migrated.isErr()) return err(migrated.error)
    const instance = new Instance(blueprint, this.world.nextGeneration(blueprint.id), this.world.surroundings)
    instance.bind(bindings)
    try {
      await instance.setUp(this.world.setupTimeoutMs)
    } catch (cause) {
      if (cause instanceof FaultError) return err(cause.fault)
      throw cause
    }
    this.#fresh.add(instance)
    return ok(instance)
  }

  async #stopFirst(old: Instance): Promise<void> {
    this.#stopped.set(old.id, old.blueprint)
    await old.drain(this.world.drainTimeoutMs)
  }

  async #rollBack(id: string, fault: Fault): Promise<void> {
    const failed = this.#next.get(id)
    if (failed && this.#fresh.delete(failed)) await failed.dispose()
    this.#next.delete(id)
    this.#outcomes.set(id, { outcome: 'rolled_back', reason: fault.message })
    const old = await this.#bringBack(id)
    if (old) this.#next.set(id, old)
    else this.#failures.set(id, fault)
  }

  /** The live instance; or, where it had to be stopped, a new one of the old configuration. */
  async #bringBack(id: string): Promise<Instance | undefined> {
    const blueprint = this.#stopped.get(id)
    if (!blueprint) return this.live.get(id)
    const again = await this.#make(blueprint)
    return again.isOk() ? again.value : undefined
  }

  async finish(plan: Plan): Promise<Result<Staged, Refused>> {
    for (;;) {
      const order = [...this.#next.values()].sort((a, b) => plan.order.indexOf(a.id) - plan.order.indexOf(b.id))
      const broken = checkGraph(order.map(({ blueprint }) => blueprint))
      if (broken.length > 0) return this.#refuse([...broken, ...this.#failures.values()])
      // Old routes come first, so that in a clash the newcomer is at fault.
      const table = RouteTable.build(
        [...order.filter(one => !this.#fresh.has(one)), ...order.filter(one => this.#fresh.has(one))],
        this.world.apps,
      )
      if (table.isErr()) {
        const { culprit, fault } = table.error
        if (!this.#fresh.has(culprit)) return this.#refuse([fault])
        await this.#rollBack(culprit.id, fault)
        continue
      }
      const next = new Map(order.map(instance => [instance.id, instance]))
      const retiring = [...this.live.values()].filter(instance => next.get(instance.id) !== instance)
      for (const [id, change] of plan.changes)
        if (change === 'remove') this.#outcomes.set(id, { outcome: 'removed', reason: null })
      const fresh = order.filter(one => this.#fresh.has(one))
      return ok({ next, fresh, retiring, table: table.value, outcomes: this.#outcomes, failures: this.#failures })
    }
  }

  /** The old world stays. Only what had to be stopped for its exclusiveness is started again, as it was. */
  async #refuse(faults: readonly Fault[]): Promise<Result<Staged, Refused>> {
    for (const instance of [...this.#fresh].reverse()) await instance.dispose()
    const next = new Map(this.live)
    const [fresh, retiring]: [Instance[], Instance[]] = [[], []]
    for (const [id, blueprint] of this.#stopped) {
      const old = next.get(id)
      next.delete(id)
      const again = await this.#make(blueprint)
      if (again.isOk()) next.set(id, again.value)
      if (again.isOk()) fresh.push(again.value)
      if (old) retiring.push(old)
    }
    const table = RouteTable.build([...next.values()], this.world.apps)
    const outcomes = new Map()
    const failures = new Map()
    const revived =
      fresh.length > 0 && table.isOk() ? { next, fresh, retiring, table: table.value, outcomes, failures } : undefined
    return err({ faults, revived })
  }
}
