/** The world outside of a provider under test: an upstream that answers as its author says, or in no good way at all. */
import { domainFault, type EgressFault, type EgressFetch } from 'flow2api/contracts'
import { err, ok, type Result, ResultAsync } from 'flow2api/plugin'

/** How the upstream behaves. A number: every request is answered with that status and a body that is no JSON. */
export type Mood = 'well' | 'silent' | 'unreachable' | 'proxy_down' | 'garbage' | number

export class Outside {
  mood: Mood = 'well'
  /** Requests that were made without a signal, by their address. */
  readonly unguarded: string[] = []
  asked = 0

  constructor(private readonly upstream: (request: Request) => Response | Promise<Response>) {}

  readonly fetch: EgressFetch = (url, init) => new ResultAsync(this.#answer(new URL(url), init))

  async #answer(url: URL, init: RequestInit = {}): Promise<Result<Response, EgressFault>> {
    this.asked++
    const { signal } = init
    if (!signal) this.unguarded.push(url.pathname)
    const stopped = Promise.withResolvers<Result<Response, EgressFault>>()
    const stop = () => {
      const late = signal?.reason instanceof Error && signal.reason.name === 'TimeoutError'
      stopped.resolve(err(domainFault(late ? 'upstream_timeout' : 'cancelled', 'The request was stopped.')))
    }
    if (signal?.aborted) stop()
    signal?.addEventListener('abort', stop, { once: true })
    try {
      return await Promise.race([this.#behave(url, init), stopped.promise])
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }

  async #behave(url: URL, init: RequestInit): Promise<Result<Response, EgressFault>> {
    const html = (status: number) =>
      new Response('<html><title>Something else</title></html>', { status, headers: { 'content-type': 'text/html' } })
    switch (this.mood) {
      case 'well':
        return ok(await this.upstream(new Request(url, init)))
      case 'silent':
        return new Promise(() => {})
      case 'unreachable':
        return err({ ...domainFault('upstream_unreachable', 'Nobody answers.'), unsent: true })
      case 'proxy_down':
        return err({ ...domainFault('proxy_unreachable', 'The proxy is down.'), unsent: true })
      case 'garbage':
        return ok(html(200))
      default:
        return ok(html(this.mood))
    }
  }
}
