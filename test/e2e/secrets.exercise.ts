/** What people and programs do with a gateway, well and badly, with secrets in the right places and the wrong ones. */
import {
  ADMIN_PASSWORD,
  API_KEY,
  CONNECTION_TOKEN,
  COOKIE,
  MAIN_PROXY,
  NEW_ADMIN_PASSWORD,
  OWN_PROXY,
  PASSPHRASE,
  POOL_PROXY,
  SESSION_COOKIE,
  SESSIONS,
  type SecretWorld,
  WEBHOOK_KEY,
} from './secrets.world.ts'

const proxies = `[proxy]
proxy_enabled = true
proxy_url = "http://user:${encodeURIComponent(MAIN_PROXY)}@127.0.0.1:9"
pool = ["127.0.0.1:9:user:${POOL_PROXY}"]
`

/** Every way in and out for session tokens. */
export async function accounts({ ask, emulator, imports, ownProxy }: SecretWorld): Promise<string> {
  emulator.faults.next('session', { session: 'rotated' })
  const header = `Cookie: csrf=${COOKIE}; ${SESSION_COOKIE}=${SESSIONS.one}`
  await ask('POST', '/admin/api/tokens', { json: { st: header, remark: 'first' } })
  await ask('POST', '/admin/api/tokens', { json: { st: header } })
  await imports(`email,st,proxy_url\ntwo@flow.example,${SESSIONS.two},\nthree@flow.example,${SESSIONS.three},`)
  await imports(`# Netscape HTTP Cookie File\nlabs.google\tFALSE\t/\tTRUE\t0\t${SESSION_COOKIE}\t${SESSIONS.three}\n`)
  await imports(
    JSON.stringify([{ st: SESSIONS.two, proxy_url: `ftp://u:${OWN_PROXY}@h:1` }, { token: SESSIONS.three }]),
  )
  await ask('PATCH', '/admin/api/tokens/3', { json: { proxy_url: `${ownProxy.place}:user:${OWN_PROXY}` } })
  await ask('PATCH', '/admin/api/tokens/2', { json: { proxy_url: `http://user:${OWN_PROXY}@${ownProxy.place}` } })
  await ask('PATCH', '/admin/api/tokens/2', { json: { st: SESSIONS.three } })
  for (const action of ['disable', 'enable', 'reset', 'refresh']) await ask('POST', `/admin/api/tokens/2/${action}`)
  await ask('GET', '/admin/api/tokens')
  await ask('POST', '/api/plugin/update-token', { auth: 'extension', json: { session_token: SESSIONS.three } })
  await ask('POST', '/api/plugin/update-token', {
    auth: 'extension',
    json: { session_token: `${SESSIONS.three}${SESSIONS.two}` },
  })
  await ask('POST', '/api/plugin/check-tokens', { auth: 'extension', json: {} })
  const sealed = await ask('POST', '/admin/api/accounts/export', { json: { passphrase: PASSPHRASE } })
  await imports(sealed, { passphrase: PASSPHRASE })
  await imports(sealed, { passphrase: `${PASSPHRASE}!` })
  const exported = await ask('POST', '/admin/api/accounts/export', { json: {}, mayShow: true })
  await imports(exported)
  return exported
}

