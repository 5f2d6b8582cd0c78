/** Time, injected: tests move it by hand. */
import { currentScope, outside } from './scope.ts'

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls `task` once after `milliseconds`; returns its undo. Does not keep the process alive. */
  after(milliseconds: number, task: () => void): () => void
}

/** setTimeout fires at once for longer delays than this (32-bit milliseconds, some 24.8 days). */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, task) {
    // A timer belongs to nobody's work: who waits in an `await` keeps his own scope anyway.
    const run = () => (currentScope() ? outside(task) : task())
    const timer = setTimeout(run, Math.min(Math.max(0, milliseconds), LONGEST_TIMER_MS))
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** Resolves after `milliseconds`, or at once when `signal` aborts; the caller looks at the signal. */
export function sleep(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise(resolve => {
    const done = () => {
      cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(milliseconds, done)
    signal?.addEventListener('abort', done, { once: true })
  })
}
