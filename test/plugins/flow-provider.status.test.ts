import { describe, expect, test } from 'bun:test'
import { domainFault, type Operation } from 'flow2api/contracts'
import { stageOf } from '../../plugins/flow-provider/stages.ts'
import {
  API,
  account,
  json,
  LABS,
  PROJECT,
  provider,
  type Reply,
  refusal,
  session,
  upstream,
} from './flow-provider.fixtures.ts'

const operation = (name: string): Operation => ({
  name,
  projectId: PROJECT,
  model: 'veo_3_1_t2v_fast_landscape',
  width: 1280,
  height: 720,
  seconds: 8,
})
const item = (name: string, status?: string, more: Record<string, unknown> = {}) => ({
  name,
  projectId: PROJECT,
  mediaMetadata: {
    mediaStatus: {
      ...(status !== undefined && { mediaGenerationStatus: `MEDIA_GENERATION_STATUS_${status}` }),
      ...more,
    },
  },
})
const round = (...media: readonly unknown[]) => json({ media })
const redirect = (location: string, status = 302) => new Response(null, { status, headers: { location } })

const look = async (flow: ReturnType<typeof upstream>, ...names: readonly string[]) =>
  provider().status(names.map(operation), session(flow.fetch))
const states = async (flow: ReturnType<typeof upstream>, ...names: readonly string[]) =>
  (await look(flow, ...names))._unsafeUnwrap()

describe('one round', () => {
  test('asks for all videos in one call and answers in their order', async () => {
    const flow = upstream(
      round(item('b', 'FAILED', { error: { code: 3, message: 'PUBLIC_ERROR_IP_INPUT_IMAGE' } }), item('a', 'ACTIVE')),
    )
    const found = await states(flow, 'a', 'b', 'c')
    expect(flow.sent).toHaveLength(1)
    expect(flow.sent[0]).toMatchObject({
      url: `${API}/video:batchCheckAsyncVideoGenerationStatus`,
      json: { media: ['a', 'b', 'c'].map(name => ({ name, projectId: PROJECT })) },
    })
    expect(found.map(({ state }) => state)).toEqual(['running', 'failed', 'running'])
    expect(found[1]).toMatchObject({ fault: { code: 'moderation_blocked', blame: 'request' } })
  })

  test('of none asks nothing', async () => {
    const flow = upstream(round())
    expect(await states(flow)).toEqual([])
    expect(flow.sent).toHaveLength(0)
  })

  test.each([
    ['PENDING', 'accepted'],
    ['SCHEDULED', 'accepted'],
    ['ACTIVE', 'working'],
    ['PROCESSING', 'working'],
    ['SUCCESSFUL', 'done'],
    ['FAILED', 'failed'],
    ['ERROR_ANYTHING', 'failed'],
    ['CANCELED', 'failed'],
    ['BRAND_NEW', 'unknown'],
    ['constructor', 'unknown'],
  ] as const)('%s is %s', (status, stage) => {
    expect(stageOf(status)).toBe(stage)
  })

  test('without a status is no news', async () => {
    expect(await states(upstream(round(item('a'))), 'a')).toEqual([{ state: 'running' }])
  })

  test('a cancelled video says so', async () => {
    expect(await states(upstream(round(item('a', 'CANCELED'))), 'a')).toMatchObject([{ fault: { code: 'cancelled' } }])
  })
})

describe('a finished video', () => {
  const done = round(item('a', 'SUCCESSFUL'))

  test('is handed on with its signed URL, size and length', async () => {
    const flow = upstream(
      json({ media: [item('a', 'SUCCESSFUL')], remainingCredits: 960 }),
      redirect('https://flow-content.test/video/1?Expires=2', 307),
    )
    expect(await states(flow, 'a')).toEqual([
      {
        state: 'done',
        media: [
          {
            url: 'https://flow-content.test/video/1?Expires=2',
            mime: 'video/mp4',
            width: 1280,
            height: 720,
            durationSeconds: 8,
            origin: {
              mediaId: 'a',
              projectId: PROJECT,
              kind: 'video',
              model: 'veo_3_1_t2v_fast_landscape',
              aspect: '16:9',
              seconds: 8,
            },
          },
        ],
        credits: 960,
      },
    ])
    const asked = flow.sent[1]
    expect(asked?.url).toBe(`${LABS}/trpc/media.getMediaUrlRedirect?name=a&mediaUrlType=MEDIA_URL_TYPE_FULL_MEDIA`)
    expect(asked?.headers.get('cookie')).toBe('__Secure-next-auth.session-token=session-token')
    expect(asked?.redirect).toBe('manual')
  })

  test('at a relative location is resolved', async () => {
    expect(await states(upstream(done, redirect('/video/1')), 'a')).toMatchObject([
      { state: 'done', media: [{ url: 'https://labs.test/video/1' }] },
    ])
  })

  test('in the older shape brings its URL along', async () => {
    const legacy = {
      operation: { name: 'a', metadata: { video: { fifeUrl: 'https://storage.test/v.mp4' } } },
      status: 'MEDIA_GENERATION_STATUS_SUCCESSFUL',
    }
    const flow = upstream(json({ operations: [legacy] }))
    expect(await states(flow, 'a')).toMatchObject([{ state: 'done', media: [{ url: 'https://storage.test/v.mp4' }] }])
    expect(flow.sent).toHaveLength(1)
  })

  test.each([
    ['404', json({ error: {} }, { status: 404 })],
    ['200', json({})],
    ['500', new Response('', { status: 500 })],
    ['a redirect to nowhere', new Response(null, { status: 302 })],
    ['a redirect to a script', redirect('javascript:alert(1)')],
    ['a way that is blocked', domainFault('proxy_unreachable', 'x')],
    ['a time-out', domainFault('upstream_timeout', 'x')],
  ])('is waited for when the redirect answers %s', async (_, reply) => {
    expect(await states(upstream(done, reply), 'a')).toEqual([{ state: 'running', progress: 99 }])
  })

  test.each([
    ['401', json({}, { status: 401 })],
    ['a sign-in page', redirect('https://accounts.google.com/v3/signin')],
    ['its own sign-in page', redirect('/fx/api/auth/signin?callbackUrl=x')],
  ])('asks for fresh access when the redirect answers %s', async (_, reply) => {
    expect((await look(upstream(done, reply), 'a'))._unsafeUnwrapErr().code).toBe('access_expired')
  })

  test('is not taken for lost when the work is called off', async () => {
    const found = await look(upstream(done, domainFault('cancelled', 'x')), 'a')
    expect(found._unsafeUnwrapErr().code).toBe('cancelled')
  })
})

