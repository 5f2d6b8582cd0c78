/** The pool in front of an upstream that replaces every session token when it is used, as the real one does. */
import {
  type AccountDriver,
  type AuditEntry,
  Audited,
  Auth,
  domainFault,
  Egress,
  type OpenedAccess,
  Provider,
} from 'flow2api/contracts'
import { definePlugin, err, errAsync, type Fault, ok, okAsync, type Result, ResultAsync } from 'flow2api/plugin'
import { createTestKernel, manualClock, type TestOptions } from 'flow2api/testing'
import { readSessionToken } from '../../plugins/flow-provider/session-token.ts'
import { parseName } from '../../plugins/proxy/address.ts'
import tokenPool from '../../plugins/token-pool/index.ts'

const CONNECTION_TOKEN = 'connection-token-of-the-test'

/** What stands before the mark is whose session it is; what stands behind it, how often it was replaced. */
const MARK = '~'

export class Flow {
  /** Session tokens in the order in which they were opened. */
  readonly opened: string[] = []
  readonly routes: object[] = []
  readonly emails = new Map([
    ['emulator-session-free', 'free@flow.example'],
    ['emulator-session-pro', 'pro@flow.example'],
    ['emulator-session-pro-again', 'pro@flow.example'],
    ['emulator-session-ultra', 'ultra@flow.example'],
  ])
  /** What opening a session comes to, by its owner; else it works. */
  readonly faults = new Map<string, Fault>()
  /** Opening waits for it. */
  onOpen = (): Promise<void> => Promise.resolve()
  #count = 0

  #open(
    secret: string,
    attributes: Readonly<Record<string, string>>,
    now: () => number,
  ): ReturnType<AccountDriver['open']> {
    this.opened.push(secret)
    const owner = secret.split(MARK, 1)[0] ?? ''
    const email = this.emails.get(owner)
    const fault =
      this.faults.get(owner) ??
      (email === undefined ? domainFault('account_needs_session', 'Sign in again.') : undefined)
    const answer: Result<OpenedAccess, Fault> = fault
      ? err(fault)
      : ok({
          access: `access-${++this.#count}`,
          expiresAt: now() + 3_600_000,
          identity: { ...(email !== undefined && { email }), name: owner },
          ...(!attributes['project_id'] && { attributes: { ...attributes, project_id: `project of ${owner}` } }),
          secret: `${owner}${MARK}${this.#count}`,
        })
    return new ResultAsync(this.onOpen().then(() => answer))
  }

  plugins(now: () => number) {
    const auth = definePlugin({
      name: 'auth',
      version: '1.0.0',
      provides: [Auth],
      setup: ctx =>
        ctx.provide(Auth, {
          verify: request =>
            request.headers.get('authorization') === 'Bearer admin'
              ? okAsync({ kind: 'admin', id: 'admin' })
              : errAsync(domainFault('admin_required', 'Log in.')),
        }),
    })
    const proxy = definePlugin({
      name: 'proxy',
      version: '1.0.0',
      provides: [Egress],
      setup: ctx =>
        ctx.provide(Egress, {
          route: want => {
            this.routes.push(want)
            return { describe: 'none', fetch: () => errAsync(domainFault('upstream_unreachable', 'no network here')) }
          },
          parse: parseName,
        }),
    })
    const provider = definePlugin({
      name: 'flow-provider',
      version: '1.0.0',
      provides: [Provider],
      setup: ctx =>
        ctx.provide(Provider, {
          models: () => [],
          accounts: () => ({
            tiers: ['free'],
            site: 'labs.google',
            readSecret: readSessionToken,
            open: ({ secret, attributes }) => this.#open(secret, attributes, now),
            measure: () => okAsync({ credits: 100, tier: 'free' }),
          }),
          plan: model => ok({ model, requested: {} }),
          start: () => okAsync({ state: 'done', media: [] }),
          status: () => okAsync([]),
          cancel: () => okAsync(undefined),
          polling: () => ({ intervalMs: 1000, maxAttempts: 1 }),
        }),
    })
    return { auth, proxy, 'flow-provider': provider, 'token-pool': tokenPool }
  }
}

export interface Report {
  readonly format: string
  readonly dry_run: boolean
  readonly counts: {
    readonly add: number
    readonly update: number
    readonly unchanged: number
    readonly refused: number
  }
  readonly data: readonly {
    readonly row: number
    readonly email: string | null
    readonly verdict: string
    readonly account_id: number | null
    readonly changes: readonly string[]
    readonly reason: string | null
  }[]
  readonly error?: { readonly code: string; readonly message: string; readonly param: string | null }
}

export async function openPool(options: Partial<TestOptions> = {}) {
  const clock = manualClock()
  const flow = new Flow()
  const kernel = await createTestKernel({
    plugins: flow.plugins(() => clock.now()),
    clock,
    config: { admin: { connection_token: CONNECTION_TOKEN } },
    ...options,
  })
  const audited: AuditEntry[] = []
  kernel.on(Audited, entry => void audited.push(entry))
  const call = (path: string, init: RequestInit = {}, token = 'admin') =>
    kernel.fetch(path, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } })
  const json = (body: unknown): RequestInit => ({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return {
    kernel,
    clock,
    flow,
    audited,
    call,
    post: (path: string, body: unknown, token?: string) => call(path, json(body), token),
    /** From a browser's extension. */
    extension: async (path: string, body: unknown, token = CONNECTION_TOKEN) => {
      const answer = await call(`/api/plugin/${path}`, json(body), token)
      // The assertions look at what came.
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
    },
    /** Pasted, or as a file. */
    bringIn: async (content: string | Uint8Array, options: Record<string, string | boolean> = {}) => {
      const form = new FormData()
      for (const [name, value] of Object.entries(options)) form.set(name, String(value))
      if (typeof content !== 'string') form.set('file', new Blob([Uint8Array.from(content)]), 'file')
      const init = typeof content === 'string' ? json({ content, ...options }) : { method: 'POST', body: form }
      const answer = await call('/admin/api/accounts/import', init)
      // As above.
      return { status: answer.status, ...((await answer.json()) as Report) }
    },
    accounts: async () => {
      const answer = await call('/admin/api/tokens')
      // As above.
      return ((await answer.json()) as { data: readonly Record<string, unknown>[] }).data
    },
    [Symbol.asyncDispose]: () => kernel.stop(),
  }
}
