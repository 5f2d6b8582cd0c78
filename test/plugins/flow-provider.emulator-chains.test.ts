/** Every kind of step against the bundled Flow emulator: real HTTP, real files, strict about what is sent. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import type { Json, MediaSource, Operation, Origin, Session, SessionAccount, Started, Unit } from 'flow2api/contracts'
import { okAsync } from 'flow2api/plugin'
import { imageSize } from 'image-size'
import { flowProvider } from '../../plugins/flow-provider/provider.ts'
import { readSettings } from '../../plugins/flow-provider/settings.ts'
import type { VerificationSources } from '../../plugins/flow-provider/verification.ts'
import { type Emulator, type EmulatorOptions, startEmulator } from '../emulator/index.ts'
import { png } from '../fixtures/media.ts'
import { input, noVerification, plainFetch, unit, videoUnit } from './flow-provider.fixtures.ts'

type Flow = ReturnType<typeof flowProvider>

const flowOf = ({ labsBaseUrl, apiBaseUrl }: Emulator, verification: VerificationSources = noVerification): Flow =>
  flowProvider({
    id: 'flow-provider',
    settings: readSettings({
      labs_base_url: labsBaseUrl,
      api_base_url: apiBaseUrl,
      timeout: 120,
      poll_interval: 0.05,
      max_poll_attempts: 20,
    }),
    clock: { now: () => Date.now(), after: () => () => {} },
    random: Math.random,
    verification,
    warn: () => {},
  })

type Opened = Session & { readonly account: SessionAccount }

async function open(flow: Flow, tier: 'free' | 'pro' | 'ultra'): Promise<Opened> {
  const way = { fetch: plainFetch, signal: new AbortController().signal, progress: () => {} }
  const secret = `emulator-session-${tier}`
  const driver = flow.accounts()
  const opened = (await driver?.open({ secret, attributes: {} }, way))?._unsafeUnwrap()
  const account = { id: 1, secret, access: opened?.access ?? '', tier: '', attributes: opened?.attributes ?? {} }
  const measured = (await driver?.measure({ ...way, account }))?._unsafeUnwrap()
  return { ...way, account: { ...account, tier: measured?.tier ?? '' } }
}

/** What was stored comes back as it would after a restart. */
const stored = <T extends Json>(value: T): T => JSON.parse(JSON.stringify(value))

const MOST_ROUNDS = 30

/** As the job engine goes about it, without its care: prepares, starts, polls, and takes one step after another. */
async function drive(flow: Flow, work: Unit, session: Session) {
  const stages: string[] = []
  /** What every step before the last had in hand. */
  const between: (readonly MediaSource[])[] = []
  const prepared = (await flow.prepare(work, session)).map(stored)
  if (prepared.isErr()) return { stages, between, fault: prepared.error }
  let step: Json | undefined
  for (;;) {
    const started = await flow.start(
      { ...work, prepared: prepared.value, ...(step !== undefined && { step }) },
      session,
    )
    if (started.isErr()) return { stages, between, fault: started.error }
    const found = started.value.state === 'running' ? await wait(flow, started.value.operation, session) : started.value
    stages.push(found.state)
    if (found.state === 'failed') return { stages, between, fault: found.fault }
    if (found.state === 'done') return { stages, between, media: found.media }
    step = stored(found.step)
    between.push(found.media ?? [])
  }
}

async function wait(flow: Flow, operation: Operation, session: Session) {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const [status] = (await flow.status([stored(operation)], session))._unsafeUnwrap()
    if (status !== undefined && status.state !== 'running') return status
  }
  throw new Error('It never ended.')
}

const bytesOf = async (media: MediaSource | undefined): Promise<Uint8Array> => {
  if (media === undefined) throw new Error('There is no media.')
  if ('bytes' in media) return media.bytes
  const response = await fetch(media.url)
  if (!response.ok) throw new Error(`HTTP ${response.status}`)
  return response.bytes()
}
const pixelsOf = async (media: MediaSource | undefined) => {
  const { width, height } = imageSize(await bytesOf(media))
  return `${width}x${height}`
}
const ofVideo = async (media: MediaSource | undefined) =>
  Buffer.from(await bytesOf(media))
    .subarray(4, 8)
    .toString()

