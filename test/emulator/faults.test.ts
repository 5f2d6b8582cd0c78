import { afterEach, describe, expect, test } from 'bun:test'
import { at, FlowClient, jsonOf, reasonOf } from './client.ts'
import { type Emulator, type EmulatorOptions, startEmulator } from './index.ts'

let emulator: Emulator | undefined
const start = async (options: EmulatorOptions = {}) => {
  emulator = await startEmulator(options)
  return emulator
}
afterEach(() => emulator?.stop())

/** Whether an answer comes while the event loop turns a few hundred times. */
async function answers(pending: Promise<unknown>): Promise<boolean> {
  let settled = false
  const settle = () => {
    settled = true
  }
  pending.then(settle, settle)
  for (let turn = 0; turn < 300 && !settled; turn++) await new Promise(resolve => setImmediate(resolve))
  return settled
}

describe('an error', () => {
  test('meets the next request alone, in the form of its base', async () => {
    const running = await start()
    const client = await FlowClient.open(running)
    running.faults.next('image', { status: 429, reason: 'PUBLIC_ERROR_USER_REQUESTS_THROTTLED' })
    expect((await client.video('a boat')).status).toBe(200)
    const refused = await client.image('a boat')
    expect(refused.status).toBe(429)
    expect(await refused.json()).toEqual({
      error: {
        code: 429,
        message: 'Resource has been exhausted (e.g. check quota).',
        status: 'RESOURCE_EXHAUSTED',
        details: [
          { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'PUBLIC_ERROR_USER_REQUESTS_THROTTLED' },
        ],
      },
    })
    expect((await client.image('a boat')).status).toBe(200)

    running.faults.next('createProject', { status: 500 })
    const labs = await client.labs('trpc/project.createProject', { json: { projectTitle: 'x', toolName: 'PINHOLE' } })
    expect(labs.status).toBe(500)
    expect(at(await labs.json(), 'error', 'json', 'data', 'code')).toBe('INTERNAL_SERVER_ERROR')
  })

  test('several wait in line; each comes as often as it should', async () => {
    const running = await start()
    const client = await FlowClient.open(running)
    running.faults.next('credits', { status: 401 }, { times: 2 })
    running.faults.next('credits', { status: 503, headers: { 'retry-after': '7' } })
    const seen = []
    for (let count = 0; count < 4; count++) seen.push((await client.api('credits')).status)
    expect(seen).toEqual([401, 401, 503, 200])
  })

  test('may be meant for one account, or last until it is undone', async () => {
    const running = await start()
    const [pro, free] = [await FlowClient.open(running), await FlowClient.open(running, 'emulator-session-free')]
    const undo = running.faults.always('image', { status: 403 }, { account: 'pro@flow.example' })
    for (let count = 0; count < 3; count++) {
      expect((await pro.image('a boat')).status).toBe(403)
      expect((await free.image('a boat')).status).toBe(200)
    }
    undo()
    expect((await pro.image('a boat')).status).toBe(200)
    running.faults.always('image', { status: 500 })
    running.faults.clear()
    expect((await pro.image('a boat')).status).toBe(200)
  })

  test('takes no credits and makes nothing', async () => {
    const running = await start()
    const client = await FlowClient.open(running)
    running.faults.next('video', { status: 500 })
    await client.video('a boat')
    expect(await client.credits()).toBe(1000)
  })
})

describe('an answer that is none', () => {
  test('a web page', async () => {
    const running = await start()
    const client = await FlowClient.open(running)
    running.faults.next('status', { html: true, status: 502 })
    const response = await client.poll(await client.videoId('a boat'))
    expect(response.status).toBe(502)
    expect(response.headers.get('content-type')).toStartWith('text/html')
    expect(await response.text()).toStartWith('<!DOCTYPE html>')
  })

  test('any JSON, or any text', async () => {
    const running = await start()
    const client = await FlowClient.open(running)
    running.faults.next('image', { body: { media: [] } })
    expect(await (await client.image('a boat')).json()).toEqual({ media: [] })
    running.faults.next('image', { body: '', status: 204 })
    expect((await client.image('a boat')).status).toBe(204)
  })

  test('silence before the work: nothing was done', async () => {
    const running = await start()
    const client = await FlowClient.open(running)
    running.faults.next('video', { silence: 'hang' })
    expect(await answers(client.video('a boat'))).toBe(false)
    expect(await client.credits()).toBe(1000)
  })

  test('silence after the work: it was done and paid', async () => {
    const running = await start()
    const client = await FlowClient.open(running)
    running.faults.next('video', { silence: 'lost' })
    expect(await answers(client.video('a boat'))).toBe(false)
    expect(await client.credits()).toBe(980)
  })

  test('stopping ends what hangs', async () => {
    const running = await start()
    const client = await FlowClient.open(running)
    running.faults.next('image', { silence: 'hang' })
    const hanging = client.image('a boat').then(
      response => response.status,
      () => 'cut off',
    )
    expect(await answers(hanging)).toBe(false)
    await running.stop()
    expect([503, 'cut off']).toContain(await hanging)
  })

  test('a delay, then the usual answer', async () => {
    const running = await start()
    const client = await FlowClient.open(running)
    running.faults.next('credits', { delayMs: 60 })
    const before = performance.now()
    expect((await client.api('credits')).status).toBe(200)
    expect(performance.now() - before).toBeGreaterThanOrEqual(55)
  })
})

