/** The suite for authors of providers: passed by the one in the box, and by nothing that is broken. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { domainFault, type GenerationProvider, Provider } from 'flow2api/contracts'
import { definePlugin, err, errAsync, ok, okAsync } from 'flow2api/plugin'
import { ConformanceError, type ConformanceOptions, providerConformance } from 'flow2api/testing'
import flow from '../../plugins/flow-provider/index.ts'
import { SAMPLE_ACCOUNTS, startEmulator } from '../emulator/index.ts'
import { png } from '../fixtures/media.ts'

describe('the provider of Flow', () => {
  let emulator: Awaited<ReturnType<typeof startEmulator>>
  beforeAll(async () => {
    emulator = await startEmulator({ instant: true })
  })
  afterAll(() => emulator.stop())

  const options = (config: Record<string, unknown> = {}): ConformanceOptions => ({
    plugin: flow,
    id: 'flow-provider',
    config,
    upstream: request => fetch(request),
    secret: SAMPLE_ACCOUNTS.find(({ name }) => name.startsWith('Ulla'))?.st ?? '',
    // A picture, a picture in two paid steps, a video, and one from a first frame.
    models: ['gemini-3.0-pro-image-landscape', 'gemini-3.0-pro-image-landscape-2k', 'veo_3_1_t2v_fast_landscape'],
    input: { mime: 'image/png', bytes: png(64, 36) },
  })
  for (const [index, { name }] of providerConformance(options()).entries())
    test(name, async () => {
      const { labsBaseUrl, apiBaseUrl } = emulator
      await providerConformance(options({ labs_base_url: labsBaseUrl, api_base_url: apiBaseUrl }))[index]?.run()
    })
})

/** As it should be: a picture at once, a video after two looks. */
const sound: GenerationProvider = {
  accounts: () => undefined,
  polling: () => ({ intervalMs: 10, maxAttempts: 10 }),
  models: () => [
    {
      id: 'sound-image',
      kind: 'image',
      accepts: { inputs: [], aspectRatios: ['1:1', '16:9'], sizes: [], resolutions: [], seconds: [] },
    },
    {
      id: 'sound-video',
      kind: 'video',
      accepts: {
        inputs: [{ role: 'first_frame', min: 0, max: 1 }],
        aspectRatios: [],
        sizes: [],
        resolutions: [],
        seconds: [4],
      },
    },
  ],
  plan: (model, { aspectRatio = '1:1' }) => ok({ model, requested: { aspectRatio } }),
  start: ({ kind }, { fetch, signal }) =>
    fetch('https://lab.test/draw', { method: 'POST', signal }).andThen(answer => {
      if (!answer.ok || !answer.headers.get('content-type')?.startsWith('application/json'))
        return errAsync(domainFault('upstream_error', `The lab answered ${answer.status}.`))
      return kind === 'image'
        ? okAsync({ state: 'done' as const, media: [{ url: 'https://lab.test/1.png' }] })
        : okAsync({ state: 'running' as const, operation: { id: '1' } })
    }),
  status: (operations, { fetch, signal }) =>
    fetch('https://lab.test/status', { signal }).andThen(answer => {
      if (!answer.ok || !answer.headers.get('content-type')?.startsWith('application/json'))
        return errAsync(domainFault('upstream_error', `The lab answered ${answer.status}.`))
      return okAsync(operations.map(() => ({ state: 'done' as const, media: [{ url: 'https://lab.test/1.mp4' }] })))
    }),
  cancel: () => okAsync(undefined),
}

const around = {
  upstream: (request: Request) => Response.json({ path: new URL(request.url).pathname }),
  input: { mime: 'image/png', bytes: png(64, 36) },
}

/** What the suite says of it: the name of each check that fails, and its sentence. */
async function verdicts(
  change: Partial<GenerationProvider> = {},
  only?: string,
  more: (ctx: { begin(label: string): unknown }) => void = () => {},
): Promise<Record<string, string>> {
  const plugin = definePlugin({
    name: 'lab',
    version: '1.0.0',
    provides: [Provider],
    setup: ctx => {
      ctx.provide(Provider, { ...sound, ...change })
      more(ctx)
    },
  })
  const failed: Record<string, string> = {}
  for (const { name, run } of providerConformance({ plugin, ...around })) {
    if (only !== undefined && name !== only) continue
    try {
      await run()
    } catch (cause) {
      if (!(cause instanceof ConformanceError)) throw cause
      failed[name] = cause.message
    }
  }
  return failed
}

