import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Operation, Session } from 'flow2api/contracts'
import type { Fault, ResultAsync } from 'flow2api/plugin'
import { asHttpUrl, asNumber, at } from '../../plugins/flow-provider/json.ts'
import {
  readConcatenation,
  readConcatenationName,
  readEncodedImage,
  readImages,
  readLookup,
  readUpload,
} from '../../plugins/flow-provider/media-readers.ts'
import { readOperation, writeOperation } from '../../plugins/flow-provider/operation.ts'
import { readOrigin } from '../../plugins/flow-provider/origin.ts'
import {
  readCredits,
  readError,
  readProject,
  readRemainingCredits,
  readSession,
  readTrueStatus,
} from '../../plugins/flow-provider/readers.ts'
import { readSessionToken, rotatedToken } from '../../plugins/flow-provider/session-token.ts'
import { readVideos } from '../../plugins/flow-provider/video-readers.ts'
import { input, json, provider, session, unit, upstream, videoUnit } from './flow-provider.fixtures.ts'

type Flow = ReturnType<typeof provider>

const readers = {
  readConcatenation,
  readConcatenationName,
  readCredits,
  readEncodedImage,
  readError,
  readImages,
  readLookup,
  readProject,
  readRemainingCredits,
  readSession,
  readTrueStatus: (value: unknown) => readTrueStatus(200, value),
  readUpload,
  readVideos,
}

/** True answers, current and legacy: mutated, they are nearer to what breaks than wholly random JSON. */
const answers: readonly unknown[] = [
  { user: { name: 'A', email: 'a@x' }, expires: '2026-06-03T05:23:11.000Z', access_token: 'ya29' },
  { result: { data: { json: { result: { projectId: 'p' }, status: 200 } } } },
  { credits: 1, userPaygateTier: 'PAYGATE_TIER_ONE', remainingCredits: 3 },
  { media: { name: 'm', image: { userUploadedImage: {}, dimensions: { width: 1, height: 2 } } }, workflow: {} },
  { mediaGenerationId: { mediaGenerationId: 'CAMa' }, width: 1920, height: 1080 },
  {
    media: [
      {
        name: 'm',
        image: {
          generatedImage: { fifeUrl: 'https://x/y', mediaVisibility: 'PRIVATE', mediaId: 'm', encodedImage: 'x' },
          dimensions: { width: 1, height: 2 },
        },
      },
    ],
  },
  { encodedImage: '/9j/4AAQ' },
  {
    remainingCredits: 9,
    media: [
      {
        name: 'm',
        projectId: 'p',
        mediaMetadata: {
          visibility: 'PRIVATE',
          requestData: {
            videoGenerationRequestData: { videoModelControlInput: { videoResolution: 'VIDEO_RESOLUTION_720P' } },
          },
          mediaStatus: {
            mediaGenerationStatus: 'MEDIA_GENERATION_STATUS_SUCCESSFUL',
            error: { code: 3, message: 'PUBLIC_ERROR_SEXUAL' },
            failureReasons: ['IP_PROHIBITED'],
          },
        },
        video: {
          fifeUrl: 'https://x',
          operation: { name: 'm' },
          generatedVideo: { upsampleMetadata: { videoUpsampleResolution: 'VIDEO_UPSAMPLE_RESOLUTION_4K' } },
        },
      },
    ],
    operations: [
      {
        operation: {
          name: 'm',
          metadata: { name: 'CAUS', video: { fifeUrl: 'https://x', servingBaseUri: 'https://y' } },
          error: { message: 'E' },
        },
        status: 'MEDIA_GENERATION_STATUS_SUCCESSFUL',
        mediaGenerationId: 'CAUS',
      },
    ],
  },
  { operation: { operation: { name: 'projects/1/locations/x/jobs/2' } } },
  { status: 'MEDIA_GENERATION_STATUS_SUCCESSFUL', outputUri: '', mediaGenerationId: '', encodedVideo: 'AAAA' },
  { name: 'm', video: { encodedVideo: 'AAAA', fifeUrl: 'https://x' } },
  { error: { code: 1, message: 'm', status: 'S', details: [{ reason: 'R', retryDelay: '1s' }] } },
]

