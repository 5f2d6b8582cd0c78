/** A gateway that is given secrets of every kind, each to be found again wherever it shows. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmulator } from '../emulator/index.ts'
import { startGateway } from '../fixtures/gateway.ts'
import { startHttpProxy } from '../fixtures/proxies.ts'
import { SecretScan } from '../fixtures/secret-scan.ts'

/** Long, of letters and digits, and found nowhere else. */
const made = (name: string) => `${name}${crypto.randomUUID().replaceAll('-', '')}`

/** Real ones have hundreds of characters, and are told from words by that wherever they turn up. */
export const SESSIONS = { one: made('StOneOfFlow_'), two: made('StTwoOfFlow_'), three: made('StThreeOfFlow_') }
export const API_KEY = made('sk-')
export const ADMIN_PASSWORD = made('AdminPw')
export const NEW_ADMIN_PASSWORD = made('AdminNewPw')
export const CONNECTION_TOKEN = made('Connection')
export const WEBHOOK_KEY = Buffer.from(made('Hook')).toString('base64')
export const PASSPHRASE = made('Passphrase ')
export const COOKIE = made('CsrfCookie')
export const OWN_PROXY = made('OwnProxyPw')
export const MAIN_PROXY = made('Main:Proxy/Pw')
export const POOL_PROXY = made('PoolProxyPw')
const SECRET_KEY = made('SecretKeyOfTheGateway')
export const SESSION_COOKIE = '__Secure-next-auth.session-token'

const NAMED = {
  'session token 1': SESSIONS.one,
  'session token 2': SESSIONS.two,
  'session token 3': SESSIONS.three,
  'API key': API_KEY,
  'admin password': ADMIN_PASSWORD,
  'new admin password': NEW_ADMIN_PASSWORD,
  'admin as Basic': `admin:${ADMIN_PASSWORD}`,
  'connection token': CONNECTION_TOKEN,
  'webhook secret': WEBHOOK_KEY,
  passphrase: PASSPHRASE,
  cookie: COOKIE,
  'proxy of an account': OWN_PROXY,
  proxy_url: MAIN_PROXY,
  'proxy of the pool': POOL_PROXY,
  'secret key': SECRET_KEY,
}

interface Asked extends RequestInit {
  readonly auth?: 'api' | 'admin' | 'extension' | 'none'
  readonly json?: unknown
  /** The answer is meant to hold a secret. */
  readonly mayShow?: boolean
}

export async function startSecretWorld() {
  const scan = new SecretScan()
  for (const [name, value] of Object.entries(NAMED)) scan.secret(name, value)
  const dir = await mkdtemp(join(tmpdir(), 'flow2api-secrets-'))
  const emulator = await startEmulator({
    seedAccounts: [
      { st: SESSIONS.one, email: 'one@flow.example', credits: 500 },
      { st: SESSIONS.two, email: 'two@flow.example', credits: 500 },
      { st: SESSIONS.three, email: 'three@flow.example', credits: 500, tier: 'PAYGATE_TIER_TWO' },
    ],
  })
  let webhooks = 0
  const receiver = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async request => {
      webhooks++
      scan.text('a webhook', `${[...request.headers].join('\n')}\n${await request.text()}`)
      return new Response()
    },
  })
  const hook = `http://127.0.0.1:${receiver.port}`
  const ownProxy = await startHttpProxy()
  const settings = (more = '') => `
[debug]
enabled = true
mask_token = true
[admin]
connection_token = "${CONNECTION_TOKEN}"
[webhooks]
url = "${hook}/hook"
secret = "whsec_${WEBHOOK_KEY}"
allow_private = true
[alerts]
webhook_url = "${hook}/alerts"
webhook_secret = "whsec_${WEBHOOK_KEY}"
allow_private = true
[flow]
labs_base_url = "${emulator.labsBaseUrl}"
api_base_url = "${emulator.apiBaseUrl}"
poll_interval = 0.05
${more}`
  const gateway = await startGateway({
    dir,
    settings: settings(),
    env: {
      FLOW2API_API_KEY: API_KEY,
      FLOW2API_ADMIN_PASSWORD: ADMIN_PASSWORD,
      FLOW2API_SECRET_KEY: SECRET_KEY,
    },
  })
  /** Of every answer: method, path, status. */
  const answers: string[] = []
  const credentials = {
    api: `Bearer ${API_KEY}`,
    admin: `Basic ${btoa(`admin:${ADMIN_PASSWORD}`)}`,
    extension: `Bearer ${CONNECTION_TOKEN}`,
    none: undefined,
  }

  async function ask(method: string, path: string, { auth = 'admin', json, mayShow, ...init }: Asked = {}) {
    const headers = new Headers(init.headers)
    const authorization = credentials[auth]
    if (authorization) headers.set('authorization', authorization)
    if (json !== undefined) headers.set('content-type', 'application/json')
    const body = json === undefined ? {} : { body: JSON.stringify(json) }
    const answer = await fetch(`${gateway.url}${path}`, { ...init, method, headers, redirect: 'manual', ...body })
    const text = await answer.text()
    answers.push(`${method} ${path} ${answer.status}`)
    if (!mayShow) {
      scan.text(`answer to ${method} ${path}`, text)
      scan.text(`headers of ${method} ${path}`, [...answer.headers].join('\n'))
    }
    return text
  }

  /** All that a stream has had to tell so far; it goes on, and nobody waits for that. */
  async function overhear(path: string, events: number): Promise<string> {
    const answer = await fetch(`${gateway.url}${path}`, {
      headers: { authorization: credentials.admin, accept: 'text/event-stream' },
    })
    answers.push(`GET ${path} ${answer.status}`)
    let text = ''
    for await (const piece of (answer.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
      text += piece
      if (text.split('\ndata: ').length > events) break
    }
    scan.text(`stream of ${path}`, text)
    return text
  }

  return {
    scan,
    dir,
    overhear,
    emulator,
    gateway,
    ownProxy,
    hook,
    settings,
    answers,
    ask,
    webhooks: () => webhooks,
    imports: async (content: string, fields: Record<string, string> = {}) => {
      const body = new FormData()
      body.set('file', new Blob([content]), 'file')
      for (const [name, value] of Object.entries(fields)) body.set(name, value)
      return ask('POST', '/admin/api/accounts/import', { body })
    },
    reload: async (text: string) => {
      await gateway.writeSettings(text)
      return ask('POST', '/admin/reload-config')
    },
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]()
      await emulator.stop()
      await receiver.stop(true)
      await ownProxy[Symbol.asyncDispose]()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

export type SecretWorld = Awaited<ReturnType<typeof startSecretWorld>>
