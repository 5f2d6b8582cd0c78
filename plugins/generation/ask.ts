/** Calls to other plugins, made so that nothing they throw gets past. */
import {
  type Clock,
  err,
  type Fault,
  FaultError,
  fault,
  messageOf,
  type Result,
  type ResultAsync,
} from 'flow2api/plugin'

/** A gone capability throws, and so does one that breaks its contract: both become faults here. */
export async function ask<T>(call: () => ResultAsync<T, Fault>): Promise<Result<T, Fault>> {
  try {
    return await call()
  } catch (cause) {
    return err(faultOf(cause))
  }
}

/** The same for calls that answer at once. `undefined` where the call threw. */
export function attempt<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch {
    return undefined
  }
}

export const faultOf = (cause: unknown): Fault =>
  cause instanceof FaultError
    ? cause.fault
    : fault('plugin_bug', `A plugin failed: ${messageOf(cause)}`, { blame: 'gateway', retry: 'never', cause })

/** A signal that fires with any of `parents` or after `milliseconds`. Dispose it when the work has ended. */
export function timeLimit(
  clock: Clock,
  milliseconds: number,
  ...parents: readonly AbortSignal[]
): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController()
  const stop = () => controller.abort()
  for (const parent of parents) {
    if (parent.aborted) stop()
    parent.addEventListener('abort', stop, { once: true })
  }
  const cancel = clock.after(milliseconds, () => controller.abort(tookTooLong()))
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      cancel()
      for (const parent of parents) parent.removeEventListener('abort', stop)
    },
  }
}

/** The reason by which an egress tells a time-out from a cancellation. */
export const tookTooLong = () => new DOMException('It took longer than allowed.', 'TimeoutError')
