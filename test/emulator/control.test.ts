/** Steering a running emulator from outside, and what it records. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { at, FlowClient, jsonOf } from './client.ts'
import { CONTROL_CALLS } from './control.ts'
import { ENDPOINT_NAMES, GROUPS } from './endpoint.ts'
import { type Emulator, startEmulator } from './index.ts'
import { SWITCHES } from './switches.ts'

let emulator: Emulator
let client: FlowClient
beforeEach(async () => {
  emulator = await startEmulator({ videoPolls: 1 })
  client = await FlowClient.open(emulator)
})
afterEach(() => emulator.stop())

const control = (method: string, path: string, body?: unknown) =>
  fetch(`${emulator.controlUrl}${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })

describe('faults', () => {
  test('by name or as they are, once, often, or for ever', async () => {
    const planned = await control('POST', '/faults', { endpoint: 'image', fault: 'throttled' })
    expect(planned.status).toBe(201)
    expect(await planned.json()).toMatchObject({ endpoint: 'image', name: 'throttled', left: 1 })
    await control('POST', '/faults', { endpoint: 'image', fault: { status: 418, message: 'tea' }, times: 2 })
    const seen = []
    for (let count = 0; count < 4; count++) seen.push((await client.image('a boat')).status)
    expect(seen).toEqual([429, 418, 418, 200])

    const { id } = await jsonOf(
      await control('POST', '/faults', { endpoint: 'video', fault: 'internal', always: true }),
    )
    for (let count = 0; count < 3; count++) expect((await client.video('a boat')).status).toBe(500)
    expect(at(await (await control('GET', '/faults')).json(), 'faults', 0)).toMatchObject({ id, left: 'always' })
    expect((await control('DELETE', `/faults/${id}`)).status).toBe(200)
    expect((await client.video('a boat')).status).toBe(200)
    expect((await control('DELETE', `/faults/${id}`)).status).toBe(404)
  })

  test('for one account, or one piece of media; where they belong if nothing is said', async () => {
    const other = await FlowClient.open(emulator, 'emulator-session-free')
    await control('POST', '/faults', { endpoint: '*', fault: 'unavailable', account: 'free@flow.example' })
    expect((await client.api('credits')).status).toBe(200)
    expect((await other.api('credits')).status).toBe(503)

    const [one, two] = [await client.finishedVideo(), await client.finishedVideo()]
    await control('POST', '/faults', { fault: 'delayed_redirect', media: one })
    expect((await client.redirect(two)).status).toBe(302)
    const seen = []
    for (let count = 0; count < 3; count++) seen.push((await client.redirect(one)).status)
    expect(seen).toEqual([404, 404, 302])
  })

  test('with a probability, the same ones at every start', async () => {
    const pattern = async () => {
      await using fresh = await startEmulator()
      const asker = await FlowClient.open(fresh)
      fresh.faults.next('credits', { status: 500 }, { probability: 0.5 })
      const seen = []
      for (let count = 0; count < 40; count++) seen.push((await asker.api('credits')).status)
      return seen
    }
    const first = await pattern()
    expect(new Set(first)).toEqual(new Set([200, 500]))
    expect(await pattern()).toEqual(first)
    await control('POST', '/faults', { endpoint: 'credits', fault: 'internal', probability: 1, times: 1 })
    expect((await client.api('credits')).status).toBe(500)
    expect((await client.api('credits')).status).toBe(200)
  })

  test('an order that makes no sense is refused, with the reason', async () => {
    for (const [body, said] of [
      [{ endpoint: 'image', fault: 'throtled' }, 'no fault "throtled"'],
      [{ endpoint: 'nowhere', fault: 'throttled' }, 'no endpoint "nowhere"'],
      [{ fault: 'throttled' }, 'needs an "endpoint"'],
      [{ endpoint: 'image', fault: { status: 'x' } }, '/fault'],
      [{ endpoint: 'image', fault: 'throttled', times: 0 }, '/times'],
      [{ endpoint: 'image', fault: 'throttled', often: 2 }, '/often'],
      ['no object', 'body'],
    ] as const) {
      const response = await control('POST', '/faults', body)
      expect(response.status).toBe(400)
      expect(String(at(await response.json(), 'error', 'message'))).toContain(said)
    }
    expect((await fetch(`${emulator.controlUrl}/faults`, { method: 'POST', body: '{' })).status).toBe(400)
    expect((await client.image('a boat')).status).toBe(200)
  })
})

describe('the record', () => {
  test('every call with its answer; control calls are none', async () => {
    await control('DELETE', '/record')
    await client.image('a boat')
    await client.api('credits')
    const { total, calls } = await jsonOf(await control('GET', '/record?endpoint=image'))
    expect(total).toBe(2)
    expect(calls).toMatchObject([{ endpoint: 'image', account: 'pro@flow.example', status: 200 }])
    expect(at(await (await control('GET', '/record?account=free@flow.example')).json(), 'calls')).toEqual([])
    expect(at(await (await control('GET', '/record?limit=1')).json(), 'calls', 0, 'endpoint')).toBe('credits')
  })

  test('paid work that was accepted is counted, whatever became of it', async () => {
    await control('DELETE', '/record')
    await client.video('[refuse]')
    await client.video('[[fault:throttled:1]]')
    emulator.faults.next('video', { status: 500 })
    await client.video('a boat')
    expect(emulator.record.paid()).toEqual([])

    const body = client.videoBody('a boat [[fault:fail]]')
    const id = await client.videoId(body)
    await client.poll(id)
    const image = await client.imageId('a ship')
    emulator.faults.next('video', { silence: 'lost' })
    void client.video('lost').catch(() => {})
    while (emulator.record.paid().length < 3) await new Promise(resolve => setImmediate(resolve))
    expect(emulator.record.paid()).toMatchObject([
      { kind: 'video', endpoint: 'videoText', mediaId: id, model: 'veo_3_1_t2v_fast', credits: 20 },
      { kind: 'image', endpoint: 'image', mediaId: image, model: 'NARWHAL', credits: 0, prompt: 'a ship' },
      { kind: 'video', prompt: 'lost', account: 'pro@flow.example' },
    ])
    const batchId = String(body.mediaGenerationContext['batchId'])
    expect(emulator.record.paid({ batchId })).toHaveLength(1)
    const outside = await (await control('GET', `/paid?kind=video&batchId=${batchId}`)).json()
    expect(at(outside, 'submissions', 0, 'mediaId')).toBe(id)
    expect(at(outside, 'submissions', 1)).toBeUndefined()
  })
})

describe('accounts and media', () => {
  test('are seen and changed', async () => {
    const changed = await control('POST', '/accounts', {
      email: 'pro@flow.example',
      credits: 3,
      tier: 'PAYGATE_TIER_TWO',
      session: 'gone',
      expireAccess: true,
    })
    expect(await changed.json()).toMatchObject({ st: 'emulator-session-pro', credits: 3, projects: [client.projectId] })
    expect((await client.api('credits')).status).toBe(401)
    expect(await jsonOf(await client.session())).toEqual({})

    expect((await control('POST', '/accounts', { email: 'new@flow.example' })).status).toBe(404)
    expect((await control('POST', '/accounts', { email: 'new@flow.example', st: 'new', credits: 7 })).status).toBe(200)
    expect(await (await FlowClient.open(emulator, 'new')).credits()).toBe(7)
  })

  test('uploads are listed without their bytes', async () => {
    const id = await client.uploadId()
    expect(at(await (await control('GET', '/media')).json(), 'media')).toMatchObject([
      { id, kind: 'image', account: 'pro@flow.example', width: 320 },
    ])
  })

  test('a reset brings everybody back, and keeps what clients hold', async () => {
    const id = await client.finishedVideo()
    emulator.faults.always('*', { status: 500 })
    Object.assign(emulator.accounts.get('pro@flow.example'), { credits: 0, session: 'gone' })
    await control('POST', '/reset')
    expect(emulator.record.total).toBe(0)
    expect(await client.credits()).toBe(1000)
    expect((await client.redirect(id)).status).toBe(302)
    expect((await client.image('a boat')).status).toBe(200)
  })
})

test('the overview lists what there is; what there is not is said', async () => {
  const { switches, endpoints, accounts, settings, calls } = await jsonOf(await control('GET', ''))
  expect(Array.isArray(switches) && switches.length).toBe(SWITCHES.length)
  expect(endpoints).toEqual([...ENDPOINT_NAMES])
  expect(accounts).toMatchObject([{ email: 'free@flow.example' }, {}, {}])
  expect(settings).toMatchObject({ strict: true, videoPolls: 1 })
  expect(Array.isArray(calls) && calls.length).toBe(CONTROL_CALLS.length)
  expect((await control('GET', '/')).status).toBe(200)
  const missing = await control('PUT', '/faults', {})
  expect(missing.status).toBe(404)
  expect(String(at(await missing.json(), 'error', 'message'))).toContain('GET /__control lists them')
})

test('README.md names every switch, endpoint, group, control call and option', async () => {
  const page = await Bun.file(join(import.meta.dir, 'README.md')).text()
  const options = await Bun.file(join(import.meta.dir, 'options.ts')).text()
  const body = options.slice(
    options.indexOf('export interface EmulatorOptions'),
    options.indexOf('export type Settings'),
  )
  const latencies = options.slice(options.indexOf('const NO_LATENCY'), options.indexOf('/** Fills in'))
  const names = [
    ...SWITCHES.map(each => each.name),
    ...ENDPOINT_NAMES,
    ...Object.keys(GROUPS),
    ...[...body.matchAll(/readonly (\w+)\?/g)].map(([, name]) => name),
    ...[...latencies.matchAll(/(\w+Ms):/g)].map(([, name]) => name),
  ]
  expect(names.length).toBeGreaterThan(90)
  expect(names.filter(name => !page.includes(`\`${name}\``))).toEqual([])
  for (const { method, path } of CONTROL_CALLS) expect(page).toContain(`\`${method} /__control${path}\``)
})