function replaced(value: unknown, path: readonly number[], part: unknown): unknown {
  const [first, ...rest] = path
  if (first === undefined || typeof value !== 'object' || value === null) return part
  const keys = Object.keys(value)
  const key = keys[first % Math.max(1, keys.length)]
  if (key === undefined) return part
  const copy: Record<string, unknown> = { ...value }
  copy[key] = replaced(copy[key], rest, part)
  return Array.isArray(value) ? Object.values(copy) : copy
}

/** A true answer with one of its parts replaced by anything, or anything at all. */
const mutated = fc.oneof(
  fc
    .tuple(fc.constantFrom(...answers), fc.array(fc.nat(9), { maxLength: 8 }), fc.jsonValue())
    .map(([answer, path, part]) => replaced(answer, path, part)),
  fc.jsonValue(),
)

describe('no reader throws', () => {
  for (const [name, read] of Object.entries(readers))
    test(name, () => {
      fc.assert(fc.property(mutated, value => void read(value)))
      expect(() => read(undefined)).not.toThrow()
    })

  test('readOperation, readOrigin, readSessionToken, rotatedToken', () => {
    // fast-check's JSON is the contract's JSON under another name.
    const stored = fc.dictionary(fc.string(), fc.jsonValue()) as fc.Arbitrary<Operation>
    fc.assert(
      fc.property(stored, value => {
        readOperation(value)
        readOrigin(value)
      }),
    )
    fc.assert(
      fc.property(fc.string(), value => {
        readSessionToken(value)
        readSessionToken(`__Secure-next-auth.session-token=${value}`)
      }),
    )
    expect(rotatedToken(new Headers([['set-cookie', '=;;=']]), 'x')).toBeUndefined()
  })

  test('and videos without a name are skipped', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.array(fc.jsonValue()), (media, operations) => {
        for (const video of readVideos({ media, operations })) expect(video.name).not.toBe('')
      }),
    )
  })
})

describe('every step answers a value or a fault, whatever comes back', () => {
  const body = fc.oneof(
    mutated.map(value => JSON.stringify(value) ?? ''),
    fc.constantFrom('', '<html>', '{"media":[', 'null'),
    fc.string(),
  )
  const status = fc.constantFrom(200, 204, 302, 400, 401, 403, 404, 429, 500, 502, 504)
  const reply = fc.tuple(status, body).map(([code, text]) => new Response(code === 204 ? null : text, { status: code }))

  const steps = {
    open: one => one.accounts()?.open({ secret: 's', attributes: {} }, way(one)),
    measure: one => one.accounts()?.measure(way(one)),
    prepare: one => one.prepare(unit({ inputs: [input('reference')] }), way(one)),
    image: one => one.start(unit(), way(one)),
    video: one => one.start(videoUnit(), way(one)),
    imageUpsample: one =>
      one.start(unit({ step: stepOf('image_upsample', 'gemini-3.0-pro-image-square-2k') }), way(one)),
    videoUpsample: one => one.start(videoUnit({ step: stepOf('video_upsample', 'veo_3_1_t2v_1080p') }), way(one)),
    concatenate: one => one.start(videoUnit({ step: stepOf('concatenate', 'veo_3_1_extend') }), way(one)),
    status: one => one.status([video, joining], way(one)),
    cancel: one => one.cancel(video, way(one)),
    thumbnail: one => one.thumbnail({ mediaId: 'm' }, way(one)),
    discard: one => one.discard([{ mediaId: 'm' }], way(one)),
  } satisfies Record<string, (one: Flow) => ResultAsync<unknown, Fault> | undefined>

  const clips = ['m', 'n'].map(mediaId => ({ mediaId, seconds: 8 }))
  const stepOf = (kind: string, model: string) => ({ kind, model, projectId: 'p', mediaId: 'm', clips })
  const video = { name: 'm', projectId: 'p', model: 'veo_3_1_extend', follow: 'concatenate', clips }
  const joining = { ...video, kind: 'concatenation', name: 'projects/1/locations/x/jobs/2' }
  const ways = new WeakMap<Flow, Session>()
  const way = (one: Flow): Session => ways.get(one) ?? session(upstream(json({})).fetch)

  test.each(Object.entries(steps))('%s', async (_, step) => {
    await fc.assert(
      fc.asyncProperty(fc.array(reply, { minLength: 1, maxLength: 4 }), async replies => {
        const one = provider()
        ways.set(one, session(upstream(...replies).fetch))
        const result = await step(one)
        if (result?.isErr()) expect(result.error.message).not.toBe('')
        expect(result?.isOk() || result?.isErr()).toBe(true)
      }),
    )
  })
})

