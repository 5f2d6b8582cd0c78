import { describe, expect, test } from 'bun:test'
import { domainFault, type Origin, type Unit, type UnitInput } from 'flow2api/contracts'
import {
  API,
  account,
  base64,
  input,
  json,
  MP4,
  NOW,
  PICTURES,
  PROJECT,
  provider,
  type Reply,
  refusal,
  session,
  unit,
  upstream,
  videoUnit,
} from './flow-provider.fixtures.ts'

const uploaded = (name: string) => json({ media: { name, projectId: PROJECT } })
const prepare = (flow: ReturnType<typeof upstream>, work: Unit, overrides: Parameters<typeof session>[1] = {}) =>
  provider().prepare(work, session(flow.fetch, overrides))
const frames = (...inputs: readonly UnitInput[]) => videoUnit({ model: 'veo_3_1_i2v_s_fast_fl', inputs })

describe('pictures are uploaded', () => {
  test('in their order, in the current shape, as what they really are', async () => {
    const flow = upstream(uploaded('id-1'), uploaded('id-2'))
    const inputs = [
      input('first_frame', { mime: 'image/png', bytes: () => Promise.resolve(PICTURES['image/webp']) }),
      input('last_frame'),
    ]
    expect((await prepare(flow, frames(...inputs)))._unsafeUnwrap()).toEqual({
      media: [
        { role: 'first_frame', id: 'id-1' },
        { role: 'last_frame', id: 'id-2' },
      ],
    })
    expect(flow.sent.map(({ url }) => url)).toEqual([`${API}/flow/uploadImage`, `${API}/flow/uploadImage`])
    expect(flow.sent[0]?.headers.get('authorization')).toBe('Bearer ya29.access')
    expect(flow.sent[0]?.json).toEqual({
      clientContext: { sessionId: `;${NOW}`, tool: 'PINHOLE', projectId: PROJECT },
      fileName: `flow2api_upload_${NOW}.webp`,
      imageBytes: base64(PICTURES['image/webp']),
      isHidden: false,
      isUserUploaded: true,
      mimeType: 'image/webp',
    })
  })

  test.each(Object.entries(PICTURES))('%s is told by its first bytes', async (mime, bytes) => {
    const flow = upstream(uploaded('id-1'))
    await prepare(flow, unit({ inputs: [input('reference', { bytes: () => Promise.resolve(bytes) })] }))
    expect(flow.sent[0]?.json).toMatchObject({ mimeType: mime })
  })

  test.each([
    ['a list', { media: [{}, { name: 'id-9' }] }],
    ['the older answer', { mediaGenerationId: { mediaGenerationId: 'id-9' }, width: 1, height: 2 }],
    ['its id as text', { mediaGenerationId: 'id-9' }],
  ])('and the id is found in %s', async (_, body) => {
    const made = await prepare(upstream(json(body)), unit({ inputs: [input('reference')] }))
    expect(made._unsafeUnwrap()).toEqual({ media: [{ role: 'reference', id: 'id-9' }] })
  })

  test('without any there is nothing to do', async () => {
    const flow = upstream()
    expect((await prepare(flow, unit()))._unsafeUnwrap()).toEqual({ media: [] })
    expect(flow.sent).toHaveLength(0)
  })
})

