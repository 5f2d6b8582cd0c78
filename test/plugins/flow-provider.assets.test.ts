import { describe, expect, test } from 'bun:test'
import { domainFault, type Origin } from 'flow2api/contracts'
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

const origin = (more: Origin = {}): Origin => ({
  mediaId: 'a',
  projectId: PROJECT,
  kind: 'video',
  model: 'veo_3_1_t2v_landscape',
  aspect: '16:9',
  ...more,
})

describe('a still picture', () => {
  const still = (reply: Reply, of = origin()) => {
    const flow = upstream(reply)
    return { flow, found: provider().thumbnail(of, session(flow.fetch)) }
  }
  const redirect = new Response(null, { status: 302, headers: { location: 'https://flow-content.test/image/1' } })

  test('is where the redirect leads', async () => {
    const { flow, found } = still(redirect)
    expect((await found)._unsafeUnwrap()).toEqual({ url: 'https://flow-content.test/image/1', mime: 'image/jpeg' })
    expect(flow.sent[0]?.url).toBe(
      `${LABS}/trpc/media.getMediaUrlRedirect?name=a&mediaUrlType=MEDIA_URL_TYPE_THUMBNAIL`,
    )
  })

  test.each([
    ['an enlarged video is of its base', { mediaId: 'a_upsampled', base: 'a' }, 'a'],
    [
      'a joined video is of its first clip',
      {
        mediaId: 'c1',
        clips: [
          { mediaId: 'c0', seconds: 8 },
          { mediaId: 'c1', seconds: 8 },
        ],
      },
      'c0',
    ],
  ])('of %s', async (_, more, name) => {
    const { flow, found } = still(redirect, origin(more))
    expect((await found).isOk()).toBe(true)
    expect(flow.sent[0]?.url).toContain(`name=${name}&`)
  })

  test('that is not there is unavailable, unless an older answer brought one along', async () => {
    const missing = json({}, { status: 404 })
    expect((await still(missing).found)._unsafeUnwrapErr().code).toBe('media_unavailable')
    const older = origin({ thumbnailUrl: 'https://storage.test/i' })
    expect((await still(missing, older).found)._unsafeUnwrap()).toMatchObject({ url: 'https://storage.test/i' })
    expect((await still(redirect, {}).found)._unsafeUnwrapErr().code).toBe('media_unavailable')
  })

  test('asks for fresh access where the session has ended', async () => {
    expect((await still(json({}, { status: 401 })).found)._unsafeUnwrapErr().code).toBe('access_expired')
  })
})

describe('deleting', () => {
  const discard = (replies: readonly Reply[], ...origins: readonly Origin[]) => {
    const flow = upstream(...replies)
    return { flow, done: provider().discard(origins, session(flow.fetch)) }
  }
  const inside = (status: number) => json({ result: { data: { json: { status } } } })

  test('names all of it in one call, an enlarged video and its base both, and no clips of other work', async () => {
    const joined = origin({
      mediaId: 'c1',
      clips: [
        { mediaId: 'c0', seconds: 8 },
        { mediaId: 'c1', seconds: 8 },
      ],
    })
    const { flow, done } = discard([inside(200)], origin({ mediaId: 'a_upsampled', base: 'a' }), joined, joined)
    expect((await done).isOk()).toBe(true)
    expect(flow.sent).toMatchObject([
      { url: `${LABS}/trpc/media.deleteMedia`, json: { json: { names: ['a_upsampled', 'a', 'c1'] } } },
    ])
  })

  test.each([
    ['a refusal', json({}, { status: 500 })],
    ['a refusal inside a 200', inside(403)],
    ['a dead session', json({}, { status: 401 })],
    ['a page', new Response('<html>', { status: 404 })],
    ['no answer', domainFault('upstream_timeout', 'x')],
  ])('takes the other way after %s', async (_, reply) => {
    const { flow, done } = discard([reply, json({})], origin())
    expect((await done).isOk()).toBe(true)
    expect(flow.sent[1]).toMatchObject({ url: `${API}/flow:batchDeleteAssets`, json: { mediaIds: ['a'] } })
  })

  test('what is gone already is deleted; the others are tried one by one', async () => {
    const missing = refusal(404, 'NOT_FOUND')
    expect((await discard([missing], origin()).done).isOk()).toBe(true)
    const { flow, done } = discard([missing, missing, inside(200)], origin(), origin({ mediaId: 'b' }))
    expect((await done).isOk()).toBe(true)
    expect(flow.sent.slice(2).map(({ json }) => json)).toEqual([{ json: { names: ['a'] } }, { json: { names: ['b'] } }])
  })

  test('tells where neither way works, and stops where it was called off', async () => {
    expect((await discard([refusal(401, 'UNAUTHENTICATED')], origin()).done)._unsafeUnwrapErr().code).toBe(
      'access_expired',
    )
    const { flow, done } = discard([domainFault('cancelled', 'x')], origin())
    expect((await done)._unsafeUnwrapErr().code).toBe('cancelled')
    expect(flow.sent).toHaveLength(1)
  })

  test('without a readable session token goes the other way at once', async () => {
    const flow = upstream(json({}))
    const odd = account({ secret: 'two words' })
    expect((await provider().discard([origin()], session(flow.fetch, { account: odd }))).isOk()).toBe(true)
    expect(flow.sent[0]?.url).toBe(`${API}/flow:batchDeleteAssets`)
  })

  test('of nothing asks nothing', async () => {
    const { flow, done } = discard([], {}, { mediaId: 7 })
    expect((await done).isOk()).toBe(true)
    expect(flow.sent).toHaveLength(0)
  })
})

test('a joining cannot be cancelled, and nobody is asked to', async () => {
  const flow = upstream()
  const joining = { kind: 'concatenation', name: 'job', projectId: PROJECT, clips: [] }
  expect((await provider().cancel(joining, session(flow.fetch))).isOk()).toBe(true)
  expect(flow.sent).toHaveLength(0)
})
