import { afterEach, describe, expect, test } from 'bun:test'
import { at, FlowClient, jsonOf } from './client.ts'
import { type Emulator, type EmulatorOptions, SAMPLE_ACCOUNTS, startEmulator } from './index.ts'

let emulator: Emulator | undefined
const start = async (options: EmulatorOptions = {}) => {
  emulator = await startEmulator(options)
  return emulator
}
afterEach(() => emulator?.stop())

describe('session', () => {
  test('an account gets access and its identity; the access works for credits', async () => {
    const client = new FlowClient(await start(), 'emulator-session-ultra')
    const session = await jsonOf(await client.session())
    expect(session['user']).toMatchObject({ email: 'ultra@flow.example', name: 'Ulla Ultra' })
    expect(Date.parse(String(session['expires']))).toBeGreaterThan(Date.now())
    client.access = String(session['access_token'])
    expect(await jsonOf(await client.api('credits'))).toEqual({
      credits: 25_000,
      userPaygateTier: 'PAYGATE_TIER_TWO',
      sku: 'G1_TIER2',
      serviceTier: 'SERVICE_TIER_ADVANCED',
    })
  })

  test('an unknown cookie, and none, give an empty object', async () => {
    const { labsBaseUrl } = await start()
    for (const cookie of ['__Secure-next-auth.session-token=nobody', 'other=emulator-session-pro', '']) {
      const response = await fetch(`${labsBaseUrl}/auth/session`, { headers: { cookie } })
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual({})
    }
  })

  test('access ages out after its lifetime, not before, and is then new', async () => {
    let now = 1_800_000_000_000
    const client = await FlowClient.open(await start({ accessLifetimeMs: 1000, now: () => now }))
    now += 999
    expect(at(await (await client.session()).json(), 'access_token')).toBe(client.access)
    expect((await client.api('credits')).status).toBe(200)
    now += 1
    const refused = await client.api('credits')
    expect(refused.status).toBe(401)
    expect(at(await refused.json(), 'error', 'status')).toBe('UNAUTHENTICATED')
    const fresh = at(await (await client.session()).json(), 'access_token')
    expect(fresh).not.toBe(client.access)
    client.access = String(fresh)
    expect((await client.api('credits')).status).toBe(200)
  })

  test('access that was withdrawn is refused', async () => {
    const running = await start()
    const client = await FlowClient.open(running)
    running.accounts.expireAccess(running.accounts.get('pro@flow.example'))
    expect((await client.api('credits')).status).toBe(401)
  })

  test('a session that cannot be refreshed hands out a dead token and says so', async () => {
    const running = await start()
    running.accounts.get('pro@flow.example').session = 'stale'
    const client = new FlowClient(running, 'emulator-session-pro')
    const session = await jsonOf(await client.session())
    expect(session['error']).toBe('ACCESS_TOKEN_REFRESH_NEEDED')
    client.access = String(session['access_token'])
    expect((await client.api('credits')).status).toBe(401)
  })

  test('the sample accounts cover every tier', () => {
    expect(new Set(SAMPLE_ACCOUNTS.map(account => account.tier)).size).toBe(3)
  })
})

describe('projects', () => {
  test('are created and deleted, and belong to their account', async () => {
    const running = await start()
    const client = await FlowClient.open(running)
    expect(running.accounts.get(client.st).projects.get(client.projectId)).toBe('Test')
    expect(running.accounts.get('free@flow.example').projects.size).toBe(0)

    const deletion = { json: { projectToDeleteId: client.projectId } }
    const stranger = await FlowClient.open(running, 'emulator-session-free')
    expect((await stranger.labs('trpc/project.deleteProject', deletion)).status).toBe(404)
    expect((await client.labs('trpc/project.deleteProject', deletion)).status).toBe(200)
    expect((await client.image('a boat')).status).toBe(404)
  })

  test('need a session that works', async () => {
    const running = await start()
    const body = { json: { projectTitle: 'Test', toolName: 'PINHOLE' } }
    const unknown = await new FlowClient(running, 'nobody').labs('trpc/project.createProject', body)
    expect(unknown.status).toBe(401)
    expect(at(await unknown.json(), 'error', 'json', 'data')).toEqual({
      code: 'UNAUTHORIZED',
      httpStatus: 401,
      path: 'project.createProject',
    })
    running.accounts.get('pro@flow.example').session = 'gone'
    const gone = await new FlowClient(running, 'emulator-session-pro').labs('trpc/project.createProject', body)
    expect(gone.status).toBe(401)
  })
})

describe('the rest', () => {
  test('auxiliary calls of the web page answer a JSON object', async () => {
    const client = await FlowClient.open(await start())
    const nothing = encodeURIComponent('{"json":null,"meta":{"values":["undefined"]}}')
    const answers = await Promise.all([
      client.labs(`trpc/general.fetchUserPreferences?input=${nothing}`),
      client.labs(`trpc/videoFx.getFlowAppConfig?input=${nothing}`),
      client.labs(`trpc/videoFx.getUserSettings?input=${nothing}`),
      client.labs('trpc/general.submitBatchLog', { json: { appEvents: [] } }),
      fetch(`${emulator?.apiBaseUrl}:checkAppAvailability`, { method: 'POST', body: '{"clientContext":{}}' }),
    ])
    for (const answer of answers) {
      expect(answer.status).toBe(200)
      expect(typeof (await answer.json())).toBe('object')
    }
  })

  test('an unknown path says so in the form of its base', async () => {
    const client = await FlowClient.open(await start())
    expect(at(await (await client.api('nothing')).json(), 'error', 'status')).toBe('NOT_FOUND')
    expect(at(await (await client.labs('trpc/nothing')).json(), 'error', 'json', 'data', 'path')).toBe('nothing')
  })

  test('every request is recorded with its account and answer', async () => {
    const running = await start()
    const client = await FlowClient.open(running)
    running.record.clear()
    await client.image('a boat')
    await fetch(`${running.url}/elsewhere?x=1`)
    expect(running.record.all).toHaveLength(2)
    expect(running.record.of('image', 'pro@flow.example')).toHaveLength(1)
    expect(running.record.of('image', 'free@flow.example')).toHaveLength(0)
    expect(running.record.all[0]).toMatchObject({ method: 'POST', account: 'pro@flow.example', status: 200 })
    expect(at(running.record.all[0]?.body, 'requests', 0, 'imageModelName')).toBe('NARWHAL')
    expect(running.record.all[1]).toMatchObject({ endpoint: null, path: '/elsewhere', query: { x: '1' }, status: 404 })
  })

  test('no more is recorded than the limit allows', async () => {
    const running = await start({ recordLimit: 2 })
    for (let count = 0; count < 5; count++) await fetch(`${running.url}/${count}`)
    expect(running.record.all.map(request => request.path)).toEqual(['/3', '/4'])
    expect(running.record.total).toBe(5)
  })
})
