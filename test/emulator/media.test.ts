import { afterEach, describe, expect, test } from 'bun:test'
import { decode as decodePng } from 'fast-png'
import { decode as decodeJpeg } from 'jpeg-js'
import { IMAGE_SIZES } from './catalogue.ts'
import { at, FlowClient, LANDSCAPE, PORTRAIT } from './client.ts'
import { type Emulator, type EmulatorOptions, startEmulator } from './index.ts'
import { boxesOf, videoFacts } from './mp4.ts'

let emulator: Emulator | undefined
const start = async (options: EmulatorOptions = {}) => {
  emulator = await startEmulator(options)
  return emulator
}
afterEach(() => emulator?.stop())

/** Generates an image; what the answer says of it, and the download. */
async function generate(client: FlowClient, prompt: string, aspect?: string) {
  const item = at(await (await client.image(client.imageBody(prompt, aspect))).json(), 'media', 0)
  const url = String(at(item, 'image', 'generatedImage', 'fifeUrl'))
  const response = await fetch(url)
  return { item, url, type: response.headers.get('content-type'), bytes: await response.bytes() }
}

describe('images', () => {
  for (const [aspect, [width, height]] of Object.entries(IMAGE_SIZES))
    test(`${aspect} is a JPEG of ${width}x${height}`, async () => {
      const { item, type, bytes } = await generate(await FlowClient.open(await start()), 'a boat at dawn', aspect)
      expect(at(item, 'image', 'dimensions')).toEqual({ width, height })
      expect(type).toBe('image/jpeg')
      const decoded = decodeJpeg(bytes, { useTArray: true })
      expect([decoded.width, decoded.height]).toEqual([width, height])
    })

  test('or a PNG, with the lettering of the prompt on a varied background', async () => {
    const { type, bytes } = await generate(await FlowClient.open(await start({ imageFormat: 'png' })), 'a boat')
    expect(type).toBe('image/png')
    const { data, width, height, channels } = decodePng(bytes)
    expect([width, height]).toEqual([1376, 768])
    const colours = new Set<number>()
    let white = 0
    for (let i = 0; i < data.length; i += channels) {
      const colour = ((data[i] ?? 0) << 16) | ((data[i + 1] ?? 0) << 8) | (data[i + 2] ?? 0)
      colours.add(colour)
      if (colour === 0xffffff) white++
    }
    expect(colours.size).toBeGreaterThan(1000)
    expect(white).toBeGreaterThan(500)
  })

  test('depend on prompt and seed alone', async () => {
    const client = await FlowClient.open(await start())
    const square = 'IMAGE_ASPECT_RATIO_SQUARE'
    const [boat, again, ship] = [
      await generate(client, 'a boat', square),
      await generate(client, 'a boat', square),
      await generate(client, 'a ship', square),
    ]
    expect(boat.url).not.toBe(again.url)
    expect(Bun.hash(boat.bytes)).toBe(Bun.hash(again.bytes))
    expect(Bun.hash(boat.bytes)).not.toBe(Bun.hash(ship.bytes))
  })

  test('any prompt can be drawn', async () => {
    const client = await FlowClient.open(await start())
    for (const prompt of [
      'ein Haus am See: schön',
      '一只猫 🐱',
      'x'.repeat(5000),
      'word '.repeat(3000),
      '\u0000\u{10ffff}',
    ]) {
      const { bytes } = await generate(client, prompt, 'IMAGE_ASPECT_RATIO_SQUARE')
      expect(decodeJpeg(bytes, { useTArray: true }).width).toBe(1024)
    }
  })

  test('an instant emulator serves one small picture and speaks of it as of the one that was asked for', async () => {
    const running = await start({ instant: true })
    const client = await FlowClient.open(running)
    const [first, second] = [await generate(client, 'a boat'), await generate(client, 'a ship')]
    expect(first.bytes).toEqual(second.bytes)
    expect(decodeJpeg(first.bytes, { useTArray: true }).width).toBe(320)
    expect(at(first.item, 'image', 'dimensions')).toEqual({ width: 1376, height: 768 })
    expect(running.record.all).toHaveLength(0)
    expect(running.record.total).toBeGreaterThan(0)
  })
})

describe('lengths', () => {
  test('are those of the key, in both headers of the file', async () => {
    const client = await FlowClient.open(await start({ videoPolls: 1 }))
    for (const [key, seconds] of [
      ['veo_3_1_t2v_fast_4s', 4],
      ['veo_3_1_t2v_fast_6s', 6],
      ['veo_3_1_t2v_fast', 8],
    ] as const) {
      const id = await client.finishedVideo(client.videoBody('a boat', key))
      const facts = videoFacts(await client.download(id))
      expect(facts.filmSeconds).toBeCloseTo(seconds, 3)
      expect(facts.trackSeconds).toBeCloseTo(seconds, 3)
    }
  })
})

