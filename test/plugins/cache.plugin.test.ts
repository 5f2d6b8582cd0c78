/** Keeping and serving finished media, through a kernel and real downloads on loopback. */
import { afterEach, describe, expect, test } from 'bun:test'
import { readdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { definePlugin, ResultAsync } from '../../kernel/plugin.ts'
import { createTestKernel, manualClock } from '../../kernel/testing.ts'
import cache from '../../plugins/cache/index.ts'
import {
  domainFault,
  type EgressFetch,
  type KeepContext,
  METRICS,
  type MediaSource,
  MediaStore,
  type MetricFamily,
  MetricsSource,
} from '../../plugins/contracts/index.ts'
import { jpg, mp4, png } from '../fixtures/media.ts'
import { startRawServer } from '../fixtures/proxies.ts'

const direct: EgressFetch = (url, init) =>
  ResultAsync.fromPromise(fetch(url, init), cause => domainFault('upstream_unreachable', 'not there', { cause }))

const context = (over: Partial<KeepContext> = {}): KeepContext => ({
  kind: 'image',
  jobId: 'job_1',
  fetch: direct,
  signal: new AbortController().signal,
  ...over,
})

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function start(config: Record<string, unknown> = {}) {
  const clock = manualClock()
  const kernel = await createTestKernel({ plugins: { cache }, config: { cache: config }, clock })
  closers.push(() => kernel.stop())
  const folder = join(kernel.tmpDir, 'media')
  const store = kernel.ask(MediaStore)
  const keep = async (source: MediaSource, over: Partial<KeepContext> = {}) =>
    (await store.keep(source, context(over)))._unsafeUnwrap()
  const failure = async (source: MediaSource, over: Partial<KeepContext> = {}) =>
    (await store.keep(source, context(over)))._unsafeUnwrapErr()
  return { kernel, clock, folder, store, keep, failure, files: () => readdir(folder) }
}

/** An upstream that answers each path with what the table says. */
function upstream(table: Record<string, (request: Request) => Response>) {
  const seen: Headers[] = []
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: request => {
      seen.push(new Headers(request.headers))
      return table[new URL(request.url).pathname]?.(request) ?? new Response('nothing here', { status: 404 })
    },
  })
  closers.push(() => server.stop(true))
  return { url: `http://127.0.0.1:${server.port}`, seen }
}

/** A body whose length is not announced. */
const chunked = (...chunks: Uint8Array<ArrayBuffer>[]) =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })

