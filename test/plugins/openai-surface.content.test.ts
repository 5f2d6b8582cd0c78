/** Bytes of finished videos: whole, in part, and as a still picture. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import fc from 'fast-check'
import { downloadResponse, faultResponse, parseByteRange } from 'flow2api/contracts'
import { clip, PNG } from './openai-surface.fixtures.ts'
import { openWorld, type World } from './openai-surface.world.ts'

let kernel: World['kernel']
let engine: World['engine']
let get: World['get']

beforeEach(async () => {
  ;({ kernel, engine, get } = await openWorld())
})
afterEach(() => kernel.stop())

test('content: whole, in part, not yet', async () => {
  const bytes = new TextEncoder().encode('abcdefghijklmnopqrstuvwxyz')
  const path = join(kernel.tmpDir, 'clip.mp4')
  await Bun.write(path, bytes)
  engine.add({ id: 'job_01', kind: 'video', status: 'running' })
  const early = await get('/v1/videos/video_01/content')
  expect([early.status, (await early.json()).error.code]).toEqual([400, 'video_not_ready'])

  engine.update('job_01', { status: 'completed', media: [clip] })
  for (const contents of [{ path }, { body: bytes }]) {
    engine.contents = contents
    const whole = await get('/v1/videos/video_01/content', { accept: 'application/binary' })
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      'content-type': 'video/mp4',
      'content-length': '26',
      'accept-ranges': 'bytes',
      'content-disposition': 'inline; filename="video_01.mp4"',
    })
    expect(await whole.text()).toBe('abcdefghijklmnopqrstuvwxyz')
    const part = await get('/v1/videos/video_01/content', { range: 'bytes=3-5' })
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 3-5/26', 'def'])
    const beyond = await get('/v1/videos/video_01/content', { range: 'bytes=26-' })
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */26'])
    const head = await get('/v1/videos/video_01/content', {}, 'HEAD')
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '26'])
  }
  engine.contents = { path: join(kernel.tmpDir, 'missing.mp4') }
  expect((await get('/v1/videos/video_01/content')).status).toBe(404)
})

test('content: a still picture, typed by what it is; no sprite sheet', async () => {
  engine.add({ id: 'job_01', kind: 'video', status: 'running' })
  const early = await get('/v1/videos/video_01/content?variant=thumbnail')
  expect([early.status, (await early.json()).error.code]).toEqual([400, 'video_not_ready'])
  engine.update('job_01', { status: 'completed', media: [clip] })
  const still = await get('/v1/videos/video_01/content?variant=thumbnail')
  expect(still.headers.get('content-type')).toBe('image/png')
  expect(still.headers.get('content-disposition')).toBe('inline; filename="video_01.png"')
  expect(await still.bytes()).toEqual(PNG)
  await get('/v1/videos/video_01/content?variant=video')
  expect(engine.opened).toEqual(['job_01 0 thumbnail', 'job_01 0 media'])
  for (const variant of ['spritesheet', 'poster', ''])
    expect((await get(`/v1/videos/video_01/content?variant=${variant}`)).status).toBe(404)
})

describe('ranges', () => {
  test.each([
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=5-', { start: 5, end: 25 }],
    ['bytes=-5', { start: 21, end: 25 }],
    ['bytes=-99', { start: 0, end: 25 }],
    ['bytes=20-99', { start: 20, end: 25 }],
    ['bytes=26-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=5-4', undefined],
    ['bytes=0-1,3-4', undefined],
    ['items=0-1', undefined],
    ['bytes=-', undefined],
    [null, undefined],
  ] as const)('%p of 26 bytes', (header, expected) => {
    expect(parseByteRange(header, 26)).toEqual(expected)
  })

  test('what is sent is always the slice that it claims to be', () => {
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1 }), fc.nat(60), fc.nat(60), async (bytes, start, length) => {
        const range = `bytes=${start}-${start + length}`
        const request = new Request('http://localhost/', { headers: { range } })
        const content = { blob: new Blob([bytes]), mime: 'video/mp4', jobId: 'job_1', name: 'video_1' }
        const response = downloadResponse(request, content, refused => faultResponse(refused, { status: 416 }))
        if (start >= bytes.length) {
          expect(response.status).toBe(416)
          expect(response.headers.get('content-range')).toBe(`bytes */${bytes.length}`)
          return
        }
        const end = Math.min(start + length, bytes.length - 1)
        expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end}/${bytes.length}`)
        expect(await response.bytes()).toEqual(bytes.slice(start, end + 1))
      }),
    )
  })
})
