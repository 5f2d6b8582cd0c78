/** The answer of `GET /admin/api/stats`. Pure. README.md has its shape. */
import type { JobTally } from 'flow2api/contracts'
import { answersOf, percentileMs, sumOf } from './answers.ts'
import { byFault, byModel, countsOf, share } from './counts.ts'
import type { Bucket } from './samples.ts'
import { endOf, type Span } from './span.ts'
import type { AccountsNow, CacheNow } from './state.ts'

export interface StatsParts {
  readonly span: Span
  readonly now: number
  readonly tallies: readonly JobTally[]
  readonly buckets: ReadonlyMap<number, Bucket>
  readonly queue: Readonly<Record<'image' | 'video', { readonly queued: number; readonly running: number }>>
  readonly accounts: AccountsNow
  readonly cache: CacheNow
  readonly process: {
    readonly uptimeS: number
    readonly rssBytes: number
    readonly lagMs: number
    /** The lesser of the data and the tmp directory's. */
    readonly diskFreeBytes: number | null
  }
}

const unixSeconds = (milliseconds: number) => Math.floor(milliseconds / 1000)
const round = (value: number) => Math.round(value * 100) / 100

export function statsOf(parts: StatsParts) {
  const { span, now, tallies, buckets, queue, accounts, cache, process } = parts
  const sampled = [...buckets.values()]
  const hits = sampled.reduce((sum, { cacheHits }) => sum + cacheHits, 0)
  const misses = sampled.reduce((sum, { cacheMisses }) => sum + cacheMisses, 0)
  return {
    object: 'stats',
    from: unixSeconds(span.from),
    to: unixSeconds(Math.min(endOf(span), now)),
    bucket_s: span.bucketMs / 1000,
    generations: countsOf(tallies),
    by_kind: {
      image: countsOf(tallies.filter(({ kind }) => kind === 'image')),
      video: countsOf(tallies.filter(({ kind }) => kind === 'video')),
    },
    by_model: byModel(tallies),
    by_fault: byFault(tallies),
    requests: answersOf(sumOf(sampled)),
    now: {
      queue,
      accounts: {
        total: accounts.total,
        ready: accounts.ready,
        health: share(accounts.ready, accounts.total),
        by_state: accounts.byState,
        leases: accounts.leases,
        credits: accounts.credits,
      },
      cache: { files: cache.files, bytes: cache.bytes },
      process: {
        uptime_s: Math.floor(process.uptimeS),
        rss_bytes: process.rssBytes,
        event_loop_lag_ms: round(process.lagMs),
        disk_free_bytes: process.diskFreeBytes,
      },
    },
    cache: { hits, misses, hit_rate: share(hits, hits + misses) },
    series: seriesOf(parts),
  }
}

function seriesOf({ span, tallies, buckets }: StatsParts) {
  const byBegin = Map.groupBy(tallies, ({ from }) => from)
  return Array.from({ length: span.buckets }, (_, index) => {
    const at = span.from + index * span.bucketMs
    const { completed, failed, refused, cancelled, outcome_unknown, mean_s, mean_wait_s } = countsOf(
      byBegin.get(at) ?? [],
    )
    const sampled = buckets.get(index)
    return {
      at: unixSeconds(at),
      completed,
      failed,
      refused,
      cancelled,
      outcome_unknown,
      mean_s,
      mean_wait_s,
      requests: sampled?.requests ?? 0,
      requests_failed: sampled?.requestsFailed ?? 0,
      p95_ms: sampled ? percentileMs(sampled.steps, 95) : null,
      queued: sampled ? round(sampled.queued) : null,
      running: sampled ? round(sampled.running) : null,
      accounts_ready: sampled?.accountsReady ?? null,
      credits: sampled?.credits ?? null,
      cache_hits: sampled?.cacheHits ?? 0,
      cache_misses: sampled?.cacheMisses ?? 0,
    }
  })
}
