/** Proxies as the API shows them: no password comes out. Times in unix seconds. */
import type { Standing } from './health.ts'
import type { NamedProxy } from './roster.ts'
import type { Verdict } from './tester.ts'

const seconds = (milliseconds: number) => Math.floor(milliseconds / 1000)

export function proxyView({ name, role, address, enabled }: NamedProxy, standing: Standing | undefined) {
  const error = standing?.lastError
  return {
    object: 'proxy',
    name,
    role,
    proxy_url: address.masked,
    enabled,
    state: standing?.state ?? 'unknown',
    state_since: standing ? seconds(standing.since) : null,
    state_until: standing?.until ? seconds(standing.until) : null,
    last_error: error ? { code: error.code, message: error.message, at: seconds(error.at) } : null,
    last_used_at: standing ? seconds(standing.lastUsedAt) : null,
    requests: standing?.requests ?? 0,
    failures: standing?.failures ?? 0,
  }
}

/** Over plain HTTP a proxy answers in the target's place, so an error may be its own. */
export const worked = ({ status }: Verdict, target: URL): boolean =>
  status !== null && (target.protocol === 'https:' || status < 400)

export function verdictView(
  { name, address }: Pick<NamedProxy, 'address'> & { name: string | null },
  verdict: Verdict,
  target: URL,
) {
  const { status, latencyMs, exitAddress, fault } = verdict
  return {
    object: 'proxy_test',
    name,
    proxy_url: address.masked,
    test_url: target.href,
    ok: worked(verdict, target),
    status,
    latency_ms: latencyMs,
    exit_address: exitAddress,
    error: fault ? { code: fault.code, message: fault.message } : null,
  }
}
