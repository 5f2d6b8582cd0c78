/** The caller's IP address, in the answer of a service that tells it. */
import ipaddr from 'ipaddr.js'

/** How services that answer in JSON call it. */
const KEYS = ['ip', 'origin', 'query', 'ip_addr', 'address'] as const

const addressIn = (text: string): string | null => {
  const trimmed = text.trim()
  return ipaddr.IPv4.isValidFourPartDecimal(trimmed) || ipaddr.IPv6.isValid(trimmed) ? trimmed : null
}

/** A bare address, a line `ip=…`, or JSON; null where it is none of these. Pages in which some address stands are not. */
export function exitAddressIn(body: string): string | null {
  const bare = addressIn(body) ?? addressIn(/^ip=(.+)$/im.exec(body)?.[1] ?? '')
  if (bare !== null) return bare
  try {
    const json: unknown = JSON.parse(body)
    if (typeof json === 'string') return addressIn(json)
    if (typeof json !== 'object' || json === null) return null
    const fields = new Map<string, unknown>(Object.entries(json))
    const found = KEYS.map(key => fields.get(key)).find(value => typeof value === 'string')
    // Some list the addresses of proxies before them, too.
    return typeof found === 'string' ? addressIn(found.split(',', 1).join('')) : null
  } catch {
    return null
  }
}
