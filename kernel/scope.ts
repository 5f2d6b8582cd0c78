/**
 * What the work at hand belongs to, such as the request that it is done for. It goes along with every `await`, so that a
 * line of the log, wherever it is written, can name it. Only entered while somebody taps the bus.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

/** Names and ids: `{ requestId: 'req_…' }`, and what a tap adds. They become fields of log lines. */
export type Scope = Readonly<Record<string, string>>

const storage = new AsyncLocalStorage<Scope>()

export const currentScope = (): Scope | undefined => storage.getStore()

export const within = <T>(scope: Scope, run: () => T): T => storage.run(scope, run)

/** For what is begun by one piece of work and done for another, such as a timer that all of them share. */
export const outside = (run: () => void): void => storage.exit(run)
