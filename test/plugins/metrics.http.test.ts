/** `GET /metrics`: who may read it, what it counts, and what reloads and restarts leave of it. */
import { expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { domainFault, JobFinished } from '../../plugins/contracts/index.ts'
import { FakeJobs, gauge, jobOf, startMetrics } from './metrics.world.ts'

test('nobody reads without a key; the API key, the admin, and a key of its own open it', async () => {
  await using world = await startMetrics({ settings: { key: 'scraper' } })
  const status = async (path: string, token?: string) => (await world.get(path, token)).status
  expect([await status('/metrics'), await status('/metrics', 'wrong'), await status('/metrics', '')]).toEqual([
    401, 401, 401,
  ])
  expect([await status('/metrics', 'api'), await status('/metrics', 'admin')]).toEqual([200, 200])
  expect(await status('/metrics', 'scraper')).toBe(200)
  expect([await status('/admin/api/stats', 'scraper'), await status('/admin/api/stats', 'api')]).toEqual([401, 401])
  expect((await world.get('/metrics', 'api')).headers.get('content-type')).toBe(
    'text/plain; version=0.0.4; charset=utf-8',
  )
})

test('without a key of its own an empty one opens nothing; require_key = false opens it to all', async () => {
  await using world = await startMetrics()
  expect((await world.kernel.fetch('/metrics', { headers: { authorization: 'Bearer ' } })).status).toBe(401)
  await world.kernel.reload({ config: { metrics: { require_key: false } } })
  expect((await world.get('/metrics')).status).toBe(200)
  expect((await world.get('/admin/api/stats')).status).toBe(401)
})

test('requests are counted by route, whatever is in the path, and go on over a reload', async () => {
  await using world = await startMetrics()
  for (const status of [200, 204, 503]) await world.get(`/v1/echo/${status}`)
  await world.kernel.reload({ config: { metrics: { key: 'changed' } } })
  await world.get('/v1/echo/200')
  expect(await world.lines('flow2api_http_requests_total{plugin="around"')).toEqual([
    'flow2api_http_requests_total{plugin="around",route="/v1/echo/:status",method="GET",status="200"} 2',
    'flow2api_http_requests_total{plugin="around",route="/v1/echo/:status",method="GET",status="204"} 1',
    'flow2api_http_requests_total{plugin="around",route="/v1/echo/:status",method="GET",status="503"} 1',
  ])
  expect(
    await world.lines('flow2api_http_request_duration_seconds_count{plugin="around",route="/v1/echo/:status"}'),
  ).toEqual(['flow2api_http_request_duration_seconds_count{plugin="around",route="/v1/echo/:status"} 4'])
  expect(await world.lines('flow2api_reloads_total')).toEqual(['flow2api_reloads_total{result="applied"} 1'])
  expect(await world.lines('flow2api_last_reload_success')).toEqual(['flow2api_last_reload_success 1'])
})

test('a rejected reload shows', async () => {
  await using world = await startMetrics()
  expect((await world.kernel.reload({ config: { metrics: { kee: 'x' } } })).isErr()).toBe(true)
  expect(await world.lines('flow2api_last_reload_success')).toEqual(['flow2api_last_reload_success 0'])
})

test('generations by model and outcome, how long they took, and what is under way', async () => {
  await using world = await startMetrics()
  world.jobs.queued = 2
  await world.end()
  await world.end({ status: 'failed', fault: domainFault('moderation_blocked', 'No.') })
  expect(await world.lines('flow2api_generations_total')).toEqual([
    'flow2api_generations_total{kind="image",model="pic",provider="flow",outcome="completed",blame="",code=""} 1',
    'flow2api_generations_total{kind="image",model="pic",provider="flow",outcome="failed",blame="request",code="moderation_blocked"} 1',
  ])
  expect(await world.lines('flow2api_generation_duration_seconds_sum')).toEqual([
    'flow2api_generation_duration_seconds_sum{kind="image",model="pic"} 3',
  ])
  expect(await world.lines('flow2api_generation_wait_seconds_count')).toEqual([
    'flow2api_generation_wait_seconds_count{kind="image"} 2',
  ])
  expect(await world.lines('flow2api_queue_units')).toEqual([
    'flow2api_queue_units{kind="image"} 2',
    'flow2api_queue_units{kind="video"} 0',
  ])
})

test('after a crash the counter goes on, with the jobs that ended unheard, each once', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'flow2api-metrics-'))
  try {
    const jobs = new FakeJobs()
    // Before the plugin was ever there: no business of a counter.
    jobs.ended.push(jobOf({ finishedAt: 5_000 }))
    const first = await startMetrics({ dataDir, jobs })
    await first.clock.advance(1)
    await first.end()
    await first.clock.advance(16_000)
    await first.end()
    await first.clock.advance(1_000)
    first.kernel.abandon()
    const second = await startMetrics({ dataDir, jobs, clock: first.clock })
    // One that ended before the restart and is told late comes from the ledger alone.
    second.kernel.emit(JobFinished, jobOf({ finishedAt: second.clock.now() - 1 }))
    await second.end()
    await second.clock.advance(16_000)
    expect(await second.lines('flow2api_generations_total')).toEqual([
      'flow2api_generations_total{kind="image",model="pic",provider="flow",outcome="completed",blame="",code=""} 3',
    ])
    await second[Symbol.asyncDispose]()
    await using third = await startMetrics({ dataDir, jobs, clock: first.clock })
    await third.clock.advance(16_000)
    expect(await third.lines('flow2api_generations_total')).toEqual([
      'flow2api_generations_total{kind="image",model="pic",provider="flow",outcome="completed",blame="",code=""} 3',
    ])
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})

