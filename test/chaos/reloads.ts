/**
 * Reloads of every kind, at random, while clients work: the file edited, with mistakes too; the console's changes;
 * signals; single plugins replaced; a file plugin edited, broken and repaired. No request may notice.
 */
import { join } from 'node:path'
import { SAMPLE_ACCOUNTS, startEmulator } from '../emulator/index.ts'
import { API_KEY, addAccounts, basicAuth } from '../fixtures/accounts.ts'
import { startGateway } from '../fixtures/gateway.ts'
import { paidTwice } from './paid.ts'
import { count, randomFrom } from './random.ts'
import { LAB_MODEL, startTraffic } from './traffic.ts'

export interface ReloadChaosOptions {
  readonly reloads: number
  readonly workers: number
  /** The same seed brings the same reloads. */
  readonly seed: number
  readonly log?: (line: string) => void
}

export interface ReloadChaosReport {
  readonly reloads: number
  /** By kind and what became of it. */
  readonly kinds: Readonly<Record<string, number>>
  /** New instances of each plugin. */
  readonly generations: Readonly<Record<string, number>>
  /** By kind of request. */
  readonly requests: Readonly<Record<string, number>>
  readonly slowestMs: Readonly<Record<string, number>>
  /** Requests that were not answered as they should be: must be none. */
  readonly failures: readonly string[]
  /** Reloads that were answered otherwise than they should be: must be none. */
  readonly surprises: readonly string[]
  /** Pieces of work that the upstream was asked for more than once: must be none. */
  readonly submittedTwice: readonly string[]
  /** Instances that were still held when all requests had ended: must be none. */
  readonly stillHeld: readonly string[]
  readonly seconds: number
}

const PASSWORD = 'chaos-password'
const PICTURE = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=='

const labSource = (edition: number) => `
import { definePlugin, errAsync, ok, okAsync } from 'flow2api/plugin'
import { domainFault, Provider } from 'flow2api/contracts'
const accepts = { inputs: [], aspectRatios: ['1:1'], sizes: [], resolutions: [], seconds: [] }
export default definePlugin({
  name: 'lab', version: '1.0.${edition}', provides: [Provider],
  setup: ctx => ctx.provide(Provider, {
    accounts: () => undefined,
    polling: () => ({ intervalMs: 20, maxAttempts: 100 }),
    models: () => [{ id: '${LAB_MODEL}', kind: 'image', accepts }],
    plan: model => ok({ model, requested: {} }),
    start: () => okAsync({ state: 'running', operation: { edition: ${edition} } }),
    status: all => okAsync(all.map(() => ({ state: 'done', media: [{ bytes: Uint8Array.fromBase64('${PICTURE}') }] }))),
    cancel: () => okAsync(undefined),
  }),
})
`

/** Sections and keys that may change at any time, with the values that are drawn from. */
const EDITS: readonly (readonly [section: string, key: string, values: readonly (boolean | number | string)[]])[] = [
  ['cache', 'timeout', [600, 900, 7200]],
  ['cache', 'max_size_mb', [1000, 2000]],
  ['debug', 'enabled', [true, false]],
  ['debug', 'log_responses', [true, false]],
  ['generation', 'heartbeat_s', [5, 15, 30]],
  ['generation', 'max_queue', [5000, 6000]],
  ['admin', 'error_ban_threshold', [0, 5]],
  ['proxy', 'fallback', ['direct', 'none']],
  ['global', 'admin_username', ['admin']],
  ['flow', 'timeout', [60, 90, 120]],
  ['flow', 'poll_interval', [0.05, 0.1]],
  ['server', 'max_body_mb', [64, 128]],
]
const REPLACEABLE = [
  'admin',
  'auth',
  'cache',
  'debug',
  'flow-provider',
  'generation',
  'lab',
  'openai-surface',
  'proxy',
  'token-pool',
  'webhooks',
]

