/** What a round of `status` makes of chains: the next step, clips that are joined, files that stay away. */
import { describe, expect, test } from 'bun:test'
import { domainFault, type Operation } from 'flow2api/contracts'
import {
  API,
  base64,
  json,
  LABS,
  MP4,
  PROJECT,
  provider,
  type Reply,
  refusal,
  type Sent,
  session,
  upstream,
} from './flow-provider.fixtures.ts'

const item = (name: string, status: string, more: Record<string, unknown> = {}) => ({
  name,
  projectId: PROJECT,
  mediaMetadata: { mediaStatus: { mediaGenerationStatus: `MEDIA_GENERATION_STATUS_${status}` } },
  ...more,
})
const video = (name: string, more: Operation = {}): Operation => ({
  kind: 'video',
  name,
  projectId: PROJECT,
  model: 'veo_3_1_t2v_portrait_4k',
  width: 720,
  height: 1280,
  seconds: 8,
  ...more,
})
const clips = [
  { mediaId: 'clip-0', seconds: 8 },
  { mediaId: 'clip-1', seconds: 8 },
]
const joining = (name: string): Operation => ({
  kind: 'concatenation',
  name,
  projectId: PROJECT,
  model: 'veo_3_1_extend_portrait',
  width: 720,
  height: 1280,
  seconds: 15,
  clips,
})
const redirect = new Response(null, { status: 302, headers: { location: 'https://flow-content.test/video/1' } })

/** Answers by what is asked, so that the order of calls beside each other does not matter. */
function world(answers: { status?: Reply; redirect?: Reply; join?: Reply; lookup?: Reply }) {
  const answerOf = ({ url }: Sent): Reply => {
    const found = url.includes('batchCheckAsync')
      ? answers.status
      : url.includes('getMediaUrlRedirect')
        ? answers.redirect
        : url.includes('runVideoFxCheck')
          ? answers.join
          : answers.lookup
    if (found === undefined) throw new Error(`unexpected request to ${url}`)
    return found
  }
  const reply = (sent: Sent, signal: AbortSignal) => {
    const answer = answerOf(sent)
    return typeof answer === 'function' ? answer(sent, signal) : answer
  }
  return upstream(reply)
}
const calls = (flow: ReturnType<typeof world>, part: string) => flow.sent.filter(({ url }) => url.includes(part))

const look = (flow: ReturnType<typeof world>, ...operations: readonly Operation[]) =>
  provider().status(operations, session(flow.fetch))

describe('a finished first step', () => {
  test('of a video that is to be enlarged is followed by that, with the plain video in hand', async () => {
    const flow = world({ status: json({ media: [item('a', 'SUCCESSFUL')], remainingCredits: 9 }), redirect })
    const [found] = (await look(flow, video('a', { follow: 'upsample' })))._unsafeUnwrap()
    expect(found).toEqual({
      state: 'next',
      step: { kind: 'video_upsample', model: 'veo_3_1_t2v_portrait_4k', projectId: PROJECT, mediaId: 'a', seconds: 8 },
      media: [
        {
          url: 'https://flow-content.test/video/1',
          mime: 'video/mp4',
          width: 720,
          height: 1280,
          durationSeconds: 8,
          origin: {
            mediaId: 'a',
            projectId: PROJECT,
            kind: 'video',
            model: 'veo_3_1_t2v_portrait_4k',
            aspect: '9:16',
            seconds: 8,
          },
        },
      ],
      credits: 9,
    })
  })

  test('of an extension is followed by joining it to what came before', async () => {
    const flow = world({ status: json({ media: [item('clip-1', 'SUCCESSFUL')] }), redirect })
    const operation = video('clip-1', {
      model: 'veo_3_1_extend_portrait',
      follow: 'concatenate',
      clips: clips.slice(0, 1),
    })
    expect((await look(flow, operation))._unsafeUnwrap()).toMatchObject([
      { state: 'next', step: { kind: 'concatenate', clips }, media: [{ origin: { mediaId: 'clip-1' } }] },
    ])
  })

  test('names the media by what later work calls it in the older answer', async () => {
    const metadata = {
      video: {
        fifeUrl: 'https://storage.test/v',
        mediaGenerationId: 'CAUS1',
        servingBaseUri: 'https://storage.test/i',
      },
    }
    const legacy = { operation: { name: 'a', metadata }, status: 'MEDIA_GENERATION_STATUS_SUCCESSFUL' }
    const flow = world({ status: json({ operations: [legacy] }) })
    expect((await look(flow, video('a', { follow: 'upsample' })))._unsafeUnwrap()).toMatchObject([
      {
        state: 'next',
        step: { mediaId: 'CAUS1' },
        media: [{ origin: { mediaId: 'CAUS1', thumbnailUrl: 'https://storage.test/i' } }],
      },
    ])
  })

  test('waits for its file before the next step is paid', async () => {
    const flow = world({ status: json({ media: [item('a', 'SUCCESSFUL')] }), redirect: json({}, { status: 404 }) })
    expect((await look(flow, video('a', { follow: 'upsample' })))._unsafeUnwrap()).toEqual([
      { state: 'running', progress: 99 },
    ])
  })
})

