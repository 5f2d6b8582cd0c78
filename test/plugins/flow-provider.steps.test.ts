/** The steps of a chain: what follows from a first one, and how it is carried out. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { domainFault, type Json, type Unit } from 'flow2api/contracts'
import { readPrepared } from '../../plugins/flow-provider/prepared.ts'
import { readStep } from '../../plugins/flow-provider/steps.ts'
import {
  API,
  accepted,
  account,
  base64,
  input,
  json,
  NOW,
  PICTURES,
  PROJECT,
  picture,
  provider,
  type Reply,
  refusal,
  session,
  unit,
  upstream,
  videoUnit,
} from './flow-provider.fixtures.ts'

const ULTRA = { account: account({ tier: 'PAYGATE_TIER_TWO' }) }
const start = (flow: ReturnType<typeof upstream>, work: Unit) => provider().start(work, session(flow.fetch, ULTRA))
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

describe('a picture that is to be enlarged', () => {
  const model = 'gemini-3.0-pro-image-square-4k'
  const step: Json = { kind: 'image_upsample', model, projectId: PROJECT, mediaId: 'media-1', sessionId: ';123' }
  const enlarge = (reply: Reply, wanted: Json = step) => start(upstream(reply), unit({ model, step: wanted }))

  test('is made first, and the next step says what it needs', async () => {
    const made = (await start(upstream(picture()), unit({ model })))._unsafeUnwrap()
    expect(made).toMatchObject({
      state: 'next',
      step: { kind: 'image_upsample', model, projectId: PROJECT, mediaId: 'media-1', sessionId: `;${NOW}` },
      media: [{ url: 'https://lh3.test/picture', origin: { mediaId: 'media-1', kind: 'image', aspect: '1:1' } }],
    })
    expect(JSON.parse(JSON.stringify(made))).toEqual(made)
  })

  test('is then asked for by its name and comes with the answer', async () => {
    const flow = upstream(json({ encodedImage: base64(PICTURES['image/jpeg']), remainingCredits: 7 }))
    const done = (await start(flow, unit({ model, step })))._unsafeUnwrap()
    expect(flow.sent[0]?.url).toBe(`${API}/flow/upsampleImage`)
    expect(flow.sent[0]?.json).toEqual({
      mediaId: 'media-1',
      targetResolution: 'UPSAMPLE_IMAGE_RESOLUTION_4K',
      clientContext: {
        sessionId: ';123',
        projectId: PROJECT,
        tool: 'PINHOLE',
        userPaygateTier: 'PAYGATE_TIER_TWO',
      },
    })
    expect(done).toEqual({
      state: 'done',
      media: [
        {
          bytes: PICTURES['image/jpeg'],
          mime: 'image/jpeg',
          origin: { mediaId: 'media-1', projectId: PROJECT, kind: 'image', model, aspect: '1:1' },
        },
      ],
      credits: 7,
    })
  })

  test.each([
    ['an empty one', json({ encodedImage: '' }), 'upstream_unreadable'],
    ['none', json({}), 'upstream_unreadable'],
    ['one that is no base64', json({ encodedImage: '§§§' }), 'upstream_unreadable'],
    [
      'one that is no picture',
      json({ encodedImage: base64(new TextEncoder().encode('no picture')) }),
      'upstream_unreadable',
    ],
    ['a number', json({ encodedImage: 7 }), 'upstream_unreadable'],
    ['a refusal', refusal(403, 'PERMISSION_DENIED', 'PUBLIC_ERROR_MODEL_ACCESS_DENIED'), 'account_not_entitled'],
    ['a bare 403', refusal(403, 'PERMISSION_DENIED'), 'verification_required'],
    ['401', refusal(401, 'UNAUTHENTICATED'), 'access_expired'],
    ['silence', domainFault('upstream_timeout', 'x'), 'outcome_unknown'],
  ])('and %s is a fault, never the smaller picture', async (_, reply, code) => {
    expect((await enlarge(reply))._unsafeUnwrapErr().code).toBe(code)
  })

  test('cannot be where its name was not told, which costs nothing to find out', async () => {
    const nameless = json({ media: [{ image: { generatedImage: { fifeUrl: 'https://lh3.test/p' } } }] })
    const made = (await start(upstream(nameless), unit({ model })))._unsafeUnwrap()
    if (made.state !== 'next') throw new Error(made.state)
    const flow = upstream()
    expect((await start(flow, unit({ model, step: made.step })))._unsafeUnwrapErr().code).toBe('upstream_unreadable')
    expect(flow.sent).toHaveLength(0)
  })
})

describe('a video that is to be enlarged', () => {
  const model = 'veo_3_1_t2v_portrait_1080p'
  const step: Json = { kind: 'video_upsample', model, projectId: 'its-project', mediaId: 'media-1', seconds: 8 }

  test('says so in its operation', async () => {
    const started = (await start(upstream(accepted()), videoUnit({ model })))._unsafeUnwrap()
    expect(started).toMatchObject({ state: 'running', operation: { name: 'media-1', follow: 'upsample', width: 720 } })
  })

  test('is submitted by its name, and runs under a name of its own', async () => {
    const flow = upstream(accepted('media-1_upsampled'))
    const started = (await start(flow, videoUnit({ model, step })))._unsafeUnwrap()
    expect(flow.sent[0]?.url).toBe(`${API}/video:batchAsyncGenerateVideoUpsampleVideo`)
    expect(flow.sent[0]?.json).toEqual({
      mediaGenerationContext: {
        batchId: expect.stringMatching(UUID_V4),
        audioFailurePreference: 'BLOCK_SILENCED_VIDEOS',
      },
      clientContext: {
        sessionId: `;${NOW}`,
        projectId: 'its-project',
        tool: 'PINHOLE',
        userPaygateTier: 'PAYGATE_TIER_TWO',
      },
      requests: [
        {
          aspectRatio: 'VIDEO_ASPECT_RATIO_PORTRAIT',
          seed: 50_000,
          videoModelKey: 'veo_3_1_upsampler_1080p',
          metadata: { sceneId: expect.stringMatching(UUID_V4) },
          videoInput: { mediaId: 'media-1' },
          resolution: 'VIDEO_RESOLUTION_1080P',
        },
      ],
      useV2ModelConfig: true,
    })
    expect(started).toEqual({
      state: 'running',
      operation: {
        kind: 'video',
        name: 'media-1_upsampled',
        projectId: PROJECT,
        model,
        width: 1080,
        height: 1920,
        seconds: 8,
        base: 'media-1',
      },
      credits: 980,
    })
  })

  test('belongs to another batch than what it enlarges', async () => {
    const flow = upstream(accepted())
    await start(flow, videoUnit({ model }))
    await start(flow, videoUnit({ model, step }))
    const [first, second] = flow.sent.map(({ json }) => JSON.stringify(json).match(/"batchId":"([^"]+)"/)?.[1])
    expect(second).not.toBe(first ?? '')
  })

  test('whose submission is lost has an unknown outcome', async () => {
    const lost = upstream(domainFault('upstream_unreachable', 'x'))
    expect((await start(lost, videoUnit({ model, step })))._unsafeUnwrapErr().code).toBe('outcome_unknown')
  })
})

describe('a video that is extended', () => {
  const model = 'veo_3_1_extend_portrait'
  const clips = [
    { mediaId: 'clip-0', seconds: 4 },
    { mediaId: 'clip-1', seconds: 8 },
  ]
  const source = input('source_video')
  const prepared: Json = { media: [{ role: 'source_video', id: 'clip-1' }], clips, projectId: 'its-project' }

  test('is submitted in the project of its source, and keeps the clips that come before', async () => {
    const flow = upstream(accepted('clip-2'))
    const started = (await start(flow, videoUnit({ model, inputs: [source], prepared })))._unsafeUnwrap()
    expect(flow.sent[0]?.url).toBe(`${API}/video:batchAsyncGenerateVideoExtendVideo`)
    expect(flow.sent[0]?.json).toMatchObject({
      clientContext: { projectId: 'its-project' },
      requests: [
        {
          textInput: { structuredPrompt: { parts: [{ text: 'a cat chases a butterfly' }] } },
          videoModelKey: 'veo_3_1_extend_portrait',
          videoInput: { mediaId: 'clip-1' },
          metadata: { workflowId: expect.stringMatching(UUID_V4) },
        },
      ],
    })
    expect(started).toMatchObject({ operation: { name: 'clip-2', follow: 'concatenate', clips, seconds: 8 } })
  })

  const step: Json = {
    kind: 'concatenate',
    model,
    projectId: PROJECT,
    clips: [...clips, { mediaId: 'clip-2', seconds: 8 }],
  }
  const join = (reply: Reply) => {
    const flow = upstream(reply)
    return { flow, started: start(flow, videoUnit({ model, step })) }
  }

  test('is joined in the captured form, every clip after the first without its first second', async () => {
    const name = 'projects/1/locations/us-central1/jobs/2'
    const { flow, started } = join(json({ operation: { operation: { name } } }))
    expect((await started)._unsafeUnwrap()).toEqual({
      state: 'running',
      operation: {
        kind: 'concatenation',
        name,
        projectId: PROJECT,
        model,
        width: 720,
        height: 1280,
        seconds: 18,
        clips: [...clips, { mediaId: 'clip-2', seconds: 8 }],
      },
    })
    expect(flow.sent[0]?.url).toBe(`${API}:runVideoFxConcatenation`)
    expect(flow.sent[0]?.json).toEqual({
      inputVideos: [
        {
          mediaGenerationId: 'clip-0',
          length: '4000000000',
          startTimeOffset: '0.000000000s',
          endTimeOffset: '4.000000000s',
        },
        ...['clip-1', 'clip-2'].map(mediaGenerationId => ({
          mediaGenerationId,
          length: '8000000000',
          startTimeOffset: '1.000000000s',
          endTimeOffset: '8.000000000s',
        })),
      ],
    })
  })

  test.each([{ name: 'job' }, { operation: { name: 'job' } }])('is found under its name in %j', async body => {
    expect((await join(json(body)).started)._unsafeUnwrap()).toMatchObject({ operation: { name: 'job' } })
  })

  test('may be joined once more where the call was lost, since nothing is paid for it', async () => {
    expect(await fault(join(domainFault('upstream_timeout', 'x')).started)).toMatchObject({
      code: 'upstream_timeout',
      retry: 'later',
    })
    expect((await fault(join(refusal(400, 'INVALID_ARGUMENT')).started)).code).toBe('upstream_rejected')
    expect((await fault(join(json({})).started)).code).toBe('upstream_unreadable')
  })
})

const fault = async (started: ReturnType<typeof start>) => (await started)._unsafeUnwrapErr()

describe('nothing is sent', () => {
  const unsent = async (work: Unit) => {
    const flow = upstream()
    const found = await fault(start(flow, work))
    expect(flow.sent).toHaveLength(0)
    return found
  }
  test.each<Json>([null, 7, {}, { kind: 'video_upsample', model: 'veo_3_1_t2v_4k', projectId: 'p' }, { kind: 'new' }])(
    'for a step that cannot be read: %j',
    async step => {
      expect(await unsent(videoUnit({ step }))).toMatchObject({ code: 'internal_error', retry: 'never' })
    },
  )
  test('for a step of a model that there is not any more, or that is not enlarged', async () => {
    const step = { kind: 'video_upsample', projectId: 'p', mediaId: 'm' }
    expect((await unsent(videoUnit({ step: { ...step, model: 'gone' } }))).code).toBe('model_not_found')
    expect((await unsent(videoUnit({ step: { ...step, model: 'veo_3_1_t2v_landscape' } }))).code).toBe('internal_error')
  })
  test('for inputs that were not prepared, or do not suit', async () => {
    const frame = input('first_frame')
    const model = 'veo_3_1_i2v_lite_landscape'
    expect((await unsent(videoUnit({ model, inputs: [frame] }))).code).toBe('internal_error')
    const two = { media: ['a', 'b'].map(id => ({ role: 'first_frame', id })) }
    expect((await unsent(videoUnit({ model, inputs: [frame, frame], prepared: two }))).code).toBe('invalid_value')
    const source = { media: [{ role: 'source_video', id: 'a' }] }
    const text = videoUnit({ inputs: [input('source_video')], prepared: source })
    expect((await unsent(text)).code).toBe('invalid_value')
    expect((await unsent(videoUnit({ model: 'veo_3_1_extend' }))).code).toBe('invalid_value')
  })
})

test('what is stored is read without throwing, whatever it is', () => {
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      // fast-check's JSON is this contract's JSON under another name.
      readStep(value as Json)
      readPrepared(value as Json)
    }),
  )
})