describe('what Flow does not take is refused before it is sent', () => {
  const refused = async (bytes: Uint8Array, work: (...inputs: UnitInput[]) => Unit = frames) => {
    const flow = upstream(uploaded('id-1'))
    const fault = await prepare(flow, work(input('first_frame', { bytes: () => Promise.resolve(bytes) })))
    expect(flow.sent).toHaveLength(0)
    return fault._unsafeUnwrapErr()
  }
  test.each([
    ['nothing', new Uint8Array()],
    ['text', new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['BMP', new TextEncoder().encode('BM and so on, long enough')],
    ['a video', MP4],
    ['a torn beginning', PICTURES['image/png'].subarray(0, 5)],
  ])('%s', async (_, bytes) => {
    expect(await refused(bytes)).toMatchObject({
      code: 'invalid_image_file',
      blame: 'request',
      param: 'input_reference',
    })
  })
  test('more than 20 MB', async () => {
    const large = new Uint8Array(20 * 1024 * 1024 + 1)
    large.set(PICTURES['image/jpeg'])
    const fault = await refused(large, (...inputs) => unit({ inputs }))
    expect(fault).toMatchObject({ code: 'invalid_image_file', param: 'image' })
    expect(fault.message).toContain('20 MB')
  })
  test('a file that is gone', async () => {
    const gone = input('reference', { bytes: () => Promise.reject(new Error('ENOENT')) })
    expect((await prepare(upstream(), unit({ inputs: [gone] })))._unsafeUnwrapErr().code).toBe('internal_error')
  })
})

describe('a refused upload', () => {
  const fails = async (reply: Reply) =>
    (await prepare(upstream(reply), unit({ inputs: [input('reference')] })))._unsafeUnwrapErr()

  test.each([
    ['PUBLIC_ERROR_UNSAFE_IMAGE_UPLOAD', 'moderation_blocked'],
    ['PUBLIC_ERROR_MINOR_UPLOAD', 'moderation_blocked'],
    ['PUBLIC_ERROR_IMAGE_TOO_SMALL', 'invalid_image_file'],
    ['PUBLIC_ERROR_UNKNOWN_IMAGE_FILE_FORMAT', 'invalid_image_file'],
    ['PUBLIC_ERROR_VERTEX_UNSUPPORTED_INPUT', 'upstream_rejected'],
  ])('for %s is the request’s fault, and names the field', async (reason, code) => {
    expect(await fails(refusal(400, 'INVALID_ARGUMENT', reason))).toMatchObject({
      code,
      blame: 'request',
      retry: 'never',
      param: 'image',
    })
  })
  test('for other reasons is what it is elsewhere', async () => {
    expect((await fails(refusal(401, 'UNAUTHENTICATED'))).code).toBe('access_expired')
    expect((await fails(refusal(429, 'RESOURCE_EXHAUSTED'))).code).toBe('account_throttled')
    expect((await fails(refusal(503, 'UNAVAILABLE'))).code).toBe('upstream_error')
    expect((await fails(new Response('<html>'))).code).toBe('upstream_unreadable')
    expect((await fails(json({ media: {} }))).code).toBe('upstream_unreadable')
  })
  test('that was merely lost may be repeated: nothing was paid', async () => {
    expect(await fails(domainFault('upstream_timeout', 'x'))).toMatchObject({
      code: 'upstream_timeout',
      retry: 'later',
    })
  })
  test('ends the preparation there', async () => {
    const flow = upstream(refusal(400, 'INVALID_ARGUMENT', 'PUBLIC_ERROR_IMAGE_TOO_LARGE'))
    await prepare(flow, frames(input('first_frame'), input('last_frame')))
    expect(flow.sent).toHaveLength(1)
  })
  test('is not even tried without a project, an account, or when it was called off', async () => {
    const work = unit({ inputs: [input('reference')] })
    const why = async (overrides: Parameters<typeof session>[1]) => {
      const flow = upstream()
      return (await prepare(flow, work, overrides))._unsafeUnwrapErr().code
    }
    expect(await why({ account: account({ attributes: {} }) })).toBe('access_expired')
    expect(await why({ signal: AbortSignal.abort() })).toBe('cancelled')
  })
})

const origin = (more: Origin = {}): Origin => ({
  mediaId: 'made-1',
  projectId: 'earlier-project',
  kind: 'video',
  model: 'veo_3_1_t2v_fast_landscape',
  aspect: '16:9',
  seconds: 8,
  ...more,
})

test('a picture that Flow made needs no upload; what it made otherwise does', async () => {
  const flow = upstream(uploaded('id-2'))
  const inputs = [
    input('reference', { origin: origin({ kind: 'image' }) }),
    input('reference', { origin: { kind: 'image' } }),
  ]
  expect((await prepare(flow, unit({ inputs })))._unsafeUnwrap()).toEqual({
    media: [
      { role: 'reference', id: 'made-1' },
      { role: 'reference', id: 'id-2' },
    ],
  })
  expect(flow.sent).toHaveLength(1)
})

describe('a video that is continued', () => {
  const continued = (found: Origin | undefined, model = 'veo_3_1_extend') => {
    const source = input('source_video', { mime: 'video/mp4', ...(found !== undefined && { origin: found }) })
    return prepare(upstream(), videoUnit({ model, inputs: [source] }))
  }
  const clips = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ mediaId: `clip-${index}`, seconds: 8 }))

  test('is known by its media name, its clips and its project', async () => {
    expect((await continued(origin()))._unsafeUnwrap()).toEqual({
      media: [{ role: 'source_video', id: 'made-1' }],
      clips: [{ mediaId: 'made-1', seconds: 8 }],
      projectId: 'earlier-project',
    })
  })
  test('goes on from what was generated where it has been enlarged since', async () => {
    expect((await continued(origin({ mediaId: 'made-1_upsampled', base: 'made-1' })))._unsafeUnwrap()).toMatchObject({
      media: [{ id: 'made-1' }],
      clips: [{ mediaId: 'made-1' }],
    })
  })
  test('goes on from the last clip where it has been joined, and keeps the clips', async () => {
    expect((await continued(origin({ mediaId: 'clip-1', clips: clips(2) })))._unsafeUnwrap()).toMatchObject({
      media: [{ id: 'clip-1' }],
      clips: [{ mediaId: 'clip-0' }, { mediaId: 'clip-1' }],
    })
  })
  test.each([
    ['from elsewhere', undefined, 'made itself'],
    ['that is a picture', origin({ kind: 'image' }), 'made itself'],
    ['of Omni', origin({ model: 'omni_portrait' }), 'Omni'],
    ['of another shape', origin({ aspect: '9:16' }), 'agree'],
    ['that is too long', origin({ clips: clips(21) }), '20 times'],
  ])('but not one %s', async (_, found, message) => {
    const fault = (await continued(found))._unsafeUnwrapErr()
    expect(fault).toMatchObject({ code: 'invalid_value', blame: 'request', param: 'video' })
    expect(fault.message).toContain(message)
  })
  test('twenty times at most, counted rightly', async () => {
    expect((await continued(origin({ clips: clips(20) }))).isOk()).toBe(true)
  })
})
