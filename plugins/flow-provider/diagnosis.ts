/** What the doctor is told of the upstream: whether it can be reached the way that requests take, and what its clock says. */
import type { Egress } from 'flow2api/contracts'
import type { Clock, Finding, Handle } from 'flow2api/plugin'
import type { Settings } from './settings.ts'

const TIMEOUT_MS = 15_000
/** Access tokens and signed addresses are judged by time. */
const MOST_SKEW_MS = 60_000

export async function diagnose(
  settings: Pick<Settings, 'labsBaseUrl' | 'apiBaseUrl'>,
  egress: Handle<Egress> | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  if (!egress) return []
  const origins = [...new Set([settings.labsBaseUrl, settings.apiBaseUrl].map(url => new URL(url).origin))]
  const found = await Promise.all(origins.map(origin => reach(origin, egress, clock, signal)))
  return found.flat()
}

async function reach(
  origin: string,
  egress: Handle<Egress>,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const about = 'upstream'
  const { fetch, describe } = egress.route({})
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])
  const answer = await fetch(`${origin}/`, { method: 'HEAD', redirect: 'manual', signal: limit })
  if (answer.isErr()) {
    const { message, blame } = answer.error
    const todo =
      blame === 'proxy' ? 'See what was found of the proxies.' : 'Check the network, DNS, and the base URLs in [flow].'
    return [{ severity: 'error', about, message: `${origin} cannot be reached: ${message}`, todo }]
  }
  // Any answer will do: nothing is there.
  const reached: Finding = { severity: 'ok', about, message: `${origin} answers (${describe}).`, todo: null }
  const skewMs = clock.now() - Date.parse(answer.value.headers.get('date') ?? '')
  await answer.value.body?.cancel()
  if (Number.isNaN(skewMs) || Math.abs(skewMs) < MOST_SKEW_MS) return [reached]
  const seconds = Math.round(Math.abs(skewMs) / 1000)
  return [
    reached,
    {
      severity: 'warning',
      about: 'clock',
      message: `This machine's clock is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} that of ${origin}.`,
      todo: 'Have it set by NTP: access tokens are judged by time.',
    },
  ]
}