test.each([
  [{ error: { code: 429, status: 'RESOURCE_EXHAUSTED' } }, 429],
  [{ error: { json: { data: { httpStatus: 401 } } } }, 401],
  [{ result: { data: { json: { status: 500 } } } }, 500],
  [{ result: { data: { json: { status: 200 } } } }, 200],
  [{ error: { code: 3 } }, 200],
  [{ error: 'ACCESS_TOKEN_REFRESH_NEEDED' }, 200],
  [[], 200],
])('%j inside a 200 is %d', (body, status) => {
  expect(readTrueStatus(200, body)).toBe(status)
  expect(readTrueStatus(404, body)).toBe(404)
})

test('operations survive being stored', () => {
  const common = { name: 'n', projectId: 'p', model: 'm', width: 1, height: 2, seconds: 8 }
  const clips = [{ mediaId: 'c', seconds: 8 }]
  for (const operation of [
    { ...common, kind: 'video', follow: undefined, clips: undefined, base: 'b' },
    { ...common, kind: 'video', follow: 'concatenate', clips, base: undefined },
    { ...common, kind: 'concatenation', clips },
  ] as const)
    expect(readOperation(JSON.parse(JSON.stringify(writeOperation(operation))))).toEqual(operation)
})

test('an operation of an earlier version is a video, and one whose clips are lost is merely made', () => {
  expect(readOperation({ name: 'n', projectId: 'p' })).toMatchObject({ kind: 'video', model: '' })
  expect(readOperation({ name: 'n', projectId: 'p', follow: 'concatenate' })).toMatchObject({ follow: undefined })
})

test('inherited properties and arrays are not mistaken for answers', () => {
  expect(at({}, 'constructor', 'name')).toBeUndefined()
  expect(at([1], '0')).toBeUndefined()
})

test('numbers may be written as text, URLs must be http', () => {
  expect(asNumber('920')).toBe(920)
  expect(asNumber('')).toBeUndefined()
  expect(asNumber('1e999')).toBeUndefined()
  expect(asHttpUrl('javascript:alert(1)')).toBeUndefined()
  expect(asHttpUrl('file:///etc/passwd')).toBeUndefined()
  expect(asHttpUrl('/video/1', 'https://media.test/a')).toBe('https://media.test/video/1')
})

describe('videos', () => {
  const media = {
    name: 'id-1',
    projectId: 'p',
    mediaMetadata: { mediaStatus: { mediaGenerationStatus: 'MEDIA_GENERATION_STATUS_ACTIVE' } },
    video: { operation: { name: 'op-1' } },
  }
  const operation = (name: string, status: string) => ({
    operation: { name, metadata: { video: { fifeUrl: `https://media.test/${name}` } } },
    status: `MEDIA_GENERATION_STATUS_${status}`,
  })

  test('in the current shape', () => {
    expect(readVideos({ media: [media] })).toMatchObject([
      { name: 'id-1', operationName: 'op-1', projectId: 'p', status: 'ACTIVE', url: undefined },
    ])
  })
  test('in the legacy shape', () => {
    expect(readVideos({ operations: [operation('op-1', 'SUCCESSFUL')] })).toMatchObject([
      { name: 'op-1', status: 'SUCCESSFUL', url: 'https://media.test/op-1' },
    ])
  })
  test('in both: media[] wins, operations[] fill in what is missing', () => {
    const found = readVideos({
      media: [media],
      operations: [operation('op-1', 'PENDING'), operation('op-2', 'FAILED')],
    })
    expect(found).toMatchObject([
      { name: 'id-1', status: 'ACTIVE', url: 'https://media.test/op-1' },
      { name: 'op-2', status: 'FAILED' },
    ])
  })
  test('with the status in its older place, or none', () => {
    const older = { name: 'a', mediaStatus: { mediaGenerationStatus: 'media_generation_status_pending' } }
    expect(readVideos({ media: [older, { name: 'b' }] }).map(({ status }) => status)).toEqual(['PENDING', undefined])
  })
})
