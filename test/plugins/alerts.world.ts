/** The plugin in a kernel with the real way out, receivers on loopback, and a world that tests make good or bad. */
import type { AddressInfo } from 'node:net'
import { definePlugin, errAsync, okAsync } from 'flow2api/plugin'
import { createTestKernel, type ManualClock, manualClock } from 'flow2api/testing'
import { SMTPServer } from 'smtp-server'
import alerts from '../../plugins/alerts/index.ts'
import {
  AccountStateChanged,
  type AuditEntry,
  Audited,
  Auth,
  domainFault,
  type JobEngine,
  Jobs,
  type JobTally,
  METRICS,
  type MetricFamily,
  MetricsSource,
} from '../../plugins/contracts/index.ts'
import proxy from '../../plugins/proxy/index.ts'

const STEP_MS = 5_000

export interface Post {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  // Bodies differ from channel to channel; each test knows its own.
  readonly body: Record<string, unknown>
}

/** Takes posts, as Slack or an own program would. */
export function startReceiver() {
  const posts: Post[] = []
  const receiver = {
    posts,
    url: '',
    /** What it answers from now on. */
    status: 200,
    stop: () => server.stop(true),
  }
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const [path, text] = [new URL(request.url).pathname, await request.text()]
      posts.push({ path, headers: request.headers.toJSON(), text, body: JSON.parse(text) })
      return new Response(null, { status: receiver.status })
    },
  })
  receiver.url = `http://127.0.0.1:${server.port}`
  return receiver
}

/** A mail server that lets `alerts` with the password `p@ss` in. */
export async function startMailServer() {
  const mails: string[] = []
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    onAuth: ({ username, password }, _session, done) =>
      username === 'alerts' && password === 'p@ss' ? done(null, { user: username }) : done(new Error('no entry')),
    onData(stream, _session, done) {
      let text = ''
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      stream.on('end', () => {
        mails.push(text)
        done()
      })
    },
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.server.address() as AddressInfo // it listens on a port
  return {
    mails,
    subjects: () => mails.map(text => /^Subject: (.*)$/m.exec(text)?.[1] ?? ''),
    url: `smtp://alerts:p%40ss@127.0.0.1:${port}`,
    stop: () => new Promise<void>(resolve => server.close(() => resolve())),
  }
}

export interface AlertsWorldOptions {
  readonly settings?: Record<string, unknown>
  readonly dataDir?: string
  readonly clock?: ManualClock
}

export const tally = (more: Partial<JobTally> = {}): JobTally => ({
  from: 0,
  kind: 'image',
  model: 'pic',
  provider: 'flow',
  status: 'completed',
  code: null,
  blame: null,
  count: 1,
  waitedMs: 0,
  tookMs: 4_000,
  ...more,
})

export async function startAlerts(options: AlertsWorldOptions = {}) {
  const clock = options.clock ?? manualClock()
  const [receiver, mail] = [startReceiver(), await startMailServer()]
  const state = {
    accounts: { ready: 4 } as Record<string, number>,
    credits: 1_000,
    tallies: [] as JobTally[],
    /** Whether the ledger can be read. */
    ledger: true,
    /** Whether the pool is there to be asked. */
    pool: true,
  }
  const audited: AuditEntry[] = []
  const around = definePlugin({
    name: 'around',
    version: '1.0.0',
    provides: [Jobs, Auth, MetricsSource],
    setup(ctx) {
      const engine: Pick<JobEngine, 'tally'> = {
        tally: () => (state.ledger ? okAsync(state.tallies) : errAsync(domainFault('internal_error', 'Not now.'))),
      }
      ctx.provide(Jobs, engine as JobEngine) // only what alerts ask for
      ctx.provide(Auth, {
        verify: (request, scope) =>
          request.headers.get('authorization') === 'admin' && scope === 'admin'
            ? okAsync({ kind: 'admin' as const, id: 'admin' })
            : errAsync(domainFault('admin_required', 'Sign in.')),
      })
      ctx.provide(MetricsSource, {
        collect: (): readonly MetricFamily[] =>
          !state.pool
            ? []
            : [
                {
                  name: METRICS.accounts,
                  help: 'h',
                  kind: 'gauge',
                  samples: Object.entries(state.accounts).map(([name, value]) => ({
                    labels: { provider: 'flow', state: name },
                    value,
                  })),
                },
                {
                  name: METRICS.accountCredits,
                  help: 'h',
                  kind: 'gauge',
                  samples: [{ labels: { provider: 'flow' }, value: state.credits }],
                },
              ],
      })
    },
  })
  const both = {
    webhook_url: `${receiver.url}/hook`,
    allow_private: true,
    smtp_url: mail.url,
    email_from: 'gateway@example.com',
    email_to: ['operator@example.com'],
  }
  const settings = (more: Record<string, unknown> = {}) => ({ alerts: { ...both, ...options.settings, ...more } })
  const kernel = await createTestKernel({
    plugins: { proxy, around, alerts },
    clock,
    config: settings(),
    ...(options.dataDir !== undefined && { dataDir: options.dataDir }),
  })
  kernel.on(Audited, entry => void audited.push(entry))
  const idle = () => !kernel.status().some(({ in_flight }) => in_flight.some(label => label.startsWith('alert ')))
  const admin = async (path = '', init: RequestInit = {}) => {
    const answer = await kernel.fetch(`/admin/api/alerts${path}`, { ...init, headers: { authorization: 'admin' } })
    // Lists and errors; each test knows its own.
    const body = (await answer.json()) as { data: Record<string, unknown>[]; [key: string]: unknown }
    return { status: answer.status, body }
  }
  return {
    kernel,
    clock,
    settings,
    receiver,
    mail,
    state,
    audited,
    admin,
    /** Time goes by in steps, and whatever is being sent arrives before the next one. */
    async pass(milliseconds: number) {
      for (let gone = 0; gone < milliseconds; gone += STEP_MS) {
        await clock.advance(Math.min(STEP_MS, milliseconds - gone))
        // Twice in a row: what was looked at may be told in the next tick.
        for (let quiet = 0; quiet < 2; quiet = idle() ? quiet + 1 : 0)
          await new Promise(resolve => setImmediate(resolve))
      }
    },
    /** As the pool does. */
    accountIs: (accountId: number, name: string, reason: string) =>
      kernel.emit(AccountStateChanged, { accountId, state: name, reason }),
    set: async (more: Record<string, unknown>) => (await kernel.reload({ config: settings(more) }))._unsafeUnwrap(),
    reloadFails: async (more: Record<string, unknown>) => {
      const report = (await kernel.reload({ config: settings(more) }))._unsafeUnwrap()
      return report.plugins.find(({ id }) => id === 'alerts')?.reason ?? ''
    },
    types: () => receiver.posts.map(({ body }) => body['type']),
    deliveries: async () => (await admin('/deliveries')).body.data,
    rule: async (name: string) => (await admin()).body.data.find(({ rule }) => rule === name),
    async [Symbol.asyncDispose]() {
      await kernel.stop()
      await receiver.stop()
      await mail.stop()
    },
  }
}

export type AlertsWorld = Awaited<ReturnType<typeof startAlerts>>
