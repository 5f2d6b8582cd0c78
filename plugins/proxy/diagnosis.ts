/** What the doctor is told of the proxies: each is tried. */
import { type Finding, ok, type Result } from 'flow2api/plugin'
import type { Settings } from './order.ts'
import type { Roster } from './roster.ts'
import { type TesterWorld, testProxy } from './tester.ts'
import { worked } from './view.ts'

export interface DiagnosisParts extends TesterWorld {
  readonly settings: Settings
  readonly roster: Roster
  readonly testUrl: string
}

const TIMEOUT_MS = 15_000
/** More would take too long, and say the same. */
const MOST_TRIED = 50

export async function diagnose(parts: DiagnosisParts, signal: AbortSignal): Promise<Result<readonly Finding[], never>> {
  const proxies = parts.roster.all().filter(({ enabled }) => enabled)
  if (proxies.length === 0) {
    const closed = parts.settings.enabled && parts.settings.fallback === 'none'
    return ok([
      closed
        ? {
            severity: 'error',
            about: 'proxy',
            message: 'Proxies are switched on, none is named, and nothing may go out directly.',
            todo: 'Set [proxy] proxy_url or pool, or fallback = "direct".',
          }
        : { severity: 'ok', about: 'proxy', message: 'None is used; requests go out directly.', todo: null },
    ])
  }
  const url = new URL(parts.testUrl)
  return ok(
    await Promise.all(
      proxies.slice(0, MOST_TRIED).map(async ({ name, address }): Promise<Finding> => {
        const verdict = await testProxy(parts, address, { url, timeoutMs: TIMEOUT_MS, signal })
        const about = `proxy ${name}`
        if (worked(verdict, url)) {
          const exit = verdict.exitAddress === null ? '' : ` and leads out at ${verdict.exitAddress}`
          return {
            severity: 'ok',
            about,
            message: `${address.masked} answers in ${verdict.latencyMs} ms${exit}.`,
            todo: null,
          }
        }
        const why = verdict.fault?.message ?? `It answered ${url.host} with status ${verdict.status}.`
        return {
          severity: 'error',
          about,
          message: `${address.masked}: ${why}`,
          todo: 'Correct or remove it. Where only the address that is asked for is to blame, set another [proxy] test_url.',
        }
      }),
    ),
  )
}
