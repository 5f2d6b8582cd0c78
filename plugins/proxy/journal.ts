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
  readonly #last = new Map<string, { readonly exit: Exit; readonly turn: number }>()
  #turn = 0
  /** Requests by the way that they took; `refused`: none was allowed. */
  readonly requests = { direct: 0, proxy: 0, refused: 0 }
  changes = 0
  /** Failures of proxies, by code. */
  readonly failures = new Map<string, number>()

  /** A number for each request, rising: answers come in another order. */
  nextTurn(): number {
    return this.#turn++
  }

  /**
   * The way that was taken before, where it was another. An answer to an older request than the last is no change, and
   * requests of no account take turns among proxies.
   */
  took(who: Traveller, exit: Exit, turn: number): Exit | undefined {
    this.requests[exit === 'direct' ? 'direct' : 'proxy']++
    const key = keyOf(who)
    const last = this.#last.get(key)
    if (last && last.turn > turn) return undefined
    this.#last.set(key, { exit, turn })
    if (!last || nameOf(last.exit) === nameOf(exit)) return undefined
    if (who.accountId === undefined && last.exit !== 'direct' && exit !== 'direct') return undefined
    this.changes++
    return last.exit
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