describe('a round that fails', () => {
  test('teaches nothing about any video', async () => {
    expect((await look(upstream(refusal(401, 'UNAUTHENTICATED')), 'a', 'b'))._unsafeUnwrapErr().code).toBe(
      'access_expired',
    )
    expect((await look(upstream(refusal(503, 'UNAVAILABLE')), 'a'))._unsafeUnwrapErr().code).toBe('upstream_error')
    expect((await look(upstream(new Response('<html>')), 'a'))._unsafeUnwrapErr().code).toBe('upstream_unreadable')
    const cut = domainFault('upstream_timeout', 'x')
    expect((await look(upstream(cut), 'a'))._unsafeUnwrapErr().code).toBe('upstream_timeout')
    expect((await look(upstream(refusal(403, 'PERMISSION_DENIED')), 'a'))._unsafeUnwrapErr().code).toBe(
      'upstream_error',
    )
  })

  test('because of one forgotten video is repeated for each alone', async () => {
    const flow = upstream(
      refusal(404, 'NOT_FOUND'),
      round(item('a', 'ACTIVE')),
      refusal(404, 'NOT_FOUND'),
      round(item('c', 'PENDING')),
    )
    expect(await states(flow, 'a', 'b', 'c')).toEqual([
      { state: 'running', progress: 30 },
      { state: 'running' },
      { state: 'running', progress: 5 },
    ])
    expect(flow.sent).toHaveLength(4)
  })

  test('for each alone as well is a failed round', async () => {
    expect((await look(upstream(refusal(400, 'INVALID_ARGUMENT')), 'a', 'b'))._unsafeUnwrapErr().code).toBe(
      'upstream_rejected',
    )
  })
})

test('an operation that cannot be read is told apart, and the others go on', async () => {
  const flow = upstream(round(item('a', 'ACTIVE')))
  const found = await provider().status([{ name: 7 }, operation('a')], session(flow.fetch))
  expect(found._unsafeUnwrap()).toMatchObject([
    { state: 'failed', fault: { code: 'outcome_unknown' } },
    { state: 'running' },
  ])
  expect(flow.sent[0]?.json).toEqual({ media: [{ name: 'a', projectId: PROJECT }] })
})

describe('cancelling', () => {
  const cancel = (reply: Reply, work = operation('a')) => {
    const flow = upstream(reply)
    return { flow, done: provider().cancel(work, session(flow.fetch)) }
  }
  test('names the media', async () => {
    const { flow, done } = cancel(json({}))
    expect((await done).isOk()).toBe(true)
    expect(flow.sent[0]).toMatchObject({ url: `${API}/flowMedia:cancelGeneration`, json: { mediaId: 'a' } })
  })
  test('what cannot be cancelled counts as done', async () => {
    expect((await cancel(refusal(404, 'NOT_FOUND')).done).isOk()).toBe(true)
    const late = refusal(400, 'FAILED_PRECONDITION', 'PUBLIC_ERROR_MEDIA_GENERATION_CANNOT_BE_CANCELED')
    expect((await cancel(late).done).isOk()).toBe(true)
    expect((await cancel(json({}), {}).done).isOk()).toBe(true)
  })
  test('dead access does not', async () => {
    expect((await cancel(refusal(401, 'UNAUTHENTICATED')).done)._unsafeUnwrapErr().code).toBe('access_expired')
  })
})

test('no fault tells a secret', async () => {
  const secret = account({ secret: 'SECRET-ST', access: 'SECRET-AT' })
  for (const reply of [refusal(401, 'UNAUTHENTICATED'), new Response('<html>'), refusal(400, 'INVALID_ARGUMENT')]) {
    const found = await provider().status([operation('a')], session(upstream(reply).fetch, { account: secret }))
    expect(JSON.stringify(found._unsafeUnwrapErr())).not.toContain('SECRET')
  }
})
