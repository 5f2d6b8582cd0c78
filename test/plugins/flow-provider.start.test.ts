import { describe, expect, test } from 'bun:test'
import { domainFault, type EgressFault, type Unit } from 'flow2api/contracts'
import {
  API,
  accepted,
  account,
  json,
  NOW,
  PROJECT,
  picture,
  provider,
  type Reply,
  refusal,
  session,
  silence,
  unit,
  upstream,
  videoUnit,
} from './flow-provider.fixtures.ts'

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const start = (flow: ReturnType<typeof upstream>, work: Unit, overrides: Parameters<typeof session>[1] = {}) =>
  provider().start(work, session(flow.fetch, overrides))
const fails = async (work: Unit, ...replies: readonly Reply[]) =>
  (await start(upstream(...replies), work))._unsafeUnwrapErr()

describe('a picture', () => {
  test('is asked for in the current shape and comes at once', async () => {
    const flow = upstream(picture())
    expect((await start(flow, unit()))._unsafeUnwrap()).toEqual({
      state: 'done',
      media: [
        {
          url: 'https://lh3.test/picture',
          width: 1376,
          height: 768,
          origin: {
            mediaId: 'media-1',
            projectId: PROJECT,
            kind: 'image',
            model: 'gemini-3.0-pro-image-landscape',
            aspect: '16:9',
          },
        },
      ],
    })
    const sent = flow.sent[0]
    expect(sent?.url).toBe(`${API}/projects/${PROJECT}/flowMedia:batchGenerateImages`)
    expect(sent?.headers.get('authorization')).toBe('Bearer ya29.access')
    const context = { sessionId: `;${NOW}`, projectId: PROJECT, tool: 'PINHOLE' }
    expect(sent?.json).toEqual({
      clientContext: context,
      mediaGenerationContext: { batchId: expect.stringMatching(UUID_V4) },
      useNewMedia: true,
      requests: [
        {
          clientContext: context,
          seed: 500_000,
          imageModelName: 'GEM_PIX_2',
          imageAspectRatio: 'IMAGE_ASPECT_RATIO_LANDSCAPE',
          structuredPrompt: { parts: [{ text: 'a cat chases a butterfly' }] },
          imageInputs: [],
        },
      ],
    })
  })

  test('has the size of its ratio where the answer gives none', async () => {
    const bare = json({ media: [{ image: { generatedImage: { fifeUrl: 'https://lh3.test/p' } } }] })
    const made = await start(upstream(bare), unit({ model: 'gemini-3.1-flash-image-three-four' }))
    expect(made._unsafeUnwrap()).toMatchObject({ media: [{ width: 896, height: 1200 }] })
  })

  test('that Flow withholds is a refused prompt; none at all, or one at no URL, cannot be read', async () => {
    const withheld = json({ media: [{ image: { generatedImage: { mediaVisibility: 'FILTERED' } } }] })
    expect((await fails(unit(), withheld)).code).toBe('moderation_blocked')
    expect((await fails(unit(), json({ media: [] }))).code).toBe('upstream_unreadable')
    const odd = json({ media: [{ image: { generatedImage: { fifeUrl: 'file:///etc/passwd' } } }] })
    expect((await fails(unit(), odd)).code).toBe('upstream_unreadable')
  })

  test('takes the seed of the request', async () => {
    const flow = upstream(picture())
    await start(flow, unit({ parameters: { seed: 7 } }))
    expect(flow.sent[0]?.json).toMatchObject({ requests: [{ seed: 7 }] })
  })
})