describe('an enlarged video', () => {
  const upsampled = (resolution: string) =>
    item('a_upsampled', 'SUCCESSFUL', {
      video: {
        generatedVideo: { upsampleMetadata: { videoUpsampleResolution: `VIDEO_UPSAMPLE_RESOLUTION_${resolution}` } },
      },
    })
  const operation = video('a_upsampled', { width: 2160, height: 3840, base: 'a' })

  test('is done, and remembers what it was made from', async () => {
    const flow = world({ status: json({ media: [upsampled('4K')] }), redirect })
    expect((await look(flow, operation))._unsafeUnwrap()).toMatchObject([
      { state: 'done', media: [{ width: 2160, height: 3840, origin: { mediaId: 'a_upsampled', base: 'a' } }] },
    ])
  })
  test('is as large as Flow says, not as it was asked to be', async () => {
    const flow = world({ status: json({ media: [upsampled('1080P')] }), redirect })
    expect((await look(flow, operation))._unsafeUnwrap()).toMatchObject([{ media: [{ width: 1080, height: 1920 }] }])
  })
})

describe('clips that are joined', () => {
  const state = (status: string, more = {}) => json({ status: `MEDIA_GENERATION_STATUS_${status}`, ...more })
  const ask = async (join: Reply) => (await look(world({ join }), joining('job')))._unsafeUnwrap()[0]

  test('are asked about by their own call', async () => {
    const flow = world({ join: state('ACTIVE') })
    expect((await look(flow, joining('job')))._unsafeUnwrap()).toEqual([{ state: 'running', progress: 30 }])
    expect(flow.sent).toMatchObject([
      { url: `${API}:runVideoFxCheckConcatenationStatus`, json: { operation: { operation: { name: 'job' } } } },
    ])
  })

  test('come as bytes or at an address, and can be continued', async () => {
    const origin = { mediaId: 'clip-1', projectId: PROJECT, kind: 'video', aspect: '9:16', seconds: 15, clips }
    const inside = await ask(state('SUCCESSFUL', { outputUri: '', encodedVideo: base64(MP4) }))
    expect(inside).toMatchObject({
      state: 'done',
      media: [{ bytes: MP4, mime: 'video/mp4', width: 720, height: 1280, durationSeconds: 15, origin }],
    })
    const outside = await ask(state('SUCCESSFUL', { outputUri: 'https://flow-content.test/joined' }))
    expect(outside).toMatchObject({ state: 'done', media: [{ url: 'https://flow-content.test/joined', origin }] })
  })

  test.each([
    ['FAILED', {}, 'generation_failed'],
    ['ERROR_UNKNOWN', {}, 'generation_failed'],
    ['FAILED', { error: { message: 'PUBLIC_ERROR_HIGH_TRAFFIC' } }, 'upstream_error'],
    ['SUCCESSFUL', {}, 'upstream_unreadable'],
    ['SUCCESSFUL', { encodedVideo: 'bm8gdmlkZW8=' }, 'upstream_unreadable'],
  ])('%s %j has failed', async (status, more, code) => {
    expect(await ask(state(status, more))).toMatchObject({ state: 'failed', fault: { code } })
  })

  test('that Flow does not know any more have failed; a state that it does not tell is no news', async () => {
    expect(await ask(refusal(404, 'NOT_FOUND'))).toMatchObject({ state: 'failed' })
    expect(await ask(json({}))).toEqual({ state: 'running' })
  })

  test('are asked about again where nothing was learned', async () => {
    const fault = async (join: Reply) => (await look(world({ join }), joining('job')))._unsafeUnwrapErr().code
    expect(await fault(refusal(503, 'UNAVAILABLE'))).toBe('upstream_error')
    expect(await fault(refusal(401, 'UNAUTHENTICATED'))).toBe('access_expired')
    expect(await fault(new Response('<html>'))).toBe('upstream_unreadable')
    expect(await fault(domainFault('upstream_timeout', 'x'))).toBe('upstream_timeout')
  })
})

