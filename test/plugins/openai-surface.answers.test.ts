/** Answers: faults, video objects, chat chunks. */
import { describe, expect, test } from 'bun:test'
import { domainFault, errorBody, FAULTS, faultResponse, type JobStatus, streamErrorBody } from 'flow2api/contracts'
import { fault } from 'flow2api/plugin'
import { manualClock } from 'flow2api/testing'
import { completion } from '../../plugins/openai-surface/chat-answer.ts'
import { ProgressReporter } from '../../plugins/openai-surface/chat-progress.ts'
import { jobIdOf, videoObject } from '../../plugins/openai-surface/video-object.ts'
import { clip, picture, sampleJob } from './openai-surface.fixtures.ts'

const noRemix = { sourceOf: () => undefined }

describe('faults', () => {
  test.each(Object.entries(FAULTS))('%s has the status and type of the catalogue', async (code, entry) => {
    const response = faultResponse(fault(code, 'It failed.', entry))
    expect(response.status).toBe(entry.status)
    expect(await response.json()).toEqual({ error: { message: 'It failed.', type: entry.type, param: null, code } })
  })

  test.each([
    ['request', 400, 'invalid_request_error'],
    ['account', 503, 'server_error'],
    ['gateway', 503, 'server_error'],
    ['proxy', 502, 'server_error'],
    ['upstream', 502, 'server_error'],
  ] as const)('an unknown code is answered by its blame: %s', async (blame, status, type) => {
    const response = faultResponse(fault('constructor', 'x', { blame, retry: 'later' }), { jobId: 'job_1' })
    expect(response.status).toBe(status)
    expect(response.headers.get('x-flow2api-job')).toBe('job_1')
    expect(await response.json()).toMatchObject({ error: { type, code: 'constructor' } })
  })

  test('all four keys and a message, whatever the fault', () => {
    expect(errorBody(domainFault('invalid_value', ' ', { param: 'size' })).error).toEqual({
      message: 'The request failed with `invalid_value`.',
      type: 'invalid_request_error',
      param: 'size',
      code: 'invalid_value',
    })
  })

  test.each([
    ['moderation_blocked', 'invalid_request_error'],
    ['generation_failed', 'invalid_request_error'],
    ['outcome_unknown', 'invalid_request_error'],
    ['insufficient_quota', 'insufficient_quota'],
    ['upstream_error', 'server_error'],
    ['account_throttled', 'rate_limit_error'],
  ] as const)('in a stream the type of %s says whether to ask again: %s', (code, type) => {
    expect(streamErrorBody(domainFault(code, 'x')).error).toMatchObject({ code, type })
  })

  test.each([
    ['queue_full', 1500, '2', null],
    ['accounts_cooling', 60_000, '60', null],
    ['accounts_cooling', 60_001, '61', 'false'],
    ['insufficient_quota', undefined, null, 'false'],
    ['generation_failed', undefined, null, 'false'],
    ['upstream_error', undefined, '5', null],
    ['internal_error', undefined, '5', null],
    ['moderation_blocked', undefined, null, null],
  ] as const)('%s after %p ms: retry-after %p, x-should-retry %p', (code, retryAfterMs, after, should) => {
    const { headers } = faultResponse(domainFault(code, 'x', retryAfterMs === undefined ? {} : { retryAfterMs }))
    expect(headers.get('retry-after')).toBe(after)
    expect(headers.get('x-should-retry')).toBe(should)
  })
})

