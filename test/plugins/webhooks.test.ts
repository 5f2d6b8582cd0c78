/** What is sent, and what comes of an attempt. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { err, ok } from 'flow2api/plugin'
import OpenAI from 'openai'
import { domainFault, signedHeaders } from '../../plugins/contracts/index.ts'
import { jobEvent, newEventId, typeOf } from '../../plugins/webhooks/event.ts'
import { backOffMs, judge } from '../../plugins/webhooks/verdict.ts'
import { HOUR_MS, jobOf } from './webhooks.world.ts'

const SECRET = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`

describe('an event', () => {
  test('tells how the job ended', () => {
    const media = {
      url: 'http://x/tmp/a.mp4',
      mime: 'video/mp4',
      bytes: 9,
      width: 1280,
      height: 720,
      duration_s: 8,
      file: 'a.mp4',
    }
    expect(JSON.parse(jobEvent('evt_1', jobOf('job_1', { media: [media] })))).toEqual({
      id: 'evt_1',
      object: 'event',
      type: 'video.completed',
      created_at: 3,
      data: {
        id: 'job_1',
        object: 'job',
        status: 'completed',
        kind: 'video',
        model: 'sora-2',
        media: [{ url: 'http://x/tmp/a.mp4', mime: 'video/mp4', bytes: 9, width: 1280, height: 720, duration_s: 8 }],
        error: null,
      },
    })
    const fault = domainFault('moderation_blocked', 'No.', { cause: 'inner secret' })
    const failed = jobEvent('evt_2', jobOf('job_2', { status: 'failed', kind: 'image', model: '', fault }))
    expect(JSON.parse(failed)).toMatchObject({
      type: 'image.failed',
      data: {
        model: 'veo',
        error: { message: 'No.', type: 'image_generation_user_error', param: null, code: 'moderation_blocked' },
      },
    })
    expect(failed).not.toContain('inner secret')
  })

  test('every end that is not completed has failed', () => {
    expect(
      (['completed', 'failed', 'cancelled', 'outcome_unknown'] as const).map(status => typeOf(jobOf('j', { status }))),
    ).toEqual(['video.completed', 'video.failed', 'video.failed', 'video.failed'])
  })

  test('carries no pictures', () => {
    const media = {
      url: `data:image/png;base64,${'A'.repeat(100)}`,
      mime: 'image/png',
      bytes: 75,
      width: null,
      height: null,
      duration_s: null,
      file: null,
    }
    expect(JSON.parse(jobEvent('evt_1', jobOf('job_1', { media: [media] }))).data.media[0]).toMatchObject({
      url: null,
      bytes: 75,
    })
  })

  test('ids rise', () => {
    const ids = Array.from({ length: 1000 }, newEventId)
    expect(ids.toSorted()).toEqual(ids)
    expect(new Set(ids).size).toBe(1000)
  })
})

describe('a signature', () => {
  const client = new OpenAI({ apiKey: 'none' })
  const body = jobEvent('evt_1', jobOf('job_1', { prompt: 'Grüße' }))

  test('is what the official client verifies', async () => {
    const headers = signedHeaders('evt_1', body, SECRET, Date.now())
    expect(await client.webhooks.unwrap(body, headers, SECRET)).toMatchObject({
      id: 'evt_1',
      data: { id: 'job_1' },
    } as object)
    for (const [changed, other] of [
      [body.replace('job_1', 'job_2'), headers],
      [body, { ...headers, 'webhook-id': 'evt_2' }],
      [body, signedHeaders('evt_1', body, SECRET.replace('MDEy', 'MDEz'), Date.now())],
      [body, signedHeaders('evt_1', body, SECRET, Date.now() - 301_000)],
    ] as const)
      await expect(client.webhooks.unwrap(changed, other, SECRET)).rejects.toThrow()
  })
})

describe('an attempt', () => {
  const attempt = { attempts: 1, dueAt: 0, now: 1000, giveUpAfterMs: 24 * HOUR_MS, random: 0.5 }
  const status = (status: number) => ok({ status, mime: '', bytes: new Uint8Array() })

  test('has arrived with any 2xx', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), code => {
        expect(judge(status(code), attempt).state === 'delivered').toBe(code >= 200 && code < 300)
      }),
    )
  })

  test('is repeated after anything else, but not after 410', () => {
    expect(judge(status(500), attempt)).toEqual({
      state: 'pending',
      nextAt: 6000,
      status: 500,
      error: 'The receiver answered with status 500.',
    })
    expect(judge(status(404), attempt).state).toBe('pending')
    expect(judge(err(domainFault('upstream_unreachable', 'Away.')), attempt)).toMatchObject({
      state: 'pending',
      status: null,
      error: 'Away.',
    })
    expect(judge(status(410), attempt)).toMatchObject({ state: 'given_up', nextAt: null, status: 410 })
  })

  test('is the last one where the next would be too late', () => {
    const late = { ...attempt, attempts: 8, now: 20 * HOUR_MS }
    expect(judge(status(500), late).state).toBe('pending')
    expect(judge(status(500), { ...late, now: 20 * HOUR_MS + 1 }).state).toBe('given_up')
  })

  test('is followed by growing waits, which differ a little', () => {
    const waits = Array.from({ length: 10 }, (_, index) => backOffMs(index + 1, 0.5) / 1000)
    expect(waits).toEqual([5, 30, 120, 600, 1800, 3600, 7200, 14_400, 14_400, 14_400])
    expect([backOffMs(1, 0), backOffMs(1, 1)]).toEqual([4000, 6000])
  })
})