/** Work of every kind, well and badly ended. */
export async function generations({ ask, hook }: SecretWorld): Promise<void> {
  const image = (json: object) => ask('POST', '/v1/images/generations', { auth: 'api', json })
  await image({ prompt: 'A boat', response_format: 'url' })
  await image({ prompt: 'Three boats', n: 3, stream: true, callback_url: `${hook}/mine` })
  for (const fault of ['unsafe', 'throttled', 'unauthenticated', 'html', 'truncated', 'wrong_types', 'internal'])
    await image({ prompt: `A boat [[fault:${fault}]]` })
  await ask('POST', '/v1/chat/completions', {
    auth: 'api',
    json: { model: 'gemini-3.0-pro-image', messages: [{ role: 'user', content: 'A cat' }], stream: true },
  })
  await ask('POST', '/v1/videos', {
    auth: 'api',
    json: { model: 'veo_3_1_t2v_fast', prompt: 'A film [fail]' },
    headers: { prefer: 'wait=20' },
  })
  // The key in the address, as some clients send it.
  await ask('GET', `/v1/models?key=${API_KEY}`, { auth: 'none' })
  const text = await ask('POST', '/v1/videos', {
    auth: 'api',
    json: { model: 'veo_3_1_t2v_fast', prompt: 'A film' },
  })
  const { id } = JSON.parse(text) as { id: string } // a video
  for (let status = ''; !/completed|failed/.test(status); )
    status = (await ask('GET', `/v1/videos/${id}`, { auth: 'api' })).match(/"status":"(\w+)"/)?.[1] ?? 'failed'
  await ask('GET', '/v1/videos', { auth: 'api' })
  await ask('GET', `/v1/jobs/job_${id.slice('video_'.length)}`, { auth: 'api' })
  await ask('GET', `/v1/jobs/job_${id.slice('video_'.length)}/events`, { auth: 'api' })
}

/** Secrets where none belongs, and what is said about it. */
export async function mistakes({ ask, imports }: SecretWorld): Promise<void> {
  const broken = (text: string) => ({ body: text, headers: { 'content-type': 'application/json' } })
  for (const path of ['tokens', 'accounts/import', 'accounts/export', 'login'])
    await ask('POST', `/admin/api/${path}`, broken(`{"st": "${SESSIONS.one}`))
  for (const json of [
    { st: [SESSIONS.one] },
    { st: SESSIONS.one, proxy_url: `socks4://user:${OWN_PROXY}@h:1` },
    { st: SESSIONS.one, provider: SESSIONS.two },
    { st: `${SESSIONS.one} ${SESSIONS.two}` },
    { st: SESSIONS.one, image_concurrency: OWN_PROXY },
  ])
    await ask('POST', '/admin/api/tokens', { json })
  await imports(`${SESSIONS.one} ${SESSIONS.two}\n{${SESSIONS.three}`)
  await imports(`{"${SESSIONS.one}": `)
  await imports(`st,email\n${SESSIONS.one},${SESSIONS.two}\n"${SESSIONS.three},never closed`)
  await imports(
    JSON.stringify({ accounts: [{ st: SESSIONS.one, remark: [OWN_PROXY] }, { email: SESSIONS.one }, [COOKIE]] }),
  )
  await imports(`# Netscape HTTP Cookie File\nother.example\tFALSE\t/\tTRUE\t0\t${SESSION_COOKIE}\t${COOKIE}\n`)
  const login = (pair: object) => ask('POST', '/admin/api/login', { auth: 'none', json: pair })
  await login({ username: 'admin', password: `${ADMIN_PASSWORD}!` })
  await login({ username: ADMIN_PASSWORD, password: 'admin' })
  await ask('POST', '/admin/api/password', {
    json: { old_password: `${ADMIN_PASSWORD}?`, new_password: NEW_ADMIN_PASSWORD },
  })
  await ask('POST', '/v1/images/generations', { auth: 'admin', json: { prompt: 'x' } })
  await ask('GET', '/admin/api/tokens', { auth: 'api' })
}

/** All that is documented: without a key, with the wrong one, with the right one, and with nonsense in the body. */
export async function everyRoute({ ask }: SecretWorld): Promise<void> {
  const document = JSON.parse(await ask('GET', '/swagger/json', { auth: 'none' })) as {
    readonly paths: Record<string, Record<string, unknown>> // an OpenAPI document
  }
  for (const [path, methods] of Object.entries(document.paths))
    for (const method of Object.keys(methods).map(name => name.toUpperCase())) {
      const place = path.replaceAll(/\{[^}]+\}/g, 'x')
      const body = method === 'GET' || method === 'HEAD' ? {} : { json: { st: 7, nonsense: SESSIONS.one } }
      const exports = place.endsWith('/export')
      for (const auth of ['none', 'extension', 'api', 'admin'] as const)
        if (!place.endsWith('/events'))
          await ask(method, place, { auth, ...body, mayShow: exports && auth === 'admin' })
    }
}

