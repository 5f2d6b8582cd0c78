/** Which way each account went last, and how many requests went which way. One object for all generations. */
import type { EgressWant } from 'flow2api/contracts'
import type { ProxyAddress } from './address.ts'

export type Exit = ProxyAddress | 'direct'

export interface Traveller {
  /** Undefined: a request of no account. */
  readonly accountId: number | undefined
  readonly purpose: NonNullable<EgressWant['purpose']>
}

export const nameOf = (exit: Exit): string => (exit === 'direct' ? exit : exit.masked)

export class Journal {
  readonly #last = new Map<string, Exit>()
  /** Requests by the way that they took; `refused`: none was allowed. */
  readonly requests = { direct: 0, proxy: 0, refused: 0 }
  changes = 0
  /** Failures of proxies, by code. */
  readonly failures = new Map<string, number>()

  /** The way that was taken before, where it was another. Requests of no account take turns; that is no change. */
  took(who: Traveller, exit: Exit): Exit | undefined {
    this.requests[exit === 'direct' ? 'direct' : 'proxy']++
    const key = keyOf(who)
    const before = this.#last.get(key)
    this.#last.set(key, exit)
    if (before === undefined || nameOf(before) === nameOf(exit)) return undefined
    if (who.accountId === undefined && before !== 'direct' && exit !== 'direct') return undefined
    this.changes++
    return before
  }

  failed(code: string): void {
    this.failures.set(code, (this.failures.get(code) ?? 0) + 1)
  }

  /** The account is gone. */
  forget(accountId: number): void {
    for (const purpose of ['api', 'media'] as const) this.#last.delete(keyOf({ accountId, purpose }))
  }
}

const keyOf = ({ accountId, purpose }: Traveller): string => `${accountId ?? 'none'} ${purpose}`
