/**
 * The one error type of the project.
 *
 * Everything that can go wrong and is not a bug crosses a contract as a `Fault` inside a `Result`. A fault says who is
 * to blame and what a retry would bring, so that nobody downstream has to guess from a message. Throwing means a bug.
 */

/** Who has to act. Only `account` may ever count against an account. */
export type Blame = 'request' | 'account' | 'proxy' | 'upstream' | 'gateway'

/** What a retry can bring: nothing; success on another account; success as it is; success after a while. */
export type Retry = 'never' | 'other-account' | 'same' | 'later'

export interface Fault {
  /** Stable, snake_case. People read `message`, programs and tests read `code`. */
  readonly code: string
  /** A sentence that tells its reader what happened and what to do. Never contains a secret. */
  readonly message: string
  readonly blame: Blame
  readonly retry: Retry
  /** Milliseconds after which a retry makes sense, where known. */
  readonly retryAfterMs?: number
  /** The request parameter that is wrong, where one is. */
  readonly param?: string
  /** What was found underneath; for logs, never for answers. */
  readonly cause?: unknown
}

/** What the kernel itself reports. Domain codes are listed in `plugins/contracts/faults.ts`. */
export const KERNEL_FAULTS = {
  config_invalid: { blame: 'gateway', retry: 'never' },
  plugin_not_found: { blame: 'gateway', retry: 'never' },
  plugin_invalid: { blame: 'gateway', retry: 'never' },
  plugin_setup_failed: { blame: 'gateway', retry: 'never' },
  plugin_bug: { blame: 'gateway', retry: 'never' },
  capability_gone: { blame: 'gateway', retry: 'later' },
  route_clash: { blame: 'gateway', retry: 'never' },
  dependency_missing: { blame: 'gateway', retry: 'never' },
  dependency_cycle: { blame: 'gateway', retry: 'never' },
  database_unusable: { blame: 'gateway', retry: 'never' },
  database_newer: { blame: 'gateway', retry: 'never' },
  disk_full: { blame: 'gateway', retry: 'later' },
  data_dir_unwritable: { blame: 'gateway', retry: 'never' },
  data_dir_in_use: { blame: 'gateway', retry: 'later' },
  port_in_use: { blame: 'gateway', retry: 'never' },
  secret_unreadable: { blame: 'gateway', retry: 'never' },
  shutting_down: { blame: 'gateway', retry: 'later' },
  not_found: { blame: 'request', retry: 'never' },
  method_not_allowed: { blame: 'request', retry: 'never' },
  body_unreadable: { blame: 'request', retry: 'never' },
  internal_error: { blame: 'gateway', retry: 'later' },
} as const satisfies Record<string, Pick<Fault, 'blame' | 'retry'>>

export type KernelFaultCode = keyof typeof KERNEL_FAULTS

/** Optional parts of a fault; blame and retry only where the catalogue's are not the right ones. */
export type FaultDetails = Partial<Omit<Fault, 'code' | 'message'>>

/** A fault of the kernel's catalogue. */
export function kernelFault(code: KernelFaultCode, message: string, details: FaultDetails = {}): Fault {
  return { code, message, ...KERNEL_FAULTS[code], ...details }
}

/** A fault of any code; the caller says whom it blames and what a retry brings. */
export function fault(code: string, message: string, details: Pick<Fault, 'blame' | 'retry'> & FaultDetails): Fault {
  return { code, message, ...details }
}

/**
 * A fault on its way through code that throws: out of a `setup`, or from a capability that broke its contract.
 * The message names the plugin and the phase.
 */
export class FaultError extends Error {
  override readonly name = 'FaultError'
  constructor(readonly fault: Fault) {
    super(fault.message, fault.cause === undefined ? undefined : { cause: fault.cause })
  }
}

/** The message of anything that was thrown, without its stack. */
export function messageOf(cause: unknown): string {
  if (cause instanceof Error) return cause.message || cause.name
  if (typeof cause === 'object' && cause !== null && 'message' in cause && typeof cause.message === 'string')
    return cause.message
  return String(cause)
}