describe('faults of one endpoint', () => {
  test('a session that is empty, stale, or without access', async () => {
    const running = await start()
    const client = await FlowClient.open(running)
    for (const session of ['empty', 'stale', 'without-access'] as const) running.faults.next('session', { session })
    expect(await jsonOf(await client.session())).toEqual({})
    const stale = await jsonOf(await client.session())
    expect(stale['error']).toBe('ACCESS_TOKEN_REFRESH_NEEDED')
    expect(stale['access_token']).not.toBe(client.access)
    expect('access_token' in (await jsonOf(await client.session()))).toBe(false)
    expect((await jsonOf(await client.session()))['access_token']).toBe(client.access)
  })

  test('a redirect that is not ready at once', async () => {
    const running = await start({ videoPolls: 1 })
    const client = await FlowClient.open(running)
    const id = await client.videoId('a boat')
    await client.statusOf(id)
    running.faults.next('redirect', { status: 404 }, { times: 2 })
    running.faults.next('redirect', { body: {} })
    const seen = []
    for (let count = 0; count < 4; count++) seen.push((await client.redirect(id)).status)
    expect(seen).toEqual([404, 404, 200, 302])
  })

  test('a video that fails for a reason of choice, is stuck, or keeps silent about its status', async () => {
    const running = await start({ videoPolls: 1 })
    const client = await FlowClient.open(running)
    running.faults.next('video', {
      outcome: 'failed',
      reason: 'PUBLIC_ERROR_IP_INPUT_IMAGE',
      failureReasons: ['IP_PROHIBITED'],
    })
    const failed = at(await (await client.poll(await client.videoId('a boat'))).json(), 'media', 0, 'mediaMetadata')
    expect(at(failed, 'mediaStatus')).toMatchObject({
      error: { message: 'PUBLIC_ERROR_IP_INPUT_IMAGE' },
      failureReasons: ['IP_PROHIBITED'],
    })
    running.faults.next('video', { outcome: 'stuck' })
    expect(await client.statusOf(await client.videoId('a boat'))).toBe('ACTIVE')
    running.faults.next('video', { outcome: 'silent' })
    const silent = at(await (await client.poll(await client.videoId('a boat'))).json(), 'media', 0, 'mediaMetadata')
    expect(at(silent, 'mediaStatus')).toBeUndefined()
  })

  test('a download that breaks', async () => {
    const running = await start()
    const client = await FlowClient.open(running)
    const url = String(
      at(await (await client.image('a boat')).json(), 'media', 0, 'image', 'generatedImage', 'fifeUrl'),
    )
    running.faults.next('download', { status: 503 })
    expect((await fetch(url)).status).toBe(503)
    expect((await fetch(url)).status).toBe(200)
  })

  test('each refusal of the error table can be had', async () => {
    const running = await start()
    const client = await FlowClient.open(running)
    for (const [status, reason] of [
      [403, 'PUBLIC_ERROR_UNUSUAL_ACTIVITY'],
      [403, 'PUBLIC_ERROR_MODEL_ACCESS_DENIED'],
      [429, 'PUBLIC_ERROR_UNUSUAL_ACTIVITY_TOO_MUCH_TRAFFIC'],
      [429, 'PUBLIC_ERROR_PER_MODEL_DAILY_QUOTA_REACHED'],
      [500, 'PUBLIC_ERROR_HIGH_TRAFFIC'],
    ] as const) {
      running.faults.next('image', { status, reason, message: 'reCAPTCHA evaluation failed' })
      const response = await client.image('a boat')
      expect(response.status).toBe(status)
      expect(await reasonOf(response)).toBe(reason)
    }
  })
})
