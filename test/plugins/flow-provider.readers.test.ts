import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { asHttpUrl, asNumber, at } from '../../plugins/flow-provider/json.ts'
import { readOperation } from '../../plugins/flow-provider/operation.ts'
import {
  readCredits,
  readError,
  readImages,
  readProject,
  readRemainingCredits,
  readSession,
  readVideos,
} from '../../plugins/flow-provider/readers.ts'
import { readSessionToken, rotatedToken } from '../../plugins/flow-provider/session-token.ts'

const readers = { readCredits, readError, readImages, readProject, readRemainingCredits, readSession, readVideos }

/** A real answer with one of its parts replaced by anything: nearer to what breaks than wholly random JSON. */
const shapes: readonly unknown[] = [
  { user: { name: 'A', email: 'a@x' }, expires: '2026-06-03T05:23:11.000Z', access_token: 'ya29' },
  { result: { data: { json: { result: { projectId: 'p' }, status: 200 } } } },
  { credits: 1, userPaygateTier: 'PAYGATE_TIER_ONE', remainingCredits: 3 },
  {
    media: [{ name: 'm', image: { generatedImage: { fifeUrl: 'https://x/y' }, dimensions: { width: 1, height: 2 } } }],
  },
  {
    media: [
      {
        name: 'm',
        projectId: 'p',
        mediaMetadata: {
          visibility: 'PRIVATE',
          mediaStatus: { mediaGenerationStatus: 'X', error: { message: 'E' }, failureReasons: ['R'] },
        },
        video: { operation: { name: 'm' }, generatedVideo: {} },
      },
    ],
    operations: [{ operation: { name: 'o', metadata: { video: { fifeUrl: 'https://x' } }, error: {} }, status: 'S' }],
  },
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

describe('no reader throws', () => {
  for (const [name, read] of Object.entries(readers))
    test(name, () => {
      fc.assert(fc.property(fc.jsonValue(), value => void read(value)))
      fc.assert(
        fc.property(
          fc.constantFrom(...shapes),
          fc.array(fc.nat(5), { maxLength: 7 }),
          fc.jsonValue(),
          (shape, path, part) => {
            read(replaced(shape, path, part))
          },
        ),
      )
      expect(() => read(undefined)).not.toThrow()
    })

  test('readOperation, readSessionToken, rotatedToken', () => {
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.string()), value => void readOperation(value)))
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