describe('the suite', () => {
  test('finds nothing in a provider that is sound', async () => {
    expect(await verdicts()).toEqual({})
  })

  test('names a model that is listed twice', async () => {
    const failed = await verdicts({ models: () => [...sound.models(), ...sound.models()] })
    expect(failed['models are sane']).toBe('The model "sound-image" is listed twice.')
  })

  test('names what is listed and refused', async () => {
    const failed = await verdicts({
      plan: (model, { aspectRatio = '1:1' }) =>
        aspectRatio === '1:1'
          ? ok({ model, requested: {} })
          : err(domainFault('invalid_value', `There is no ${aspectRatio}.`)),
    })
    expect(failed['what a model accepts is really accepted']).toBe(
      'plan() refuses "sound-image" with {"aspectRatio":"16:9"}, which the model lists as accepted: invalid_value (blame request): There is no 16:9.',
    )
  })

  test('names a call that does not heed its signal', async () => {
    const start: GenerationProvider['start'] = (unit, session) =>
      sound.start(unit, { ...session, signal: AbortSignal.timeout(60_000) })
    const failed = await verdicts({ start }, 'a stopped call ends soon')
    expect(failed['a stopped call ends soon']).toContain('did not end within 2 s after its signal was aborted')
  })

  test('names whom a fault blames wrongly', async () => {
    const failed = await verdicts({
      start: (unit, session) => sound.start(unit, session).mapErr(fault => ({ ...fault, blame: 'account' as const })),
    })
    expect(failed['faults blame whom they should']).toContain(
      'blames account for an upstream that answers 500; that should be upstream or gateway.',
    )
  })

  test('names a call that blames the account where the caller gave up', async () => {
    const start: GenerationProvider['start'] = (unit, session) =>
      sound
        .start(unit, session)
        .mapErr(fault => (fault.code === 'cancelled' ? domainFault('account_throttled', 'Too slow.') : fault))
    const failed = await verdicts({ start }, 'a stopped call ends soon')
    expect(failed['a stopped call ends soon']).toContain('blames the account after its signal was aborted')
  })

  test('names a status that gives up what runs because the upstream stumbles', async () => {
    const status: GenerationProvider['status'] = (operations, { fetch, signal }) =>
      fetch('https://lab.test/status', { signal }).map(answer =>
        operations.map(() =>
          answer.ok
            ? { state: 'done' as const, media: [{ url: 'https://lab.test/1.mp4' }] }
            : { state: 'failed' as const, fault: domainFault('generation_failed', 'It is gone.') },
        ),
      )
    const failed = await verdicts({ status }, 'faults blame whom they should')
    expect(failed['faults blame whom they should']).toBe(
      'status() answered as if something had been learned with an upstream that answers 500: answer a fault.',
    )
  })

  test('names a cancel that fails', async () => {
    const cancel = () => errAsync(domainFault('upstream_error', 'That cannot be cancelled.'))
    const failed = await verdicts({ cancel }, 'a stopped call ends soon')
    expect(failed['a stopped call ends soon']).toContain('cancel() of what runs failed: upstream_error')
  })

  test('names a provider that throws', async () => {
    const start: GenerationProvider['start'] = (unit, session) =>
      sound.start(unit, session).mapErr(fault => {
        throw new Error(`not caught: ${fault.code}`)
      })
    const failed = await verdicts({ start }, 'faults blame whom they should')
    expect(failed['faults blame whom they should']).toContain(
      'threw with an upstream that answers 500: answer a fault.',
    )
  })

  test('names what is left behind', async () => {
    const failed = await verdicts({}, 'a reload leaves nothing behind', () => void setInterval(() => {}, 60_000))
    expect(failed['a reload leaves nothing behind']).toBe(
      'After it was taken out, the plugin left setInterval(…, 60000) running: use ctx.every, or ctx.defer its end.',
    )
  })

  test('names work that was begun and is never ended', async () => {
    const failed = await verdicts(
      {},
      'a reload leaves nothing behind',
      ctx => void ctx.begin('a job that nobody closes'),
    )
    expect(failed['a reload leaves nothing behind']).toBe(
      'After it was taken out, the plugin is still held by: a job that nobody closes.',
    )
  })

  test('names an input that is listed and refused', async () => {
    const failed = await verdicts(
      {
        start: (unit, session) =>
          unit.inputs.length > 0
            ? errAsync(domainFault('invalid_value', 'No pictures, please.'))
            : sound.start(unit, session),
      },
      'inputs that a model accepts are really accepted',
    )
    expect(failed['inputs that a model accepts are really accepted']).toBe(
      'start() refuses "sound-video" with 1 × first_frame, which the model lists as accepted: invalid_value (blame request): No pictures, please.',
    )
  })

  test('names an operation that no restart would bring back', async () => {
    const failed = await verdicts({
      start: (unit, session) =>
        sound.start(unit, session).map(started =>
          started.state === 'running'
            ? // What the types forbid, JavaScript does.
              { ...started, operation: { at: new Date(0) } as never }
            : started,
        ),
    })
    expect(failed['a model delivers from start to end']).toContain('does not survive JSON')
    expect(failed['what runs goes on after a restart']).toContain('does not survive JSON')
  })

  test('names a status that answers less than it was asked', async () => {
    const failed = await verdicts({
      status: (operations, session) => sound.status(operations.slice(0, 1), session),
    })
    expect(failed['a model delivers from start to end']).toContain('status() answered 1 of 2 operations')
  })
})