describe('a video', () => {
  test('is taken on, with all that is needed to ask for it later', async () => {
    const flow = upstream(accepted())
    expect((await start(flow, videoUnit()))._unsafeUnwrap()).toEqual({
      state: 'running',
      operation: {
        kind: 'video',
        name: 'media-1',
        projectId: PROJECT,
        model: 'veo_3_1_t2v_fast_landscape',
        width: 1280,
        height: 720,
        seconds: 8,
      },
      credits: 980,
    })
    expect(flow.sent[0]?.url).toBe(`${API}/video:batchAsyncGenerateVideoText`)
    expect(flow.sent[0]?.json).toEqual({
      mediaGenerationContext: {
        batchId: expect.stringMatching(UUID_V4),
        audioFailurePreference: 'BLOCK_SILENCED_VIDEOS',
      },
      clientContext: {
        sessionId: `;${NOW}`,
        projectId: PROJECT,
        tool: 'PINHOLE',
        userPaygateTier: 'PAYGATE_TIER_ONE',
      },
      requests: [
        {
          aspectRatio: 'VIDEO_ASPECT_RATIO_LANDSCAPE',
          seed: 50_000,
          textInput: { structuredPrompt: { parts: [{ text: 'a cat chases a butterfly' }] } },
          videoModelKey: 'veo_3_1_t2v_fast',
          metadata: {},
        },
      ],
      useV2ModelConfig: true,
    })
  })

  test.each([
    ['PAYGATE_TIER_TWO', 'veo_3_1_t2v_fast_portrait_ultra'],
    ['PAYGATE_TIER_ONE', 'veo_3_1_t2v_fast_portrait'],
    ['', 'veo_3_1_t2v_fast_portrait'],
  ])('is asked for by the key of the tier %j', async (tier, key) => {
    const flow = upstream(accepted())
    await start(flow, videoUnit({ model: 'veo_3_1_t2v_fast_portrait' }), { account: account({ tier }) })
    expect(flow.sent[0]?.json).toMatchObject({
      clientContext: { userPaygateTier: tier || 'PAYGATE_TIER_NOT_PAID' },
      requests: [{ videoModelKey: key, aspectRatio: 'VIDEO_ASPECT_RATIO_PORTRAIT' }],
    })
  })

  test('is found in the older answer too', async () => {
    const legacy = json({ operations: [{ operation: { name: '52a5' }, status: 'MEDIA_GENERATION_STATUS_PENDING' }] })
    const started = (await start(upstream(legacy), videoUnit()))._unsafeUnwrap()
    expect(started).toMatchObject({ state: 'running', operation: { name: '52a5', projectId: PROJECT } })
  })

  test('that has no handle cannot be read', async () => {
    expect(await fails(videoUnit(), json({ media: [{}] }))).toMatchObject({
      code: 'upstream_unreadable',
      retry: 'never',
    })
  })

  test('submitted again belongs to the same batch; another unit to another', async () => {
    const flow = upstream(accepted())
    for (const id of ['u', 'u', 'v']) await start(flow, videoUnit({ id }))
    const [first, again, other] = flow.sent.map(({ json }) => JSON.stringify(json).match(/"batchId":"([^"]+)"/)?.[1])
    expect(again).toBe(first ?? '')
    expect(other).not.toBe(first ?? '')
  })
})

describe('nothing is sent', () => {
  const unsent = async (work: Unit, overrides: Parameters<typeof session>[1]) => {
    const flow = upstream(picture())
    const fault = (await start(flow, work, overrides))._unsafeUnwrapErr()
    expect(flow.sent).toHaveLength(0)
    return fault
  }
  test('for a model that the account may not use', async () => {
    const fault = await unsent(videoUnit({ model: 'veo_3_1_t2v_fast_ultra' }), {})
    expect(fault).toMatchObject({ code: 'account_not_entitled', blame: 'account', retry: 'other-account' })
    expect(fault.message).toContain('AI Ultra')
  })
  test('for an account without a project: it is opened again, which makes one', async () => {
    expect((await unsent(unit(), { account: account({ attributes: {} }) })).code).toBe('access_expired')
  })
  test('for a model that there is not, or of the other kind', async () => {
    expect((await unsent(unit({ model: 'dall-e-9' }), {})).code).toBe('model_not_found')
    expect((await unsent(unit({ model: 'veo_3_1_t2v_landscape' }), {})).code).toBe('model_not_found')
  })
  test('when the work has been called off', async () => {
    expect((await unsent(unit(), { signal: AbortSignal.abort() })).code).toBe('cancelled')
  })
})