test('what other plugins say is shown; what cannot be shown is left out, and said once', async () => {
  await using world = await startMetrics()
  const many = Array.from({ length: 2_500 }, (_, n) => ({ labels: { n: `${n}` }, value: 1 }))
  world.figures.families = [
    gauge('flow2api_proxies', [
      { labels: { state: 'up "quoted"\n' }, value: 2 },
      { labels: { state: 'down' }, value: NaN },
    ]),
    { name: 'flow2api_refreshes_total', help: '', kind: 'counter', samples: [{ value: 7 }] },
    gauge('flow2api_empty', []),
    gauge('no name', [{ value: 1 }]),
    gauge('flow2api_http_requests_total', [{ value: 1 }]),
    gauge('flow2api_proxies', [{ value: 1 }]),
    gauge('flow2api_many', many),
    gauge('flow2api_twice', [
      { labels: { a: '1' }, value: 1 },
      { labels: { a: '1' }, value: 2 },
    ]),
  ]
  expect(await world.lines('flow2api_proxies')).toEqual(['flow2api_proxies{state="up \\"quoted\\"\\n"} 2'])
  expect(await world.lines('flow2api_refreshes_total')).toEqual(['flow2api_refreshes_total 7'])
  expect([await world.lines('flow2api_empty'), await world.lines('# TYPE flow2api_empty')]).toEqual([
    [],
    ['# TYPE flow2api_empty gauge'],
  ])
  expect((await world.lines('flow2api_many')).length).toBe(2_000)
  expect(await world.lines('flow2api_twice')).toEqual(['flow2api_twice{a="1"} 2'])
  expect(world.warnings).toHaveLength(4)
  world.figures.broken = true
  expect((await world.lines('flow2api_queue_units')).length).toBe(2)
  expect(world.warnings.at(-1)).toContain('no figures today')
})

test('the process: memory, processor, event loop, disks', async () => {
  await using world = await startMetrics()
  const names = [
    'process_resident_memory_bytes',
    'process_cpu_seconds_total',
    'process_start_time_seconds',
    'flow2api_heap_used_bytes',
    'flow2api_disk_free_bytes{place="data"}',
    'flow2api_disk_free_bytes{place="tmp"}',
  ]
  for (const name of names) {
    const [line = ''] = await world.lines(name)
    expect(Number(line.slice(name.length)), name).toBeGreaterThan(0)
  }
  expect(await world.lines('flow2api_event_loop_lag_max_seconds')).toHaveLength(1)
})

test('what leaves, leaves nothing behind', async () => {
  await using world = await startMetrics()
  const { around } = world.plugins
  await world.kernel.reload({ plugins: { around }, config: { server: { rollback_window_s: 0 } } })
  while (world.kernel.status().length > 1) await new Promise(resolve => setImmediate(resolve))
  expect(world.kernel.leaks()).toEqual([])
  expect(world.clock.waiting).toBe(0)
  await world.get('/v1/echo/200')
  await world.kernel.reload({ plugins: world.plugins, config: {} })
  expect(await world.lines('flow2api_http_requests_total{plugin="around"')).toEqual([])
})
