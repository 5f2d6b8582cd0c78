/**
 * The typed event bus. Tell: `emit` to every live listener, isolated from each other. Ask: a call through a live handle
 * to the one provider, held in flight on it. Everything passes here and can be tapped.
 */
import { err, type Result, ResultAsync } from 'neverthrow'
import type { BusRecord, HttpArrival, HttpRecord, StreamRecord, Tap } from './control.ts'
import { FaultError, kernelFault, messageOf } from './fault.ts'
import type { Handle } from './plugin.ts'
import { type Capability, type EventType, refName } from './refs.ts'
import { currentScope, type Scope, within } from './scope.ts'

/** As much of an instance as the bus needs. */
export interface Party {
  readonly id: string
  readonly generation: number
  /** Whether events reach it. */
  readonly live: boolean
  /** Counts something as in flight on the instance; returns the release. */
  hold(label: () => string): () => void
  /** The same for what happens again and again, without a closure for each: every `enter` is followed by one `leave`. */
  enter(way: Way): void
  leave(way: Way): void
  /** Called with what a listener or a timer threw. */
  failed(where: string, cause: unknown): void
}

/** A call that is made again and again: who is asked for what, and how many of it are under way. */
export interface Way {
  readonly label: string
  count: number
}

/** A service and the instance that answers for it. */
export interface Provision {
  readonly owner: Party
  readonly service: object
}

interface HandleInfo {
  readonly ref: Capability<unknown>
  readonly consumer: Party
  readonly resolve: () => Provision | undefined
}

/** The key under which a handle tells what it stands for; no string method can collide with it. */
const INFO = Symbol('flow2api.handle')

interface Listener {
  readonly party: Party
  readonly call: (payload: unknown) => unknown
}

export class Bus {
  readonly #listeners = new Map<string, Set<Listener>>()
  readonly #taps = new Set<Tap>()
  /** Those that watch calls. Apart, as calls are far more than requests, and few want to see them. */
  readonly #callTaps = new Set<Tap>()

  tap(tap: Tap): () => void {
    // An object of its own, as one may be given twice.
    const own = { ...tap }
    this.#taps.add(own)
    if (own.bus || own.scope) this.#callTaps.add(own)
    return () => {
      this.#taps.delete(own)
      this.#callTaps.delete(own)
    }
  }

  /** Whether anybody watches HTTP. */
  get tapped(): boolean {
    return this.#taps.size > 0
  }

  /** Whether anybody watches what a request leads to. */
  get scoped(): boolean {
    return this.#callTaps.size > 0
  }

