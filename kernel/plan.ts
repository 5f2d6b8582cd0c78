/** What a reload would do. Pure: nothing here starts, stops or reads anything. */
import { err, ok, type Result } from 'neverthrow'
import { type Fault, kernelFault } from './fault.ts'
import type { Blueprint } from './instance.ts'
import { type Capability, refName } from './refs.ts'

export type Change = 'keep' | 'replace' | 'add' | 'remove'

export interface Plan {
  readonly changes: ReadonlyMap<string, Change>
  /** Ids of everything that will be there, what is depended on first. */
  readonly order: readonly string[]
}

type Planned = Pick<Blueprint, 'id' | 'definition' | 'hash'>

/**
 * Compares what runs with what is wanted, and checks that the wanted graph holds together. `anew`: to be replaced even
 * where it is the same.
 */
export function planChanges(
  current: readonly Planned[],
  desired: readonly Planned[],
  anew?: string,
): Result<Plan, readonly Fault[]> {
  const faults = checkGraph(desired)
  const order = sortByDependency(desired)
  if (order.isErr()) faults.push(order.error)
  if (order.isErr() || faults.length > 0) return err(faults)
  const running = new Map(current.map(one => [one.id, one]))
  const changes = new Map<string, Change>()
  for (const wanted of desired) {
    const now = running.get(wanted.id)
    if (!now) changes.set(wanted.id, 'add')
    else {
      const same = now.definition === wanted.definition && now.hash === wanted.hash && wanted.id !== anew
      changes.set(wanted.id, same ? 'keep' : 'replace')
    }
  }
  for (const { id } of current) if (!changes.has(id)) changes.set(id, 'remove')
  return ok({ changes, order: order.value })
}

/**
 * At boot: what is left without the plugins that need something of one whose code did not load, and these with what
 * each misses.
 */
export function withoutOrphans<B extends Planned>(
  desired: readonly B[],
  someFailed: boolean,
): { readonly wanted: readonly B[]; readonly orphans: ReadonlyMap<B, Fault> } {
  const orphans = new Map<B, Fault>()
  let wanted = desired
  while (someFailed) {
    const misses = checkGraph(wanted).filter(({ code }) => code === 'dependency_missing')
    const needs = (id: string) => misses.find(({ message }) => message.startsWith(`Plugin "${id}" needs`))
    const orphan = wanted.find(({ id }) => needs(id))
    const fault = orphan && needs(orphan.id)
    if (!orphan || !fault) break
    orphans.set(orphan, fault)
    wanted = wanted.filter(one => one !== orphan)
  }
  return { wanted, orphans }
}

type Node = Pick<Blueprint, 'id' | 'definition'>

/** Ids that provide each reference. */
export function providersOf(nodes: readonly Node[]): Map<string, string[]> {
  const providers = new Map<string, string[]>()
  for (const { id, definition } of nodes)
    for (const ref of definition.provides as readonly Capability<unknown>[])
      providers.set(refName(ref), [...(providers.get(refName(ref)) ?? []), id])
  return providers
}

const refsOf = (declared: Readonly<Record<string, Capability<unknown>>>) => Object.values(declared)

/** Every requirement is met exactly once; no contract with one provider has two. */
export function checkGraph(nodes: readonly Node[]): Fault[] {
  const providers = providersOf(nodes)
  const faults: Fault[] = []
  const single = new Set<string>()
  for (const { id, definition } of nodes) {
    for (const ref of definition.provides as readonly Capability<unknown>[])
      if (ref.arity === 'one') single.add(refName(ref))
    for (const ref of refsOf(definition.requires))
      if (ref.arity === 'one' && !providers.has(refName(ref))) faults.push(missing(id, ref, providers))
  }
  for (const name of single) {
    const ids = providers.get(name) ?? []
    if (ids.length > 1)
      faults.push(
        kernelFault(
          'dependency_missing',
          `${name} may have one provider and has ${quoted(ids)}. Switch all but one off in [plugins].`,
        ),
      )
  }
  return faults
}

function missing(id: string, ref: Capability<unknown>, providers: ReadonlyMap<string, readonly string[]>): Fault {
  const otherVersion = [...providers.keys()].find(name => name.startsWith(`${ref.id}@`))
  const hint = otherVersion
    ? `There is ${otherVersion} of ${quoted(providers.get(otherVersion) ?? [])}: update one of the two.`
    : 'Switch a plugin on in [plugins] that provides it.'
  return kernelFault('dependency_missing', `Plugin "${id}" needs ${refName(ref)}, which no plugin provides. ${hint}`)
}

/**
 * What is depended on comes first; otherwise the given order stays. Optional dependencies and contributions order too,
 * but give way where they would close a circle.
 */
export function sortByDependency(nodes: readonly Node[]): Result<string[], Fault> {
  const providers = providersOf(nodes)
  const byId = new Map(nodes.map(node => [node.id, node]))
  const order: string[] = []
  const done = new Set<string>()
  const path: string[] = []
  const circle = (id: string): Fault | undefined => {
    if (done.has(id)) return undefined
    if (path.includes(id)) {
      const round = [...path.slice(path.indexOf(id)), id].join(' → ')
      return kernelFault(
        'dependency_cycle',
        `Plugins need each other in a circle: ${round}. Make one of these dependencies optional.`,
      )
    }
    const definition = byId.get(id)?.definition
    path.push(id)
    const needed = refsOf(definition?.requires ?? {}).filter(ref => ref.arity === 'one')
    for (const ref of needed)
      for (const provider of providers.get(refName(ref)) ?? []) {
        const found = circle(provider)
        if (found) return found
      }
    const wished = [
      ...refsOf(definition?.requires ?? {}).filter(ref => ref.arity === 'many'),
      ...refsOf(definition?.optional ?? {}),
    ]
    for (const ref of wished)
      for (const provider of providers.get(refName(ref)) ?? []) if (provider !== id) tryVisit(provider)
    path.pop()
    done.add(id)
    order.push(id)
    return undefined
  }
  /** A wish that would close a circle is dropped together with what its attempt had begun. */
  const tryVisit = (id: string) => {
    const [depth, length] = [path.length, order.length]
    if (circle(id)) {
      path.length = depth
      for (const undone of order.splice(length)) done.delete(undone)
    }
  }
  for (const { id } of nodes) {
    const found = circle(id)
    if (found) return err(found)
  }
  return ok(order)
}

const quoted = (ids: readonly string[]) => ids.map(id => `"${id}"`).join(' and ')