/** The configuration, with its secrets in the right places and in the wrong ones. */
export async function changes({ ask, overhear, reload, scan, settings }: SecretWorld): Promise<void> {
  const proxyText = (value: string) => settings(`[proxy]\nproxy_enabled = true\n${value}\n`)
  await reload(proxyText(`proxy_url = "nonsense ${MAIN_PROXY}"`))
  await reload(proxyText(`proxy_url = ["http://u:${MAIN_PROXY}@h:1"]`))
  await reload(proxyText(`pool = ["socks4://user:${POOL_PROXY}@h:1"]`))
  await reload(proxyText(`pool = "127.0.0.1:9:user:${POOL_PROXY}"`))
  await reload(proxyText(`proxy_url = "http://u:${MAIN_PROXY}`))
  await reload(settings().replace('secret = "whsec_', 'secret = "'))
  await reload(settings().replace('connection_token = "', `connection_tokn = "${POOL_PROXY}`))
  await reload(
    settings().replace(`connection_token = "${CONNECTION_TOKEN}"`, `connection_token = ["${CONNECTION_TOKEN}"]`),
  )
  await reload(settings())
  const change = (set: object, dry_run = false) => ask('PUT', '/admin/api/config', { json: { set, dry_run } })
  for (const dryRun of [true, false]) {
    await change({ proxy: { proxy_url: `http://user:${MAIN_PROXY}@127.0.0.1:9` } }, dryRun)
    await change({ proxy: { pool: [`127.0.0.1:9:user:${POOL_PROXY}`, POOL_PROXY] } }, dryRun)
    await change({ proxy: { proxy_url: null, pool: null } }, dryRun)
    await change({ admin: { connection_token: [CONNECTION_TOKEN] } }, dryRun)
    await change({ webhooks: { secret: WEBHOOK_KEY } }, dryRun)
    await change({ nonsense: { key: CONNECTION_TOKEN } }, dryRun)
  }
  for (const version of [1, 2, 3]) await ask('GET', `/admin/api/config/versions/${version}`)
  // Proxies that are dead: every try is logged and told.
  await reload(settings(proxies))
  await ask('POST', '/v1/images/generations', { auth: 'api', json: { prompt: 'Past dead proxies' } })
  await reload(settings(`${proxies}fallback = "none"\n`))
  await ask('POST', '/v1/images/generations', { auth: 'api', json: { prompt: 'Past no proxy' } })
  await ask('POST', '/admin/api/tokens/1/refresh')
  for (const path of ['config', 'plugins', 'config/versions', 'reloads', 'audit', 'webhooks/deliveries', 'tokens'])
    await ask('GET', `/admin/api/${path}`)
  for (const path of ['logs?limit=1000', 'doctor', 'alerts', 'stats', 'upstreams', 'proxies', 'jobs'])
    await ask('GET', `/admin/api/${path}`)
  // From an unknown id on: everything that is kept.
  const told = await overhear('/admin/api/events?after=none-0', 40)
  if (!told.includes('event: account')) throw new Error('The events of this exercise have gone by unheard.')
  await overhear('/admin/api/logs?after=none-0', 200)
  await ask('POST', '/admin/api/webhooks/test', { json: {} })
  const text = await ask('POST', '/admin/api/login', {
    auth: 'none',
    json: { username: 'admin', password: ADMIN_PASSWORD },
    mayShow: true,
  })
  const { token } = JSON.parse(text) as { token: string } // what a login answers
  scan.secret('admin session', token)
  await ask('GET', '/admin/api/plugins', { auth: 'none', headers: { authorization: `Bearer ${token}` } })
  await ask('GET', '/admin/api/plugins', { auth: 'none', headers: { cookie: `flow2api_session=${token}` } })
  await ask('POST', '/admin/api/password', { json: { old_password: ADMIN_PASSWORD, new_password: NEW_ADMIN_PASSWORD } })
}
