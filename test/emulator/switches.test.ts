/** Faults with a name, each met by a client over HTTP. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { at, FlowClient, jsonOf } from './client.ts'
import { type Emulator, startEmulator } from './index.ts'
import { videoFacts } from './mp4.ts'
import { REASON_GROUPS } from './reasons.ts'
import { SWITCHES, switchNamed } from './switches.ts'

let emulator: Emulator
let client: FlowClient
let ultra: FlowClient
beforeAll(async () => {
  emulator = await startEmulator({ videoPolls: 1 })
  client = await FlowClient.open(emulator)
  ultra = await FlowClient.open(emulator, 'emulator-session-ultra')
})
afterAll(() => emulator.stop())
beforeEach(async () => {
  await fetch(`${emulator.controlUrl}/reset`, { method: 'POST' })
  client.access = String(at(await (await client.session()).json(), 'access_token'))
})

/** The named fault meets the next request to the endpoint, or to where it belongs. */
function arm(name: string, endpoint?: Parameters<Emulator['faults']['next']>[0]): void {
  const found = switchNamed(name)
  const where = endpoint ?? found?.at
  if (!found || !where) throw new Error(`There is no fault ${name}, or nowhere to put it.`)
  emulator.faults.next(where, found.fault, { name, times: found.times ?? 1 })
}

describe('refusals of the error table', () => {
  for (const [name, status, code, reason, message] of [
    ['invalid', 400, 'INVALID_ARGUMENT', undefined, 'Request contains an invalid argument.'],
    ['unsafe', 400, 'INVALID_ARGUMENT', 'UNSAFE_GENERATION', 'Request contains an invalid argument.'],
    ['unauthenticated', 401, 'UNAUTHENTICATED', undefined, 'Request had invalid authentication credentials.'],
    ['verification', 403, 'PERMISSION_DENIED', 'UNUSUAL_ACTIVITY', 'reCAPTCHA evaluation failed'],
    ['verification_older', 403, 'PERMISSION_DENIED', 'SOMETHING_WENT_WRONG', 'reCAPTCHA evaluation failed'],
    ['verification_bare', 403, 'PERMISSION_DENIED', undefined, 'reCAPTCHA evaluation failed'],
    ['model_access', 403, 'PERMISSION_DENIED', 'MODEL_ACCESS_DENIED', ''],
    ['not_found', 404, 'NOT_FOUND', undefined, 'Requested entity was not found.'],
    [
      'verification_traffic',
      429,
      'RESOURCE_EXHAUSTED',
      'UNUSUAL_ACTIVITY_TOO_MUCH_TRAFFIC',
      'reCAPTCHA evaluation failed',
    ],
    ['throttled', 429, 'RESOURCE_EXHAUSTED', 'USER_REQUESTS_THROTTLED', ''],
    ['daily_quota', 429, 'RESOURCE_EXHAUSTED', 'PER_MODEL_DAILY_QUOTA_REACHED', ''],
    ['daily_quota_upgradeable', 429, 'RESOURCE_EXHAUSTED', 'PER_MODEL_DAILY_QUOTA_REACHED_UPGRADEABLE', ''],
    ['quota', 429, 'RESOURCE_EXHAUSTED', 'USER_QUOTA_REACHED', ''],
    ['internal', 500, 'INTERNAL', undefined, 'Internal error encountered.'],
    ['unavailable', 503, 'UNAVAILABLE', undefined, ''],
  ] as const)
    test(name, async () => {
      arm(name, 'video')
      const response = await client.video('a boat')
      const error = at(await response.json(), 'error')
      expect(response.status).toBe(status)
      expect(at(error, 'code')).toBe(status)
      expect(at(error, 'status')).toBe(code)
      expect(at(error, 'details', 0, 'reason')).toBe(reason === undefined ? undefined : `PUBLIC_ERROR_${reason}`)
      expect(String(at(error, 'message'))).toStartWith(message)
      expect(emulator.record.paid()).toEqual([])
    })
})

