/** Signatures of what the gateway posts to others: Standard Webhooks (api-surfaces A.5). */

/** For the schema of a setting that holds such a key. */
export const SIGNING_KEY = {
  pattern: '^(whsec_[A-Za-z0-9+/]{32,}={0,2})?$',
  error: '"whsec_" and at least 24 bytes in base64, or ""',
} as const

/** The headers that the official clients verify. `secret`: `whsec_<base64>`. `now`, in milliseconds: of the attempt. */
export function signedHeaders(id: string, body: string, secret: string, now: number): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000))
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const signature = new Bun.CryptoHasher('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return {
    'content-type': 'application/json',
    'user-agent': 'Flow2API-Webhooks/1',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  }
}