describe('videos', () => {
  const finished = async (client: FlowClient, key: string, aspect: string) => {
    const id = await client.videoId(client.videoBody('a boat', key, aspect))
    await client.statusOf(id)
    const redirect = await client.redirect(id)
    return { id, redirect, url: redirect.headers.get('location') ?? '' }
  }

  test('the redirect leads to an MP4 that can be played while it loads, and no two are the same', async () => {
    const client = await FlowClient.open(await start({ videoPolls: 1 }))
    const hashes = new Set<number | bigint>()
    for (const [key, aspect] of [
      ['veo_3_1_t2v_fast', LANDSCAPE],
      ['veo_3_1_t2v_fast', LANDSCAPE],
      ['veo_3_1_t2v_fast_portrait', PORTRAIT],
    ] as const) {
      const { id, redirect, url } = await finished(client, key, aspect)
      expect(redirect.status).toBe(302)
      expect(new URL(url).pathname).toContain(`/video/${id}`)
      const response = await fetch(url)
      expect(response.headers.get('content-type')).toBe('video/mp4')
      const bytes = await response.bytes()
      expect(response.headers.get('content-length')).toBe(String(bytes.length))
      expect(bytes.length).toBeLessThan(150_000)
      const types = boxesOf(bytes).map(box => box.type)
      expect(types[0]).toBe('ftyp')
      expect(types.indexOf('moov')).toBeLessThan(types.indexOf('mdat'))
      expect(types.at(-1)).toBe('free')
      expect(new TextDecoder().decode(bytes.subarray(-36))).toBe(id)
      hashes.add(Bun.hash(bytes))
    }
    expect(hashes.size).toBe(3)
  })

  test('the pictures have the shape that was asked for', async () => {
    const client = await FlowClient.open(await start({ videoPolls: 1 }))
    for (const [key, aspect, width, height] of [
      ['veo_3_1_t2v_fast', LANDSCAPE, 1280, 720],
      ['veo_3_1_t2v_fast_portrait', PORTRAIT, 720, 1280],
    ] as const) {
      const { url } = await finished(client, key, aspect)
      expect(videoFacts(await (await fetch(url)).bytes())).toMatchObject({ width, height })
    }
  })

  test('a thumbnail is a picture, also of an image', async () => {
    const client = await FlowClient.open(await start({ videoPolls: 1 }))
    const { id } = await finished(client, 'veo_3_1_t2v_fast', LANDSCAPE)
    const thumbnail = await client.redirect(id, 'MEDIA_URL_TYPE_THUMBNAIL')
    const bytes = await (await fetch(thumbnail.headers.get('location') ?? '')).bytes()
    expect(decodeJpeg(bytes, { useTArray: true }).width).toBe(640)
    const { item } = await generate(client, 'a boat')
    const full = await client.redirect(String(at(item, 'name')))
    expect(full.headers.get('location')).toContain('/media/image/')
  })

  test('the redirect is for the finished videos of the account', async () => {
    const running = await start({ videoPolls: 5 })
    const client = await FlowClient.open(running)
    const id = await client.videoId('a boat')
    expect((await client.redirect(id)).status).toBe(404)
    for (let round = 0; round < 5; round++) await client.statusOf(id)
    expect((await client.redirect(id)).status).toBe(302)
    expect((await new FlowClient(running, 'emulator-session-free').redirect(id)).status).toBe(404)
    expect((await new FlowClient(running, 'nobody').redirect(id)).status).toBe(401)
    expect((await client.redirect(id, 'MEDIA_URL_TYPE_OTHER')).status).toBe(400)
  })
})

describe('addresses', () => {
  test('expire, and cannot be made up', async () => {
    let now = 1_800_000_000_000
    const client = await FlowClient.open(await start({ instant: true, mediaLifetimeMs: 60_000, now: () => now }))
    const { url } = await generate(client, 'a boat')
    expect((await fetch(url)).status).toBe(200)
    expect((await fetch(url.replace(/Expires=\d+/, 'Expires=9999999999'))).status).toBe(403)
    expect((await fetch(url.replace(/\?.*/, ''))).status).toBe(403)
    now += 60_000
    expect((await fetch(url)).status).toBe(403)
  })

  test('of media that are no longer remembered are not found', async () => {
    const client = await FlowClient.open(await start({ instant: true, mediaLimit: 2 }))
    const { url } = await generate(client, 'a boat')
    await generate(client, 'a ship')
    expect((await fetch(url)).status).toBe(200)
    await generate(client, 'a raft')
    expect((await fetch(url)).status).toBe(404)
  })
})