describe('reasons', () => {
  test('each known one can be had at submission, with the status of its group', async () => {
    for (const { status, reasons } of Object.values(REASON_GROUPS))
      for (const reason of reasons) {
        arm(`reason:PUBLIC_ERROR_${reason}`, 'image')
        const response = await client.image('a boat')
        expect(response.status).toBe(reason === 'UNUSUAL_ACTIVITY_TOO_MUCH_TRAFFIC' ? 429 : status)
        expect(at(await response.json(), 'error', 'details', 0, 'reason')).toBe(`PUBLIC_ERROR_${reason}`)
      }
  })

  test('each group has a fault of its name; an unknown word is sent as it is', async () => {
    for (const [group, { reasons }] of Object.entries(REASON_GROUPS)) {
      arm(group, 'image')
      expect(at(await (await client.image('a boat')).json(), 'error', 'details', 0, 'reason')).toBe(
        `PUBLIC_ERROR_${reasons[0]}`,
      )
    }
    arm('reason:NEVER_HEARD_OF', 'image')
    const response = await client.image('a boat')
    expect(response.status).toBe(400)
    expect(at(await response.json(), 'error', 'details', 0, 'reason')).toBe('PUBLIC_ERROR_NEVER_HEARD_OF')
  })

  test('or when it is polled, after it was accepted and paid; the credits come back', async () => {
    arm('fail:PUBLIC_ERROR_AUDIO_FILTERED')
    const id = await client.videoId('a boat')
    expect(await client.credits()).toBe(980)
    const item = at(await (await client.poll(id)).json(), 'media', 0, 'mediaMetadata', 'mediaStatus')
    expect(at(item, 'error', 'message')).toBe('PUBLIC_ERROR_AUDIO_FILTERED')
    expect(await client.credits()).toBe(1000)
    expect(emulator.record.paid()).toHaveLength(1)
  })
})

describe('answers that went wrong on their way', () => {
  for (const [name, problem] of [
    ['empty', async (response: Response) => expect(await response.text()).toBe('')],
    ['truncated', async (response: Response) => await expect(response.json()).rejects.toThrow()],
    ['cut', async (response: Response) => await expect(response.text()).rejects.toThrow()],
    [
      'wrong_types',
      async (response: Response) => {
        const answer = await jsonOf(response)
        expect(Array.isArray(answer['media'])).toBe(false)
        expect(typeof at(answer, 'media', '0', 'name')).toBe('number')
        expect(answer['remainingCredits']).toBe('980')
      },
    ],
  ] as const)
    test(`${name}: the work is done and paid`, async () => {
      arm(name, 'video')
      const response = await client.video('a boat')
      expect(response.status).toBe(200)
      await problem(response)
      expect(emulator.record.paid()).toHaveLength(1)
      expect(emulator.record.of('video').at(-1)).toMatchObject({ status: 200, faults: [name] })
      expect(await client.credits()).toBe(980)
    })

  for (const [name, status] of [
    ['html', 200],
    ['html_error', 502],
    ['error_inside', 200],
    ['no_media', 200],
  ] as const)
    test(`${name}: nothing is done`, async () => {
      arm(name, 'image')
      const response = await client.image('a boat')
      expect(response.status).toBe(status)
      const text = await response.text()
      if (name.startsWith('html')) expect(text).toStartWith('<!DOCTYPE html>')
      else expect(text).toContain(name === 'no_media' ? '{"media":[]}' : '"code":500')
      expect(emulator.record.paid()).toEqual([])
    })

  test('files and redirects are spoiled, too', async () => {
    const id = await client.finishedVideo()
    const whole = await client.download(id)
    arm('truncated', 'download')
    expect(await client.download(id)).toHaveLength(Math.ceil(whole.length / 2))
    arm('cut', 'download')
    await expect(client.download(id)).rejects.toThrow()
    arm('expired_url')
    expect((await fetch((await client.redirect(id)).headers.get('location') ?? '')).status).toBe(403)
    for (const name of ['empty', 'truncated']) {
      arm(name, 'redirect')
      const redirect = await client.redirect(id)
      expect([redirect.status, redirect.headers.get('location')]).toEqual([200, null])
    }
    arm('cut', 'redirect')
    const cut = client.redirect(id).then(response => response.text())
    await expect(cut).rejects.toThrow()
  })

  test('an error inside 200 has the form of its base', async () => {
    arm('error_inside', 'createProject')
    const response = await client.labs('trpc/project.createProject', {
      json: { projectTitle: 'x', toolName: 'PINHOLE' },
    })
    expect(response.status).toBe(200)
    expect(at(await response.json(), 'result', 'data', 'json')).toMatchObject({ result: null, status: 500 })
  })
})

