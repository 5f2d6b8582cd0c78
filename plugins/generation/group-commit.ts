/**
 * Durable writes at the price of few transactions: what arrives in one tick shares one, and every caller waits for its
 * commit. Nothing is ever answered from memory before it is on disk.
 */
import { domainFault } from 'flow2api/contracts'
import { err, errAsync, type Fault, fault, messageOf, ok, type Result, ResultAsync } from 'flow2api/plugin'

export interface GroupCommitOptions {
  /** Runs its argument inside one transaction; rolls back and throws when the argument throws or the commit fails. */
  readonly transaction: (run: () => void) => void
  /** Calls back after everything that is ready to run now. Tests replace it. */
  readonly defer?: (task: () => void) => void
}

/** Why single writes of a batch failed; `undefined` where all were committed. */
type Failures = ReadonlyMap<string, unknown> | undefined

const WRITTEN: Result<void, Fault> = ok()

interface Batch {
  readonly writes: Map<string, () => void>
  readonly committed: Promise<Failures>
  readonly settle: (failures: Failures) => void
}

export class GroupCommit {
  readonly #transaction: GroupCommitOptions['transaction']
  readonly #defer: (task: () => void) => void
  #batch: Batch | undefined
  #closed = false

  constructor({ transaction, defer = setImmediate }: GroupCommitOptions) {
    this.#transaction = transaction
    this.#defer = defer
  }

  /**
   * Resolves when the write is committed. Within a batch a later write of the same key replaces the earlier one, whose
   * caller then waits for the later: a key must stand for the whole of what it names.
   */
  add(key: string, write: () => void): ResultAsync<void, Fault> {
    if (this.#closed) return errAsync(closing())
    this.#batch ??= this.#open()
    const batch = this.#batch
    batch.writes.set(key, write)
    return new ResultAsync(
      batch.committed.then(failures => (failures?.has(key) ? err(unwritten(failures.get(key))) : WRITTEN)),
    )
  }

  /** Commits what is waiting and takes nothing more. */
  close(): void {
    this.#closed = true
    this.flush()
  }

  /** Commits what is waiting now. */
  flush(): void {
    const batch = this.#batch
    if (!batch) return
    this.#batch = undefined
    const writes = [...batch.writes.values()]
    try {
      this.#transaction(() => {
        for (const write of writes) write()
      })
      batch.settle(undefined)
    } catch {
      // One bad write must not take the others with it: each gets a transaction of its own.
      batch.settle(this.#singly(batch.writes))
    }
  }

  #open(): Batch {
    const { promise, resolve } = Promise.withResolvers<Failures>()
    this.#defer(() => this.flush())
    return { writes: new Map(), committed: promise, settle: resolve }
  }

  #singly(writes: ReadonlyMap<string, () => void>): Failures {
    const failures = new Map<string, unknown>()
    for (const [key, write] of writes) {
      try {
        this.#transaction(write)
      } catch (cause) {
        failures.set(key, cause)
      }
    }
    return failures.size > 0 ? failures : undefined
  }
}

const closing = (): Fault =>
  fault('shutting_down', 'The gateway is stopping and records nothing any more. Send the request again.', {
    blame: 'gateway',
    retry: 'later',
  })

function unwritten(cause: unknown): Fault {
  if (/disk is full|SQLITE_FULL/i.test(messageOf(cause)))
    return fault('disk_full', 'The disk is full, so the work cannot be recorded and was not begun. Free some space.', {
      blame: 'gateway',
      retry: 'later',
      cause,
    })
  return domainFault('internal_error', 'The work could not be recorded in the database; the log has the reason.', {
    cause,
  })
}