describe('a refusal', () => {
  test.each([
    [refusal(400, 'INVALID_ARGUMENT', 'PUBLIC_ERROR_UNSAFE_GENERATION'), 'moderation_blocked'],
    [refusal(401, 'UNAUTHENTICATED'), 'access_expired'],
    [refusal(403, 'PERMISSION_DENIED'), 'verification_required'],
    [refusal(429, 'RESOURCE_EXHAUSTED', 'PUBLIC_ERROR_USER_QUOTA_REACHED'), 'account_quota_spent'],
    [refusal(502, 'UNAVAILABLE'), 'upstream_error'],
    [json({ error: { code: 429, status: 'RESOURCE_EXHAUSTED' } }), 'account_throttled'],
    [json({ error: { code: 400, details: [{ reason: 'PUBLIC_ERROR_SEXUAL' }] } }), 'moderation_blocked'],
    [new Response('{"media":[{"name":"a"'), 'upstream_unreadable'],
    [new Response('<html>', { status: 503 }), 'upstream_error'],
    [new Response('<html>sorry</html>'), 'upstream_unreadable'],
    [new Response(''), 'upstream_unreadable'],
    [json([1]), 'upstream_unreadable'],
    [new Response(null, { status: 302, headers: { location: 'https://elsewhere.test' } }), 'upstream_unreadable'],
  ])('%#: %o', async (reply, code) => {
    for (const work of [unit(), videoUnit()]) expect((await fails(work, reply)).code).toBe(code)
  })

  test('carries how long to wait', async () => {
    const reply = refusal(429, 'RESOURCE_EXHAUSTED', 'PUBLIC_ERROR_USER_REQUESTS_THROTTLED', 'x', {
      'retry-after': '60',
    })
    expect(await fails(videoUnit(), reply)).toMatchObject({ code: 'account_throttled', retryAfterMs: 60_000 })
  })
})

describe('when the connection is lost, the outcome', () => {
  const lost = async (reply: Reply, overrides = {}) => {
    const session_ = session(upstream(reply).fetch)
    return (await provider(overrides).start(videoUnit(), session_))._unsafeUnwrapErr()
  }
  const coded = (code: string, extra = {}) => Object.assign(new Error(`${code}: happened`), { code, ...extra })

  test.each(['upstream_unreachable', 'upstream_timeout', 'proxy_unreachable'] as const)(
    'is known after %s where egress says that nothing was sent',
    async code => {
      const fault: EgressFault = { ...domainFault(code, 'x', { cause: coded('ECONNREFUSED') }), unsent: true }
      expect(await lost(fault)).toMatchObject({ code, retry: 'later' })
      // The cause alone proves nothing: egress knows what it did, the provider does not.
      expect((await lost(domainFault(code, 'x', { cause: coded('ECONNREFUSED') }))).code).toBe('outcome_unknown')
    },
  )

  test('is known where a proxy refused', async () => {
    expect((await lost(domainFault('proxy_refused', 'x', { cause: new Error('407') }))).code).toBe('proxy_refused')
  })

  test('is unknown where the request may have arrived', async () => {
    for (const fault of [
      domainFault('upstream_unreachable', 'x', { cause: coded('ECONNRESET') }),
      domainFault('upstream_unreachable', 'x'),
      domainFault('proxy_unreachable', 'x', { cause: coded('ECONNRESET') }),
      domainFault('upstream_timeout', 'x'),
    ])
      expect(await lost(fault)).toMatchObject({ code: 'outcome_unknown', retry: 'never', blame: fault.blame })
  })

  test('is unknown after the provider’s own time limit', async () => {
    expect(await lost(silence, { timeout: 0.03 })).toMatchObject({ code: 'outcome_unknown', blame: 'upstream' })
  })

  test('is unknown where the answer breaks off', async () => {
    const broken = () =>
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(new TextEncoder().encode('{"media":'))
            controller.error(coded('ECONNRESET'))
          },
        }),
      )
    expect((await lost(() => Promise.resolve(broken()))).code).toBe('outcome_unknown')
  })

  test('is unknown where something on the way gave up', async () => {
    for (const answer of [
      new Response('<html>', { status: 504 }),
      refusal(504, 'DEADLINE_EXCEEDED'),
      new Response('<html>', { status: 502 }),
    ])
      expect(await lost(answer)).toMatchObject({ code: 'outcome_unknown', blame: 'upstream' })
  })

  test('stays a cancellation where the caller gave up', async () => {
    const controller = new AbortController()
    const started = provider().start(videoUnit(), session(upstream(silence).fetch, { signal: controller.signal }))
    controller.abort()
    expect((await started)._unsafeUnwrapErr().code).toBe('cancelled')
  })
})