describe('keep', () => {
  test('downloads, tells what it is, and serves it byte for byte', async () => {
    const { keep, kernel, files } = await start()
    const picture = jpg(64, 48)
    const { url } = upstream({
      '/picture': () => new Response(picture, { headers: { 'content-type': 'application/octet-stream' } }),
    })
    const kept = await keep({ url: `${url}/picture`, mime: 'image/png', width: 1, height: 1 })
    expect(kept).toEqual({
      url: `${kernel.url}/tmp/${kept.file}`,
      mime: 'image/jpeg',
      bytes: picture.length,
      width: 64,
      height: 48,
      duration_s: null,
      file: expect.stringMatching(/^[0-9a-f]{32}\.jpg$/),
    })
    expect(await files()).toEqual([kept.file ?? ''])
    expect(await (await fetch(kept.url)).bytes()).toEqual(picture)
  })

  test('a video, with its duration; without announced length and in small pieces', async () => {
    const { keep } = await start()
    const video = mp4({ seconds: 8, width: 1280, height: 720, dataBytes: 100_000 })
    const { url } = upstream({
      '/video': () => new Response(chunked(video.subarray(0, 3), video.subarray(3, 40), video.subarray(40))),
    })
    const kept = await keep({ url: `${url}/video` }, { kind: 'video' })
    expect(kept).toMatchObject({ mime: 'video/mp4', bytes: video.length, width: 1280, height: 720, duration_s: 8 })
  })

  test('bytes are written as they are; base_url stands in front', async () => {
    const { keep, kernel } = await start({ base_url: 'https://media.example/flow/' })
    const kept = await keep({ bytes: png(30, 20) })
    expect(kept.url).toBe(`https://media.example/flow/tmp/${kept.file}`)
    expect(kept).toMatchObject({ mime: 'image/png', width: 30, height: 20 })
    expect(await (await kernel.fetch(`/tmp/${kept.file}`)).bytes()).toEqual(png(30, 20))
  })

  test('what the file does not tell comes from the source', async () => {
    const { keep } = await start()
    const webm = Buffer.concat([Buffer.from('1a45dfa39f42868101428284', 'hex'), Buffer.from('webm'), Buffer.alloc(100)])
    const kept = await keep({ bytes: webm, width: 640, height: 360, durationSeconds: 4 }, { kind: 'video' })
    expect(kept).toMatchObject({ mime: 'video/webm', width: 640, height: 360, duration_s: 4 })
  })

  test('switched off, a URL is handed on unread and bytes are still written', async () => {
    const { keep, kernel, files } = await start({ enabled: false })
    const { url, seen } = upstream({})
    expect(await keep({ url: `${url}/video`, width: 640, height: 360, durationSeconds: 4 }, { kind: 'video' })).toEqual(
      {
        url: `${url}/video`,
        mime: 'video/mp4',
        bytes: 0,
        width: 640,
        height: 360,
        duration_s: 4,
        file: null,
      },
    )
    expect([seen.length, (await files()).length]).toEqual([0, 0])
    const kept = await keep({ bytes: png(2, 2) })
    expect((await kernel.fetch(`/tmp/${kept.file}`)).status).toBe(200)
  })

  test('redirects are followed; headers do not leave their origin', async () => {
    const { keep } = await start()
    const cdn = upstream({ '/file': () => new Response(png(2, 2)) })
    const api = upstream({
      '/start': () => Response.redirect('/same', 302),
      '/same': () => new Response(null, { status: 307, headers: { location: `${cdn.url}/file` } }),
    })
    const kept = await keep({ url: `${api.url}/start`, headers: { authorization: 'Bearer access' } })
    expect(kept.mime).toBe('image/png')
    expect(api.seen.map(headers => headers.get('authorization'))).toEqual(['Bearer access', 'Bearer access'])
    expect(cdn.seen.map(headers => headers.get('authorization'))).toEqual([null])
  })

  test('a tmp directory that somebody removed is made again', async () => {
    const { keep, folder } = await start()
    await Bun.$`rm -r ${folder}`.quiet()
    expect(await keep({ bytes: png(2, 2) })).toMatchObject({ mime: 'image/png' })
  })
})

