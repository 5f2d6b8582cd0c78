/**
 * SOCKS for a `fetch` that speaks only HTTP to proxies: an HTTP proxy on loopback that goes on through the SOCKS one.
 * One server for all SOCKS proxies and all generations of the plugin, started with the first request that needs it.
 */
// proxy-chain has named exports only.
import * as ProxyChain from 'proxy-chain'
import type { ProxyAddress } from './address.ts'

export class SocksBridge {
  /** Keeps other programs of this machine from using the bridge. */
  readonly #password = crypto.randomUUID()
  readonly #upstreams = new Map<string, string>()
  #server: Promise<ProxyChain.Server> | undefined
  #closed = false

  /** The URL of an HTTP proxy that leads through `proxy`. Rejects after `close`, or if no port can be opened. */
  async urlFor(proxy: ProxyAddress): Promise<string> {
    if (this.#closed) throw new Error('the bridge to SOCKS proxies is closed')
    const name = `p${Bun.hash.wyhash(proxy.url).toString(36)}`
    // `socks5h`: names are resolved by the proxy, for plain HTTP targets too.
    this.#upstreams.set(name, proxy.url.replace(/^socks5:/, 'socks5h:'))
    this.#server ??= this.#start()
    const server = await this.#server
    return `http://${name}:${this.#password}@127.0.0.1:${server.port}`
  }

  async #start(): Promise<ProxyChain.Server> {
    const server = new ProxyChain.Server({
      host: '127.0.0.1',
      port: 0,
      prepareRequestFunction: ({ username, password }) => {
        const upstreamProxyUrl = password === this.#password ? this.#upstreams.get(username) : undefined
        return upstreamProxyUrl ? { upstreamProxyUrl } : { requestAuthentication: true }
      },
    })
    try {
      await server.listen()
      return server
    } catch (cause) {
      this.#server = undefined
      throw cause
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    const server = await this.#server?.catch(() => undefined)
    await server?.close(true)
  }
}
