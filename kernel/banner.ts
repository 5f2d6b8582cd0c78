/** What a person sees once at the end of the boot. */
import type { PluginStatus } from './control.ts'

export interface Boot {
  readonly version: string
  readonly url: string
  readonly status: readonly PluginStatus[]
  readonly hasConsole: boolean
  /** Generated credentials and warnings. */
  readonly announcements: readonly string[]
  readonly bootMs: number
}

export function bootBlock({ version, url, status, hasConsole, announcements, bootMs }: Boot): string {
  const ids = (state: PluginStatus['state']) => status.filter(one => one.state === state).map(({ id }) => id)
  const row = (name: string, text: string) => `  ${name.padEnd(10)}${text}`
  const failed = status.filter(({ state }) => state === 'failed')
  const lines = [
    `  Flow2API ${version} serves at ${url} (started in ${Math.round(bootMs)} ms)`,
    '',
    row('API', `${url}/v1`),
    row('console', hasConsole ? `${url}/admin` : `not in this version; scripts use ${url}/admin/api`),
    row('docs', `${url}/swagger`),
    row('health', `${url}/health, ${url}/ready`),
    row('plugins', `${ids('live').length} live: ${ids('live').join(', ')}`),
    ...(ids('disabled').length > 0 ? [row('', `switched off: ${ids('disabled').join(', ')}`)] : []),
    ...failed.map(({ id, error }) => row('', `NOT LIVE: ${id}: ${error}`)),
    ...(announcements.length > 0 ? ['', ...announcements.map(line => `  ${line}`)] : []),
  ]
  return `\n${lines.join('\n')}\n\n`
}
