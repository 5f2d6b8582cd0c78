/** `GET /admin/api/stats`. */
import { expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manualClock } from 'flow2api/testing'
import { domainFault, METRICS } from '../../plugins/contracts/index.ts'
import { gauge, startMetrics } from './metrics.world.ts'

const MINUTE_MS = 60_000
const accounts = (state: string, value: number) => ({ labels: { provider: 'flow', state }, value })

test('the whole answer', async () => {
  await using world = await startMetrics()
  world.figures.families = [
    gauge(METRICS.accounts, [accounts('ready', 2), accounts('cooling', 1)]),
    gauge(METRICS.accountCredits, [
      { labels: { provider: 'flow' }, value: 100 },
      { labels: { provider: 'lab' }, value: 50.5 },
    ]),
    gauge(METRICS.accountLeases, [{ labels: { provider: 'flow', kind: 'image' }, value: 2 }]),
    { name: METRICS.cacheHits, help: 'h', kind: 'counter', samples: [{ value: 3 }] },
    { name: METRICS.cacheMisses, help: 'h', kind: 'counter', samples: [{ value: 1 }] },
    gauge(METRICS.cacheFiles, [{ value: 2 }]),
    gauge(METRICS.cacheBytes, [{ value: 2048 }]),
  ]
  world.jobs.queued = 4
  world.jobs.running = 1
  for (const status of [200, 200, 503]) await world.get(`/v1/echo/${status}`)
  await world.end()
  await world.end({
    kind: 'video',
    resolvedModel: 'vid',
    status: 'failed',
    fault: domainFault('upstream_error', 'No.'),
  })
  const { status, body } = await world.stats('?span=1h')
  const now = world.clock.now() / 1000
  expect(status).toBe(200)
  const none = { cancelled: 0, outcome_unknown: 0, refused: 0 }
  const image = {
    ...none,
    total: 1,
    completed: 1,
    failed: 0,
    success_rate: 1,
    mean_s: 3,
    mean_wait_s: expect.any(Number),
  }
  const video = {
    ...none,
    total: 1,
    completed: 0,
    failed: 1,
    success_rate: 0,
    mean_s: null,
    mean_wait_s: expect.any(Number),
  }
  expect(body).toEqual({
    object: 'stats',
    from: now - 59 * 60,
    to: now,
    bucket_s: 60,
    generations: { ...image, total: 2, failed: 1, success_rate: 0.5 },
    by_kind: { image, video },
    by_model: [
      { model: 'pic', provider: 'flow', kind: 'image', ...image },
      { model: 'vid', provider: 'flow', kind: 'video', ...video },
    ],
    by_fault: [{ code: 'upstream_error', blame: 'upstream', count: 1 }],
    requests: {
      total: 3,
      failed: 1,
      mean_ms: expect.any(Number),
      p50_ms: expect.any(Number),
      p95_ms: expect.any(Number),
      p99_ms: expect.any(Number),
    },
    now: {
      queue: { image: { queued: 4, running: 1 }, video: { queued: 0, running: 0 } },
      accounts: {
        total: 3,
        ready: 2,
        health: 0.6667,
        by_state: { ready: 2, cooling: 1 },
        leases: 2,
        credits: 150.5,
      },
      cache: { files: 2, bytes: 2048 },
      process: {
        uptime_s: expect.any(Number),
        rss_bytes: expect.any(Number),
        event_loop_lag_ms: expect.any(Number),
        disk_free_bytes: expect.any(Number),
      },
    },
    cache: { hits: 3, misses: 1, hit_rate: 0.75 },
    series: expect.any(Array),
  })
  expect(body.series).toHaveLength(60)
  expect(body.series.at(-1)).toEqual({
    at: now,
    completed: 1,
    failed: 1,
    ...none,
    mean_s: 3,
    mean_wait_s: expect.any(Number),
    requests: 3,
    requests_failed: 1,
    p95_ms: expect.any(Number),
    queued: 4,
    running: 1,
    accounts_ready: 2,
    credits: 150.5,
    cache_hits: 3,
    cache_misses: 1,
  })
  expect(body.series.at(0)).toMatchObject({
    at: now - 59 * 60,
    completed: 0,
    queued: null,
    credits: null,
    p95_ms: null,
  })
})

test('minutes are kept over a restart and joined to longer buckets', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'flow2api-metrics-'))
  try {
    const first = await startMetrics({ dataDir })
    const hits = (value: number) => ({
      name: METRICS.cacheHits,
      help: 'h',
      kind: 'counter' as const,
      samples: [{ value }],
    })
    const begin = first.clock.now()
    for (const queued of [2, 4]) {
      first.jobs.queued = queued
      first.figures.families = [hits(queued), gauge(METRICS.accounts, [accounts('ready', 1)])]
      await first.get('/v1/echo/200')
      await first.clock.advance(MINUTE_MS)
    }
    await first[Symbol.asyncDispose]()
    const second = await startMetrics({ dataDir, clock: first.clock })
    second.figures.families = [hits(5), gauge(METRICS.accounts, [accounts('disabled', 1)])]
    const { body } = await second.stats(`?from=${begin / 1000}&to=${begin / 1000 + 7 * 3600}`)
    expect(body.bucket_s).toBe(300)
    // The counter of the cache began anew with the process.
    expect(body.series[0]).toMatchObject({ requests: 2, accounts_ready: 0, cache_hits: 9 })
    expect(body.series[1]).toMatchObject({ requests: 0, queued: null })
    const minutes = (await second.stats('?span=1h')).body.series.filter(
      (bucket: { queued: unknown }) => bucket.queued !== null,
    )
    expect(minutes.map(({ queued, cache_hits }: Record<string, number>) => [queued, cache_hits])).toEqual([
      [2, 2],
      [4, 2],
      [0, 5],
    ])
    await second[Symbol.asyncDispose]()
    await using later = await startMetrics({ dataDir, clock: manualClock(begin + 32 * 86_400_000) })
    const old = async () => (await later.stats(`?from=${begin / 1000}&to=${begin / 1000 + 3600}`)).body.requests.total
    expect(await old()).toBe(2)
    await later.clock.advance(60 * MINUTE_MS)
    expect(await old()).toBe(0)
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})

test('a span that cannot be is refused, and the console’s own questions are no traffic', async () => {
  await using world = await startMetrics()
  expect(await world.stats('?span=1y')).toMatchObject({
    status: 400,
    body: { error: { code: 'invalid_value', param: 'span' } },
  })
  expect((await world.stats()).body.requests).toEqual({
    total: 0,
    failed: 0,
    mean_ms: null,
    p50_ms: null,
    p95_ms: null,
    p99_ms: null,
  })
})
