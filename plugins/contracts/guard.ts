/** Fetching addresses that somebody else chose: a caller's picture, a webhook, a URL in an upstream's answer. Provided by `proxy`. */
import { defineCapability, type Fault, type ResultAsync } from 'flow2api/plugin'

export interface GuardedWant {
  readonly signal: AbortSignal
  /** A longer body is refused, whatever its headers say. */
  readonly maxBytes: number
  /** Accepted media types, e.g. `image/`; absent: any. */
  readonly types?: readonly string[]
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** The operator's own settings allow private addresses for this purpose. Never from a request. */
  readonly allowPrivate?: boolean
}

export interface GuardedAnswer {
  /** Any status below 300 and above 399 is an answer; redirects are followed, each checked anew, at most five. */
  readonly status: number
  readonly mime: string
  readonly bytes: Uint8Array
}

export interface GuardedFetch {
  /**
   * http and https only. Every address that the name resolves to must be public, and the connection goes to one that
   * was checked. Errors: `url_refused` (blame `request`: scheme, private address, too many redirects, too large, wrong
   * type), those of egress.
   */
  fetch(url: string, want: GuardedWant): ResultAsync<GuardedAnswer, Fault>
  /** Scheme and, where it is a literal address, its range; without any network. Error: `url_refused`. */
  check(url: string, allowPrivate?: boolean): ResultAsync<void, Fault>
}

export const GuardedFetch = defineCapability<GuardedFetch>('guarded-fetch', 1)
