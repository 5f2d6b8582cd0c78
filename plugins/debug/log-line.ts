/** A line of the log as `/admin/api/logs` shows it, and which lines somebody wants. Pure. */
import type { Ring, RingEntry } from 'flow2api/contracts'
import { jobIn } from './correlation.ts'

export const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export type Level = (typeof LEVELS)[number]

export interface LogLine {
  readonly id: string
  /** Unix seconds, with milliseconds. */
  readonly created_at: number
  readonly level: Level
  /** `kernel` for what no plugin wrote. */
  readonly plugin: string
  readonly message: string
  readonly request_id: string | null
  readonly job_id: string | null
  /** Everything else that the line has. */
  readonly fields: Readonly<Record<string, unknown>>
}

const isLevel = (value: unknown): value is Level => LEVELS.some(level => level === value)
const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)

export function readLine({ number, line }: RingEntry, ring: Pick<Ring, 'idOf'>): LogLine {
  let parsed: Record<string, unknown> = {}
  try {
    parsed = JSON.parse(line) as Record<string, unknown> // pino writes objects
  } catch {}
  const { level, time, plugin, msg, requestId, jobId, pid: _, hostname: __, ...fields } = parsed
  const at = typeof time === 'number' ? time : Date.parse(text(time) ?? '')
  return {
    id: ring.idOf(number),
    created_at: Number.isNaN(at) ? 0 : at / 1000,
    // Written as a word, or as pino's own number: 10 for trace, 20 for debug and so on.
    level: isLevel(level) ? level : (LEVELS[Number(level) / 10 - 1] ?? 'info'),
    plugin: text(plugin) ?? 'kernel',
    message: text(msg) ?? '',
    request_id: text(requestId),
    job_id: text(jobId) ?? jobIn(fields) ?? null,
    fields,
  }
}

export interface LineFilter {
  /** This level and those above. */
  readonly level?: Level
  readonly plugins?: readonly string[]
  readonly request?: string
  readonly job?: string
  /** Anywhere in the line, in any case. */
  readonly text?: string
}

/** `requestOf`: the request that brought a job. */
export function wants(
  filter: LineFilter,
  raw: string,
  line: LogLine,
  requestOf: (jobId: string) => string | undefined,
): boolean {
  const { level, plugins, request, job, text: wanted } = filter
  if (level !== undefined && LEVELS.indexOf(line.level) < LEVELS.indexOf(level)) return false
  if (plugins !== undefined && !plugins.includes(line.plugin)) return false
  if (request !== undefined && !raw.includes(request) && (line.job_id === null || requestOf(line.job_id) !== request))
    return false
  // A video and its job have the same digits.
  if (job !== undefined && !raw.includes(job.replace(/^(job|video)_/, '_'))) return false
  return wanted === undefined || raw.toLowerCase().includes(wanted.toLowerCase())
}
