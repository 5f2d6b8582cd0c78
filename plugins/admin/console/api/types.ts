/** Shapes of the routes that other plugins serve, as their documents have them. Times in unix seconds. */
import type { jobBody, MediaKind } from 'flow2api/contracts'

export interface List<T> {
  readonly object: 'list'
  readonly data: readonly T[]
  readonly has_more?: boolean
}

export interface Operator {
  readonly username: string
  readonly password_fixed: boolean
}

export interface Session {
  readonly id: string
  readonly created_at: number
  readonly expires_at: number
  readonly ip: string
  readonly user_agent: string
  readonly current: boolean
}

export interface Account {
  readonly id: number
  readonly provider: string
  readonly email: string
  readonly name: string
  readonly remark: string
  readonly project_id: string | null
  readonly project_name: string | null
  readonly image_enabled: boolean
  readonly video_enabled: boolean
  readonly image_concurrency: number
  readonly video_concurrency: number
  readonly proxy_url: string | null
  readonly tier: string
  readonly credits: number | null
  readonly credits_at: number | null
  readonly state: string
  readonly state_reason: string
  readonly state_since: number | null
  readonly state_until: number | null
  /** Models that it cannot serve for a while. */
  readonly held_models: readonly { readonly model: string; readonly state: string; readonly until: number | null }[]
  readonly in_flight: Readonly<Record<MediaKind, number>>
  readonly counts: { readonly images: number; readonly videos: number; readonly errors: number }
  readonly consecutive_errors: number
  readonly last_used_at: number | null
}

/** A provider as the pool finds it. */
export interface Upstream {
  readonly provider: string
  readonly state: 'closed' | 'open' | 'half_open'
  readonly reason: string
  readonly until: number | null
}

export interface ImportVerdict {
  readonly row: number
  readonly email: string | null
  readonly verdict: 'add' | 'update' | 'unchanged' | 'refused'
  readonly account_id: number | null
  readonly changes: readonly string[]
  readonly reason: string | null
}

export interface ImportReport {
  readonly format: string
  readonly dry_run: boolean
  readonly counts: Readonly<Record<ImportVerdict['verdict'], number>>
  readonly data: readonly ImportVerdict[]
}

export type JobBody = ReturnType<typeof jobBody>

/** A job as the operator's list has it. */
export interface JobLine extends JobBody {
  readonly resolved_model: string
  readonly provider: string
  readonly surface: string
  readonly prompt: string
  readonly caller: string
  readonly blame: string | null
}

export interface JobUnit {
  readonly index: number
  readonly state: string
  readonly account_id: number | null
  readonly accounts: readonly {
    readonly account_id: number
    readonly why: string
    readonly at: number
    readonly refused: string | null
  }[]
  readonly attempts: number
  readonly polls: number
  readonly progress: number
  readonly started_at: number | null
  readonly deadline_at: number | null
  readonly credits_left: number | null
  readonly error: { readonly message: string; readonly code: string; readonly blame: string } | null
}

export interface JobWhole extends JobLine {
  readonly user: string | null
  readonly expected_credits: number | null
  readonly callback_url: string | null
  readonly inputs: readonly { readonly role: string; readonly mime: string }[]
  readonly units: readonly JobUnit[]
}

export interface Delivery {
  readonly id: string
  readonly state: string
  readonly type: string | null
  readonly job: string | null
  readonly url: string
  readonly attempts: number
  readonly created_at: number
  readonly last_attempt_at: number | null
  readonly last_status: number | null
  readonly last_error: string | null
}

export interface ProxyRow {
  readonly name: string
  readonly role: string
  readonly proxy_url: string
  readonly enabled: boolean
  readonly state: string
  readonly state_since: number | null
  readonly state_until: number | null
  readonly last_error: { readonly code: string; readonly message: string; readonly at: number } | null
  readonly last_used_at: number | null
  readonly requests: number
  readonly failures: number
}

export interface ProxyList extends List<ProxyRow> {
  readonly proxy_enabled: boolean
  readonly fallback: string
}

export interface ProxyTest {
  readonly name: string | null
  readonly proxy_url: string
  readonly ok: boolean
  readonly status: number | null
  readonly latency_ms: number | null
  readonly exit_address: string | null
  readonly error: { readonly message: string } | null
}
