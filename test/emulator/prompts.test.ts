/** Faults that are asked for in a prompt. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { at, FlowClient, jsonOf } from './client.ts'
import { type Emulator, startEmulator } from './index.ts'
import { markersIn } from './prompts.ts'
import { SWITCHES } from './switches.ts'

let emulator: Emulator
let client: FlowClient
beforeEach(async () => {
  emulator = await startEmulator({ videoPolls: 1 })
  client = await FlowClient.open(emulator)
})
afterEach(() => emulator.stop())

const statusesOf = async (count: number, send: () => Promise<Response>) => {
  const seen = []
  for (let index = 0; index < count; index++) seen.push((await send()).status)
  return seen
}

describe('a fault of the submission', () => {
  test('without a number is met every time, with one so many times for that prompt', async () => {
    expect(await statusesOf(3, () => client.image('a boat [[fault:throttled]]'))).toEqual([429, 429, 429])
    expect(await statusesOf(4, () => client.image('a boat [[fault:unavailable:2]]'))).toEqual([503, 503, 200, 200])
    expect(await statusesOf(2, () => client.video('a ship [[fault:unavailable:2]]'))).toEqual([503, 503])
    expect(emulator.record.of('image').at(-3)?.faults).toEqual(['unavailable'])
  })

  test('is counted over accounts, so that another one can take the work over', async () => {
    const other = await FlowClient.open(emulator, 'emulator-session-free')
    expect((await client.image('[[fault:quota:1]]')).status).toBe(429)
    expect((await other.image('[[fault:quota:1]]')).status).toBe(200)
  })

  test('several are met one after the other', async () => {
    const prompt = 'a boat [[fault:throttled:1]] at dawn [[fault:internal:2]]'
    expect(await statusesOf(4, () => client.image(prompt))).toEqual([429, 500, 500, 200])
  })

  test('with a percentage is met as often on average', async () => {
    const seen = await statusesOf(200, () => client.video('a boat [[fault:internal:30%]] [[fault:no_media]]'))
    const met = seen.filter(status => status === 500).length
    expect(met).toBeGreaterThan(35)
    expect(met).toBeLessThan(85)
  })

  test('comes after authentication and shape, before everything else', async () => {
    const body = client.imageBody('[[fault:throttled]]')
    Object.assign(body.requests[0] ?? {}, { imageModelName: 'WALRUS' })
    expect((await client.image(body)).status).toBe(429)
    expect((await client.image(Object.assign(body, { foo: 1 }))).status).toBe(400)
    client.access = 'wrong'
    expect((await client.image('[[fault:throttled]]')).status).toBe(401)
  })

  test('may be any reason, at once or at a poll', async () => {
    const refused = await client.video('[[fault:reason:PUBLIC_ERROR_MINOR]]')
    expect(at(await refused.json(), 'error', 'details', 0, 'reason')).toBe('PUBLIC_ERROR_MINOR')
    const id = await client.videoId('[[fault:fail:PUBLIC_ERROR_SEXUAL]]')
    const item = at(await (await client.poll(id)).json(), 'media', 0, 'mediaMetadata', 'mediaStatus')
    expect(at(item, 'error', 'message')).toBe('PUBLIC_ERROR_SEXUAL')
  })

  test('a spoiled answer is that of accepted work', async () => {
    expect((await client.image('[[fault:empty:1]]')).headers.get('content-length')).toBe('0')
    expect(emulator.record.paid({ kind: 'image' })).toHaveLength(1)
  })

  test('a mistake in a marker is said', async () => {
    for (const [prompt, said] of [
      ['[[fault:throtled]]', 'no fault "throtled"'],
      ['[[fault:internal@nowhere]]', 'no endpoint "nowhere"'],
      ['[[fault:internal@toString]]', 'no endpoint "toString"'],
      ['[[fault:internal:x]]', 'no marker: [[fault:internal:x]]'],
    ] as const) {
      const response = await client.image(prompt)
      expect(response.status).toBe(400)
      expect(String(at(await response.json(), 'error', 'message'))).toContain(said)
    }
  })
})

describe('a fault of what comes later', () => {
  test('waits for calls about that which is made, and for nothing else', async () => {
    const id = await client.videoId('a boat [[fault:internal@status:2]]')
    const other = await client.videoId('a ship')
    expect((await client.poll(other)).status).toBe(200)
    expect(await statusesOf(3, () => client.poll(other, id))).toEqual([500, 500, 200])
  })

  test('stuck, failed and silent videos, late redirects', async () => {
    for (const [name, status] of [
      ['stuck', 'ACTIVE'],
      ['fail', 'FAILED'],
      ['missing_status', 'undefined'],
    ] as const)
      expect(await client.statusOf(await client.videoId(`[[fault:${name}]]`))).toBe(status)
    const id = await client.finishedVideo('[[fault:delayed_redirect]]')
    expect(await statusesOf(3, () => client.redirect(id))).toEqual([404, 404, 302])
    const late = await client.finishedVideo('[[fault:delayed_redirect_200:1]]')
    expect(await statusesOf(2, () => client.redirect(late))).toEqual([200, 302])
  })

  test('upsampling of what was made from the prompt', async () => {
    const ultra = await FlowClient.open(emulator, 'emulator-session-ultra')
    const image = await ultra.imageId('[[fault:smaller:1]]')
    const sizes = []
    for (let count = 0; count < 2; count++) {
      const { encodedImage } = await jsonOf(await ultra.upsampleImage(image, '2K'))
      sizes.push((await new Bun.Image(Uint8Array.fromBase64(String(encodedImage))).metadata()).width)
    }
    expect(sizes).toEqual([1376, 2752])
    const video = await ultra.finishedVideo(ultra.videoBody('[[fault:failed_upsampling]]', 'veo_3_1_t2v_fast_ultra'))
    await ultra.upsampleVideo(video)
    expect(await ultra.statusOf(`${video}_upsampled`)).toBe('FAILED')
  })

  test('downloads', async () => {
    const id = await client.imageId('[[fault:unavailable@download:1]]')
    const location = (await client.redirect(id)).headers.get('location') ?? ''
    expect(await statusesOf(2, () => fetch(location))).toEqual([503, 200])
  })
})

describe('a fault of the session', () => {
  test('ends access, and the session call that follows meets it, once', async () => {
    for (const [name, keys] of [
      ['dead_session', []],
      ['migrated', ['user', 'expires']],
      ['refresh_needed', ['user', 'expires', 'access_token', 'error']],
    ] as const) {
      const prompt = `a boat [[fault:${name}]]`
      expect((await client.image(prompt)).status).toBe(401)
      expect((await client.api('credits')).status).toBe(401)
      expect(Object.keys(await jsonOf(await client.session()))).toEqual([...keys])
      client.access = String(at(await (await client.session()).json(), 'access_token'))
      expect((await client.image(prompt)).status).toBe(200)
    }
  })

  test('a new session token comes with the refresh', async () => {
    expect((await client.video('[[fault:rotated_session]]')).status).toBe(401)
    const cookie = Bun.Cookie.parse((await client.session()).headers.getSetCookie()[0] ?? '')
    const renewed = await FlowClient.open(emulator, cookie.value)
    expect((await renewed.video('[[fault:rotated_session]]')).status).toBe(200)
  })
})

test('other texts than prompts of submissions ask for nothing', async () => {
  const body = { json: { projectTitle: '[[fault:internal]]', toolName: 'PINHOLE' } }
  expect((await client.labs('trpc/project.createProject', body)).status).toBe(200)
})

describe('markers', () => {
  test('are read wherever they stand', () => {
    const names = SWITCHES.map(each => each.name)
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            name: fc.oneof(fc.constantFrom(...names), fc.constant('reason:PUBLIC_ERROR_SEXUAL')),
            scope: fc.option(fc.constantFrom('status', 'videoText', '*'), { nil: undefined }),
            count: fc.option(fc.tuple(fc.nat({ max: 99 }), fc.boolean()), { nil: undefined }),
            before: fc.string(),
          }),
          { maxLength: 4 },
        ),
        wanted => {
          const prompt = wanted
            .map(({ name, scope, count, before }) => {
              const number = count === undefined ? '' : `:${count[0]}${count[1] ? '%' : ''}`
              return `${before} [[fault:${name}${scope === undefined ? '' : `@${scope}`}${number}]]`
            })
            .join('')
          const read = markersIn(prompt).map(({ name, scope, times, probability }) => [name, scope, times, probability])
          expect(read).toEqual(
            wanted.map(({ name, scope, count }) => [
              name,
              scope,
              count && !count[1] ? count[0] : undefined,
              count?.[1] ? count[0] / 100 : undefined,
            ]),
          )
        },
      ),
    )
  })
})