const shot = (role: Unit['inputs'][number]['role'], width = 64, height = 36) =>
  input(role, { bytes: () => Promise.resolve(png(width, height)) })
const made = (role: Unit['inputs'][number]['role'], origin: Origin | undefined) =>
  input(role, origin === undefined ? {} : { origin: stored(origin) })

describe('against the emulator', () => {
  let emulator: Emulator
  let flow: Flow
  beforeAll(async () => {
    emulator = await startEmulator({ videoPolls: 1 })
    flow = flowOf(emulator)
  })
  afterAll(() => emulator.stop())
  beforeEach(() => emulator.faults.clear())
  const lastOf = (endpoint: Parameters<Emulator['record']['of']>[0]) => emulator.record.of(endpoint).at(-1)

  test('a picture from pictures: what was uploaded and what Flow has made itself, in order', async () => {
    const session = await open(flow, 'free')
    const first = await drive(flow, unit({ model: 'gemini-3.1-flash-image-square' }), session)
    const own = first.media?.[0]?.origin
    const work = unit({ id: 'second', inputs: [shot('reference'), made('reference', own), shot('reference')] })
    const uploads = emulator.record.of('upload').length
    expect((await drive(flow, work, session)).stages).toEqual(['done'])
    expect(emulator.record.of('upload').length - uploads).toBe(2)
    expect(emulator.record.paid({ kind: 'image' }).at(-1)?.inputs).toEqual([
      expect.any(String),
      String(own?.['mediaId']),
      expect.any(String),
    ])
  })

  test.each([
    ['gemini-3.0-pro-image-four-three-2k', 'pro', '1200x896', '2400x1792'],
    ['gemini-3.1-flash-image-square-4k', 'ultra', '1024x1024', '4096x4096'],
  ] as const)('%s is made and enlarged', async (model, tier, small, large) => {
    const { stages, between, media } = await drive(flow, unit({ id: model, model }), await open(flow, tier))
    expect(stages).toEqual(['next', 'done'])
    expect(await pixelsOf(between[0]?.[0])).toBe(small)
    expect(await pixelsOf(media?.[0])).toBe(large)
  })

  test.each([
    ['veo_3_1_i2v_lite_portrait', [shot('first_frame')], 'videoStart'],
    ['veo_3_1_i2v_s_fast_fl', [shot('first_frame')], 'videoStart'],
    ['veo_3_1_i2v_s_fast_fl', [shot('last_frame'), shot('first_frame')], 'videoStartEnd'],
    ['veo_3_1_interpolation_lite_landscape', [shot('first_frame'), shot('last_frame')], 'videoStartEnd'],
    ['veo_3_1_r2v_fast_portrait', [shot('reference'), shot('reference'), shot('reference')], 'videoReferences'],
    ['omni', [shot('reference')], 'videoReferences'],
    ['omni_portrait', [], 'videoText'],
  ] as const)('%s with %j goes to %s', async (model, inputs, endpoint) => {
    const work = videoUnit({ id: `${model}-${inputs.length}`, model, inputs })
    const { stages, media } = await drive(flow, work, await open(flow, 'pro'))
    expect(stages).toEqual(['done'])
    expect(await ofVideo(media?.[0])).toBe('ftyp')
    expect(emulator.record.paid().at(-1)).toMatchObject({ endpoint })
    expect(emulator.record.paid().at(-1)?.inputs).toHaveLength(inputs.length)
  })

  test.each([
    ['veo_3_1_t2v_portrait_1080p', 'pro', { width: 1080, height: 1920 }],
    ['veo_3_1_t2v_4k', 'ultra', { width: 3840, height: 2160 }],
  ] as const)('%s is made and enlarged', async (model, tier, size) => {
    const { stages, between, media } = await drive(flow, videoUnit({ id: model, model }), await open(flow, tier))
    expect(stages).toEqual(['next', 'done'])
    const base = between[0]?.[0]?.origin?.['mediaId'] ?? ''
    expect(media).toMatchObject([{ ...size, origin: { mediaId: `${base}_upsampled`, base } }])
    expect(await ofVideo(between[0]?.[0])).toBe('ftyp')
    expect(await ofVideo(media?.[0])).toBe('ftyp')
  })

  test('a video is continued, the whole is continued again, and all clips are joined each time', async () => {
    const session = await open(flow, 'pro')
    const source = await drive(flow, videoUnit({ model: 'veo_3_1_t2v_fast_4s' }), session)
    const extend = async (id: string, origin: Origin | undefined) =>
      drive(flow, videoUnit({ id, model: 'veo_3_1_extend', inputs: [made('source_video', origin)] }), session)
    const once = await extend('once', source.media?.[0]?.origin)
    expect(once.stages).toEqual(['next', 'done'])
    expect(once.media).toMatchObject([{ durationSeconds: 11 }])
    expect(await ofVideo(once.media?.[0])).toBe('ftyp')
    const twice = await extend('twice', once.media?.[0]?.origin)
    expect(twice.stages).toEqual(['next', 'done'])
    expect(twice.media).toMatchObject([{ durationSeconds: 18 }])
    expect(lastOf('concatenate')?.body).toMatchObject({ inputVideos: [{}, {}, {}] })
  })

  test('an enlarged video is continued from what was generated', async () => {
    const session = await open(flow, 'pro')
    const source = await drive(flow, videoUnit({ id: 'hd', model: 'veo_3_1_t2v_1080p' }), session)
    const inputs = [made('source_video', source.media?.[0]?.origin)]
    const work = videoUnit({ id: 'hd-on', model: 'veo_3_1_extend', inputs })
    expect((await drive(flow, work, session)).stages).toEqual(['next', 'done'])
  })

  test('a still picture is had, and what was made is deleted once and for all', async () => {
    const session = await open(flow, 'pro')
    const { media } = await drive(flow, videoUnit({ id: 'still' }), session)
    const origin = media?.[0]?.origin ?? {}
    const still = (await flow.thumbnail(origin, session))._unsafeUnwrap()
    expect(await pixelsOf(still)).toMatch(/^\d+x\d+$/)
    expect((await flow.discard([origin], session)).isOk()).toBe(true)
    expect(emulator.media.get(String(origin['mediaId']))).toBeUndefined()
    expect((await flow.discard([origin], session)).isOk()).toBe(true)
    expect((await flow.thumbnail(origin, session))._unsafeUnwrapErr().code).toBe('media_unavailable')
  })

  test('a file whose redirect never comes is looked up', async () => {
    const session = await open(flow, 'pro')
    emulator.faults.always('redirect', { status: 404 })
    const { media } = await drive(flow, videoUnit({ id: 'late' }), session)
    expect(await ofVideo(media?.[0])).toBe('ftyp')
    expect(lastOf('media')?.status).toBe(200)
  })

  test('access that ends in the middle of polling is said to, and the same video goes on with fresh access', async () => {
    const session = await open(flow, 'pro')
    const started: Started = (await flow.start(videoUnit({ id: 'expiry' }), session))._unsafeUnwrap()
    if (started.state !== 'running') throw new Error(started.state)
    emulator.accounts.expireAccess(emulator.accounts.get('emulator-session-pro'))
    const fault = (await flow.status([started.operation], session))._unsafeUnwrapErr()
    expect(fault.code).toBe('access_expired')
    expect((await wait(flow, started.operation, await open(flow, 'pro'))).state).toBe('done')
  })

  test.each([
    [
      'an empty answer',
      unit({ id: 'e', model: 'gemini-3.0-pro-image-square-2k' }),
      'upsampleImage',
      { deliver: 'empty' },
      'upstream_unreadable',
    ],
    [
      'half an answer',
      unit({ id: 't', model: 'gemini-3.0-pro-image-square-2k' }),
      'upsampleImage',
      { spoil: 'truncated' },
      'upstream_unreadable',
    ],
    [
      'a cut connection',
      unit({ id: 'c', model: 'gemini-3.0-pro-image-square-2k' }),
      'upsampleImage',
      { spoil: 'cut' },
      'outcome_unknown',
    ],
    [
      'a failing video',
      videoUnit({ id: 'f', model: 'veo_3_1_t2v_1080p' }),
      'upsampleVideo',
      { outcome: 'failed', reason: 'PUBLIC_ERROR_HIGH_TRAFFIC' },
      'upstream_error',
    ],
    [
      'an error inside a 200',
      videoUnit({ id: 'i', model: 'veo_3_1_t2v_1080p' }),
      'upsampleVideo',
      { inside: 503 },
      'upstream_error',
    ],
  ] as const)('%s in the second step leaves what the first has made', async (_, work, endpoint, fault, code) => {
    const session = await open(flow, 'pro')
    emulator.faults.next(endpoint, fault)
    const { between, fault: found } = await drive(flow, work, session)
    expect(found?.code).toBe(code)
    expect((await bytesOf(between[0]?.[0])).length).toBeGreaterThan(100)
  })

  test('clips that cannot be joined leave the extension', async () => {
    const session = await open(flow, 'pro')
    const source = await drive(flow, videoUnit({ id: 's' }), session)
    emulator.faults.next('concatenate', { outcome: 'failed' })
    const inputs = [made('source_video', source.media?.[0]?.origin)]
    const { between, fault } = await drive(flow, videoUnit({ id: 'x', model: 'veo_3_1_extend', inputs }), session)
    expect(fault?.blame).not.toBe('account')
    expect(await ofVideo(between[0]?.[0])).toBe('ftyp')
  })

  test('a session token that is replaced comes with the access, and works from then on', async () => {
    const account = emulator.accounts.add({ st: 'rotating', email: 'rotating@flow.example' })
    const way = { fetch: plainFetch, signal: new AbortController().signal }
    emulator.faults.next('session', { session: 'rotated' })
    const opened = (await flow.accounts()?.open({ secret: 'rotating', attributes: {} }, way))?._unsafeUnwrap()
    expect(opened?.secret).toBe(account.st)
    const again = await flow.accounts()?.open({ secret: opened?.secret ?? '', attributes: {} }, way)
    expect(again?.isOk()).toBe(true)
  })
})

