/** The provider against the bundled Flow emulator: real HTTP, strict about what is sent. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import type {
  AccountDriver,
  MediaSource,
  Operation,
  OperationStatus,
  Session,
  SessionAccount,
} from 'flow2api/contracts'
import { flowProvider } from '../../plugins/flow-provider/provider.ts'
import { readSettings } from '../../plugins/flow-provider/settings.ts'
import { type Emulator, type EmulatorOptions, startEmulator } from '../emulator/index.ts'
import { noVerification, plainFetch, unit, videoUnit } from './flow-provider.fixtures.ts'

const realClock = { now: () => Date.now(), after: () => () => {} }
const PRO = 'emulator-session-pro'

const providerOf = ({ labsBaseUrl, apiBaseUrl }: Emulator, timeoutS = 120) =>
  flowProvider({
    id: 'flow-provider',
    verification: noVerification,
    warn: () => {},
    settings: readSettings({
      labs_base_url: labsBaseUrl,
      api_base_url: apiBaseUrl,
      timeout: timeoutS,
      poll_interval: 0.05,
      max_poll_attempts: 20,
    }),
    clock: realClock,
    random: Math.random,
  })

const way = () => ({ fetch: plainFetch, signal: new AbortController().signal })

async function opened(emulator: Emulator, secret: string): Promise<Session & { readonly account: SessionAccount }> {
  const driver: AccountDriver | undefined = providerOf(emulator).accounts()
  const access = (await driver?.open({ secret, attributes: {} }, way()))?._unsafeUnwrap()
  const account: SessionAccount = {
    id: 1,
    secret,
    access: access?.access ?? '',
    tier: '',
    attributes: access?.attributes ?? {},
  }
  const session = { ...way(), account, progress: () => {} }
  const measured = (await driver?.measure(session))?._unsafeUnwrap()
  return { ...session, account: { ...account, tier: measured?.tier ?? '' } }
}

async function untilFinal(
  emulator: Emulator,
  operation: Operation,
  session: Session,
): Promise<OperationStatus | undefined> {
  for (let round = 0; round < 10; round++) {
    const [status] = (await providerOf(emulator).status([operation], session))._unsafeUnwrap()
    if (status?.state !== 'running') return status
  }
  return undefined
}

const download = async (media: MediaSource | undefined) => {
  if (media === undefined || !('url' in media)) throw new Error('no URL')
  const response = await fetch(media.url)
  return { type: response.headers.get('content-type'), bytes: new Uint8Array(await response.arrayBuffer()) }
}

describe('against the emulator', () => {
  let emulator: Emulator
  beforeAll(async () => {
    emulator = await startEmulator()
  })
  afterAll(() => emulator.stop())
  beforeEach(() => emulator.faults.clear())

  test('an account is opened, measured, and keeps its project', async () => {
    const { account } = await opened(emulator, PRO)
    expect(account.tier).toBe('PAYGATE_TIER_ONE')
    expect([...emulator.accounts.get(PRO).projects.keys()]).toContain(account.attributes['project_id'] ?? '')
    const again = await providerOf(emulator).accounts()?.open({ secret: PRO, attributes: account.attributes }, way())
    expect(again?._unsafeUnwrap().attributes).toBeUndefined()
  })

  test('a picture comes with a URL that serves one', async () => {
    const session = await opened(emulator, 'emulator-session-free')
    const made = (
      await providerOf(emulator).start(unit({ model: 'gemini-3.1-flash-image-square' }), session)
    )._unsafeUnwrap()
    if (made.state !== 'done') throw new Error(made.state)
    expect(made.media).toMatchObject([{ width: 1024, height: 1024 }])
    const { type, bytes } = await download(made.media[0])
    expect(type).toStartWith('image/')
    expect(bytes.length).toBeGreaterThan(100)
  })

  test('a video is submitted, polled, and found', async () => {
    const session = await opened(emulator, PRO)
    const before = emulator.accounts.get(PRO).credits
    const started = (await providerOf(emulator).start(videoUnit(), session))._unsafeUnwrap()
    if (started.state !== 'running') throw new Error(started.state)
    expect(started.credits).toBeLessThan(before)
    const stored: Operation = JSON.parse(JSON.stringify(started.operation))
    const done = await untilFinal(emulator, stored, session)
    if (done?.state !== 'done') throw new Error(done?.state)
    expect(done.media).toMatchObject([{ mime: 'video/mp4', width: 1280, height: 720, durationSeconds: 8 }])
    expect((await download(done.media[0])).type).toBe('video/mp4')
  })

  test('videos of one account are polled in one call', async () => {
    const session = await opened(emulator, 'emulator-session-ultra')
    const operations: Operation[] = []
    for (const model of ['veo_3_1_t2v_fast_ultra', 'veo_3_1_t2v_lite_portrait']) {
      const started = (await providerOf(emulator).start(videoUnit({ id: model, model }), session))._unsafeUnwrap()
      if (started.state === 'running') operations.push(started.operation)
    }
    const polls = () => emulator.record.of('status').length
    const before = polls()
    const statuses = (await providerOf(emulator).status(operations, session))._unsafeUnwrap()
    expect(statuses.map(({ state }) => state)).toEqual(['running', 'running'])
    expect(polls() - before).toBe(1)
  })

  test('a running video is cancelled', async () => {
    const session = await opened(emulator, PRO)
    const started = (await providerOf(emulator).start(videoUnit(), session))._unsafeUnwrap()
    if (started.state !== 'running') throw new Error(started.state)
    expect((await providerOf(emulator).cancel(started.operation, session)).isOk()).toBe(true)
    expect(await untilFinal(emulator, started.operation, session)).toMatchObject({ state: 'failed' })
  })

  test('a video that fails upstream says why', async () => {
    const session = await opened(emulator, PRO)
    emulator.faults.next('video', { outcome: 'failed', reason: 'PUBLIC_ERROR_HIGH_TRAFFIC' })
    const started = (await providerOf(emulator).start(videoUnit(), session))._unsafeUnwrap()
    if (started.state !== 'running') throw new Error(started.state)
    expect(await untilFinal(emulator, started.operation, session)).toMatchObject({
      state: 'failed',
      fault: { code: 'upstream_error', retry: 'later' },
    })
  })

  test('a redirect that is late is waited for', async () => {
    const session = await opened(emulator, PRO)
    const started = (await providerOf(emulator).start(videoUnit(), session))._unsafeUnwrap()
    if (started.state !== 'running') throw new Error(started.state)
    const undo = emulator.faults.always('redirect', { status: 404 })
    for (let round = 0; round < 3; round++) await providerOf(emulator).status([started.operation], session)
    const waiting = (await providerOf(emulator).status([started.operation], session))._unsafeUnwrap()
    expect(waiting).toEqual([{ state: 'running', progress: 99 }])
    undo()
    expect(await untilFinal(emulator, started.operation, session)).toMatchObject({ state: 'done' })
  })

  test.each([
    [{ status: 401 }, 'access_expired'],
    [{ status: 400, reason: 'PUBLIC_ERROR_UNSAFE_GENERATION' }, 'moderation_blocked'],
    [{ status: 403, reason: 'PUBLIC_ERROR_UNUSUAL_ACTIVITY' }, 'verification_required'],
    [{ status: 429, reason: 'PUBLIC_ERROR_USER_REQUESTS_THROTTLED' }, 'account_throttled'],
    [{ status: 429, reason: 'PUBLIC_ERROR_USER_QUOTA_REACHED' }, 'account_quota_spent'],
    [{ status: 500 }, 'upstream_error'],
    [{ html: true } as const, 'upstream_unreadable'],
    [{ body: '' }, 'upstream_unreadable'],
    [{ body: { media: [] } }, 'upstream_unreadable'],
  ])('%j on a paid call is %s', async (fault, code) => {
    const session = await opened(emulator, PRO)
    emulator.faults.next('image', fault)
    expect((await providerOf(emulator).start(unit(), session))._unsafeUnwrapErr().code).toBe(code)
  })

  test('work that is taken on and never answered has an unknown outcome', async () => {
    const session = await opened(emulator, PRO)
    emulator.faults.next('video', { silence: 'lost' })
    expect((await providerOf(emulator, 0.2).start(videoUnit(), session))._unsafeUnwrapErr().code).toBe(
      'outcome_unknown',
    )
  })

  test.each([
    [{ session: 'empty' } as const, 'account_needs_session'],
    [{ session: 'stale' } as const, 'account_needs_session'],
    [{ session: 'without-access' } as const, 'account_needs_session'],
    [{ body: { user: { email: 'a@x' }, expires: '2030-01-01T00:00:00Z' } }, 'account_migrated'],
  ])('a session call that answers %j is %s', async (fault, code) => {
    emulator.faults.next('session', fault)
    const driver = providerOf(emulator).accounts()
    expect((await driver?.open({ secret: PRO, attributes: {} }, way()))?._unsafeUnwrapErr().code).toBe(code)
  })
})

describe.each(['media', 'operations', 'both'] as const)('videos answered as %s', videoAnswers => {
  test('are found', async () => {
    const options: EmulatorOptions = { videoAnswers, videoPolls: 1 }
    await using emulator = await startEmulator(options)
    const session = await opened(emulator, PRO)
    const started = (await providerOf(emulator).start(videoUnit(), session))._unsafeUnwrap()
    if (started.state !== 'running') throw new Error(started.state)
    expect(await untilFinal(emulator, started.operation, session)).toMatchObject({ state: 'done' })
  })
})

test('a gateway that nobody listens at is no unknown outcome', async () => {
  const emulator = await startEmulator()
  const session = await opened(emulator, PRO)
  await emulator.stop()
  expect((await providerOf(emulator).start(unit(), session))._unsafeUnwrapErr().code).toBe('upstream_unreachable')
})