describe('what cannot be kept', () => {
  test('leaves nothing behind and blames the upstream', async () => {
    const { failure, files } = await start()
    const { url } = upstream({
      '/page': () => new Response('<!doctype html><p>sign in</p>', { headers: { 'content-type': 'text/html' } }),
      '/empty': () => new Response(''),
      '/loop': () => Response.redirect('/loop', 302),
      '/away': () => new Response(null, { status: 302, headers: { location: 'file:///etc/passwd' } }),
    })
    for (const path of ['/page', '/empty', '/loop', '/away', '/missing'])
      expect(await failure({ url: url + path })).toMatchObject({ code: 'media_unavailable', blame: 'upstream' })
    for (const address of ['file:///etc/passwd', 'data:image/png;base64,iVBORw0KGgo=', 'nonsense'])
      expect(await failure({ url: address })).toMatchObject({ code: 'media_unavailable' })
    expect(await failure({ bytes: new TextEncoder().encode('no picture') })).toMatchObject({
      code: 'media_unavailable',
    })
    expect(await files()).toEqual([])
  })

  test('a download that breaks off, announced or chunked', async () => {
    const { failure, files } = await start()
    const picture = png(200, 200)
    for (const head of [`Content-Length: ${picture.length}`, 'Transfer-Encoding: chunked']) {
      const server = await startRawServer(socket =>
        socket.once('data', () => {
          const chunk = head.startsWith('T') ? `${picture.length.toString(16)}\r\n` : ''
          socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${chunk}`)
          socket.end(picture.subarray(0, picture.length - 10))
        }),
      )
      closers.push(() => server[Symbol.asyncDispose]())
      expect(await failure({ url: `http://${server.place}/` })).toMatchObject({ code: 'media_unavailable' })
    }
    expect(await files()).toEqual([])
  })

  test('one that is announced too large is not begun', async () => {
    const { failure } = await start()
    const server = await startRawServer(socket =>
      socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${3 * 1024 ** 3}\r\n\r\n`)),
    )
    closers.push(() => server[Symbol.asyncDispose]())
    expect(await failure({ url: `http://${server.place}/` })).toMatchObject({
      code: 'media_unavailable',
      message: expect.stringContaining('too large'),
    })
  })

  test('a fault of egress is handed on', async () => {
    const { failure } = await start()
    const dead: EgressFetch = () =>
      new ResultAsync(Promise.resolve(direct('http://127.0.0.1:1/'))).mapErr(() =>
        domainFault('proxy_unreachable', 'the proxy is down'),
      )
    expect(await failure({ url: 'http://127.0.0.1:1/' }, { fetch: dead })).toMatchObject({ code: 'proxy_unreachable' })
  })

  test('abort and time-out in the middle of a transfer end it', async () => {
    const { failure, files } = await start()
    const started = Promise.withResolvers<void>()
    const { url } = upstream({
      '/slow': () => {
        started.resolve()
        return new Response(new ReadableStream({ start: controller => controller.enqueue(png(50, 50)) }))
      },
    })
    const caller = new AbortController()
    const cancelled = failure({ url: `${url}/slow` }, { signal: caller.signal })
    await started.promise
    while ((await files()).length === 0) await new Promise(resolve => setImmediate(resolve))
    caller.abort()
    expect(await cancelled).toMatchObject({ code: 'cancelled' })
    expect(await failure({ url: `${url}/slow` }, { signal: AbortSignal.timeout(50) })).toMatchObject({
      code: 'upstream_timeout',
    })
    expect(await files()).toEqual([])
  })
})

describe('GET /tmp/{file}', () => {
  const picture = png(100, 80)

  test('whole, with everything that a browser and a cache want to know', async () => {
    const { keep, clock } = await start({ timeout: 100 })
    const kept = await keep({ bytes: picture })
    await clock.advance(40_000)
    for (const method of ['GET', 'HEAD']) {
      const answer = await fetch(kept.url, { method, headers: { origin: 'https://app.example' } })
      expect([answer.status, (await answer.bytes()).length]).toEqual([200, method === 'GET' ? picture.length : 0])
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'content-type': 'image/png',
        'content-length': String(picture.length),
        'accept-ranges': 'bytes',
        etag: `"${kept.file?.slice(0, 32)}"`,
        'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
        'cache-control': 'public, max-age=60, immutable',
        'content-disposition': `inline; filename="${kept.file}"`,
        'cross-origin-resource-policy': 'cross-origin',
        'access-control-allow-origin': '*',
        'x-content-type-options': 'nosniff',
      })
    }
  })

  test('ranges: one of them is answered, impossible ones get 416, odd ones the whole file', async () => {
    const { keep } = await start()
    const { url } = await keep({ bytes: picture })
    const size = picture.length
    const part = async (range: string, headers: Record<string, string> = {}) => {
      const answer = await fetch(url, { headers: { range, ...headers } })
      return { status: answer.status, range: answer.headers.get('content-range'), bytes: await answer.bytes() }
    }
    expect(await part('bytes=0-9')).toEqual({ status: 206, range: `bytes 0-9/${size}`, bytes: picture.slice(0, 10) })
    expect(await part('bytes=10-')).toEqual({
      status: 206,
      range: `bytes 10-${size - 1}/${size}`,
      bytes: picture.slice(10),
    })
    expect(await part('bytes=-5')).toEqual({
      status: 206,
      range: `bytes ${size - 5}-${size - 1}/${size}`,
      bytes: picture.slice(-5),
    })
    expect(await part('bytes=5-999999')).toMatchObject({ status: 206, range: `bytes 5-${size - 1}/${size}` })
    expect(await part(`bytes=${size}-`)).toMatchObject({ status: 416, range: `bytes */${size}` })
    for (const odd of ['bytes=9-5', 'bytes=0-1,3-4', 'bytes=x', 'lines=1-2'])
      expect(await part(odd)).toMatchObject({ status: 200, range: null })
    const etag = (await fetch(url)).headers.get('etag') ?? ''
    expect(await part('bytes=0-9', { 'if-range': etag })).toMatchObject({ status: 206 })
    expect(await part('bytes=0-9', { 'if-range': '"another"' })).toMatchObject({ status: 200 })
  })

  test('who has it already gets 304', async () => {
    const { keep } = await start()
    const { url } = await keep({ bytes: picture })
    const { headers } = await fetch(url)
    const [etag, modified] = [headers.get('etag') ?? '', headers.get('last-modified') ?? '']
    const status = async (headers: Record<string, string>) => (await fetch(url, { headers })).status
    expect(await status({ 'if-none-match': etag })).toBe(304)
    expect(await status({ 'if-none-match': `"x", W/${etag}` })).toBe(304)
    expect(await status({ 'if-none-match': '*' })).toBe(304)
    expect(await status({ 'if-modified-since': modified })).toBe(304)
    expect(await status({ 'if-none-match': '"x"', 'if-modified-since': modified })).toBe(200)
    expect(await status({ 'if-modified-since': 'Wed, 31 Dec 2025 00:00:00 GMT' })).toBe(200)
  })

  test('only names that it gave itself', async () => {
    const { kernel, keep, folder } = await start()
    const { file } = await keep({ bytes: picture })
    await Bun.write(join(folder, 'notes.txt'), 'mine')
    await Bun.write(join(kernel.dataDir, 'secret.png'), picture)
    const id = file?.slice(0, 32)
    for (const path of [
      'notes.txt',
      `${id}.jpg`,
      id,
      `${id}.part`,
      '..%2f..%2fdata%2fsecret.png',
      `%2e%2e%2fmedia%2f${file}`,
      `${file}%00`,
      `${'0'.repeat(32)}.png`,
    ]) {
      const answer = await kernel.fetch(`/tmp/${path}`)
      expect(answer.status).toBe(404)
      expect(await answer.json()).toMatchObject({ error: { code: 'not_found', type: 'invalid_request_error' } })
    }
  })
})

