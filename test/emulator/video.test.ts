import { afterEach, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { at, FlowClient, jsonOf, reasonOf } from './client.ts'
import { type Emulator, type EmulatorOptions, startEmulator } from './index.ts'
import { statusAfter } from './media.ts'

let emulator: Emulator | undefined
const start = async (options: EmulatorOptions = {}) => {
  emulator = await startEmulator(options)
  return emulator
}
afterEach(() => emulator?.stop())

describe('states', () => {
  test('by default: pending when submitted, active at the first round, successful at the second', async () => {
    const client = await FlowClient.open(await start())
    const submitted = await jsonOf(await client.video('a boat'))
    expect(at(submitted, 'media', 0, 'mediaMetadata', 'mediaStatus', 'mediaGenerationStatus')).toBe(
      'MEDIA_GENERATION_STATUS_PENDING',
    )
    const id = String(at(submitted, 'media', 0, 'name'))
    expect(at(submitted, 'media', 0, 'video', 'operation', 'name')).toBe(id)
    expect(at(submitted, 'workflows', 0, 'metadata', 'primaryMediaId')).toBe(id)
    expect([await client.statusOf(id), await client.statusOf(id), await client.statusOf(id)]).toEqual([
      'ACTIVE',
      'SUCCESSFUL',
      'SUCCESSFUL',
    ])
  })

  test('several videos in one round each make their own way', async () => {
    const client = await FlowClient.open(await start())
    const first = await client.videoId('a boat')
    await client.statusOf(first)
    const second = await client.videoId('a ship')
    const answer = await (await client.poll(first, second)).json()
    const states = [0, 1].map(n => at(answer, 'media', n, 'mediaMetadata', 'mediaStatus', 'mediaGenerationStatus'))
    expect(states).toEqual(['MEDIA_GENERATION_STATUS_SUCCESSFUL', 'MEDIA_GENERATION_STATUS_ACTIVE'])
    expect(at(answer, 'remainingCredits')).toBe(960)
  })

  test('with a latency, time decides and rounds do not', async () => {
    let now = 1_800_000_000_000
    const client = await FlowClient.open(await start({ latency: { videoMs: 8000 }, now: () => now }))
    const id = await client.videoId('a boat')
    for (let round = 0; round < 5; round++) expect(await client.statusOf(id)).toBe('PENDING')
    now += 2000
    expect(await client.statusOf(id)).toBe('ACTIVE')
    now += 5999
    expect(await client.statusOf(id)).toBe('ACTIVE')
    now += 1
    expect(await client.statusOf(id)).toBe('SUCCESSFUL')
  })

  test('never fall back, and end after the rounds or the time that were set', () => {
    const order = ['PENDING', 'ACTIVE', 'SUCCESSFUL']
    fc.assert(
      fc.property(
        fc.record({ videoPolls: fc.integer({ min: 0, max: 20 }), videoMs: fc.constantFrom(0, 1, 1000, 60_000) }),
        fc.array(fc.nat({ max: 5000 }), { minLength: 1, maxLength: 40 }),
        (pace, steps) => {
          let elapsedMs = 0
          let last = 0
          steps.forEach((step, index) => {
            elapsedMs += step
            const polls = index + 1
            const status = statusAfter({ polls, elapsedMs }, pace, undefined)
            expect(order.indexOf(status)).toBeGreaterThanOrEqual(last)
            last = order.indexOf(status)
            const done = pace.videoMs > 0 ? elapsedMs >= pace.videoMs : polls >= pace.videoPolls
            expect(status === 'SUCCESSFUL').toBe(done)
          })
        },
      ),
    )
  })

  test('what is unknown, or of another account or project, is not found', async () => {
    const running = await start()
    const client = await FlowClient.open(running)
    const stranger = await FlowClient.open(running, 'emulator-session-free')
    const id = await client.videoId('a boat')
    stranger.projectId = client.projectId
    expect((await stranger.poll(id)).status).toBe(404)
    expect((await client.poll(id, crypto.randomUUID())).status).toBe(404)
    client.projectId = crypto.randomUUID()
    expect((await client.poll(id)).status).toBe(404)
  })
})

describe('failure', () => {
  test('[fail] is accepted and fails with an error and reasons', async () => {
    const client = await FlowClient.open(await start({ videoPolls: 1 }))
    const id = await client.videoId('a boat [fail]')
    const item = at(await (await client.poll(id)).json(), 'media', 0)
    expect(at(item, 'mediaMetadata', 'mediaStatus')).toEqual({
      mediaGenerationStatus: 'MEDIA_GENERATION_STATUS_FAILED',
      error: { code: 3, message: 'PUBLIC_ERROR_UNSAFE_GENERATION' },
      failureReasons: ['FINISH_REASON_SAFETY'],
    })
    expect(at(item, 'mediaMetadata', 'visibility')).toBe('FILTERED')
    expect((await client.redirect(id)).status).toBe(404)
  })

  test('[stuck] stays active', async () => {
    const client = await FlowClient.open(await start())
    const id = await client.videoId('a boat [stuck]')
    for (let round = 0; round < 10; round++) expect(await client.statusOf(id)).toBe('ACTIVE')
  })

  test('a cancelled video is over; what is over, or no video, cannot be cancelled', async () => {
    const client = await FlowClient.open(await start({ videoPolls: 1 }))
    const cancel = (mediaId: unknown) => client.api('flowMedia:cancelGeneration', { mediaId })
    const id = await client.videoId('a boat')
    expect((await cancel(id)).status).toBe(200)
    expect(await client.statusOf(id)).toBe('CANCELED')
    const again = await cancel(id)
    expect(again.status).toBe(400)
    expect(await reasonOf(again)).toBe('PUBLIC_ERROR_MEDIA_GENERATION_CANNOT_BE_CANCELED')
    const image = await (await client.image('a boat')).json()
    expect((await cancel(at(image, 'media', 0, 'name'))).status).toBe(404)
  })
})

describe('credits', () => {
  test('are taken when submitted and told', async () => {
    const client = await FlowClient.open(await start())
    const submitted = await jsonOf(await client.video(client.videoBody('a boat', 'veo_3_1_t2v')))
    expect(submitted['remainingCredits']).toBe(900)
    expect(await client.credits()).toBe(900)
    expect((await client.image('a boat')).status).toBe(200)
    expect(await client.credits()).toBe(900)
  })

  test('depend on key and tier', async () => {
    const running = await start()
    const price = async (st: string, key: string) => {
      const client = await FlowClient.open(running, st)
      const before = await client.credits()
      expect((await client.video(client.videoBody('a boat', key))).status).toBe(200)
      return before - (await client.credits())
    }
    expect(await price('emulator-session-free', 'veo_3_1_t2v_lite')).toBe(10)
    expect(await price('emulator-session-ultra', 'veo_3_1_t2v_lite')).toBe(5)
    expect(await price('emulator-session-pro', 'veo_3_1_t2v_fast')).toBe(20)
    expect(await price('emulator-session-ultra', 'veo_3_1_t2v_fast_ultra')).toBe(10)
    expect(await price('emulator-session-ultra', 'veo_3_1_t2v_fast_ultra_relaxed')).toBe(0)
    expect(await price('emulator-session-pro', 'abra_t2v_8s')).toBe(12)
  })

  test('whatever happens in whatever order, an account has paid for exactly what did not fail', async () => {
    const running = await start({ videoPolls: 3 })
    const client = await FlowClient.open(running)
    const account = running.accounts.get(client.st)
    const prices = { veo_3_1_t2v_fast: 20, veo_3_1_t2v: 100, veo_3_1_t2v_lite: 10 } as const
    const act = fc.oneof(
      fc.record({
        submit: fc.constantFrom(...(['veo_3_1_t2v_fast', 'veo_3_1_t2v', 'veo_3_1_t2v_lite'] as const)),
        fails: fc.boolean(),
      }),
      fc.record({ poll: fc.nat() }),
      fc.record({ cancel: fc.nat() }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 25 }), async acts => {
        account.credits = 400
        const videos: { readonly id: string; readonly price: number; refunded: boolean }[] = []
        const spent = () => videos.reduce((sum, video) => sum + (video.refunded ? 0 : video.price), 0)
        for (const each of acts) {
          if ('submit' in each) {
            const price = prices[each.submit]
            const response = await client.video(client.videoBody(each.fails ? '[fail]' : 'a boat', each.submit))
            expect(response.status).toBe(400 - spent() >= price ? 200 : 429)
            if (response.ok)
              videos.push({ id: String(at(await response.json(), 'media', 0, 'name')), price, refunded: false })
          } else {
            const video = videos[('poll' in each ? each.poll : each.cancel) % Math.max(1, videos.length)]
            if (!video) continue
            if ('poll' in each) video.refunded ||= (await client.statusOf(video.id)) === 'FAILED'
            else video.refunded ||= (await client.api('flowMedia:cancelGeneration', { mediaId: video.id })).ok
          }
          expect(await client.credits()).toBe(400 - spent())
        }
      }),
      { numRuns: 40 },
    )
  })
})

