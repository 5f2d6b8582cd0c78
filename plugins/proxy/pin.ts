/** A request to a name whose connection goes to an address that was looked up and checked before. */

/**
 * The name stays in `Host` and in the TLS handshake, so virtual hosts and certificates work as ever; only the address is
 * no longer looked up, so that a name which means something else by now leads nowhere else.
 */
export function pinned(
  target: URL,
  init: BunFetchRequestInit,
  address: string,
): { url: URL; init: BunFetchRequestInit } {
  const url = new URL(target)
  url.hostname = address.includes(':') ? `[${address}]` : address
  // A host that is the address itself, in whatever notation, needs nothing of this.
  if (url.hostname === target.hostname) return { url, init }
  const headers = new Headers(init.headers)
  headers.set('host', target.host)
  return { url, init: { ...init, headers, tls: { ...init.tls, serverName: target.hostname.replace(/\.$/, '') } } }
}