describe('clean-up', () => {
  test('an expired file is gone at once for clients, and from the disk within a minute', async () => {
    const { keep, clock, kernel, store, files } = await start({ timeout: 90 })
    const { file } = await keep({ bytes: png(2, 2) })
    const path = `/tmp/${file}`
    await clock.advance(89_000)
    expect((await kernel.fetch(path)).status).toBe(200)
    expect((await store.locate(file ?? ''))._unsafeUnwrap()).toEqual({
      path: expect.stringContaining(file ?? '-'),
      mime: 'image/png',
    })
    await clock.advance(1_000)
    const answer = await kernel.fetch(path)
    expect([answer.status, (await answer.json()).error.code]).toEqual([404, 'not_found'])
    expect((await store.locate(file ?? ''))._unsafeUnwrapErr().code).toBe('not_found')
    await clock.advance(60_000)
    await until(async () => (await files()).length === 0)
  })

  test('above max_size_mb the oldest go', async () => {
    const { keep, clock, files } = await start({ max_size_mb: 1 })
    const kept: string[] = []
    for (let count = 0; count < 3; count++) {
      kept.push((await keep({ bytes: mp4({ dataBytes: 400_000 }) }, { kind: 'video' })).file ?? '')
      await clock.advance(1_000)
    }
    await clock.advance(60_000)
    await until(async () => (await files()).length === 2)
    expect((await files()).sort()).toEqual(kept.slice(1).sort())
  })

  test('a file that is being written stays, also while the plugin is reloaded; a left-over goes', async () => {
    const { kernel, clock, folder, keep, files } = await start()
    const finish = Promise.withResolvers<void>()
    const { url } = upstream({
      '/slow': () =>
        new Response(
          new ReadableStream({
            async start(controller) {
              controller.enqueue(png(20, 20))
              await finish.promise
              controller.close()
            },
          }),
        ),
    })
    const kept = keep({ url: `${url}/slow` })
    await until(async () => (await files()).length === 1)
    const [part = ''] = await files()
    const leftOver = `${'a'.repeat(32)}.part`
    await Bun.write(join(folder, leftOver), 'half')
    await Bun.write(join(folder, 'notes.txt'), 'mine')
    for (const name of [part, leftOver, 'notes.txt']) await utimes(join(folder, name), 0, 0)
    const report = await kernel.reload({ config: { cache: { timeout: 60 } } })
    expect(report._unsafeUnwrap().plugins.find(({ id }) => id === 'cache')?.outcome).toBe('reloaded')
    await clock.advance(60_000)
    await until(async () => !(await files()).includes(leftOver))
    expect((await files()).sort()).toEqual([part, 'notes.txt'].sort())
    finish.resolve()
    const { file } = await kept
    expect((await files()).sort()).toEqual([file ?? '', 'notes.txt'].sort())
    expect((await kernel.fetch(`/tmp/${file}`)).status).toBe(200)
  })
})

