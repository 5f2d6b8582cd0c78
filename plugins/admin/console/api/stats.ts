/** `GET /admin/api/stats`, of the plugin `metrics`. */
export interface Counts {
  readonly total: number
  readonly completed: number
  readonly failed: number
  readonly refused: number
  readonly cancelled: number
  readonly outcome_unknown: number
  readonly success_rate: number | null
  readonly mean_s: number | null
  readonly mean_wait_s: number | null
}

export interface Stats {
  readonly from: number
  readonly to: number
  readonly bucket_s: number
  readonly generations: Counts
  readonly by_kind: { readonly image: Counts; readonly video: Counts }
  readonly by_model: readonly (Counts & { readonly model: string; readonly kind: string })[]
  readonly by_fault: readonly { readonly code: string; readonly blame: string; readonly count: number }[]
  readonly requests: { readonly total: number; readonly failed: number; readonly p95_ms: number | null }
  readonly now: {
    readonly queue: Readonly<Record<'image' | 'video', { readonly queued: number; readonly running: number }>>
    readonly accounts: {
      readonly total: number
      readonly ready: number
      readonly health: number | null
      readonly by_state: Readonly<Record<string, number>>
      readonly leases: number
      readonly credits: number | null
    }
    readonly cache: { readonly files: number; readonly bytes: number }
    readonly process: {
      readonly uptime_s: number
      readonly rss_bytes: number
      readonly event_loop_lag_ms: number
      readonly disk_free_bytes: number | null
    }
  }
  readonly cache: { readonly hits: number; readonly misses: number; readonly hit_rate: number | null }
  readonly series: readonly Point[]
}

export interface Point {
  readonly at: number
  readonly completed: number
  readonly failed: number
  readonly refused: number
  readonly mean_s: number | null
  readonly queued: number | null
  readonly running: number | null
  readonly accounts_ready: number | null
  readonly credits: number | null
}
