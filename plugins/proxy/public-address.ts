/** Which addresses belong to the public internet, and which hosts are addresses. */
import ipaddr from 'ipaddr.js'

/** What has been assigned of global unicast so far; the rest of IPv6 leads nowhere, or inside. */
const IPV6_GLOBAL_UNICAST = '2000::/3'

/**
 * Ordinary public unicast. Addresses that carry another one (IPv4-mapped, NAT64, 6to4, Teredo) are not: where they lead
 * is decided by a gateway on the way.
 */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.parse(address)
  if (parsed.range() !== 'unicast') return false
  return parsed instanceof ipaddr.IPv4 || parsed.match(ipaddr.IPv6.parseCIDR(IPV6_GLOBAL_UNICAST))
}

/** The address that a URL's host is; undefined for a name. URLs write every notation of IPv4 in the same way. */
export function literalOf(hostname: string): string | undefined {
  const bare = hostname.replace(/^\[|\]$/g, '')
  return ipaddr.isValid(bare) ? bare : undefined
}

/** Names that mean this machine to every resolver (RFC 6761). */
export const isLocalName = (hostname: string): boolean => /(^|\.)localhost\.?$/i.test(hostname)