describe('outcomes', () => {
  test('fail, stuck, missing status', async () => {
    for (const [name, status] of [
      ['fail', 'FAILED'],
      ['stuck', 'ACTIVE'],
      ['missing_status', 'undefined'],
    ] as const) {
      arm(name)
      const id = await client.videoId('a boat')
      expect(await client.statusOf(id)).toBe(status)
    }
  })

  test('a redirect that is late, by 404 or by 200', async () => {
    const id = await client.finishedVideo()
    for (const [name, status] of [
      ['delayed_redirect', 404],
      ['delayed_redirect_200', 200],
    ] as const) {
      arm(name)
      const seen = []
      for (let count = 0; count < 3; count++) seen.push((await client.redirect(id)).status)
      expect(seen).toEqual([status, status, 302])
    }
  })

  test('upsampling that delivers less, nothing, or fails', async () => {
    const image = await ultra.imageId()
    arm('smaller')
    const { encodedImage } = await jsonOf(await ultra.upsampleImage(image, '4K'))
    expect(await new Bun.Image(Uint8Array.fromBase64(String(encodedImage))).metadata()).toMatchObject({ width: 1376 })
    arm('empty_image')
    expect(await jsonOf(await ultra.upsampleImage(image, '4K'))).toEqual({ encodedImage: '' })
    arm('failed_upsampling')
    expect((await ultra.upsampleImage(image, '4K')).status).toBe(500)
    expect(emulator.record.paid({ kind: 'upsample_image' })).toHaveLength(3)

    const video = await ultra.finishedVideo(ultra.videoBody('a boat', 'veo_3_1_t2v_fast_ultra'))
    const before = await ultra.credits()
    arm('smaller')
    await ultra.upsampleVideo(video, '4k')
    expect(await ultra.statusOf(`${video}_upsampled`)).toBe('SUCCESSFUL')
    expect(videoFacts(await ultra.download(`${video}_upsampled`))).toMatchObject({ width: 1280, height: 720 })
    expect(await ultra.credits()).toBe(before - 50)
    arm('failed_upsampling')
    await ultra.upsampleVideo(video, '4k')
    expect(await ultra.statusOf(`${video}_upsampled`)).toBe('FAILED')
    expect(await ultra.credits()).toBe(before - 50)
  })

  test('joining that fails', async () => {
    const [one, two] = [await client.finishedVideo(), await client.finishedVideo()]
    arm('failed_concatenation')
    const part = (mediaGenerationId: string) => ({
      mediaGenerationId,
      length: '8000000000',
      startTimeOffset: '0s',
      endTimeOffset: '8s',
    })
    const started = await jsonOf(await client.api(':runVideoFxConcatenation', { inputVideos: [part(one), part(two)] }))
    const checked = await client.api(':runVideoFxCheckConcatenationStatus', started)
    expect(await jsonOf(checked)).toEqual({ status: 'MEDIA_GENERATION_STATUS_FAILED' })
  })
})

describe('sessions', () => {
  test('dead, migrated, in need of a refresh with and without a stale token', async () => {
    const seen: Record<string, unknown> = {}
    for (const name of ['dead_session', 'migrated', 'refresh_needed', 'refresh_needed_bare']) {
      arm(name)
      const { user, access_token, error } = await jsonOf(await client.session())
      seen[name] = [Boolean(user), typeof access_token, error]
    }
    expect(seen).toEqual({
      dead_session: [false, 'undefined', undefined],
      migrated: [true, 'undefined', undefined],
      refresh_needed: [true, 'string', 'ACCESS_TOKEN_REFRESH_NEEDED'],
      refresh_needed_bare: [true, 'undefined', 'ACCESS_TOKEN_REFRESH_NEEDED'],
    })
  })

  test('rotated: the new token of the cookie works, the old one does not', async () => {
    await using other = await startEmulator()
    const holder = await FlowClient.open(other)
    other.faults.next('session', { session: 'rotated' })
    const answer = await holder.session()
    const cookie = Bun.Cookie.parse(answer.headers.getSetCookie()[0] ?? '')
    expect(cookie).toMatchObject({ name: '__Secure-next-auth.session-token', httpOnly: true, secure: true })
    expect(other.accounts.get('pro@flow.example').st).toBe(cookie.value)
    expect(typeof (await jsonOf(answer))['access_token']).toBe('string')
    expect(await jsonOf(await holder.session())).toEqual({})
    const renewed = new FlowClient(other, cookie.value)
    expect(at(await (await renewed.session()).json(), 'user', 'email')).toBe('pro@flow.example')
  })

  test('a long token may come in pieces, as browsers have it', async () => {
    const name = '__Secure-next-auth.session-token'
    const answer = await fetch(`${emulator.labsBaseUrl}/auth/session`, {
      headers: { cookie: `${name}.0=emulator-; ${name}.1=session-pro` },
    })
    expect(at(await answer.json(), 'user', 'email')).toBe('pro@flow.example')
  })

  test('an account may be migrated for good; an expired access token is really dead', async () => {
    const account = emulator.accounts.get('pro@flow.example')
    account.session = 'migrated'
    expect('access_token' in (await jsonOf(await client.session()))).toBe(false)
    account.session = 'alive'
    arm('unauthenticated', 'credits')
    expect((await client.api('credits')).status).toBe(401)
    expect((await client.api('credits')).status).toBe(401)
    client.access = String(at(await (await client.session()).json(), 'access_token'))
    expect((await client.api('credits')).status).toBe(200)
  })
})

test('names are unique and said in one line; the others know nothing', () => {
  expect(new Set(SWITCHES.map(each => each.name)).size).toBe(SWITCHES.length)
  for (const { says } of SWITCHES) expect(says).toMatch(/^[^\n]{4,90}$/)
  for (const name of ['nothing', 'reason', 'reason:', 'reason:lower', 'toString', ''])
    expect(switchNamed(name)).toBeUndefined()
})