  /** For the server, which has the other half of what a tap sees. */
  recordHttp(record: HttpRecord): void {
    for (const tap of this.#taps) guard(() => tap.http?.(record))
  }
  recordArrival(arrival: HttpArrival): void {
    for (const tap of this.#taps) guard(() => tap.arrival?.(arrival))
  }
  recordStream(record: StreamRecord): void {
    for (const tap of this.#taps) guard(() => tap.stream?.(record))
  }

  on<E>(party: Party, event: EventType<E>, listener: (payload: E) => unknown): () => void {
    // The event's reference ties the payload's type on both sides.
    const entry: Listener = { party, call: listener as (payload: unknown) => unknown }
    const set = this.#listeners.get(event.id) ?? new Set()
    this.#listeners.set(event.id, set.add(entry))
    return () => {
      set.delete(entry)
      if (set.size === 0 && this.#listeners.get(event.id) === set) this.#listeners.delete(event.id)
    }
  }

  emit<E>(from: Party, event: EventType<E>, payload: E): void {
    for (const { party, call } of [...(this.#listeners.get(event.id) ?? [])]) {
      if (!party.live) continue
      const label = () => `${event.id} from ${from.id}`
      const release = party.hold(label)
      const record = this.#recorder(from, party, 'tell', event.id, null, [payload])
      const fail = (cause: unknown) => {
        release()
        record?.('threw', cause)
        party.failed(`listening to ${event.id}`, cause)
      }
      try {
        const answer = call(payload)
        if (answer instanceof Promise) {
          answer.then(() => {
            release()
            record?.('ok', null)
          }, fail)
        } else {
          release()
          record?.('ok', null)
        }
      } catch (cause) {
        fail(cause)
      }
    }
  }

  /** Everyone who listens to anything. */
  parties(): Party[] {
    return [...new Set([...this.#listeners.values()].flatMap(set => [...set].map(({ party }) => party)))]
  }

  handle<T>(consumer: Party, ref: Capability<T>, resolve: () => Provision | undefined): Handle<T> {
    const methods = new Map<string, unknown>()
    const info: HandleInfo = { ref, consumer, resolve }
    const proxy = new Proxy(
      {},
      {
        get: (_target, key) => {
          if (key === INFO) return info
          if (typeof key !== 'string') return undefined
          const known = methods.get(key)
          if (known) return known
          // An absent method reads as absent, so that optional ones and `then` behave.
          const provision = resolve()
          if (provision && typeof Reflect.get(provision.service, key) !== 'function') return undefined
          const ways = new WeakMap<Party, Way>()
          const method = (...args: unknown[]) => this.#ask(info, key, ways, args)
          methods.set(key, method)
          return method
        },
      },
    )
    return proxy as Handle<T> // the proxy answers exactly the methods of T
  }

  /** The instance behind `handle` now, and a handle that stays with it; the caller holds it meanwhile. */
  pin<T>(handle: Handle<T>): { handle: Handle<T>; owner: Party } {
    const info = Reflect.get(handle as object, INFO) as HandleInfo | undefined // only handles carry it
    const provision = info?.resolve()
    if (!info || !provision)
      throw new FaultError(kernelFault('capability_gone', 'Only a handle that has a provider can be pinned.'))
    // The reference was stored with the handle's own type.
    return { handle: this.handle(info.consumer, info.ref as Capability<T>, () => provision), owner: provision.owner }
  }

  #ask(info: HandleInfo, method: string, ways: WeakMap<Party, Way>, args: unknown[]): unknown {
    const { ref, consumer } = info
    const provision = info.resolve()
    if (!provision)
      throw new FaultError(
        kernelFault('capability_gone', `${refName(ref)}, which "${consumer.id}" asks, is not provided any more.`),
      )
    const { owner, service } = provision
    let way = ways.get(owner)
    if (!way) {
      way = { label: `${ref.id}.${method} for ${consumer.id}`, count: 0 }
      ways.set(owner, way)
    }
    const entered = way
    owner.enter(entered)
    const scope = this.#callTaps.size === 0 ? undefined : this.#scopeOf({ ref: ref.id, method, args })
    const record = scope && this.#recorder(consumer, owner, 'ask', ref.id, method, args, scope)
    const bug = (cause: unknown) => {
      owner.leave(entered)
      record?.('threw', cause)
      return cause instanceof FaultError
        ? cause.fault
        : kernelFault('plugin_bug', `Plugin "${owner.id}" failed in ${refName(ref)}.${method}: ${messageOf(cause)}`, {
            cause,
          })
    }
    let answer: unknown
    try {
      // `resolve` found a method of this name when the handle's property was read; a successor implements the same contract.
      const call = Reflect.get(service, method) as (...args: unknown[]) => unknown
      answer = scope ? within(scope, () => call.apply(service, args)) : call.apply(service, args)
    } catch (cause) {
      throw new FaultError(bug(cause))
    }
    if (answer instanceof ResultAsync) {
      const watched = answer.then(
        (result: Result<unknown, unknown>) => {
          owner.leave(entered)
          record?.(result.isOk() ? 'ok' : 'fault', result.isOk() ? result.value : result.error)
          return result
        },
        cause => err(bug(cause)),
      )
      // `then` of a ResultAsync is that of the promise in it, though typed as a bare PromiseLike.
      return new ResultAsync(watched as Promise<Result<unknown, unknown>>)
    }
    if (answer instanceof Promise) {
      return answer.then(
        value => {
          owner.leave(entered)
          record?.('ok', value)
          return value
        },
        cause => {
          throw new FaultError(bug(cause))
        },
      )
    }
    owner.leave(entered)
    record?.('ok', answer)
    return answer
  }

  #scopeOf(call: Pick<BusRecord, 'ref' | 'method' | 'args'>): Scope {
    let scope = currentScope() ?? {}
    for (const tap of this.#callTaps)
      guard(() => {
        scope = tap.scope?.(call, scope) ?? scope
      })
    return scope
  }

  #recorder(
    from: Party,
    to: Party,
    kind: BusRecord['kind'],
    ref: string,
    method: string | null,
    args: readonly unknown[],
    scope: Scope | undefined = currentScope(),
  ) {
    if (this.#callTaps.size === 0) return undefined
    const began = performance.now()
    return (outcome: BusRecord['outcome'], detail: unknown) => {
      const record: BusRecord = {
        kind,
        from: from.id,
        to: to.id,
        ref,
        method,
        args,
        durationMs: performance.now() - began,
        outcome,
        detail,
        scope: scope ?? {},
      }
      for (const tap of this.#callTaps) guard(() => tap.bus?.(record))
    }
  }
}

/** A tap only watches: what it throws must not reach those who are watched. */
function guard(call: () => void): void {
  try {
    call()
  } catch {}
}