describe('the older form', () => {
  const older = (id: string) => ({ operations: [{ operation: { name: id }, sceneId: 's', status: 'x' }] })
  const path = 'video:batchCheckAsyncVideoGenerationStatus'

  test('of polls is refused by a strict emulator, naming the field', async () => {
    const client = await FlowClient.open(await start())
    const response = await client.api(path, older(await client.videoId('a boat')))
    expect(response.status).toBe(400)
    expect(at(await response.json(), 'error', 'message')).toContain('Unknown name "operations"')
  })

  test('of polls is answered in kind by a lenient one, with addresses once it is done', async () => {
    const client = await FlowClient.open(await start({ strict: false, videoPolls: 2 }))
    const id = await client.videoId('a boat')
    const running = at(await (await client.api(path, older(id))).json(), 'operations', 0)
    expect(at(running, 'status')).toBe('MEDIA_GENERATION_STATUS_ACTIVE')
    expect(at(running, 'operation', 'metadata')).toBeUndefined()
    const done = at(await (await client.api(path, older(id))).json(), 'operations', 0)
    const url = String(at(done, 'operation', 'metadata', 'video', 'fifeUrl'))
    expect(new URL(url).pathname).toBe(`/media/video/${id}`)
    expect((await fetch(url)).headers.get('content-type')).toBe('video/mp4')
  })

  test('of answers comes alone or beside the current one, as set', async () => {
    for (const videoAnswers of ['operations', 'both'] as const) {
      await using running = await startEmulator({ videoAnswers })
      const client = await FlowClient.open(running)
      const submitted = await jsonOf(await client.video('a boat'))
      expect(at(submitted, 'operations', 0, 'status')).toBe('MEDIA_GENERATION_STATUS_PENDING')
      expect('media' in submitted).toBe(videoAnswers === 'both')
      expect(submitted['remainingCredits']).toBe(980)
    }
  })
})