describe('a round of both kinds', () => {
  const active = json({ media: [item('a', 'ACTIVE'), item('b', 'PENDING')] })
  const joined = json({ status: 'MEDIA_GENERATION_STATUS_ACTIVE' })
  const both = [video('a'), joining('j'), video('b'), joining('k')]
  const states = async (flow: ReturnType<typeof world>) =>
    (await look(flow, ...both))._unsafeUnwrap().map(status => ('progress' in status ? status.progress : status.state))

  test('asks once for all videos and once for each concatenation, and answers in order', async () => {
    const flow = world({ status: active, join: joined })
    expect(await states(flow)).toEqual([30, 30, 5, 30])
    expect(calls(flow, 'batchCheckAsync').map(({ json }) => json)).toEqual([
      { media: ['a', 'b'].map(name => ({ name, projectId: PROJECT })) },
    ])
    expect(calls(flow, 'runVideoFxCheck')).toHaveLength(2)
  })

  test('keeps what one part has learned where another has not', async () => {
    const down = refusal(503, 'UNAVAILABLE')
    expect(await states(world({ status: down, join: joined }))).toEqual(['running', 30, 'running', 30])
    expect(await states(world({ status: active, join: down }))).toEqual([30, 'running', 5, 'running'])
    expect((await look(world({ status: down, join: down }), ...both)).isErr()).toBe(true)
  })

  test('has access renewed whichever part says so', async () => {
    const dead = refusal(401, 'UNAUTHENTICATED')
    for (const flow of [world({ status: dead, join: joined }), world({ status: active, join: dead })])
      expect((await look(flow, ...both))._unsafeUnwrapErr().code).toBe('access_expired')
  })
})

describe('a finished video whose redirect stays away', () => {
  const status = () => json({ media: [item('a', 'SUCCESSFUL')] })
  const notReady = json({}, { status: 404 })
  const rounds = async (count: number, lookup: Reply, away: Reply = notReady) => {
    const flow = world({ status: status(), redirect: away, lookup })
    const one = provider()
    let last: unknown
    for (let round = 0; round < count; round++)
      last = (await one.status([video('a')], session(flow.fetch))).unwrapOr([])[0]
    return { flow, last }
  }

  test('is looked up in the fifth round, and not before', async () => {
    const { flow, last } = await rounds(4, json({}))
    expect(last).toEqual({ state: 'running', progress: 99 })
    expect(calls(flow, '/media/')).toHaveLength(0)
    const found = await rounds(5, json({ video: { encodedVideo: base64(MP4) } }))
    expect(found.last).toMatchObject({ state: 'done', media: [{ bytes: MP4, origin: { mediaId: 'a' } }] })
    expect(calls(found.flow, '/media/')).toMatchObject([{ url: `${API}/media/a` }])
    expect(calls(found.flow, '/media/')[0]?.headers.get('authorization')).toBe('Bearer ya29.access')
  })

  test('is taken at the address that the lookup names', async () => {
    const { last } = await rounds(5, json({ video: { fifeUrl: 'https://storage.test/v', encodedVideo: 'x' } }))
    expect(last).toMatchObject({ state: 'done', media: [{ url: 'https://storage.test/v' }] })
  })

  test('is waited for where the lookup has nothing, and looked up again much later', async () => {
    for (const nothing of [refusal(404, 'NOT_FOUND'), json({ video: { encodedVideo: 'bm8=' } }), new Response('')]) {
      const { flow, last } = await rounds(9, nothing)
      expect(last).toEqual({ state: 'running', progress: 99 })
      expect(calls(flow, '/media/')).toHaveLength(1)
    }
    expect(calls((await rounds(10, json({}))).flow, '/media/')).toHaveLength(2)
  })

  test('is looked up as well where the way to the redirect is blocked', async () => {
    const blocked = domainFault('proxy_unreachable', 'x')
    const { last } = await rounds(5, json({ video: { encodedVideo: base64(MP4) } }), blocked)
    expect(last).toMatchObject({ state: 'done' })
  })

  test('has access renewed where the lookup says so', async () => {
    const flow = world({ status: status(), redirect: notReady, lookup: refusal(401, 'UNAUTHENTICATED') })
    const one = provider()
    for (let round = 0; round < 4; round++) await one.status([video('a')], session(flow.fetch))
    const fifth = await one.status([video('a')], session(flow.fetch))
    expect(fifth._unsafeUnwrapErr().code).toBe('access_expired')
  })

  test('is counted by the instance: another begins anew', async () => {
    const flow = world({ status: status(), redirect: notReady })
    for (let round = 0; round < 10; round++) await provider().status([video('a')], session(flow.fetch))
    expect(calls(flow, LABS)).toHaveLength(10)
  })
})
