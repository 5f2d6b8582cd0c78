/** A job as clients of this gateway see it, and faults in OpenAI's envelope. */
import { FAULTS, type FaultCode, type Job } from 'flow2api/contracts'
import type { Blame, Fault } from 'flow2api/plugin'

const seconds = (milliseconds: number | null) => (milliseconds === null ? null : Math.floor(milliseconds / 1000))

export const jobBody = (job: Job) => ({
  id: job.id,
  object: 'job' as const,
  status: job.status,
  kind: job.kind,
  model: job.model || job.resolvedModel,
  progress: job.progress,
  queue: job.queuePosition === null ? null : { position: job.queuePosition, eta_s: null },
  created_at: seconds(job.createdAt),
  started_at: seconds(job.startedAt),
  finished_at: seconds(job.finishedAt),
  requested: job.requested,
  media: job.media.map(({ url, mime, bytes, width, height, duration_s }) => ({
    url,
    mime,
    bytes,
    width,
    height,
    duration_s,
  })),
  result: null,
  error: job.fault === null ? null : errorOf(job.fault),
})

const BY_BLAME: Readonly<Record<Blame, { readonly status: number; readonly type: string }>> = {
  request: { status: 400, type: 'invalid_request_error' },
  account: { status: 503, type: 'server_error' },
  gateway: { status: 503, type: 'server_error' },
  proxy: { status: 502, type: 'server_error' },
  upstream: { status: 502, type: 'server_error' },
}

const catalogued = (code: string): code is FaultCode => Object.hasOwn(FAULTS, code)

/** Of codes that are a provider's own: by blame. */
const answerOf = (fault: Fault) => (catalogued(fault.code) ? FAULTS[fault.code] : BY_BLAME[fault.blame])

export const errorOf = (fault: Fault) => ({
  message: fault.message,
  type: answerOf(fault).type,
  param: fault.param ?? null,
  code: fault.code,
})

export function faultResponse(fault: Fault): Response {
  const headers = new Headers()
  if (fault.retryAfterMs !== undefined) headers.set('retry-after', String(Math.ceil(fault.retryAfterMs / 1000)))
  return Response.json({ error: errorOf(fault) }, { status: answerOf(fault).status, headers })
}