describe.each<EmulatorOptions>([
  { videoAnswers: 'operations' },
  { videoAnswers: 'both', concatenation: 'uri' },
  { videoAnswers: 'inline', concatenationAnswers: 'flat' },
  { uploadAnswers: 'list' },
  { uploadAnswers: 'older' },
])('a Flow that answers with %j', options => {
  test('is understood in every step', async () => {
    await using emulator = await startEmulator({ videoPolls: 1, ...options })
    const flow = flowOf(emulator)
    const session = await open(flow, 'pro')
    const first = videoUnit({ model: 'veo_3_1_i2v_s_1080p', inputs: [shot('first_frame'), shot('last_frame')] })
    const source = await drive(flow, first, session)
    expect(source.stages).toEqual(['next', 'done'])
    const inputs = [made('source_video', source.media?.[0]?.origin)]
    const extended = await drive(flow, videoUnit({ id: 'on', model: 'veo_3_1_extend', inputs }), session)
    expect(extended.stages).toEqual(['next', 'done'])
    expect(await ofVideo(extended.media?.[0])).toBe('ftyp')
  })
})

test('a Flow that wants verification gets the values of an operator’s plugin, one for each paid call', async () => {
  await using emulator = await startEmulator({ videoPolls: 1, requireVerification: true })
  const works = [unit({ model: 'gemini-3.0-pro-image-square-2k' }), videoUnit({ model: 'veo_3_1_t2v_1080p' })]
  const without = flowOf(emulator)
  for (const work of works)
    expect((await drive(without, work, await open(without, 'pro'))).fault?.code).toBe('verification_required')
  const value = () => okAsync(crypto.randomUUID())
  const flow = flowOf(emulator, { all: () => [{ plugin: 'source', service: { value } }] })
  for (const work of works) expect((await drive(flow, work, await open(flow, 'pro'))).stages).toEqual(['next', 'done'])
})