export async function reloadChaos({
  reloads,
  workers,
  seed,
  log = () => {},
}: ReloadChaosOptions): Promise<ReloadChaosReport> {
  const began = performance.now()
  const random = randomFrom(seed)
  const pick = <T>(from: readonly [T, ...T[]] | readonly T[]): T => from[Math.floor(random() * from.length)] as T // none is empty
  const accounts = SAMPLE_ACCOUNTS.map(account => ({ ...account, credits: 10_000_000 }))
  const latency = { imageMs: 30, submitMs: 10, videoMs: 400, pollMs: 5, mediaMs: 5 }
  const emulator = await startEmulator({ seedAccounts: accounts, instant: true, latency, recordLimit: 1_000_000 })
  const flow = { labs_base_url: emulator.labsBaseUrl, api_base_url: emulator.apiBaseUrl, poll_interval: 0.05 }
  let edition = 0
  const lab: { is: 'absent' | 'written' | 'works' } = { is: 'absent' }
  const settings = (more = '') => {
    const values: Record<string, Record<string, unknown>> = { flow: { ...flow } }
    for (const [section, key, choices] of EDITS)
      if (random() < 0.5) values[section] = { ...values[section], [key]: pick(choices) }
    // An account that the fallback leaves without a way out would be refused, and rightly.
    if (values['proxy']) values['proxy']['fallback'] = 'direct'
    const sections = Object.entries(values).map(
      ([name, keys]) =>
        `[${name}]\n${Object.entries(keys)
          .map(([key, value]) => `${key} = ${JSON.stringify(value)}`)
          .join('\n')}`,
    )
    const plugins = lab.is === 'absent' ? '' : '[plugins]\nlab = { use = "./lab.ts" }\n'
    return `# edition ${random()}\n${plugins}${sections.join('\n')}\n${more}`
  }
  await using gateway = await startGateway({
    settings: settings(),
    env: { FLOW2API_API_KEY: API_KEY, FLOW2API_ADMIN_PASSWORD: PASSWORD, FLOW2API_LOG_LEVEL: 'error' },
  })
  const surprises: string[] = []
  const admin = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${gateway.url}${path}`, {
      method,
      headers: { authorization: basicAuth(PASSWORD), 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return { status: answer.status, text: await answer.text() }
  }
  const expecting = async (what: string, status: number, answer: ReturnType<typeof admin>) => {
    const { status: was, text } = await answer
    if (was !== status) surprises.push(`${what} answered ${was}: ${text.slice(0, 300)}`)
    return status === 200 ? 'applied' : 'refused'
  }
  const reload = () => admin('POST', '/admin/reload-config')
  const kinds: Readonly<Record<string, () => Promise<string>>> = {
    edit: async () => {
      await gateway.writeSettings(settings())
      return expecting('an edit', 200, reload())
    },
    mistake: async () => {
      await gateway.writeSettings(settings('[cahce]\ntimeout = 1\n'))
      const outcome = await expecting('a mistake', 422, reload())
      await gateway.writeSettings(settings())
      return outcome
    },
    signal: async () => {
      await gateway.writeSettings(settings())
      gateway.kill('SIGHUP')
      return 'sent'
    },
    console: () => {
      const [section, key, values] = pick(EDITS.filter(([name]) => name !== 'proxy'))
      const value = random() < 0.3 ? null : pick(values)
      return expecting(
        'a change from the console',
        200,
        admin('PUT', '/admin/api/config', { set: { [section]: { [key]: value } } }),
      )
    },
    plugin: () => {
      const id = pick(REPLACEABLE.filter(one => one !== 'lab' || lab.is !== 'absent'))
      return expecting(`replacing ${id}`, 200, admin('POST', `/admin/api/plugins/${id}/reload`))
    },
    switch: async () => {
      const id = pick(['debug', 'webhooks'])
      await expecting(`switching ${id} off`, 200, admin('POST', `/admin/api/plugins/${id}/disable`))
      return expecting(`switching ${id} on`, 200, admin('POST', `/admin/api/plugins/${id}/enable`))
    },
    'file plugin': async () => {
      const breaks = lab.is !== 'absent' && random() < 0.3
      await Bun.write(join(gateway.dir, 'lab.ts'), breaks ? `${labSource(++edition)}\nconst = 3` : labSource(++edition))
      if (lab.is === 'absent') {
        lab.is = 'written'
        await gateway.writeSettings(settings())
      }
      const outcome = await expecting('a file plugin', 200, reload())
      if (!breaks) lab.is = 'works'
      return breaks ? 'rolled back' : outcome
    },
  }
  try {
    await addAccounts(gateway.url, PASSWORD, accounts)
    let served = false
    const traffic = startTraffic(gateway.url, workers, () => served)
    const done: string[] = []
    const over = () => Object.values(traffic.answered).reduce((sum, more) => sum + more, traffic.failures.length)
    for (let nth = 1; nth <= reloads; nth++) {
      const before = over()
      const kind = pick(Object.keys(kinds))
      done.push(`${kind} ${await kinds[kind]?.()}`)
      served ||= lab.is === 'works'
      await Bun.sleep(random() * 20)
      // On a busy machine too, there is a request for every reload.
      while (over() === before) await Bun.sleep(1)
      if (nth % 50 === 0)
        log(`${nth} of ${reloads} reloads, ${traffic.failures.length} failures, ${JSON.stringify(traffic.answered)}`)
    }
    await traffic.stop()
    const { generations, stillHeld } = await afterwards(() => admin('GET', '/admin/api/plugins'))
    return {
      reloads: done.length,
      kinds: count(done),
      generations,
      requests: traffic.answered,
      slowestMs: traffic.slowestMs,
      failures: traffic.failures,
      surprises,
      submittedTwice: paidTwice(emulator),
      stillHeld,
      seconds: Math.round((performance.now() - began) / 100) / 10,
    }
  } finally {
    await emulator.stop()
  }
}

interface Row {
  readonly id: string
  readonly state: string
  readonly generation: number
  readonly in_flight: readonly string[]
}

/** Once nobody asks any more, what was replaced has to go. */
async function afterwards(plugins: () => Promise<{ readonly text: string }>) {
  for (let turn = 1; ; turn++) {
    const { data } = JSON.parse((await plugins()).text) as { data: Row[] } // the documented list
    const draining = data.filter(({ state }) => state === 'draining')
    if (draining.length > 0 && turn < 100) {
      await Bun.sleep(100)
      continue
    }
    const live = data.filter(({ state }) => state === 'live')
    return {
      generations: Object.fromEntries(live.map(({ id, generation }) => [id, generation])),
      stillHeld: draining.map(({ id, generation, in_flight }) => `${id} #${generation}: ${in_flight.join(', ')}`),
    }
  }
}
