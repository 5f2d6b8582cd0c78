/** Faults on demand: what goes wrong, where, how often and for whom. */
import type { EndpointName } from './endpoint.ts'

/** An error in the form of the base it comes from: Google's on the API base, tRPC's on the labs base. */
export interface StatusFault {
  readonly status: number
  /** `error.details[].reason`, e.g. `PUBLIC_ERROR_USER_REQUESTS_THROTTLED`. PROTOCOL.md 3.3. */
  readonly reason?: string
  /** Default: the usual text of that status. */
  readonly message?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Any other answer: JSON, or a string sent as it is. */
export interface BodyFault {
  readonly body: unknown
  /** Default 200. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** A web page where JSON is due, as proxies and "sorry" pages bring it. */
export interface HtmlFault {
  readonly html: true
  /** Default 200. */
  readonly status?: number
}

/** `hang`: never answers and does nothing. `lost`: does the work, then never answers. Both end when the emulator stops. */
export interface SilenceFault {
  readonly silence: 'hang' | 'lost'
}

/** Answers as usual, but so much later. */
export interface DelayFault {
  readonly delayMs: number
}

/** Of `session` alone: PROTOCOL.md 2.1. `stale` says that access cannot be refreshed and hands out a dead token. */
export interface SessionFault {
  readonly session: 'empty' | 'stale' | 'without-access'
}

/**
 * Of video submissions alone: how the accepted video ends. `stuck`: ACTIVE for ever. `silent`: its polls carry no
 * status at all.
 */
export interface OutcomeFault {
  readonly outcome: 'failed' | 'stuck' | 'silent'
  /** `mediaStatus.error.message`. Default `PUBLIC_ERROR_UNSAFE_GENERATION`. */
  readonly reason?: string
  readonly failureReasons?: readonly string[]
}

export type Fault = StatusFault | BodyFault | HtmlFault | SilenceFault | DelayFault | SessionFault | OutcomeFault

export interface FaultScope {
  /** How many requests it meets; default 1. */
  readonly times?: number
  /** Only requests of the account with this e-mail. */
  readonly account?: string
}

interface Planned {
  readonly fault: Fault
  readonly account: string | undefined
  left: number
}

export class Faults {
  private readonly planned = new Map<EndpointName, Planned[]>()

  /** The next request to the endpoint meets the fault; several wait in line. Returns its undo. */
  next(endpoint: EndpointName, fault: Fault, scope: FaultScope = {}): () => void {
    const entry: Planned = { fault, account: scope.account, left: scope.times ?? 1 }
    const line = this.planned.get(endpoint) ?? []
    this.planned.set(endpoint, [...line, entry])
    return () => this.remove(endpoint, entry)
  }

  /** Every request meets it until the returned undo is called. */
  always(endpoint: EndpointName, fault: Fault, scope: Omit<FaultScope, 'times'> = {}): () => void {
    return this.next(endpoint, fault, { ...scope, times: Number.POSITIVE_INFINITY })
  }

  clear(): void {
    this.planned.clear()
  }

  /** The fault that a request of this account meets, which is thereby used up once. */
  take(endpoint: EndpointName, account: string | undefined): Fault | undefined {
    const entry = this.planned.get(endpoint)?.find(each => each.account === undefined || each.account === account)
    if (!entry) return undefined
    entry.left--
    if (entry.left <= 0) this.remove(endpoint, entry)
    return entry.fault
  }

  private remove(endpoint: EndpointName, entry: Planned): void {
    const rest = this.planned.get(endpoint)?.filter(each => each !== entry) ?? []
    if (rest.length > 0) this.planned.set(endpoint, rest)
    else this.planned.delete(endpoint)
  }
}