describe('video objects', () => {
  const keys =
    'id object model status progress created_at completed_at expires_at prompt size seconds remixed_from_video_id error requested delivered'

  test.each([
    ['queued', 'queued'],
    ['starting', 'in_progress'],
    ['running', 'in_progress'],
    ['delivering', 'in_progress'],
    ['completed', 'completed'],
    ['failed', 'failed'],
    ['cancelled', 'failed'],
    ['outcome_unknown', 'failed'],
  ] as const)('%s is %s, with all thirteen keys and the two of our own', (status: JobStatus, expected) => {
    const media = status === 'completed' ? [clip] : []
    const video = videoObject(sampleJob({ kind: 'video', status, media }), noRemix)
    expect(Object.keys(video).sort()).toEqual(keys.split(' ').sort())
    expect(video.status).toBe(expected)
    expect(video.error === null).toBe(expected !== 'failed')
    if (video.error !== null) expect(video.error.message).not.toBe('')
  })

  test('size and seconds are real once there is a file, and asked for before', () => {
    const requested = { size: '1920x1080', seconds: 8 }
    const job = sampleJob({ kind: 'video', requested, progress: 41.7 })
    expect(videoObject(job, noRemix)).toMatchObject({ id: 'video_0001', size: '1920x1080', seconds: '8', progress: 41 })
    const longer = sampleJob({ ...job, status: 'completed', media: [clip], delivered: { seconds: 15.02 } })
    expect(videoObject(longer, noRemix)).toMatchObject({ seconds: '15', requested: { seconds: 8 } })
    const done = sampleJob({ ...job, status: 'completed', media: [clip], requested: {}, finishedAt: 1_790_000_009_999 })
    expect(videoObject(done, noRemix)).toMatchObject({ size: '1280x720', seconds: '8', completed_at: 1_790_000_009 })
  })

  test('a remix names the video that it was made of', () => {
    const of = { sourceOf: (id: string) => (id === 'job_0002' ? 'job_0001' : undefined) }
    expect(videoObject(sampleJob({ id: 'job_0002' }), of).remixed_from_video_id).toBe('video_0001')
    expect(videoObject(sampleJob(), of).remixed_from_video_id).toBeNull()
  })

  test('an id belongs to a job or to nothing', () => {
    expect(jobIdOf('video_00ff')).toBe('job_00ff')
    for (const id of ['job_00ff', 'video_', 'video_../x', 'characters']) expect(jobIdOf(id)).toBeUndefined()
  })
})

describe('chat', () => {
  test('one choice a picture where several were asked for, else one choice with all', () => {
    const job = sampleJob({ status: 'completed', media: [picture(1), picture(2)] })
    expect(completion(job, { asked: 2 }).choices.map(choice => choice.message.content)).toEqual([
      '![image](http://media.test/tmp/1.png)',
      '![image](http://media.test/tmp/2.png)',
    ])
    expect(completion(job, { asked: 1 }).choices.map(choice => choice.message.content)).toEqual([
      '![image](http://media.test/tmp/1.png)\n\n![image](http://media.test/tmp/2.png)',
    ])
  })

  test('a video is a link, and an address cannot break out of it', () => {
    const media = [{ ...clip, url: 'http://media.test/a (1).mp4' }]
    expect(completion(sampleJob({ status: 'completed', media }), { asked: 1 }).choices[0]?.message.content).toBe(
      '[video.mp4](http://media.test/a%20%281%29.mp4)',
    )
  })

  test('progress is told on change, at most once a second, the newest last', async () => {
    const clock = manualClock()
    const told: string[] = []
    const progress = new ProgressReporter(clock, text => told.push(text))
    const running = (percent: number) => progress.update(sampleJob({ status: 'running', progress: percent }))
    progress.update(sampleJob({ queuePosition: 2 }))
    running(10)
    running(20)
    expect(told).toEqual(['Queued, position 2…\n'])
    await clock.advance(1000)
    expect(told).toEqual(['Queued, position 2…\n', 'Generating… 20 %\n'])
    running(20.4)
    await clock.advance(5000)
    expect(told).toHaveLength(2)
    running(30)
    expect(told.at(-1)).toBe('Generating… 30 %\n')
    running(40)
    progress.stop()
    running(50)
    await clock.advance(5000)
    expect(told).toHaveLength(3)
    expect(clock.waiting).toBe(0)
  })
})