test('a base_url that is no URL is refused', async () => {
  await expect(start({ base_url: 'media.example' })).rejects.toThrow(/cache\.base_url/)
})

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise(resolve => setImmediate(resolve))
}

describe('figures', () => {
  test('hits, misses and what is kept; also over a reload and from before', async () => {
    const { kernel, clock, keep, folder } = await start({ timeout: 90 })
    const sources = Promise.withResolvers<() => readonly MetricFamily[]>()
    const reader = definePlugin({
      name: 'reader',
      version: '1.0.0',
      requires: { sources: MetricsSource },
      setup: ctx => sources.resolve(() => ctx.deps.sources.all().flatMap(({ service }) => service.collect())),
    })
    await kernel.reload({ plugins: { cache, reader } })
    const collect = await sources.promise
    const figures = () => Object.fromEntries(collect().map(({ name, samples }) => [name, samples[0]?.value]))
    const { file, bytes } = await keep({ bytes: png(2, 2) })
    await kernel.fetch(`/tmp/${file}`)
    await kernel.fetch(`/tmp/${file}`)
    await kernel.fetch('/tmp/wp-login.php')
    expect(figures()).toEqual({
      [METRICS.cacheHits]: 2,
      [METRICS.cacheMisses]: 0,
      [METRICS.cacheFiles]: 1,
      [METRICS.cacheBytes]: bytes,
    })
    await kernel.reload({ config: { cache: { timeout: 80 } } })
    await clock.advance(85_000)
    await kernel.fetch(`/tmp/${file}`)
    await clock.advance(60_000)
    await until(async () => figures()[METRICS.cacheFiles] === 0)
    expect(figures()).toMatchObject({ [METRICS.cacheHits]: 2, [METRICS.cacheMisses]: 1, [METRICS.cacheBytes]: 0 })

    await Bun.write(join(folder, `${'a'.repeat(32)}.png`), png(2, 2))
    await kernel.reload({ plugins: { reader }, config: {} })
    await until(async () => kernel.status().length === 1)
    await kernel.reload({ plugins: { reader, cache } })
    await until(async () => figures()[METRICS.cacheFiles] === 1)
  })
})
